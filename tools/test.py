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

ROOT = Path(__file__).parents[1]
BUILD = ROOT / "build"
DATABASES = ("sqlite", "postgresql")
ROOM_BYTES = 4 * 1024**3
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
    counts = {database: _run(database, paths) for database in DATABASES}
    for database, count in counts.items():
        print(
            f"{database}: {count.passed} passed, {count.failed} failed, {count.skipped} skipped",
            flush=True,
        )
    return 0 if all(count.is_green for count in counts.values()) else 1


def _where(database: str) -> list[str]:
    """In memory where there is room: what a test waits for most is the disk's flush."""
    memory = Path("/dev/shm")
    if not memory.is_dir() or shutil.disk_usage(memory).free < ROOM_BYTES:
        return []
    return [f"--basetemp={memory}/society-consortium-{os.getpid()}-{database}"]


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
    count = _run("sqlite", ["tests/browser"])
    print(f"browser: {count.passed} passed, {count.failed} failed, {count.skipped} skipped")
    return 0 if count.is_green else 1


def _run(database: str, paths: list[str]) -> Count:
    report = BUILD / f"tests-{database}.xml"
    report.unlink(missing_ok=True)
    other = "postgresql" if database == "sqlite" else "sqlite"
    command = [sys.executable, "-m", "pytest", "-q", "--durations=10", f"--junitxml={report}"]
    # A test of one engine's own ways is left out of the other's run; docs/tests.md lists them.
    command += ["-m", f"not {other}_only", *_where(database), *paths]
    print(f"== {database}", flush=True)
    ran = subprocess.run(command, env=os.environ | {"TEST_DATABASE": database}, check=False)
    for folder in Path("/dev/shm").glob(f"society-consortium-{os.getpid()}-*"):
        shutil.rmtree(folder, ignore_errors=True)
    if not report.exists():
        return Count(0, 1, 0)
    suite = next(ElementTree.parse(report).getroot().iter("testsuite"))
    total, skipped = int(suite.get("tests", 0)), int(suite.get("skipped", 0))
    failed = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
    if ran.returncode != 0 and failed == 0:
        failed = 1
    return Count(max(0, total - failed - skipped), failed, skipped)


if __name__ == "__main__":
    sys.exit(main())
