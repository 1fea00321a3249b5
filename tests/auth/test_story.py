"""Over HTTP, with gunicorn and the example sites: sign in at one, be known at the other."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urljoin

import pytest
import requests
from flask import Flask

from auth.services.clients import register_client
from auth.services.enrolment import Added
from auth.values import ClientWish
from consortium.kernel.principal import SYSTEM
from consortium.services.organisations import register_organisation
from tests.auth.browsing import PASSWORD
from tests.node import Node, free_port, open_node, wait_until

SITES = Path(__file__).parents[2] / "examples" / "sites"
SECONDS = 20.0
OP_COOKIE = "consortium_session"


@contextmanager
def example_site(code: str, node: Node) -> Iterator[str]:
    """An example site in a process of its own; its address."""
    port = free_port()
    address = f"http://localhost:{port}"
    made = register_client(
        SYSTEM,
        ClientWish(f"Site of {code}", society=code, redirect_uris=(f"{address}/callback",)),
    )
    environ = {
        "ISSUER": str(node.settings["issuer"]),
        "CLIENT_ID": made.client.client_id,
        "CLIENT_SECRET": made.secret or "",
        "PORT": str(port),
    }
    command = (sys.executable, str(SITES / code / "site.py"))
    with subprocess.Popen(
        command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as site:
        try:
            wait_until(lambda: answers(address), seconds=SECONDS, what=code)
            yield address
        finally:
            site.kill()


def answers(address: str) -> bool:
    try:
        return requests.get(f"{address}/whoami", timeout=5).status_code == 401
    except requests.ConnectionError:
        return False


def fill_in(browser: requests.Session, page: requests.Response, **fields: str) -> requests.Response:
    """Send the first form of the page's main part with these fields."""
    main = page.text[page.text.index("<main") :]
    action = re.search(r'<form method="post" action="([^"]+)"', main)
    assert action is not None, page.text
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', main))
    form = {name: value.replace("&amp;", "&") for name, value in hidden.items()}
    where = urljoin(page.url, action[1].replace("&amp;", "&"))
    return browser.post(where, data={**form, **fields}, timeout=SECONDS)


@pytest.fixture
def node(app: Flask, settings: object, database_url: str, tmp_path: Path) -> Iterator[Node]:
    with open_node(tmp_path / "node", database_url) as started:
        started.settings = {"data_dir": tmp_path / "var", "secret_keys": "test-key-" + "k" * 32}
        started.start_web()
        yield started


def test_she_is_known_at_the_second_site_without_a_password(node: Node, member: Added) -> None:
    register_organisation(SYSTEM, code="phys", name_zh="物理学会", name_en="Physical Society")
    with example_site("comp", node) as comp, example_site("phys", node) as phys:
        browser = requests.Session()
        assert browser.get(f"{comp}/whoami", timeout=SECONDS).status_code == 401
        page = browser.get(f"{comp}/", timeout=SECONDS)
        assert 'data-page="auth.show_sign_in"' in page.text
        page = fill_in(browser, page, identifier="zhang@math.example", password=PASSWORD)
        assert "Site of comp" in page.text
        page = fill_in(browser, page, decision="allow")
        assert (page.url.startswith(comp), "张三" in page.text) == (True, True)

        page = browser.get(f"{phys}/", timeout=SECONDS)
        assert "Site of phys" in page.text
        page = fill_in(browser, page, decision="allow")
        assert (page.url.startswith(phys), "张三" in page.text) == (True, True)
        claims = [browser.get(f"{site}/whoami", timeout=SECONDS).json() for site in (comp, phys)]
        assert {each["name"] for each in claims} == {"张三"}
        assert {each["iss"] for each in claims} == {node.settings["issuer"]}
        assert claims[0]["sub"] != claims[1]["sub"]

        browser.cookies.clear(domain="localhost.local", path="/", name=OP_COOKIE)
        assert browser.get(f"{comp}/whoami", timeout=SECONDS).status_code == 200
        page = browser.get(f"{phys}/sign-out", timeout=SECONDS)
        assert browser.get(f"{phys}/whoami", timeout=SECONDS).status_code == 401
        page = browser.get(f"{phys}/", timeout=SECONDS)
        assert 'data-page="auth.show_sign_in"' in page.text
