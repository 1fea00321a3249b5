"""Every committed change arrives once and no other; naive readers of the same history lose some."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.campaigns import news
from tests.campaigns.feed import http_pages, run_feed
from tests.conftest import Databases
from tests.node import Node, open_node
from tests.nursery import Nursery

SECONDS = 10.0


@pytest.fixture
def node(database_url: str, tmp_path: Path, nursery: Nursery) -> Iterator[Node]:
    """A node of our features alone."""
    with open_node(tmp_path, database_url, nursery=nursery) as opened:
        yield opened


@pytest.fixture
def composed(databases: Databases, tmp_path: Path, nursery: Nursery) -> Iterator[Node]:
    """A node with a guest whose handler leaves effects."""
    url = databases.copy()
    with open_node(tmp_path, url, app=news.GUEST, nursery=nursery) as opened:
        opened.flask("consortium", "schema", "upgrade")
        yield opened
    databases.drop(url)


@pytest.mark.timeout(300)
def test_every_committed_change_arrives_once_and_no_other(node: Node) -> None:
    outcome = run_feed(node, http_pages(node, node.start_web()), seconds=SECONDS)
    assert (outcome.missing, outcome.repeated, outcome.foreign) == (0, 0, 0)
    assert outcome.committed > 500
    assert outcome.rolled_back > 0
    assert outcome.longest_hold > 1.0
    assert outcome.lost_by_id > 0


@pytest.mark.timeout(300)
def test_news_survives_the_death_of_writers_and_workers(composed: Node) -> None:
    outcome = news.run_news(composed, news.SHORT)
    assert outcome.committed == news.SHORT.writers * news.SHORT.changes
    assert (outcome.once, outcome.twice, outcome.lost) == (outcome.committed, 0, 0)
    assert outcome.foreign == 0
