"""The OpenID Provider through the browser and the token endpoint."""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import KeySet

from auth.services.enrolment import Added
from auth.services.people import update_person
from consortium.kernel.clock import FixedClock
from consortium.kernel.principal import SYSTEM
from tests.auth.browsing import (
    CALLBACK,
    CHALLENGE,
    PASSWORD,
    Site,
    answer_of,
    error_of,
    register_site,
    sign_in,
    submit,
)
from tests.kernel.counting import count_statements

ISSUER = "http://localhost:8000"


def claims_of(client: FlaskClient, id_token: str, alg: str = "RS256") -> dict[str, Any]:
    keys = KeySet.import_key_set(client.get("/oauth/jwks").json)
    return dict(jwt.decode(id_token, keys, algorithms=[alg]).claims)


def test_both_well_known_addresses_tell_the_same(client: FlaskClient) -> None:
    openid = client.get("/.well-known/openid-configuration")
    assert openid.json == client.get("/.well-known/oauth-authorization-server").json
    assert openid.json["issuer"] == ISSUER
    assert openid.headers["Access-Control-Allow-Origin"] == "*"


def test_every_advertised_address_answers(client: FlaskClient) -> None:
    told = client.get("/.well-known/openid-configuration").json
    answers = {
        name: client.get(url.removeprefix(ISSUER)).status_code
        for name, url in told.items()
        if name.endswith(("_endpoint", "_uri"))
    }
    assert answers == {
        "authorization_endpoint": 400,
        "token_endpoint": 405,
        "userinfo_endpoint": 401,
        "jwks_uri": 200,
        "end_session_endpoint": 303,
    }


def test_keys_tell_nothing_secret(client: FlaskClient) -> None:
    keys = client.get("/oauth/jwks").json["keys"]
    assert sorted(key["alg"] for key in keys) == ["ES256", "RS256"]
    assert all(not {"d", "p", "q", "dp", "dq", "qi"} & key.keys() for key in keys)


def test_a_member_signs_in_at_a_site(site: Site, client: FlaskClient) -> None:
    to_sign_in = site.ask()
    assert to_sign_in.status_code == 302
    assert to_sign_in.location.startswith("/sign-in?")
    back = submit(
        client,
        to_sign_in.location,
        "/sign-in",
        identifier="zhang@math.example",
        password=PASSWORD,
        next=site_next(to_sign_in.location),
    )
    assert back.status_code == 303
    page = client.get(back.location)
    assert page.status_code == 200
    assert "Computing Society" in page.text
    answer = answer_of(site.decide(page))
    assert answer["state"] == "s-1"
    assert answer["iss"] == ISSUER
    told = site.redeem(answer["code"]).json
    assert told["token_type"] == "Bearer"
    claims = claims_of(client, told["id_token"])
    assert claims["nonce"] == "n-1"
    assert claims["aud"] == site.client_id
    assert claims["name"] == "张三"
    assert claims["amr"] == ["pwd"]
    assert {"sid", "at_hash", "jti", "acr", "auth_time"} <= claims.keys()


def site_next(location: str) -> str:
    return parse_qs(urlsplit(location).query)["next"][0]


def test_userinfo_tells_what_was_allowed(site: Site, client: FlaskClient) -> None:
    sign_in(client)
    told = site.redeem(site.obtain_code(scope="openid profile")).json
    bearer = {"Authorization": f"Bearer {told['access_token']}"}
    info = client.get("/oauth/userinfo", headers=bearer).json
    claims = claims_of(client, told["id_token"])
    assert info == {"sub": claims["sub"], "name": "张三"}


@pytest.mark.parametrize("language", ["en", "zh-CN", "zh-TW"])
def test_consent_names_the_page_where_it_is_taken_back_as_it_is_called(
    site: Site, client: FlaskClient, language: str
) -> None:
    sign_in(client)
    client.get(f"/?lang={language}")
    asked = site.ask().text
    link = re.search(r'<a href="/me/sites">([^<]+)</a>', client.get("/me").text)
    assert link is not None
    assert link[1] in asked
    title = re.search(r"<title>([^<·|–-]+)", client.get("/me").text)
    assert title is not None
    assert title[1].strip() in asked


def test_a_remembered_consent_is_not_asked_again(site: Site, client: FlaskClient) -> None:
    sign_in(client)
    site.obtain_code()
    assert "code" in answer_of(site.ask())


def test_more_than_was_allowed_is_asked(site: Site, client: FlaskClient) -> None:
    sign_in(client)
    site.obtain_code(scope="openid profile")
    assert site.ask(scope="openid profile email").status_code == 200


