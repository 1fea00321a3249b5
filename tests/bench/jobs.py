"""Job slots under `kill -9` and SIGSTOP; the control runs without the fence and must go red."""

from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.harness import Figure, figure, migrated_databases
from tests.campaigns.jobs import (
    CONTROL,
    FULL,
    LEASE_SECONDS,
    SHORT,
    Fire,
    find_doubles,
    run_jobs,
)
from tests.node import open_node

FIRES = {"short": SHORT, "full": FULL}


def run(scale: str, kinds: list[str]) -> list[Figure]:
    """Fire on each database, with the fence and without it."""
    found: list[Figure] = []
    for kind in kinds:
        with TemporaryDirectory(prefix="bench-jobs-") as folder:
            found += _measure(kind, Path(folder), FIRES[scale])
    return found


def _measure(kind: str, home: Path, fire: Fire) -> list[Figure]:
    with migrated_databases(kind, home) as fresh:
        with open_node(home / "fenced", fresh(), job_lease_seconds=LEASE_SECONDS) as node:
            fenced = run_jobs(node, fire)
        with open_node(home / "unfenced", fresh(), job_lease_seconds=LEASE_SECONDS) as node:
            doubles = find_doubles(node, CONTROL)
    hits = f"{fenced.kills} kills, {fenced.freezes} freezes, {fenced.taken_over} slots taken over"
    return [
        figure(
            "jobs.once", fenced.once, unit="slots", database=kind, n=fire.slots,
            at_least=fire.slots, control=hits,
        ),
        figure(
            "jobs.twice", fenced.twice, unit="slots", database=kind, n=fire.slots, at_most=0,
            control=f"{doubles} without the fence",
            ok=doubles > 0,
        ),
        figure(
            "jobs.missing", fenced.missing, unit="slots", database=kind, n=fire.slots, at_most=0
        ),
        figure(
            "jobs.resume_p99", fenced.resume_p99, unit=f"s at a lease of {LEASE_SECONDS} s",
            database=kind, n=fenced.taken_over,
        ),
    ]  # fmt: skip
