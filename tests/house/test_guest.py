"""A sixth feature joins by `create_app(features=FEATURES + (guest,))`; no file of ours is touched.

Everything runs in processes of its own: importing the guest's models here would add its tables
to every other test's schema.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest

from tests.conftest import Databases
from tests.node import Node, open_node, wait_until

COMPOSED = "tests.house.composed"


@pytest.fixture
def node(databases: Databases, tmp_path: Path) -> Iterator[Node]:
    """The house with the guest in it, on a database that nothing has been made in."""
    url = databases.empty()
    with open_node(tmp_path, url, app=COMPOSED) as opened:
        yield opened
    databases.drop(url)


@pytest.fixture
def house(database_url: str, tmp_path: Path) -> Iterator[Node]:
    """The house alone, migrated; the guest comes later."""
    with open_node(tmp_path, database_url) as opened:
        yield opened


def get(address: str) -> str:
    with urlopen(address, timeout=30) as answer:
        text: str = answer.read().decode()
        return text


def upgrade(node: Node) -> None:
    told = node.flask("consortium", "schema", "upgrade")
    assert told == {"current": True}


def test_the_guest_joins_with_migration_command_job_handler_page_and_api(node: Node) -> None:
    upgrade(node)
    made = node.flask("guest", "visit", "zhang")
    problem = node.flask("guest", "visit", "nobody", exits=(1,))
    assert (problem["code"], problem["status"]) == ("visitor-unwelcome", 409)
    assert node.flask("consortium", "jobs", "run", "guest.count-visits")["state"] == "done"

    node.start_worker()
    address = node.start_web()
    assert "zhang" in get(f"{address}/guest/")
    wait_until(
        lambda: get(f"{address}/api/v1/guest/echoes") != "[]\n", seconds=30, what="the handler"
    )
    assert json.loads(get(f"{address}/api/v1/guest/echoes")) == [{"key": made["id"]}]
    assert [row["id"] for row in json.loads(get(f"{address}/api/v1/guest/visits"))["items"]] == [
        made["id"]
    ]
    assert json.loads(get(f"{address}/api/v1/guest/tallies")) == [{"visits": 1}]
    assert json.loads(get(f"{address}/readyz"))["status"] == "ok"


def test_the_guests_migration_comes_to_a_house_that_is_in_use(house: Node) -> None:
    house.app = COMPOSED
    upgrade(house)
    assert house.flask("guest", "list", as_list=True) == []
