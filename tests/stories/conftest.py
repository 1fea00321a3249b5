"""One running node for every story."""

from collections.abc import Iterator

import pytest

from tests.conftest import Databases
from tests.stories.node import Node, running_node


@pytest.fixture(scope="session")
def node(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A node with the demonstration on a database of its own."""
    with running_node(databases.empty(), tmp_path_factory.mktemp("node") / "var") as started:
        yield started