def test_a_withdrawn_consent_is_asked_again(site: Site, client: FlaskClient) -> None:
    sign_in(client)
    token = site.redeem(site.obtain_code()).json["access_token"]
    assert "openid" not in client.get("/me/sites").text
    submit(client, "/me/sites", f"/me/sites/{site.client_id}/withdrawal")
    assert site.ask().status_code == 200
    bearer = {"Authorization": f"Bearer {token}"}
    assert client.get("/oauth/userinfo", headers=bearer).status_code == 401


def test_denial_is_told_to_the_site(site: Site, client: FlaskClient) -> None:
    sign_in(client)
    answer = answer_of(site.decide(site.ask(), "deny"))
    assert answer["error"] == "access_denied"
    assert answer["iss"] == ISSUER
    assert answer["state"] == "s-1"


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "unknown"},
        {"client_id": None},
        {"redirect_uri": None},
        {"redirect_uri": "https://evil.example/callback"},
        {"redirect_uri": CALLBACK + "/"},
        {"redirect_uri": CALLBACK + "?x=1"},
        {"redirect_uri": CALLBACK + "#x"},
        {"redirect_uri": "https://comp.example@evil.example/callback"},
        {"redirect_uri": 'https://comp.example/"学会"'},
        {"redirect_uri": "javascript:alert(1)"},
    ],
)
def test_an_unknown_destination_is_a_page_and_no_redirect(
    site: Site, client: FlaskClient, changes: dict[str, str | None]
) -> None:
    sign_in(client)
    answer = site.ask(**changes)
    assert answer.status_code == 400
    assert answer.location is None
    assert error_of(answer) == "authorization-refused"


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": None}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"response_type": "code id_token"}, "unsupported_response_type"),
        ({"response_type": '学会"'}, "unsupported_response_type"),
        ({"response_mode": "fragment"}, "invalid_request"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge": "short"}, "invalid_request"),
        ({"code_challenge": CHALLENGE[:-1] + "!"}, "invalid_request"),
        ({"scope": "unknown"}, "invalid_scope"),
        ({"scope": None}, "invalid_scope"),
        ({"scope": "api"}, "invalid_scope"),
        ({"prompt": "none login"}, "invalid_request"),
        ({"prompt": "dance"}, "invalid_request"),
        ({"request": "e30."}, "request_not_supported"),
        ({"request_uri": "https://comp.example/r"}, "request_uri_not_supported"),
        ({"state": "x" * 5000}, "invalid_request"),
    ],
)
def test_other_faults_are_told_to_the_site(
    site: Site, client: FlaskClient, changes: dict[str, str | None], error: str
) -> None:
    sign_in(client)
    answer = answer_of(site.ask(**changes))
    assert (answer["error"], answer["iss"]) == (error, ISSUER)
    assert "code" not in answer


def test_a_repeated_parameter_is_refused(site: Site, client: FlaskClient) -> None:
    sign_in(client)
    site.ask()
    pairs = [*site.asked.items(), ("state", "s-2")]
    answer = client.get("/oauth/authorize", query_string=pairs)
    assert (answer.status_code, answer.location) == (400, None)


def test_a_request_by_post_is_turned_into_one_by_get(site: Site, client: FlaskClient) -> None:
    sign_in(client)
    site.ask()
    answer = client.post("/oauth/authorize", data=site.asked)
    assert answer.status_code == 303
    assert client.get(answer.location).status_code == 200


def test_consent_needs_a_token_of_the_page(site: Site, client: FlaskClient) -> None:
    sign_in(client)
    site.ask()
    answer = client.post(
        "/oauth/authorize/decision", query_string=site.asked, data={"decision": "allow"}
    )
    assert (answer.status_code, error_of(answer)) == (400, "csrf-failed")


def test_silence_is_kept_when_the_site_asks_for_it(site: Site, client: FlaskClient) -> None:
    assert answer_of(site.ask(prompt="none"))["error"] == "login_required"
    sign_in(client)
    assert answer_of(site.ask(prompt="none"))["error"] == "consent_required"
    site.obtain_code()
    assert "code" in answer_of(site.ask(prompt="none"))


@pytest.mark.parametrize("asked", [{"prompt": "login"}, {"max_age": "0"}])
def test_a_fresh_sign_in_is_made_once(
    site: Site, client: FlaskClient, asked: dict[str, str]
) -> None:
    sign_in(client)
    site.obtain_code()
    again = site.ask(**asked)
    assert again.location.startswith("/sign-in?")
    back = site_next(again.location)
    assert client.get(back).location.startswith("/sign-in?")
    sign_in(client)
    assert "code" in answer_of(client.get(back))


