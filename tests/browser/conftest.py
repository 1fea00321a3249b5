"""Chromium in front of a running node."""

import shutil
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.visitor import Visitor
from tests.stories.node import Node, running_node

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def node(databases: object, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """A node with the demonstration on a database of its own."""
    url = databases.empty()  # type: ignore[attr-defined]
    with running_node(url, tmp_path_factory.mktemp("node") / "var") as started:
        yield started


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The machine's own Chromium, without a window."""
    path = shutil.which("chromium")
    if path is None:
        pytest.fail("Chromium is missing: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield browser
        browser.close()


@pytest.fixture
def visit(node: Node, chromium: Browser) -> Iterator[Callable[..., Visitor]]:
    """Sits somebody down at a fresh browser; at the end no browser may have complained."""
    visitors: list[Visitor] = []

    def begin(language: str = "zh-CN") -> Visitor:
        context = chromium.new_context(locale=language, viewport={"width": 1280, "height": 900})
        visitors.append(Visitor(node, context, language))
        return visitors[-1]

    yield begin
    for visitor in visitors:
        visitor.context.close()
    assert [fault for visitor in visitors for fault in visitor.faults] == []
