"""Each slot runs once, whatever happens to the workers; without the fence some run twice."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.campaigns.jobs import CONTROL, LEASE_SECONDS, SHORT, find_doubles, run_jobs
from tests.node import Node, open_node
from tests.nursery import Nursery

LEASE = {"job_lease_seconds": LEASE_SECONDS}


@pytest.fixture
def node(database_url: str, tmp_path: Path) -> Iterator[Node]:
    """A node with a lease short enough that a freeze outlasts it; its workers start by command."""
    with open_node(tmp_path, database_url, **LEASE) as opened:
        yield opened


@pytest.fixture
def unfenced(database_url: str, tmp_path: Path, nursery: Nursery) -> Iterator[Node]:
    """The same for the control, whose workers are forked."""
    with open_node(tmp_path, database_url, nursery=nursery, **LEASE) as opened:
        yield opened


@pytest.mark.timeout(240)
def test_each_slot_runs_once_under_kills_and_freezes(node: Node) -> None:
    outcome = run_jobs(node, SHORT)
    assert (outcome.once, outcome.twice, outcome.missing) == (SHORT.slots, 0, 0)
    assert (outcome.kills, outcome.freezes) == (SHORT.kills, SHORT.freezes)
    assert outcome.taken_over > 0
    assert outcome.report["once"] == outcome.report["due"] == SHORT.slots


@pytest.mark.timeout(240)
def test_without_the_fence_the_judge_sees_doubles(unfenced: Node) -> None:
    # A freeze must hit between two pages, which chance decides: it goes on until one does.
    assert find_doubles(unfenced, CONTROL) > 0