def test_max_age_counts_from_the_sign_in(
    site: Site, client: FlaskClient, clock: FixedClock
) -> None:
    sign_in(client)
    site.obtain_code()
    clock.advance(seconds=100)
    assert "code" in answer_of(site.ask(max_age="100"))
    assert site.ask(max_age="99").location.startswith("/sign-in?")
    assert answer_of(site.ask(max_age="99", prompt="none"))["error"] == "login_required"


@pytest.mark.parametrize("text", ["abc", "-1", "1.5", "١"])
def test_a_max_age_that_is_no_number_is_an_invalid_request(site: Site, text: str) -> None:
    assert answer_of(site.ask(max_age=text))["error"] == "invalid_request"


def test_a_hint_of_somebody_else_asks_for_sign_in(site: Site, client: FlaskClient) -> None:
    sign_in(client)
    hint = site.redeem(site.obtain_code()).json["id_token"]
    assert "code" in answer_of(site.ask(prompt="none", id_token_hint=hint))
    wrong = answer_of(site.ask(prompt="none", id_token_hint=hint[:-4] + "AAAA"))
    assert wrong["error"] == "login_required"


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": "w" * 43},
        {"code_verifier": "wrong"},
        {"code_verifier": ""},
        {"redirect_uri": "https://comp.example/other"},
        {"redirect_uri": ""},
        {"code": "unknown"},
    ],
)
def test_a_redemption_that_does_not_fit_is_an_invalid_grant(
    site: Site, client: FlaskClient, changes: dict[str, str]
) -> None:
    sign_in(client)
    code = site.obtain_code()
    answer = site.redeem(**{"code": code, **changes})
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_grant")
    assert site.redeem(code).status_code == 200


def test_a_replayed_code_revokes_what_it_gave(site: Site, client: FlaskClient) -> None:
    sign_in(client)
    code = site.obtain_code()
    bearer = {"Authorization": f"Bearer {site.redeem(code).json['access_token']}"}
    assert client.get("/oauth/userinfo", headers=bearer).status_code == 200
    answer = site.redeem(code)
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_grant")
    refused = client.get("/oauth/userinfo", headers=bearer)
    assert refused.status_code == 401
    assert 'error="invalid_token"' in refused.headers["WWW-Authenticate"]


def test_a_replay_without_the_verifier_revokes_nothing(site: Site, client: FlaskClient) -> None:
    sign_in(client)
    code = site.obtain_code()
    bearer = {"Authorization": f"Bearer {site.redeem(code).json['access_token']}"}
    site.redeem(code, code_verifier="w" * 43)
    assert client.get("/oauth/userinfo", headers=bearer).status_code == 200


def test_a_code_ends_with_its_time(site: Site, client: FlaskClient, clock: FixedClock) -> None:
    sign_in(client)
    code = site.obtain_code()
    clock.advance(seconds=60)
    assert site.redeem(code).json["error"] == "invalid_grant"


def test_a_code_ends_with_the_session(site: Site, client: FlaskClient) -> None:
    sign_in(client)
    code = site.obtain_code()
    submit(client, "/sign-in", "/sign-out")
    assert site.redeem(code).json["error"] == "invalid_grant"


def test_a_code_serves_its_own_client_only(site: Site, client: FlaskClient) -> None:
    sign_in(client)
    code = site.obtain_code()
    other = Site(client, register_site(name="Other"))
    assert other.redeem(code).json["error"] == "invalid_grant"
    assert site.redeem(code).status_code == 200


def test_an_access_token_ends_with_its_time(
    site: Site, client: FlaskClient, clock: FixedClock
) -> None:
    sign_in(client)
    bearer = {"Authorization": f"Bearer {site.redeem(site.obtain_code()).json['access_token']}"}
    clock.advance(seconds=3599)
    assert client.get("/oauth/userinfo", headers=bearer).status_code == 200
    clock.advance(seconds=1)
    assert client.get("/oauth/userinfo", headers=bearer).status_code == 401


def test_two_sign_ins_in_one_instant_give_two_tokens(
    site: Site, client: FlaskClient, clock: FixedClock
) -> None:
    sign_in(client)
    codes = [site.obtain_code() for _ in range(2)]
    tokens = {site.redeem(code).json["access_token"] for code in codes}
    assert len(tokens) == 2


