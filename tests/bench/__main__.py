"""`make bench`: run benchmarks, append their figures, rewrite docs/performance.md.

    python -m tests.bench [--only NAME] [--scale short|full] [--database sqlite|postgresql]

Exit 3 if a figure is over its limit or a benchmark broke.
"""

import argparse
import importlib
import json
import sys
import traceback

from tests.bench.harness import SCALES, Figure, append, figure
from tests.bench.pages import write_page

BENCHMARKS = (
    "roster", "recognition", "sign_in", "web", "panels", "seats", "writes", "feed", "jobs",
)  # fmt: skip
KINDS = ("sqlite", "postgresql")


def measure(name: str, scale: str, kinds: list[str]) -> list[Figure]:
    """Run one benchmark; if it breaks, that is a figure too."""
    try:
        figures: list[Figure] = importlib.import_module(f"tests.bench.{name}").run(scale, kinds)
    except Exception:  # noqa: BLE001  a broken benchmark must not hide the others
        traceback.print_exc()
        return [figure(f"{name}.broken", None, unit="")]
    return figures


def main() -> int:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(prog="tests.bench", description="Measure.")
    parser.add_argument("--only", choices=BENCHMARKS, action="append")
    parser.add_argument("--scale", choices=SCALES, default="full")
    parser.add_argument("--database", choices=KINDS, action="append")
    chosen = parser.parse_args()
    all_ok = True
    for name in chosen.only or BENCHMARKS:
        figures = measure(name, chosen.scale, chosen.database or list(KINDS))
        append({**row, "scale": chosen.scale} for row in figures)
        for row in figures:
            print(json.dumps(row, ensure_ascii=False), flush=True)
        all_ok = all_ok and bool(figures) and all(row["ok"] for row in figures)
    write_page()
    return 0 if all_ok else 3


if __name__ == "__main__":
    sys.exit(main())
