"""Roster import at size: 50,000 distinct rows, one in a hundred bad, .xlsx and GB18030 .csv.

Every figure is measured in a process of its own.
"""

import argparse
import csv
import io
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from tests.bench.harness import ROOT, figure, migrated_databases

ROWS = {"short": 10_000, "full": 50_000}
DRY_RUN_SECONDS = 5.0
APPLY_SECONDS = 30.0
GROWTH_MIB = 300.0
BAD_EVERY = 100
HEADER = [
    "序号", "会员号", "姓名", "性别", "出生日期", "身份证号", "手机", "邮箱", "工作单位", "职称",
    "会员级别", "入会日期", "有效期至", "民族",
]  # fmt: skip
REGIONS = (110105, 310104, 370102)
_FIRST_DAY = date(1950, 1, 1).toordinal()
FAMILY = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉萍红建国志"


def rows(count: int, *, seed: int = 1) -> Iterator[list[str]]:
    """Members that differ in every field that can; each hundredth identity number is wrong."""
    from membership.roster.identity import check_digit

    dice = random.Random(seed)
    for place in range(count):
        # Distinct for 54,000 rows: day and sequence repeat after 18,000, the region changes then.
        born = date.fromordinal(_FIRST_DAY + place * 7919 % 18_000).strftime("%Y%m%d")
        identity = f"{REGIONS[place // 18_000]}{born}{place % 1000:03}"
        digit = check_digit(identity)
        if place % BAD_EVERY == 7:
            digit = "1" if digit != "1" else "2"
        yield [
            str(place + 1),
            f"M{place:06}",
            dice.choice(FAMILY) + dice.choice(GIVEN) + dice.choice(GIVEN),
            dice.choice("男女"),
            f"{born[:4]}-{born[4:6]}-{born[6:]}",
            identity + digit,
            f"13{100000000 + place * 17}",
            f"member{place}@math.example",
            f"山东大学第{dice.randrange(400)}研究所",
            dice.choice(["教授", "副教授", "讲师", "研究员"]),
            dice.choice(["普通会员", "高级会员", "会士"]),
            f"20{dice.randrange(10, 24)}-{dice.randrange(1, 13):02}-01",
            "2027-12-31",
            "汉族",
        ]


def write_file(path: Path, count: int) -> None:
    """Write the roster in the format that the path's ending names."""
    if path.suffix == ".csv":
        text = io.StringIO()
        csv.writer(text).writerows([HEADER, *rows(count)])
        path.write_bytes(text.getvalue().encode("gb18030"))
        return
    import xlsxwriter

    with xlsxwriter.Workbook(path, {"constant_memory": True}) as book:
        sheet = book.add_worksheet("会员名册")
        for place, row in enumerate([HEADER, *rows(count)]):
            sheet.write_row(place, 0, row)


def measure_in_child(url: str, home: Path, path: Path, action: str) -> dict[str, float]:
    """Run one action in a process of its own and give what it prints last."""
    command = [sys.executable, "-m", "tests.bench.roster", "--child", action, "--file", str(path)]
    environment = {
        **os.environ,
        "CONSORTIUM_DATABASE_URL": url,
        "CONSORTIUM_DATA_DIR": str(home / "var"),
        "CONSORTIUM_SECRET_KEYS": "bench-key-" + "k" * 32,
    }
    done = subprocess.run(
        command, env=environment, cwd=ROOT, check=True, capture_output=True, text=True
    )
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def act(action: str, path: Path) -> dict[str, float]:
    """In the child: prepare the schema, or import the file, and measure that alone."""
    import wsgi
    from consortium.kernel.principal import SYSTEM
    from membership.services import roster_imports

    with wsgi.app.app_context():
        if action == "prepare":
            _prepare()
            return {}
        before, started = _resident_mib(), time.perf_counter()
        report = roster_imports.import_roster(
            SYSTEM,
            society="math",
            data=path.read_bytes(),
            file_name=path.name,
            apply=action == "apply",
        )
        seconds = time.perf_counter() - started
        growth = _peak_mib() - before
        return {"seconds": seconds, "growth": growth, **report.counts}


def _prepare() -> None:
    from tests.membership import houses

    houses.register("math")


def _resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def run(scale: str, kinds: list[str]) -> list[dict[str, Any]]:
    """Measure dry run and apply of both formats on the databases."""
    count = ROWS[scale]
    figures: list[dict[str, Any]] = []
    for kind in kinds:
        for ending in ("xlsx", "csv"):
            with tempfile.TemporaryDirectory(prefix="bench-roster-") as folder:
                home = Path(folder)
                path = home / f"roster.{ending}"
                write_file(path, count)
                with migrated_databases(kind, home) as fresh:
                    figures += _measure(fresh(), home, path, kind, count)
    return figures


def _measure(url: str, home: Path, path: Path, kind: str, count: int) -> list[dict[str, Any]]:
    measure_in_child(url, home, path, "prepare")
    dry = measure_in_child(url, home, path, "dry")
    applied = measure_in_child(url, home, path, "apply")
    again = measure_in_child(url, home, path, "dry")
    good = count - count // BAD_EVERY
    assert dry["create"] == applied["create"] == again["unchanged"] == good, (dry, applied, again)
    assert dry["refused"] == count // BAD_EVERY, dry
    name = f"roster.{path.suffix[1:]}"
    told: dict[str, Any] = {"database": kind, "n": count}
    return [
        figure(f"{name}.dry-run", dry["seconds"], unit="s", at_most=DRY_RUN_SECONDS, **told),
        figure(f"{name}.dry-run.memory", dry["growth"], unit="MiB", at_most=GROWTH_MIB, **told),
        figure(f"{name}.apply", applied["seconds"], unit="s", at_most=APPLY_SECONDS, **told),
        figure(f"{name}.dry-run.again", again["seconds"], unit="s", **told),
    ]


def main() -> int:
    """Measure one action in this process, as `measure_in_child` asks for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--child", choices=("prepare", "dry", "apply"), required=True)
    parser.add_argument("--file", type=Path, required=True)
    chosen = parser.parse_args()
    print(json.dumps(act(chosen.child, chosen.file)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