def test_subjects_differ_by_society_and_stay_inside_one(site: Site, client: FlaskClient) -> None:
    sign_in(client)
    sites = [
        site,
        Site(client, register_site(name="Journal")),
        Site(client, register_site(name="Mathematics", society="math")),
        Site(client, register_site(name="Node", society=None)),
        Site(client, register_site(name="Public", society="math", subject_type="public")),
        Site(client, register_site(name="Public too", subject_type="public")),
    ]
    subs = [
        claims_of(client, each.redeem(each.obtain_code()).json["id_token"])["sub"] for each in sites
    ]
    assert subs[0] == subs[1]
    assert subs[4] == subs[5]
    assert len(set(subs)) == 4


def test_a_client_may_take_es256(client: FlaskClient, member: Added) -> None:
    site = Site(client, register_site(id_token_alg="ES256"))
    sign_in(client)
    told = site.redeem(site.obtain_code()).json
    assert claims_of(client, told["id_token"], "ES256")["aud"] == site.client_id


def test_a_public_client_needs_no_secret(client: FlaskClient, member: Added) -> None:
    site = Site(client, register_site(auth_method="none"))
    sign_in(client)
    assert site.redeem(site.obtain_code()).status_code == 200


def test_a_client_with_a_secret_must_show_it(site: Site, client: FlaskClient) -> None:
    sign_in(client)
    form = {"grant_type": "authorization_code", "code": site.obtain_code()}
    outside = client.application.test_client()
    answers = [
        outside.post("/oauth/token", data={**form, "client_id": site.client_id}),
        outside.post("/oauth/token", data=form, auth=(site.client_id, "wrong")),
        outside.post("/oauth/token", data=form, auth=("unknown", "wrong")),
        outside.post("/oauth/token", data=form),
        outside.post("/oauth/token", data=form, headers={"Authorization": "Basic /w=="}),
        outside.post("/oauth/token", data=form, headers={"Authorization": "Basic ////"}),
    ]
    assert [(a.status_code, a.json["error"]) for a in answers] == [(401, "invalid_client")] * 6
    told = {a.headers["WWW-Authenticate"] for a in answers}
    assert told == {'Basic realm="consortium", charset="UTF-8"'}


@pytest.mark.parametrize("registered", ["client_secret_basic", "client_secret_post"])
@pytest.mark.parametrize("is_in_body", [False, True])
def test_a_secret_may_come_in_header_or_body_whichever_is_registered(
    client: FlaskClient, societies: object, registered: str, is_in_body: bool
) -> None:
    made = register_site(
        society=None, redirect_uris=(), post_logout_redirect_uris=(), auth_method=registered
    )
    own = {"client_id": made.client.client_id, "client_secret": made.secret or ""}
    form = {"grant_type": "client_credentials", **(own if is_in_body else {})}
    answer = client.post(
        "/oauth/token", data=form, auth=None if is_in_body else tuple(own.values())
    )
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    "body",
    [
        b"grant_type=authorization_code&code=a%00b",
        b"grant_type=\xff\xfe",
        b"%ff%fe=x",
        b"a=%ed%a0%80",
    ],
)
def test_a_broken_token_request_is_an_invalid_request(client: FlaskClient, body: bytes) -> None:
    answer = client.post(
        "/oauth/token", data=body, content_type="application/x-www-form-urlencoded"
    )
    assert (answer.status_code, answer.mimetype) == (400, "application/json")
    assert answer.json["error"] == "invalid_request"
    assert answer.json["error_description"].isascii()
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_broken_userinfo_request_is_an_invalid_request(client: FlaskClient) -> None:
    answer = client.post("/oauth/userinfo", data={"access_token": "a\x00b"})
    assert (answer.status_code, answer.json) == (400, {"error": "invalid_request"})


def test_too_long_a_token_request_says_so_to_a_program(client: FlaskClient) -> None:
    form, told = {"grant_type": "x"}, {"CONTENT_LENGTH": str(1 << 40)}
    answer = client.post("/oauth/token", data=form, environ_overrides=told)
    assert (answer.status_code, answer.json["error"]) == (413, "invalid_request")


@pytest.mark.parametrize("accept", ["text/html", "*/*"])
def test_a_method_that_is_not_taken_is_told_to_a_program(client: FlaskClient, accept: str) -> None:
    for path, allowed in (("/oauth/token", "POST"), ("/oauth/jwks", "GET")):
        method = "get" if allowed == "POST" else "post"
        answer = getattr(client, method)(path, headers={"Accept": accept})
        assert (answer.status_code, answer.mimetype) == (405, "application/problem+json")
        assert answer.json["code"] == "method-not-allowed"
        assert allowed in answer.headers["Allow"]


