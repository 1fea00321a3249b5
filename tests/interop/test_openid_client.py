"""The certified relying party openid-client signs members in, and catches what it should."""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from tests.stories.node import Browser, Node

CALLBACK = "http://localhost:9/callback"


@contextmanager
def relying_party(
    command: list[str], node: Node, prompt: str = ""
) -> Iterator[subprocess.Popen[str]]:
    added = node.flask(
        "auth", "client", "add", "--name", "Interop", "--society", "comp",
        "--redirect-uri", CALLBACK, "--scope", "openid profile memberships recognitions", "--json",
    )  # fmt: skip
    assert added.returncode == 0, added.stdout + added.stderr
    known = json.loads(added.stdout)
    process = subprocess.Popen(
        [*command, node.issuer, known["client_id"], known["client_secret"], CALLBACK, prompt],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            assert pipe is not None
            pipe.close()


def told(process: subprocess.Popen[str]) -> dict[str, object]:
    assert process.stdout is not None
    return json.loads(process.stdout.readline())


def answer(process: subprocess.Popen[str], url: str) -> dict[str, object]:
    assert process.stdin is not None
    process.stdin.write(url + "\n")
    process.stdin.flush()
    return told(process)


def called_back(browser: Browser, url: str) -> str:
    """Open the provider's page, allow what is asked, and stop at the client's own address."""
    # Nobody listens at the client's address: the refused connection tells where it led.
    with pytest.raises(requests.ConnectionError) as end:
        browser.open(url)
        browser.send(having="/authorize/decision", decision="allow")
    assert end.value.request is not None
    return str(end.value.request.url)


def test_a_member_signs_in_and_her_claims_arrive(openid_client: list[str], node: Node) -> None:
    browser = Browser()
    browser.sign_in(node.issuer, "member@math.example")
    with relying_party(openid_client, node) as party:
        got = answer(party, called_back(browser, str(told(party)["open"])))
    assert got["replay"] == "invalid_grant"
    recognised = got["userinfo"]["recognitions"]  # type: ignore[index]
    assert [entry["host"] for entry in recognised] == ["comp"]


def test_silent_sign_in_without_a_session_is_refused(openid_client: list[str], node: Node) -> None:
    with relying_party(openid_client, node, "none") as party:
        back = called_back(Browser(), str(told(party)["open"]))
        got = answer(party, back)
    query = parse_qs(urlsplit(back).query)
    assert query["error"] == ["login_required"]
    assert query["iss"] == [node.issuer]
    assert got["error"] == "login_required"
