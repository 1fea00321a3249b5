"""Whatever is sent, the provider answers: never with a failure of its own, never elsewhere."""

from urllib.parse import unquote, urlsplit

import pytest
from flask.testing import FlaskClient

from tests.auth.browsing import AFTER, CALLBACK, CHALLENGE, Site, sign_in

NASTY = (
    "", " ", "\t", "\x00a", "%00", "%", "学会\"'<>\\", "a" * 5000, "\u202e", "\u0130", "\U0001f600",
    "../../etc", "http://[", "http://[::1", "https://a:99999999/", "//evil.example", "0" * 30,
    "-1", "9" * 20, "none login", "\r\nSet-Cookie: a=b", "{}", "[]", "null", "a.b.c", "e30.e30.",
    "eyJhbGciOiJub25lIn0.e30.", "eyJhbGciOiJIUzI1NiJ9.e30.AAAA",
)  # fmt: skip
ASKED = (
    "response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "prompt", "max_age",
    "code_challenge", "code_challenge_method", "response_mode", "id_token_hint", "login_hint",
    "ui_locales", "acr_values", "request", "request_uri", "claims", "signed_in_after", "display",
)  # fmt: skip
OWN = {None, "localhost"}


def is_safe(location: str | None) -> bool:
    """Whether a redirect leads to this node or to the registered site."""
    if location is None:
        return True
    return urlsplit(location).hostname in OWN or location.startswith((CALLBACK, AFTER))


@pytest.mark.parametrize("is_signed_in", [False, True])
def test_hostile_authorization_requests(
    site: Site, client: FlaskClient, is_signed_in: bool
) -> None:
    if is_signed_in:
        sign_in(client)
        site.obtain_code()
    for name in ASKED:
        for text in NASTY:
            answer = site.ask(**{name: text})
            assert answer.status_code < 500, (name, text)
            assert is_safe(answer.location), (name, text, answer.location)


def test_hostile_token_requests(site: Site, client: FlaskClient) -> None:
    sign_in(client)
    code = site.obtain_code()
    for name in ("grant_type", "code", "redirect_uri", "code_verifier", "client_id", "scope"):
        for text in NASTY:
            answer = site.redeem(code, **{name: text}) if name != "code" else site.redeem(text)
            assert answer.status_code < 500, (name, text)
            assert answer.status_code == 200 or {"error", "code"} & (answer.json or {}).keys()
    for text in NASTY:
        printable = text.encode("ascii", "ignore").decode().replace("\r\n", "")
        for scheme in ("Basic", "Bearer", ""):
            headers = {"Authorization": f"{scheme} {printable}"}
            outside = client.application.test_client()
            for path in ("/oauth/token", "/oauth/userinfo"):
                answer = outside.post(path, data={"grant_type": "x"}, headers=headers)
                assert 400 <= answer.status_code < 500, (path, headers)


def test_hostile_logout_requests(site: Site, client: FlaskClient) -> None:
    sign_in(client)
    for name in ("id_token_hint", "client_id", "post_logout_redirect_uri", "state", "logout_hint"):
        for text in NASTY:
            values = {"client_id": site.client_id, "post_logout_redirect_uri": AFTER, name: text}
            answer = client.get("/oauth/end-session", query_string=values)
            assert answer.status_code < 500, (name, text)
            assert is_safe(answer.location), (name, text)


def test_a_request_signed_for_other_parameters_is_no_proof_of_a_fresh_sign_in(
    site: Site, client: FlaskClient
) -> None:
    sign_in(client)
    site.obtain_code()
    mark = site.ask(prompt="login", state="one").location.partition("signed_in_after%3D")[2]
    sign_in(client)
    text = unquote(unquote(mark))
    assert site.ask(prompt="login", state="two", signed_in_after=text).status_code == 302
    assert site.ask(
        prompt="login", state="two", signed_in_after=text, code_challenge=CHALLENGE
    ).location.startswith("/sign-in")
