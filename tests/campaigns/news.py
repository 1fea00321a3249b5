"""News survives `kill -9` between commit and hand-over (bar 4).

Writers die right after a commit, workers at random instants. At the end a guest's handler has
left exactly one effect for each committed change. The table of effects forbids no second one,
and the judge reads it by plain SQL.
"""

import random
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from tests.campaigns.feed import PlainSql
from tests.campaigns.jobs import Squad
from tests.campaigns.writer import TOPIC
from tests.node import Child, Node, wait_until

GUEST = "tests.house.composed"


@dataclass(frozen=True)
class Storm:
    """How many writers die, after how many commits, and how often a worker is killed."""

    writers: int
    changes: int
    kills: int
    workers: int = 2
    seed: int = 1


SHORT = Storm(writers=3, changes=150, kills=6)
FULL = Storm(writers=10, changes=500, kills=40)


@dataclass(frozen=True)
class Outcome:
    """Committed changes, and how often each was heard."""

    committed: int
    once: int
    twice: int
    lost: int
    foreign: int
    kills: int


def run_news(node: Node, storm: Storm) -> Outcome:
    """Let writers and workers die, wait until the rest has been heard, judge."""
    rng = random.Random(storm.seed)
    squad = Squad(node)
    squad.keep(storm.workers)
    writers = [_start_writer(node, number, storm.changes) for number in range(storm.writers)]
    while squad.kills < storm.kills:
        squad.keep(storm.workers)
        wait_until(lambda: squad.working, seconds=60, what="a worker")
        time.sleep(rng.uniform(0.0, 1.0))
        rng.choice(squad.working).kill()
        squad.kills += 1
    squad.keep(storm.workers)
    for child, _ in writers:
        child.process.wait(timeout=120)
        assert child.process.returncode == -9, child.log.read_text()[-2000:]
    keys = {key for _, log in writers for key in log.read_text().split()}
    wait_until(lambda: keys <= set(_heard(node)), seconds=120, what="the last message")
    squad.stop()
    heard = Counter(_heard(node))
    return Outcome(
        committed=len(keys),
        once=sum(heard[key] == 1 for key in keys),
        twice=sum(heard[key] > 1 for key in keys),
        lost=sum(heard[key] == 0 for key in keys),
        foreign=len(heard.keys() - keys),
        kills=squad.kills + len(writers),
    )


def _start_writer(node: Node, number: int, changes: int) -> tuple[Child, Path]:
    log = node.home / f"dying-{number}.txt"
    child = node.spawn("tests.campaigns.dying_writer", str(log), str(changes), name="dying")
    return child, log


def _heard(node: Node) -> list[str]:
    query = f"SELECT key FROM guest_echo WHERE topic = '{TOPIC}' AND position > {{}}"
    with closing(PlainSql(node, query)) as effects:
        return [key for (key,) in effects.run(0)]
