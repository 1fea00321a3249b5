"""Logout asked for by a site."""

import pytest
from flask.testing import FlaskClient

from consortium.kernel.clock import FixedClock
from tests.auth.browsing import AFTER, Site, csrf_of, error_of, register_site, sign_in

PATH = "/oauth/end-session"


@pytest.fixture
def hint(site: Site, client: FlaskClient) -> str:
    """An ID token of the running session."""
    sign_in(client)
    told = site.redeem(site.obtain_code()).json
    return str(told["id_token"])


def is_signed_in(client: FlaskClient) -> bool:
    return client.get("/me/sites").status_code == 200


def test_a_site_with_its_id_token_signs_out_at_once(
    site: Site, client: FlaskClient, hint: str
) -> None:
    answer = client.get(
        PATH, query_string={"id_token_hint": hint, "post_logout_redirect_uri": AFTER, "state": "9"}
    )
    assert (answer.status_code, answer.location) == (303, f"{AFTER}?state=9")
    assert not is_signed_in(client)


def test_an_expired_hint_still_counts(
    site: Site, client: FlaskClient, clock: FixedClock, hint: str
) -> None:
    clock.advance(minutes=100)
    answer = client.post(PATH, data={"id_token_hint": hint})
    assert answer.location == "/signed-out"
    assert not is_signed_in(client)


def test_without_a_hint_the_person_is_asked(site: Site, client: FlaskClient, hint: str) -> None:
    page = client.get(
        PATH, query_string={"client_id": site.client_id, "post_logout_redirect_uri": AFTER}
    )
    assert page.status_code == 200
    assert is_signed_in(client)
    form = {
        "csrf_token": csrf_of(page),
        "client_id": site.client_id,
        "post_logout_redirect_uri": AFTER,
    }
    stay = client.post(f"{PATH}/decision", data={**form, "decision": "deny"})
    assert (stay.location, is_signed_in(client)) == ("/", True)
    leave = client.post(f"{PATH}/decision", data={**form, "decision": "allow"})
    assert (leave.location, is_signed_in(client)) == (AFTER, False)


def test_the_hint_of_another_session_asks(site: Site, client: FlaskClient, hint: str) -> None:
    sign_in(client)
    page = client.get(PATH, query_string={"id_token_hint": hint})
    assert page.status_code == 200
    assert is_signed_in(client)


@pytest.mark.parametrize(
    "changes",
    [
        {"post_logout_redirect_uri": "https://evil.example/"},
        {"post_logout_redirect_uri": AFTER + "?x=1"},
        {"id_token_hint": "not.a.token"},
        {"client_id": "unknown"},
    ],
)
def test_a_faulty_request_is_a_page_and_no_redirect(
    site: Site, client: FlaskClient, hint: str, changes: dict[str, str]
) -> None:
    values = {"id_token_hint": hint, "post_logout_redirect_uri": AFTER, **changes}
    answer = client.get(PATH, query_string=values)
    assert (answer.status_code, answer.location) == (400, None)
    assert error_of(answer) == "authorization-refused"
    assert is_signed_in(client)


def test_an_address_without_a_site_is_refused(client: FlaskClient, hint: str) -> None:
    answer = client.get(PATH, query_string={"post_logout_redirect_uri": AFTER})
    assert answer.status_code == 400


def test_a_hint_for_another_client_is_refused(client: FlaskClient, hint: str) -> None:
    other = register_site(name="Other")
    values = {"id_token_hint": hint, "client_id": other.client.client_id}
    assert client.get(PATH, query_string=values).status_code == 400


def test_a_reader_without_a_session_is_sent_on(site: Site, client: FlaskClient, hint: str) -> None:
    outside = client.application.test_client()
    values = {"id_token_hint": hint, "post_logout_redirect_uri": AFTER}
    assert outside.get(PATH, query_string=values).location == AFTER
    assert is_signed_in(client)


def test_signing_out_revokes_what_sites_were_given(site: Site, client: FlaskClient) -> None:
    sign_in(client)
    told = site.redeem(site.obtain_code()).json
    client.get(PATH, query_string={"id_token_hint": told["id_token"]})
    bearer = {"Authorization": f"Bearer {told['access_token']}"}
    assert client.get("/oauth/userinfo", headers=bearer).status_code == 401
