"""Decisions over plain values, as tables."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth.rules.access import find_password_fault, grants_of_client, network_of, sector_of
from auth.rules.identifiers import (
    mask_address,
    normalise_email,
    normalise_mobile,
    read_identifier,
    same_name,
)
from auth.rules.registration import complete_wish, find_faults
from auth.rules.requests import (
    Standing,
    decide_prompt,
    matches_redirect,
    may_register_redirect,
    select_next,
)
from auth.values import ClientWish, Identifier
from consortium.kernel.principal import Grant

NOW = datetime(2026, 6, 1, 4, tzinfo=UTC)
SCOPES = ("openid", "profile", "api", "feed:read")


@pytest.mark.parametrize(
    ("registered", "requested", "is_public", "verdict"),
    [
        ("https://a.example/cb", "https://a.example/cb", False, True),
        ("https://a.example/cb", "https://A.example/cb", False, False),
        ("https://a.example/cb", "https://a.example:443/cb", False, False),
        ("https://a.example/cb", "http://a.example/cb", False, False),
        ("https://a.example/cb", "https://a.example/cb/../x", False, False),
        ("https://a.example/cb", "https://a.example/cb%2f", False, False),
        ("https://a.example/cb?x=1", "https://a.example/cb?x=1", False, True),
        ("https://127.0.0.1/cb", "https://127.0.0.1:81/cb", False, False),
        ("http://127.0.0.1:80/cb", "http://127.0.0.1:51004/cb", False, True),
        ("http://127.0.0.1/cb", "http://127.0.0.1:51004/other", False, False),
        ("http://127.0.0.1/cb", "http://127.0.0.2:51004/cb", False, False),
        ("http://127.0.0.1/cb", "http://127.0.0.1.evil.example/cb", False, False),
        ("http://127.0.0.1/cb", "http://127.0.0.1:80@evil.example/cb", False, False),
        ("http://127.0.0.1/cb", "http://127.0.0.1:99999/cb", False, False),
        ("http://[::1]/cb", "http://[::1]:51004/cb", False, True),
        ("http://localhost:8001/cb", "http://localhost:8002/cb", False, False),
        ("http://localhost:8001/cb", "http://localhost:8002/cb", True, True),
        ("http://localhost:8001/cb", "http://localhost:8001/cb", False, True),
        ("org.example.app:/cb", "org.example.app:/cb", True, True),
    ],
)
def test_redirects_match_exactly_but_for_a_loopback_port(
    registered: str, requested: str, is_public: bool, verdict: bool
) -> None:
    assert matches_redirect([registered], requested, is_public=is_public) == verdict


@pytest.mark.parametrize(
    ("uri", "is_public", "verdict"),
    [
        ("https://a.example/cb", False, True),
        ("https://a.example/cb#x", False, False),
        ("https:///cb", False, False),
        ("http://a.example/cb", False, False),
        ("http://localhost:8001/cb", False, True),
        ("http://[::1]:8001/cb", False, True),
        ("https://user@a.example/cb", False, False),
        ("https://*.a.example/cb", False, False),
        ("https://a.example/学会", False, False),
        ("javascript:alert(1)", True, False),
        ("data:text/html,x", True, False),
        ("org.example.app:/cb", True, True),
        ("org.example.app:/cb", False, False),
        ("/cb", False, False),
        ("", False, False),
    ],
)
def test_registered_redirects_are_absolute_and_safe(
    uri: str, is_public: bool, verdict: bool
) -> None:
    assert may_register_redirect(uri, is_public=is_public) == verdict


FRESH = NOW - timedelta(seconds=60)


@pytest.mark.parametrize(
    ("standing", "prompts", "max_age", "step"),
    [
        (Standing(None), set(), None, "sign-in"),
        (Standing(None), {"none"}, None, "login_required"),
        (Standing(FRESH), set(), None, "consent"),
        (Standing(FRESH), {"none"}, None, "consent_required"),
        (Standing(FRESH, has_consented=True), set(), None, "grant"),
        (Standing(FRESH, has_consented=True), {"none"}, None, "grant"),
        (Standing(FRESH, has_consented=True), {"consent"}, None, "consent"),
        (Standing(FRESH, has_consented=True), {"login"}, None, "sign-in"),
        (Standing(FRESH, has_consented=True), {"select_account"}, None, "sign-in"),
        (Standing(FRESH, reauthenticated=True, has_consented=True), {"login"}, None, "grant"),
        (Standing(FRESH, has_consented=True), set(), 60, "grant"),
        (Standing(FRESH, has_consented=True), set(), 59, "sign-in"),
        (Standing(FRESH, has_consented=True), {"none"}, 59, "login_required"),
        (Standing(FRESH, has_consented=True), set(), 0, "sign-in"),
        (Standing(FRESH, reauthenticated=True, has_consented=True), set(), 0, "grant"),
        (Standing(FRESH, fits_hint=False, has_consented=True), set(), None, "sign-in"),
        (Standing(FRESH, fits_hint=False, has_consented=True), {"none"}, None, "login_required"),
    ],
)
def test_what_comes_next_for_a_request(
    standing: Standing, prompts: set[str], max_age: int | None, step: str
) -> None:
    found = decide_prompt(standing, prompts=frozenset(prompts), max_age=max_age, now=NOW)
    assert found == step


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("zhang@math.example", Identifier("email", "zhang@math.example")),
        ("１３８００１３８０００", Identifier("mobile", "+8613800138000")),
        ("8613800138000", Identifier("mobile", "+8613800138000")),
        ("+852 9123 4567", Identifier("mobile", "+85291234567")),
        ("math:00123", Identifier("number", "00123", "math")),
        ("ＭＡＴＨ：00123", Identifier("number", "00123", "math")),
        ("S-00123", Identifier("number", "S-00123")),
        (":5", Identifier("number", ":5")),
        ("", Identifier("number", "")),
    ],
)
def test_identifiers_are_told_apart(text: str, read: Identifier) -> None:
    assert read_identifier(text) == read


@given(st.text(max_size=300))
def test_no_identifier_is_unreadable(text: str) -> None:
    read = read_identifier(text)
    assert read.kind in {"email", "mobile", "number"}
    assert normalise_email(text) is None or read.kind == "email"
    assert normalise_mobile(text) is None or read.kind in {"email", "mobile"}


@given(st.text(max_size=300))
def test_the_way_back_never_leaves_the_node(text: str) -> None:
    chosen = select_next(text)
    assert chosen.startswith("/")
    assert not chosen.startswith(("//", "/\\"))


@given(st.text(max_size=300))
def test_no_redirect_breaks_the_comparison(text: str) -> None:
    registered = ["http://127.0.0.1/cb", "https://a.example/cb"]
    if matches_redirect(registered, text, is_public=True):
        assert text == registered[1] or text.startswith("http://127.0.0.1")


def test_names_are_compared_without_their_dressing() -> None:
    assert same_name("张　三", "张三")
    assert same_name("阿卜杜拉·买买提", "阿卜杜拉•买买提")
    assert not same_name("", "")
    assert not same_name("张三", "张叁")


def test_addresses_are_masked() -> None:
    assert mask_address("a@b.example") == "a***@b.example"


def test_a_network_is_an_address_or_a_prefix() -> None:
    assert network_of("2001:db8:0:1::5") == network_of("2001:db8:0:1:ffff::6")
    assert network_of("192.0.2.1") != network_of("192.0.2.2")


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("short-7", "password-too-short"),
        ("x" * 257, "password-too-short"),
        ("aaaaaaaaaaaa", "password-too-common"),
        ("Password1", "password-too-common"),
        ("+8613800138000", "password-too-common"),
        ("demo-plum-river-42", None),
    ],
)
def test_new_passwords(password: str, fault: str | None) -> None:
    assert find_password_fault(password, least=8, context=["+8613800138000"]) == fault


def test_sectors_and_rights_of_programs() -> None:
    assert sector_of("math", "pairwise") != sector_of("phys", "pairwise")
    assert grants_of_client("math", frozenset({"api"})) == (
        Grant("secretary", "society", "math"),
        Grant("organiser", "society", "math"),
    )
    assert grants_of_client(None, frozenset({"openid"})) == ()


@pytest.mark.parametrize(
    ("wish", "pointers"),
    [
        (ClientWish("Site", redirect_uris=("https://a.example/cb",)), []),
        (ClientWish(" "), ["/client_name"]),
        (ClientWish("Site", redirect_uris=("http://a.example/cb",)), ["/redirect_uris/0"]),
        (
            ClientWish("Site", grant_types=("authorization_code",)),
            ["/redirect_uris"],
        ),
        (ClientWish("Site", grant_types=("implicit",)), ["/grant_types"]),
        (ClientWish("Feed", scope="everything"), ["/scope"]),
        (ClientWish("Feed", auth_method="none"), ["/token_endpoint_auth_method"]),
        (ClientWish("Feed", auth_method="tls"), ["/token_endpoint_auth_method"]),
        (ClientWish("Feed", id_token_alg="none"), ["/id_token_signed_response_alg"]),
        (ClientWish("Feed", subject_type="global"), ["/subject_type"]),
    ],
)
def test_every_fault_of_a_registration_is_named(wish: ClientWish, pointers: list[str]) -> None:
    faults = find_faults(complete_wish(wish, SCOPES), SCOPES)
    assert [fault.pointer for fault in faults] == pointers
