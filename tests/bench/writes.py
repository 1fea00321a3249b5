"""What a transaction costs: rate, processor time and statements of a service that tells news."""

import json
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.harness import ROOT, Figure, figure, migrated_databases
from tests.node import Node

COUNTS = {"short": 300, "full": 3000}
MOST_STATEMENTS = 6


def run(scale: str, kinds: list[str]) -> list[Figure]:
    """Measure on each database, in a process of its own."""
    found: list[Figure] = []
    for kind in kinds:
        with TemporaryDirectory(prefix="bench-writes-") as folder:
            home = Path(folder)
            with migrated_databases(kind, home) as fresh:
                node = Node(home, fresh())
                done = subprocess.run(
                    [sys.executable, "-m", "tests.bench.writes", str(COUNTS[scale])],
                    cwd=ROOT, env=node.environ(), capture_output=True, text=True, check=True,
                )  # fmt: skip
            found += _figures(kind, COUNTS[scale], json.loads(done.stdout.splitlines()[-1]))
    return found


def _figures(kind: str, count: int, told: dict[str, float]) -> list[Figure]:
    return [
        figure("writes.rate", told["rate"], unit="transactions/s", database=kind, n=count),
        figure("writes.cpu", told["cpu_ms"], unit="ms of CPU", database=kind, n=count),
        figure(
            "writes.statements", told["statements"], unit="statements", database=kind, n=1,
            at_most=MOST_STATEMENTS, control="one change, one piece of news, one audit row",
        ),
    ]  # fmt: skip


def measure(count: int) -> dict[str, float]:
    """In the child: one writer, as fast as it can."""
    import sqlalchemy as sa

    import wsgi
    from consortium.kernel.db import db
    from tests.campaigns.writer import write_changes

    def write(number: int) -> None:
        write_changes([f"k{number}"], hold=0.0, fails=False)

    with wsgi.app.app_context():
        for number in range(20):
            write(number)
        seen: list[str] = []
        sa.event.listen(
            db.engine, "before_cursor_execute", lambda *told: seen.append(told[2]), named=False
        )
        write(0)
        statements = len(seen)
        started, used = time.perf_counter(), time.process_time()
        for number in range(count):
            write(number)
        seconds, cpu = time.perf_counter() - started, time.process_time() - used
    return {"rate": count / seconds, "cpu_ms": cpu * 1000 / count, "statements": statements}


if __name__ == "__main__":
    print(json.dumps(measure(int(sys.argv[1]))))