def test_a_secret_may_come_in_the_body(site: Site, client: FlaskClient) -> None:
    sign_in(client)
    form = {
        "grant_type": "authorization_code",
        "code": site.obtain_code(),
        "redirect_uri": CALLBACK,
        "code_verifier": "v" * 43,
        "client_id": site.client_id,
        "client_secret": site.registered.secret or "",
    }
    outside = client.application.test_client()
    assert outside.post("/oauth/token", data=form).status_code == 200
    twice = outside.post(
        "/oauth/token", data=form, auth=(site.client_id, site.registered.secret or "")
    )
    assert twice.json["error"] == "invalid_request"


@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": ""}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({"grant_type": '学会"'}, "unsupported_grant_type"),
        ({"grant_type": "refresh_token", "refresh_token": "x"}, "unsupported_grant_type"),
        ({"grant_type": "authorization_code"}, "invalid_request"),
        ({"grant_type": "client_credentials"}, "unauthorized_client"),
    ],
)
def test_other_grants_are_refused(site: Site, form: dict[str, str], error: str) -> None:
    answer = site.send(form)
    assert (answer.status_code, answer.json["error"]) == (400, error)
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_token_endpoint_reads_no_query(site: Site, client: FlaskClient) -> None:
    answer = client.post("/oauth/token?grant_type=client_credentials", data={})
    assert answer.json["error"] == "invalid_request"


@pytest.fixture
def reader(client: FlaskClient, societies: tuple[str, str]) -> Site:
    """A program of the node with a token of its own."""
    return Site(
        client,
        register_site(
            name="Feed reader", society=None, redirect_uris=(), post_logout_redirect_uris=(),
            scope="feed:read",
        ),
    )  # fmt: skip


def test_a_program_gets_a_token_of_its_own(reader: Site) -> None:
    told = reader.send({"grant_type": "client_credentials"}).json
    assert told["scope"] == "feed:read"
    assert "id_token" not in told
    assert "refresh_token" not in told


def test_a_program_gets_no_other_scope(reader: Site) -> None:
    answer = reader.send({"grant_type": "client_credentials", "scope": "feed:read api"})
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_scope")


def test_a_programs_token_opens_no_userinfo(reader: Site, client: FlaskClient) -> None:
    token = reader.send({"grant_type": "client_credentials"}).json["access_token"]
    answer = client.get("/oauth/userinfo", headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, answer.json["error"]) == (403, "insufficient_scope")


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/recognitions?person=math:M1&host=math&benefit=membership",
        "/api/v1/experts",
        "/api/v1/agreements",
        "/api/v1/events",
    ],
)
def test_a_token_for_the_feed_opens_the_feed_alone(
    societies: tuple[str, str], client: FlaskClient, path: str
) -> None:
    program = Site(
        client,
        register_site(
            society="math", redirect_uris=(), post_logout_redirect_uris=(), scope="api feed:read"
        ),
    )
    told = program.send({"grant_type": "client_credentials", "scope": "feed:read"}).json
    headers = {"Authorization": f"Bearer {told['access_token']}"}

    assert client.get("/api/v1/feed", headers=headers).status_code == 200
    answer = client.get(path, headers=headers)
    assert (answer.status_code, answer.json["code"]) == (403, "insufficient-scope")
    assert 'error="insufficient_scope", scope="api"' in answer.headers["WWW-Authenticate"]


def test_claims_follow_the_person_at_the_next_sign_in(
    app: Flask, site: Site, client: FlaskClient, member: Added
) -> None:
    sign_in(client)
    site.obtain_code()
    update_person(SYSTEM, person_id=member.person_id, name="张叁")
    told = site.redeem(site.obtain_code()).json
    assert claims_of(client, told["id_token"])["name"] == "张叁"


def test_a_sign_in_takes_few_statements(site: Site, client: FlaskClient) -> None:
    sign_in(client)
    site.redeem(site.obtain_code(scope="openid"))
    found = []
    with count_statements() as seen:
        sign_in(client)
    found.append(len(seen))
    with count_statements() as seen:
        answer = site.ask(scope="openid", prompt="none")
    found.append(len(seen))
    with count_statements() as seen:
        site.redeem(answer_of(answer)["code"])
    found.append(len(seen))
    # The first opens the form too; BEGIN is counted where it is a statement.
    assert [count <= most for count, most in zip(found, (16, 8, 10), strict=True)] == [True] * 3


@pytest.mark.parametrize("demand", [{"prompt": "login"}, {"max_age": "0"}])
def test_a_fresh_sign_in_is_asked_of_who_is_signed_in(
    site: Site, client: FlaskClient, demand: dict[str, str]
) -> None:
    sign_in(client)
    to_sign_in = site.ask(**demand).location
    assert client.get(to_sign_in).status_code == 200
    sign_in(client)
    assert client.get(to_sign_in).location == site_next(to_sign_in)
