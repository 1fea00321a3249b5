"""A provider's answer that was tampered with: the example site refuses what is not for it."""

import json
import os
import socket
import subprocess
import threading
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from joserfc import jwt
from joserfc.jwk import RSAKey

from tests.stories import people, relying
from tests.stories.node import PASSWORD, ROOT, Browser, Node

Bend = Callable[[str], str]
SITE = ROOT / "examples" / "sites" / "comp"


class FalseProvider:
    """Stands between a site and the node: tells of itself as token endpoint, bends ID tokens."""

    def __init__(self, node: Node, port: int) -> None:
        self.node = node
        self.address = f"http://localhost:{port}"
        self.bend: Bend = lambda token: token

    def discovery(self) -> dict[str, Any]:
        """The node's own description with another token endpoint."""
        told = requests.get(f"{self.node.issuer}/.well-known/openid-configuration", timeout=30)
        return dict(told.json()) | {"token_endpoint": f"{self.address}/token"}

    def token(self, body: bytes, authorization: str) -> dict[str, Any]:
        """The node's answer with another ID token."""
        headers = {
            "Authorization": authorization,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        address = f"{self.node.issuer}/oauth/token"
        told = dict(requests.post(address, data=body, headers=headers, timeout=30).json())
        return told | {"id_token": self.bend(str(told["id_token"]))}


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as held:
        return int(held.getsockname()[1])


@pytest.fixture(scope="module")
def provider(node: Node) -> Iterator[FalseProvider]:
    """The false provider, answering."""
    made = FalseProvider(node, free_port())

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(made.discovery())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self._answer(made.token(body, self.headers["Authorization"]))

        def _answer(self, told: dict[str, Any]) -> None:
            body = json.dumps(told).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    port = urlsplit(made.address).port
    assert port is not None
    server = ThreadingHTTPServer(("127.0.0.1", port), Door)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield made
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def site(node: Node, provider: FalseProvider) -> Iterator[str]:
    """The example site of comp, led astray."""
    port = free_port()
    address = f"http://localhost:{port}"
    scope = "openid profile memberships recognitions"
    known = people.add_client(node, "--redirect-uri", f"{address}/callback", "--scope", scope)
    told = {"ISSUER": provider.address, "PORT": str(port), "PATH": os.environ["PATH"]}
    secrets = {name.upper(): str(known[name]) for name in ("client_id", "client_secret")}
    process = subprocess.Popen(
        [str(SITE / ".venv" / "bin" / "python"), str(SITE / "site.py")],
        env=told | secrets, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait_for(address)
        yield address
    finally:
        process.kill()
        process.wait()


def _wait_for(address: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            requests.get(f"{address}/whoami", timeout=5)
            return
        except requests.ConnectionError:
            time.sleep(0.05)
    raise AssertionError(f"{address} does not answer")


def visit(node: Node, site: str) -> Browser:
    """Sign in at the site with a fresh browser, as far as it goes."""
    browser = Browser()
    browser.open(f"{site}/")
    browser.send(having="/sign-in", identifier=people.HER, password=PASSWORD)
    return people.allow_if_asked(browser)


@contextmanager
def bent(provider: FalseProvider, bend: Bend) -> Iterator[None]:
    provider.bend = bend
    try:
        yield
    finally:
        provider.bend = lambda token: token


def heard(node: Node, provider: FalseProvider, site: str) -> str:
    """A right ID token for the site, from another sign-in."""
    held: list[str] = []

    def keep(token: str) -> str:
        held.append(token)
        return token

    with bent(provider, keep):
        visit(node, site)
    return held[0]


def sign_with_a_foreign_key(token: str) -> str:
    """The same claims under the same key id, signed by somebody else."""
    head, claims = read_token(token)
    return jwt.encode(head, claims, RSAKey.generate_key(2048), algorithms=[str(head["alg"])])


def read_token(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    head, body = (
        json.loads(urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        for part in token.split(".")[:2]
    )
    return head, body


def test_the_site_takes_the_right_token(node: Node, provider: FalseProvider, site: str) -> None:
    assert people.claims(visit(node, site), site)["name"] == "林知远"


def is_refused(browser: Browser, site: str) -> bool:
    told = browser.http.get(f"{site}/whoami", timeout=30)
    return (browser.page.status_code, told.status_code) == (400, 401)


def test_a_token_with_a_foreign_key_is_refused(
    node: Node, provider: FalseProvider, site: str
) -> None:
    with bent(provider, sign_with_a_foreign_key):
        assert is_refused(visit(node, site), site)


def test_a_token_with_another_sign_ins_nonce_is_refused(
    node: Node, provider: FalseProvider, site: str
) -> None:
    earlier = heard(node, provider, site)
    with bent(provider, lambda _: earlier):
        assert is_refused(visit(node, site), site)


def test_a_token_for_another_audience_is_refused(
    node: Node, provider: FalseProvider, site: str
) -> None:
    other = people.add_client(node, "--redirect-uri", relying.CALLBACK, "--scope", "openid profile")
    she = people.sit_down(node, people.HER)

    def give_to_another(token: str) -> str:
        nonce = str(read_token(token)[1]["nonce"])
        code = relying.code_for(node, she, str(other["client_id"]), nonce=nonce)
        told = relying.redeem(node, other, code, relying.VERIFIER).json()
        return str(told["id_token"])

    with bent(provider, give_to_another):
        assert is_refused(visit(node, site), site)
