"""A reader and a site, for tests: forms are filled in as pages give them."""

import re
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from auth.services.clients import Registered, register_client
from auth.values import ClientWish
from consortium.kernel.principal import SYSTEM

PASSWORD = "plum-river-stone-7"
CALLBACK = "https://comp.example/callback"
AFTER = "https://comp.example/bye"
VERIFIER = "v" * 43
CHALLENGE = urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
SCOPE = "openid profile email"

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
_CODE = re.compile(r'data-code="([^"]+)"')


def csrf_of(response: TestResponse) -> str:
    found = _TOKEN.search(response.text)
    assert found is not None, response.text
    return found[1]


def error_of(response: TestResponse) -> str | None:
    found = _CODE.search(response.text)
    return found[1] if found else None


def submit(client: FlaskClient, page: str, path: str | None = None, **form: str) -> TestResponse:
    """Open a page and send a form of it."""
    token = csrf_of(client.get(page))
    return client.post(path or urlsplit(page).path, data={"csrf_token": token, **form})


def sign_in(
    client: FlaskClient, identifier: str = "zhang@math.example", password: str = PASSWORD
) -> TestResponse:
    return submit(client, "/sign-in", identifier=identifier, password=password)


def register_site(**wish: Any) -> Registered:
    chosen = {
        "name": "Computing Society",
        "society": "comp",
        "redirect_uris": (CALLBACK,),
        "post_logout_redirect_uris": (AFTER,),
        **wish,
    }
    return register_client(SYSTEM, ClientWish(**chosen))


@dataclass
class Site:
    """A relying party that speaks to the provider over HTTP."""

    client: FlaskClient
    registered: Registered
    asked: dict[str, str] = field(default_factory=dict)

    @property
    def client_id(self) -> str:
        return self.registered.client.client_id

    def ask(self, **changes: str | None) -> TestResponse:
        """Send the browser to the authorization endpoint; None leaves a parameter out."""
        wanted: dict[str, str | None] = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": CALLBACK,
            "scope": SCOPE,
            "state": "s-1",
            "nonce": "n-1",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            **changes,
        }
        self.asked = {name: value for name, value in wanted.items() if value is not None}
        return self.client.get("/oauth/authorize", query_string=self.asked)

    def decide(self, page: TestResponse, decision: str = "allow") -> TestResponse:
        """Answer the consent page."""
        return self.client.post(
            "/oauth/authorize/decision",
            query_string=self.asked,
            data={"csrf_token": csrf_of(page), "decision": decision},
        )

    def obtain_code(self, **changes: str | None) -> str:
        """Ask, allow if asked, and give the code."""
        answer = self.ask(**changes)
        if answer.status_code == 200:
            answer = self.decide(answer)
        return answer_of(answer)["code"]

    def redeem(self, code: str, **changes: str) -> TestResponse:
        """Send the code to the token endpoint."""
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
            **changes,
        }
        return self.send(form)

    def send(self, form: dict[str, str], path: str = "/oauth/token") -> TestResponse:
        """Send a form with the client's own credentials, from no browser."""
        outside = self.client.application.test_client()
        if self.registered.secret is None:
            return outside.post(path, data={"client_id": self.client_id, **form})
        return outside.post(path, data=form, auth=(self.client_id, self.registered.secret))


def answer_of(response: TestResponse) -> dict[str, str]:
    """The parameters that an authorization answer carries to the site."""
    assert response.status_code in {302, 303}, response.text
    assert response.location.startswith(CALLBACK), response.location
    return {name: values[0] for name, values in parse_qs(urlsplit(response.location).query).items()}
