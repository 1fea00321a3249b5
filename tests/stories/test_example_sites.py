"""The two example sites: short enough to copy, and plain with their visitors."""

import ast
import re
from urllib.parse import urlsplit

import pytest
import requests

from tests.stories import people
from tests.stories.node import PASSWORD, ROOT, Browser, Node

SITES = ("comp", "phys")
MOST_LINES = 20
LIBRARIES = {"os", "authlib", "flask", "requests"}
# Flask's session cookie is dropped by browsers beyond this.
COOKIE_BYTES = 4093


def source_of(code: str) -> str:
    return (ROOT / "examples" / "sites" / code / "site.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("code", SITES)
def test_a_site_is_twenty_lines_and_imports_nothing_of_ours(code: str) -> None:
    lines = [line for line in source_of(code).splitlines() if line.strip()]
    named = list(ast.walk(ast.parse(source_of(code))))
    modules = {alias.name for node in named if isinstance(node, ast.Import) for alias in node.names}
    modules |= {str(node.module) for node in named if isinstance(node, ast.ImportFrom)}
    assert len(lines) <= MOST_LINES
    assert {name.partition(".")[0] for name in modules} <= LIBRARIES


def test_the_sites_differ_by_the_name_of_their_cookie_alone() -> None:
    comp, phys = (source_of(code).replace(f"{code}_site", "site") for code in SITES)
    assert comp == phys


def test_after_sign_in_she_is_at_the_site_itself_and_may_reload(node: Node) -> None:
    she = people.greet(node, node.comp)
    assert she.page.url == f"{node.comp}/"
    assert "林知远" in she.text()
    assert "林知远" in she.open(she.page.url).text
    cookies = {cookie.name: cookie.value or "" for cookie in she.http.cookies}
    assert len(cookies["comp_site"]) < COOKIE_BYTES


@pytest.mark.parametrize(
    "query", ["code=x&state=y", "code=x", "code=&state=", "", "error=server_error&state=y"]
)
def test_an_answer_that_fits_no_request_is_told_plainly(node: Node, query: str) -> None:
    told = requests.get(f"{node.comp}/callback?{query}", timeout=30, allow_redirects=False)
    assert (told.status_code, len(told.text) < 500) == (400, True)
    assert re.findall(r"href='([^']+)'", told.text) == ["/"]


def test_the_first_page_takes_no_answer(node: Node) -> None:
    told = requests.get(f"{node.comp}/?code=a&state=b", timeout=30, allow_redirects=False)
    assert told.status_code == 302
    assert told.headers["Location"].startswith(f"{node.issuer}/oauth/authorize?")


def test_who_does_not_allow_it_is_told_so_and_may_try_again(node: Node) -> None:
    he = Browser()
    he.open(f"{node.comp}/")
    he.send(having="/sign-in", identifier="organiser@comp.example", password=PASSWORD)
    he.send(having="/authorize/decision", decision="deny")
    assert (he.page.status_code, urlsplit(he.page.url).path) == (403, "/callback")
    assert "Try again" in he.text()
    assert he.http.get(f"{node.comp}/whoami", timeout=30).status_code == 401
    assert "/oauth/authorize" in he.open(f"{node.comp}/").url


def test_a_site_that_does_not_recognise_her_says_why(node: Node) -> None:
    he = people.greet(node, node.comp, people.HIS)
    assert he.page.url == f"{node.comp}/"
    (why,) = people.claims(he, node.comp)["not_recognised"]
    assert (why["host"], why["reason_code"]) == ("comp", "no-agreement")
    assert why["reason"] in he.text()


def test_a_site_greets_her_in_the_language_of_her_browser(node: Node) -> None:
    assert "is recognised by" in people.greet(node, node.comp).text()
