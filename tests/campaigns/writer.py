"""One writer process of the feed campaign; its log is the truth about what was committed.

Usage: python -m tests.campaigns.writer LOG SECONDS SEED HOLDS

It draws a record's id first, as programs do, and opens its transactions afterwards; so ids
are not committed in their order. After each commit it writes one line: the ids committed.
HOLDS is a share of transactions (`0.02`) held up to 1.6 s, or seconds (`1.6s`) for one held
transaction: on SQLite writers stand in one queue, and each hold stops them all.
It waits for the file LOG.go, works for SECONDS and leaves `committed N rolled-back M`.
"""

import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from flask.cli import ScriptInfo

from consortium.kernel.ids import new_id
from consortium.kernel.unit_of_work import current_unit_of_work, transaction

TOPIC = "campaign.change"
ROLLED_BACK = 0.05
LONGEST = 1.6


class Thought(Exception):
    """Rolls a transaction back."""


@dataclass
class Counts:
    """What one writer did."""

    committed: int = 0
    rolled_back: int = 0
    held: list[float] = field(default_factory=list)


@transaction
def write_changes(keys: list[str], *, hold: float, fails: bool) -> None:
    """Tell one change a key, perhaps hold the transaction open, perhaps take it all back."""
    uow = current_unit_of_work()
    for key in keys:
        uow.emit(TOPIC, key, {"key": key})
    uow.audit("campaign.changed", subject=keys[0], detail={"count": len(keys)})
    if hold:
        uow.flush()
        time.sleep(hold)
    if fails:
        raise Thought


def hold_plan(told: str, rng: random.Random, begun: float, seconds: float) -> Callable[[], float]:
    """How long the next transaction is held."""
    if not told.endswith("s"):
        share = float(told)
        return lambda: rng.uniform(0.0, LONGEST) if rng.random() < share else 0.0
    left = [float(told[:-1])]
    at = begun + rng.uniform(0.05, 0.8) * seconds
    return lambda: left.pop() if left and time.monotonic() >= at else 0.0


def work(log: TextIO, seconds: float, rng: random.Random, holds: str) -> Counts:
    """Write until the time is over."""
    begun = time.monotonic()
    next_hold = hold_plan(holds, rng, begun, seconds)
    counts = Counts()
    while time.monotonic() < begun + seconds:
        keys = [str(new_id()) for _ in range(rng.randint(1, 3))]
        hold, fails = next_hold(), rng.random() < ROLLED_BACK
        if hold:
            counts.held.append(hold)
        try:
            write_changes(keys, hold=hold, fails=fails)
        except Thought:
            counts.rolled_back += 1
            continue
        counts.committed += 1
        log.write(" ".join(keys) + "\n")
    return counts


def main(path: str, seconds: str, seed: str, holds: str) -> None:
    """Wait for the start, write, report."""
    app = ScriptInfo().load_app()
    rng = random.Random(int(seed))
    with app.app_context(), Path(path).open("w", buffering=1, encoding="ascii") as log:
        print("ready", flush=True)
        while not Path(f"{path}.go").exists():
            time.sleep(0.01)
        counts = work(log, float(seconds), rng, holds)
    held = max(counts.held, default=0.0)
    print(f"committed {counts.committed} rolled-back {counts.rolled_back} longest {held:.2f}")


if __name__ == "__main__":
    main(*sys.argv[1:])
