"""What the people and programs of the stories do."""

import json
import re
from collections.abc import Mapping
from typing import Any

import requests

from tests.stories.node import PASSWORD, Browser, Node

HER = "member@math.example"
HIS = "member@mech.example"
HER_NUMBER = "math:S001008M"
PROVIDER_COOKIES = ("consortium_session", "consortium-page")


def greet(node: Node, site: str, identifier: str = HER, *, language: str = "en") -> Browser:
    """Sit down at a fresh browser, open a site and sign in there."""
    browser = Browser(language)
    browser.open(f"{site}/")
    assert browser.page.url.startswith(f"{node.issuer}/sign-in"), browser.page.url
    browser.send(having="/sign-in", identifier=identifier, password=PASSWORD)
    return allow_if_asked(browser)


def allow_if_asked(browser: Browser) -> Browser:
    """Let the site know what it asks for, where she is asked."""
    if any("/authorize/decision" in str(form["action"]) for form in browser.forms()):
        browser.send(having="/authorize/decision", decision="allow")
    return browser


def sit_down(node: Node, identifier: str) -> Browser:
    """Sign in at the node itself."""
    browser = Browser()
    browser.sign_in(node.issuer, identifier)
    assert browser.page.status_code == 200, browser.text()
    return browser


def claims(browser: Browser, site: str) -> dict[str, Any]:
    """The verified claims that a site holds of her."""
    answer = browser.http.get(f"{site}/whoami", timeout=30)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def token_of(browser: Browser) -> str:
    """The CSRF token of the present page."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', browser.page.text)
    assert found is not None
    return found[1]


def run(node: Node, *words: str, exits: int = 0) -> dict[str, Any]:
    """Run a command with --json in a process of its own; its object."""
    done = node.flask(*words, "--json")
    assert done.returncode == exits, f"{words}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return dict(json.loads(done.stdout.splitlines()[0]))


def add_client(node: Node, *words: str, society: str = "comp") -> dict[str, Any]:
    """Register a relying party."""
    return run(node, "auth", "client", "add", "--name", "Story", "--society", society, *words)


def program_of(node: Node, society: str) -> dict[str, str]:
    """The headers by which a society's program speaks to the API."""
    words = ("--grant", "client_credentials", "--scope", "api")
    known = add_client(node, *words, society=society)
    answer = requests.post(
        f"{node.issuer}/oauth/token",
        data={"grant_type": "client_credentials", "scope": "api"},
        auth=(known["client_id"], known["client_secret"]),
        timeout=30,
    )
    assert answer.status_code == 200, answer.text
    return {"Authorization": f"Bearer {answer.json()['access_token']}"}


def ask(node: Node, program: Mapping[str, str], host: str) -> dict[str, Any]:
    """Ask the API whether the host recognises the member of math."""
    answer = requests.get(
        f"{node.issuer}/api/v1/recognitions",
        params={"person": HER_NUMBER, "host": host, "benefit": "membership"},
        headers=dict(program),
        timeout=30,
    )
    assert answer.status_code == 200, answer.text
    return dict(answer.json())
