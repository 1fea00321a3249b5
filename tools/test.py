"""Runs the tests on both databases and says how many passed on each.

`--browser` and `--interop` run the stories in Chromium and other people's clients instead.
Nothing is skipped: what is missing is named, and the run fails.
"""

import argparse
import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

ROOT = Path(__file__).parents[1]
BUILD = ROOT / "build"
MEMORY = Path("/dev/shm")
DATABASES = ("sqlite", "postgresql")
ROOM_BYTES = 4 * 1024**3
UNCOMPILED = "PYTHONDONTWRITEBYTECODE"
SEPARATE = ("browser", "interop", "bench")


@dataclass(frozen=True)
class Count:
    """What a run of pytest came to."""

    passed: int
    failed: int
    skipped: int

    @property
    def is_green(self) -> bool:
        """Something ran, nothing failed, nothing was skipped."""
        return self.passed > 0 and self.failed == self.skipped == 0


def main() -> int:
    """Run what was asked for; 0 if all of it is green."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--browser", action="store_true")
    parser.add_argument("--interop", action="store_true")
    parser.add_argument("paths", nargs="*", help="only these tests")
    told = parser.parse_args()
    BUILD.mkdir(exist_ok=True)
    os.chdir(ROOT)
    if told.browser:
        return _run_in_chromium()
    paths = ["tests/interop"] if told.interop else told.paths or _usual_paths()
    # Side by side, since each spends much of its time waiting; the second one's words follow.
    second, log = DATABASES[1], BUILD / "tests-postgresql.log"
    with log.open("w+", encoding="utf-8") as words:
        running = _start(second, paths, words)
        counts = {DATABASES[0]: _finish(_start(DATABASES[0], paths), DATABASES[0])}
        counts[second] = _finish(running, second)
        words.seek(0)
        print(words.read(), flush=True)
    for database, count in counts.items():
        print(
            f"{database}: {count.passed} passed, {count.failed} failed, {count.skipped} skipped",
            flush=True,
        )
    return 0 if all(count.is_green for count in counts.values()) else 1


def _has_memory() -> bool:
    """Whether files fit in memory: what a test waits for most is the disk's flush."""
    return MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= ROOM_BYTES


def _where(database: str) -> list[str]:
    if not _has_memory():
        return []
    return [f"--basetemp={MEMORY}/society-consortium-{os.getpid()}-{database}"]


def _environment(database: str) -> dict[str, str]:
    """Of a run: its database, and compiled modules kept for the many processes it starts."""
    told = {"TEST_DATABASE": database}
    if _has_memory():
        told["TEST_MEMORY"] = str(MEMORY)
    kept = {name: value for name, value in os.environ.items() if name != UNCOMPILED}
    return kept | told


def _usual_paths() -> list[str]:
    folders = [path for path in sorted((ROOT / "tests").iterdir()) if path.is_dir()]
    return [f"tests/{path.name}" for path in folders if path.name not in {*SEPARATE, "__pycache__"}]


def _run_in_chromium() -> int:
    if not shutil.which("chromium") or not shutil.which("fc-list"):
        print("Chromium is missing: apt-get install chromium fontconfig", file=sys.stderr)
        return 1
    fonts = subprocess.run(
        ["fc-list", ":lang=zh", "family"], capture_output=True, text=True, check=True
    )
    if not fonts.stdout.strip():
        print("No font has Chinese: apt-get install fonts-noto-cjk", file=sys.stderr)
        return 1
    count = _finish(_start("sqlite", ["tests/browser"]), "sqlite")
    print(f"browser: {count.passed} passed, {count.failed} failed, {count.skipped} skipped")
    return 0 if count.is_green else 1


def _start(database: str, paths: list[str], words: TextIO | None = None) -> subprocess.Popen[bytes]:
    report = _report(database)
    report.unlink(missing_ok=True)
    other = DATABASES[1 - DATABASES.index(database)]
    command = [sys.executable, "-m", "pytest", "-q", "--durations=15", f"--junitxml={report}"]
    # A test of one engine's own ways is left out of the other's run.
    command += ["-m", f"not {other}_only", *_where(database), *paths]
    print(f"== {database}", file=words, flush=True)
    return subprocess.Popen(command, env=_environment(database), stdout=words, stderr=words)


def _report(database: str) -> Path:
    return BUILD / f"tests-{database}.xml"


def _finish(running: subprocess.Popen[bytes], database: str) -> Count:
    code = running.wait()
    for folder in MEMORY.glob(f"society-consortium-{os.getpid()}-{database}"):
        shutil.rmtree(folder, ignore_errors=True)
    report = _report(database)
    if not report.exists():
        return Count(0, 1, 0)
    suite = next(ElementTree.parse(report).getroot().iter("testsuite"))
    total, skipped = int(suite.get("tests", 0)), int(suite.get("skipped", 0))
    failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
    if code != 0 and failed == 0:
        failed = 1
    return Count(max(0, total - failed - skipped), failed, skipped)


if __name__ == "__main__":
    sys.exit(main())
