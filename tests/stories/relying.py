"""A relying party in a few lines: it asks, catches the code, redeems it."""

import hashlib
from base64 import urlsafe_b64encode
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
import requests

from tests.stories import people
from tests.stories.node import Browser, Node

CALLBACK = "http://localhost:9/callback"
VERIFIER = "v" * 64
CHALLENGE = urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).decode().rstrip("=")


def authorize_address(node: Node, **changes: str) -> str:
    """The address at which a site asks for sign-in; `changes` replace parameters."""
    asked = {
        "response_type": "code", "redirect_uri": CALLBACK, "scope": "openid profile",
        "state": "s", "nonce": "n", "code_challenge": CHALLENGE, "code_challenge_method": "S256",
    }  # fmt: skip
    return f"{node.issuer}/oauth/authorize?{urlencode(asked | changes)}"


def code_for(node: Node, browser: Browser, client_id: str, **asked: str) -> str:
    """Sign in at the site and stop at its callback."""
    with pytest.raises(requests.ConnectionError) as left:
        browser.open(authorize_address(node, client_id=client_id, **asked))
        people.allow_if_asked(browser)
    assert left.value.request is not None
    return parse_qs(urlsplit(str(left.value.request.url)).query)["code"][0]


def redeem(node: Node, site: dict[str, Any], code: str, verifier: str) -> requests.Response:
    """Send a code to the token endpoint."""
    fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
    return requests.post(
        f"{node.issuer}/oauth/token",
        data=fields | {"code_verifier": verifier},
        auth=(site["client_id"], site["client_secret"]),
        timeout=30,
    )
