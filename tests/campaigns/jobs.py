"""Job slots under fire: real workers, killed and frozen at random instants (bar 3).

The parent knows nothing of the workers but their process ids. Whether each slot ran once is
judged by `judge_slots.py`, which reads the table of effects and imports nothing of ours.
"""

import json
import random
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tests.node import Child, Node, wait_until

JUDGE = Path(__file__).with_name("judge_slots.py")
UNFENCED = "tests.campaigns.unfenced"
LEASE_SECONDS = 1


@dataclass(frozen=True)
class Fire:
    """How hard the workers are hit.

    Attributes:
        every: seconds between two slots.
        hold: seconds that each page holds its transaction open.
        freeze_seconds: longest freeze; the shortest is a little more than the lease.
    """

    slots: int
    kills: int
    freezes: int
    every: float
    pages: int = 10
    hold: float = 0.02
    workers: int = 3
    freeze_seconds: float = 2.5
    seed: int = 1


SHORT = Fire(slots=40, kills=24, freezes=6, every=0.5)
FULL = Fire(slots=200, kills=200, freezes=40, every=0.8)
# Between pages nothing but the fence stops a worker that was frozen past its lease.
CONTROL = Fire(slots=400, kills=0, freezes=40, every=0.2, hold=0.01)


@dataclass(frozen=True)
class Outcome:
    """What the judge found, and how hard the workers were really hit."""

    once: int
    twice: int
    missing: int
    taken_over: int
    kills: int
    freezes: int
    seconds: float
    report: dict[str, Any]

    @property
    def resume_p99(self) -> float | None:
        """Seconds, 99th percentile, until another worker went on with a slot."""
        seconds: float | None = self.report["resume_p99_seconds"]
        return seconds


def judge_slots(node: Node, fire: Fire) -> dict[str, int]:
    """Ask the judge, in a process of its own."""
    told = subprocess.run(
        [sys.executable, "-I", str(JUDGE), node.database_url, str(fire.slots), str(fire.pages)],
        capture_output=True, timeout=60, check=True,
    )  # fmt: skip
    verdict: dict[str, int] = json.loads(told.stdout)
    return verdict


def find_doubles(node: Node, fire: Fire) -> int:
    """Freeze workers that lack the fence until the judge sees slots that ran twice; how many."""
    rng = random.Random(fire.seed)
    squad = Squad(node, UNFENCED)
    squad.keep(fire.workers)
    wait_until(lambda: squad.working, seconds=60, what="the first worker")
    plan(node, fire)
    for _ in range(fire.freezes):
        squad.fire(replace(fire, freezes=1), rng)
        twice = judge_slots(node, fire)["twice"]
        if twice:
            return twice
    squad.thaw_all()
    time.sleep(2 * LEASE_SECONDS)
    return judge_slots(node, fire)["twice"]


def plan(node: Node, fire: Fire) -> None:
    """`jobs prove`, as an operator types it."""
    node.flask(
        "consortium", "jobs", "prove", "--slots", str(fire.slots), "--every", str(fire.every),
        "--pages", str(fire.pages), "--hold", str(fire.hold),
    )  # fmt: skip


def run_jobs(node: Node, fire: Fire) -> Outcome:
    """Plan the slots, hit the workers until all has been fired, wait for the slots, judge."""
    rng = random.Random(fire.seed)
    squad = Squad(node)
    squad.keep(fire.workers)
    wait_until(lambda: squad.working, seconds=60, what="the first worker")
    begun = time.monotonic()
    plan(node, fire)
    squad.fire(fire, rng)
    squad.thaw_all()
    due = 1 + fire.slots * fire.every - (time.monotonic() - begun)
    wait_until(
        lambda: judge_slots(node, fire)["missing"] == 0,
        seconds=max(0.0, due) + 120,
        what="the last slot",
    )
    # A page of a worker that came back late would be seen now.
    time.sleep(2 * LEASE_SECONDS)
    seconds = time.monotonic() - begun
    squad.stop()
    verdict = judge_slots(node, fire)
    report = node.flask("consortium", "jobs", "prove", "--report", exits=(0, 3))
    return Outcome(
        **verdict, kills=squad.kills, freezes=squad.freezes, seconds=seconds, report=report
    )


class Squad:
    """The workers that are alive, and who is frozen until when."""

    def __init__(self, node: Node, worker_app: str | None = None) -> None:
        self.node = node
        self.worker_app = worker_app
        self.workers: list[Child] = []
        self.thaw_at: dict[int, float] = {}
        self.kills = self.freezes = 0

    @property
    def working(self) -> list[Child]:
        """Workers that have opened their loops and are not frozen."""
        return [worker for worker in self.workers if worker.is_working]

    def keep(self, count: int) -> None:
        """Replace the dead."""
        self.workers = [worker for worker in self.workers if worker.is_alive]
        while len(self.workers) < count:
            self.workers.append(self.node.start_worker(self.worker_app))

    def fire(self, fire: Fire, rng: random.Random) -> None:
        """Kill and freeze at random instants until the numbers are reached."""
        shots = ["kill"] * fire.kills + ["freeze"] * fire.freezes
        rng.shuffle(shots)
        for shot in shots:
            self._thaw_due()
            self.keep(fire.workers)
            wait_until(lambda: self._thaw_due() or self.working, seconds=60, what="a target")
            time.sleep(rng.uniform(0.0, 0.5))
            target = rng.choice(self.working)
            if shot == "kill":
                target.kill()
                self.kills += 1
            else:
                target.freeze()
                span = rng.uniform(1.2 * LEASE_SECONDS, fire.freeze_seconds)
                self.thaw_at[id(target)] = time.monotonic() + span
                self.freezes += 1
        self.keep(fire.workers)

    def _thaw_due(self) -> None:
        now = time.monotonic()
        for worker in self.workers:
            if worker.frozen and self.thaw_at.get(id(worker), 0.0) <= now:
                worker.thaw()

    def thaw_all(self) -> None:
        """Let everybody go on, each when her time has come."""
        wait_until(
            lambda: self._thaw_due() or not any(worker.frozen for worker in self.workers),
            seconds=30,
            what="the last thaw",
        )

    def stop(self) -> None:
        """SIGTERM: a worker finishes its page and leaves with 0."""
        # One that is still starting does not listen yet and would simply die.
        wait_until(
            lambda: all(worker.is_working for worker in self.workers if worker.is_alive),
            seconds=60,
            what="the last worker's start",
        )
        codes = [worker.stop() for worker in self.workers if worker.is_alive]
        assert codes == [0] * len(codes), codes


def scale(fire: Fire, share: float) -> Fire:
    """A smaller fire, for trying things out."""
    return replace(
        fire,
        slots=max(1, int(fire.slots * share)),
        kills=int(fire.kills * share),
        freezes=max(1, int(fire.freezes * share)),
    )
