"""Sign-in by password and by SMS, through the pages."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import argon2
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from auth import models
from auth.errors import SignInRefused, TooManyAttempts
from auth.services import accounts
from auth.services import sign_in as service
from auth.services.enrolment import Added, add_account
from auth.services.people import create_person
from auth.services.rosters import connect_roster
from auth.values import RosterEntry
from consortium.kernel.clock import FixedClock, read_now
from consortium.kernel.crypto import decrypt
from consortium.kernel.db import db
from consortium.kernel.postbox import OutgoingMessage
from consortium.kernel.principal import SYSTEM
from consortium.kernel.unit_of_work import reading, unit_of_work
from tests.auth.browsing import PASSWORD, csrf_of, error_of, sign_in, submit

COOKIE = "consortium_session"


@dataclass
class Roster:
    """A roster kept in memory."""

    entries: list[RosterEntry] = field(default_factory=list)

    def find_persons(self, *, number: str, society: str | None) -> Sequence[UUID]:
        return [
            entry.person_id
            for entry in self.entries
            if entry.member_number == number and society in {None, entry.society}
        ]

    def find_entry(self, *, society: str, number: str, name: str) -> RosterEntry | None:
        for entry in self.entries:
            if (entry.society, entry.member_number, entry.name) == (society, number, name):
                return entry
        return None

    def address_of(self, person_id: UUID, kind: str) -> str | None:
        return next((getattr(e, kind) for e in self.entries if e.person_id == person_id), None)


@pytest.fixture
def roster(app: Flask) -> Roster:
    made = Roster()
    connect_roster(app, made)
    return made


@reading
def scalars(query: sa.Select[Any]) -> list[Any]:
    return list(db.session.scalars(query))


def change(statement: sa.Update) -> None:
    with unit_of_work() as uow:
        uow.execute(statement)


def is_signed_in(client: FlaskClient) -> bool:
    return client.get("/me/sites").status_code == 200


def sent_code() -> str | None:
    """The code in the newest queued message."""
    rows = scalars(sa.select(OutgoingMessage.sealed).order_by(OutgoingMessage.id))
    texts = [json.loads(decrypt(sealed, "postbox"))["text"] for sealed in rows]
    found = re.search(r"\d{6}", texts[-1]) if texts else None
    return found[0] if found else None


def test_a_member_signs_in_and_out(client: FlaskClient, member: Added) -> None:
    answer = sign_in(client)
    assert (answer.status_code, answer.location) == (303, "/")
    assert is_signed_in(client)
    assert submit(client, "/me/sites", "/sign-out").status_code == 303
    assert not is_signed_in(client)


def test_the_address_of_signing_out_asks_and_does_nothing(
    client: FlaskClient, member: Added
) -> None:
    assert client.get("/sign-out").location == "/signed-out"
    sign_in(client)
    shown = client.get("/sign-out", headers={"Accept": "text/html"})
    assert (shown.status_code, 'action="/sign-out"' in shown.text) == (200, True)
    assert is_signed_in(client)
    assert submit(client, "/sign-out").location == "/"
    assert not is_signed_in(client)


def test_who_signs_in_on_the_way_to_signing_out_is_led_home(
    client: FlaskClient, member: Added
) -> None:
    page = "/sign-in?next=/sign-out"
    form = {"identifier": "zhang@math.example", "password": PASSWORD, "next": "/sign-out"}
    assert submit(client, page, **form).location == "/"
    assert client.get(page).location == "/"
    assert is_signed_in(client)


def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(
    client: FlaskClient, member: Added
) -> None:
    answer = sign_in(client)
    cookies = [c for c in answer.headers.getlist("Set-Cookie") if c.startswith(COOKIE)]
    assert len(cookies) == 1
    assert "HttpOnly" in cookies[0]
    assert "SameSite=Lax" in cookies[0]
    assert "Path=/" in cookies[0]


def test_only_a_digest_of_the_cookie_is_kept(client: FlaskClient, member: Added) -> None:
    sign_in(client)
    cookie = client.get_cookie(COOKIE)
    assert cookie is not None
    stored = scalars(sa.select(models.SignInSession.token_hash))
    assert len(stored) == 1
    assert cookie.value not in stored[0]


def test_a_sign_in_takes_a_new_secret_and_ends_the_old(client: FlaskClient, member: Added) -> None:
    sign_in(client)
    before = client.get_cookie(COOKIE)
    sign_in(client)
    after = client.get_cookie(COOKIE)
    assert before is not None
    assert after is not None
    assert before.value != after.value
    client.set_cookie(COOKIE, before.value)
    assert not is_signed_in(client)


@pytest.mark.parametrize(
    "identifier",
    ["zhang@math.example", " ZHANG@Math.Example ", "13800138000", "+86 138 0013 8000"],
)
def test_an_account_is_named_in_several_ways(
    client: FlaskClient, member: Added, identifier: str
) -> None:
    sign_in(client, identifier)
    assert is_signed_in(client)


@pytest.mark.parametrize(
    ("identifier", "is_known"),
    [
        ("math:10023", True),
        ("10023", True),
        ("MATH:10023", True),
        ("comp:10023", False),
        ("7", False),
        ("math:7", True),
    ],
)
def test_a_member_number_signs_in_where_it_names_one_person(
    client: FlaskClient, member: Added, roster: Roster, identifier: str, is_known: bool
) -> None:
    other = create_person(SYSTEM, name="Li Si")
    roster.entries = [
        RosterEntry(member.person_id, "math", "10023", "张三"),
        RosterEntry(member.person_id, "math", "7", "张三"),
        RosterEntry(other.id, "comp", "7", "Li Si"),
    ]
    sign_in(client, identifier)
    assert is_signed_in(client) == is_known


def test_nobody_learns_whether_an_account_exists(client: FlaskClient, member: Added) -> None:
    create_person(SYSTEM, name="No account")
    add_account(SYSTEM, name="No password", email="none@math.example")
    answers = [
        sign_in(client, name, "wrong-wrong-wrong")
        for name in ("zhang@math.example", "nobody@math.example", "none@math.example", "math:1")
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert {error_of(answer) for answer in answers} == {"sign-in-refused"}
    texts = {
        re.sub(r'value="[^"]*"', "", answer.text).replace(answer.request.path, "")
        for answer in answers
    }
    assert len(texts) == 1


def test_a_closed_account_opens_nothing(app: Flask, client: FlaskClient, member: Added) -> None:
    change(sa.update(models.Account).values(disabled_at=read_now()))
    assert sign_in(client).status_code == 401


def test_the_way_back_stays_on_this_node(client: FlaskClient, member: Added) -> None:
    found = [
        submit(
            client,
            "/sign-in",
            identifier="zhang@math.example",
            password=PASSWORD,
            next=wish,
        ).location
        for wish in ("/me?x=1", "https://evil.example", "//evil.example", "/\\evil.example")
    ]
    assert found == ["/me?x=1", "/", "/", "/"]


def test_a_foreign_form_does_not_sign_in(client: FlaskClient, member: Added) -> None:
    form = {"identifier": "zhang@math.example", "password": PASSWORD}
    answer = client.post("/sign-in", data=form)
    assert (answer.status_code, error_of(answer)) == (400, "csrf-failed")


def test_a_password_in_another_unicode_form_is_the_same(societies: object) -> None:
    add_account(SYSTEM, name="E", email="e@math.example", password="caf\u00e9-au-lait-9")
    opened = service.sign_in_with_password(
        identifier="e@math.example", password="cafe\u0301-au-lait-9", address="192.0.2.1"
    )
    assert opened.session.amr == ("pwd",)


def test_an_old_hash_is_renewed_at_sign_in(member: Added) -> None:
    old = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    change(sa.update(models.Account).values(password_hash=old))
    service.sign_in_with_password(
        identifier="zhang@math.example", password=PASSWORD, address="192.0.2.1"
    )
    assert "m=19456,t=2,p=1" in scalars(sa.select(models.Account.password_hash))[0]


def guess(address: str, identifier: str = "zhang@math.example", password: str = "x") -> str:
    try:
        service.sign_in_with_password(identifier=identifier, password=password, address=address)
    except (SignInRefused, TooManyAttempts) as refusal:
        return refusal.code
    return "opened"


def test_guessing_is_stopped_and_the_owner_is_not(clock: FixedClock, member: Added) -> None:
    assert [guess("192.0.2.1") for _ in range(10)] == ["sign-in-refused"] * 10
    assert guess("192.0.2.1", password=PASSWORD) == "too-many-attempts"
    assert guess("198.51.100.7", password=PASSWORD) == "opened"
    clock.advance(minutes=15)
    assert guess("192.0.2.1", password=PASSWORD) == "opened"


@pytest.mark.parametrize(
    ("seconds", "said", "retry_after"),
    [(61, "Wait 2 minutes", 61), (60, "Wait 1 minute,", 60), (0.2, "Wait 1 minute,", 1)],
)
def test_who_must_wait_is_told_how_long(seconds: float, said: str, retry_after: int) -> None:
    refusal = TooManyAttempts(timedelta(seconds=seconds))
    assert said in refusal.text()
    assert refusal.as_problem()["retry_after_seconds"] == retry_after


def test_an_unknown_account_is_throttled_the_same(clock: FixedClock, member: Added) -> None:
    found = [guess("192.0.2.1", "nobody@math.example") for _ in range(11)]
    assert found == ["sign-in-refused"] * 10 + ["too-many-attempts"]


def test_one_network_cannot_try_many_accounts(clock: FixedClock, member: Added) -> None:
    found = [guess("2001:db8::1", f"n{i}@math.example") for i in range(100)]
    assert set(found) == {"sign-in-refused"}
    assert guess("2001:db8::2", password=PASSWORD) == "too-many-attempts"
    assert guess("2001:db8:0:1::2", password=PASSWORD) == "opened"


def test_guesses_from_many_networks_spare_the_owners_own(clock: FixedClock, member: Added) -> None:
    assert guess("198.51.100.7", password=PASSWORD) == "opened"
    for network in range(100):
        assert guess(f"10.0.{network}.1") == "sign-in-refused"
    assert guess("10.1.1.1", password=PASSWORD) == "too-many-attempts"
    assert guess("198.51.100.7", password=PASSWORD) == "opened"


def test_a_success_forgets_the_failures(clock: FixedClock, member: Added) -> None:
    for _ in range(9):
        guess("192.0.2.1")
    assert guess("192.0.2.1", password=PASSWORD) == "opened"
    assert guess("192.0.2.1") == "sign-in-refused"
    assert guess("192.0.2.1", password=PASSWORD) == "opened"


def test_a_code_by_sms_signs_in_once(client: FlaskClient, member: Added) -> None:
    page = submit(client, "/sign-in/code", mobile="138 0013 8000")
    assert page.status_code == 200
    code = sent_code()
    assert code is not None
    answer = submit(client, "/sign-in/code", code=code, next="/me")
    assert (answer.status_code, answer.location) == (303, "/me")
    assert is_signed_in(client)


def test_a_mobile_on_the_first_page_sends_a_code_too(client: FlaskClient, member: Added) -> None:
    page = submit(client, "/sign-in", mobile="13800138000")
    assert page.status_code == 200
    assert 'name="code"' in page.text


def test_a_code_serves_one_browser(app: Flask, client: FlaskClient, member: Added) -> None:
    submit(client, "/sign-in/code", mobile="13800138000")
    elsewhere = app.test_client()
    answer = submit(elsewhere, "/sign-in/code", code=sent_code() or "")
    assert (answer.status_code, error_of(answer)) == (401, "code-refused")


def test_a_number_that_nobody_has_looks_the_same(client: FlaskClient, member: Added) -> None:
    known = submit(client, "/sign-in/code", mobile="13800138000")
    unknown = submit(client.application.test_client(), "/sign-in/code", mobile="13900139000")
    plain = [
        re.sub(r'value="[^"]*"', "", answer.text).replace("13800138000", "")
        for answer in (known, unknown)
    ]
    assert plain[0] == plain[1].replace("13900139000", "")
    assert len(scalars(sa.select(OutgoingMessage.id))) == 1


@pytest.mark.parametrize("code", ["", "  "])
def test_a_missing_code_is_told_and_the_one_sent_stays_good(
    client: FlaskClient, clock: FixedClock, member: Added, code: str
) -> None:
    submit(client, "/sign-in/code", mobile="13800138000")
    sent = sent_code()
    for _ in range(6):
        told = submit(client, "/sign-in/code", mobile="13800138000", code=code)
        assert (told.status_code, error_of(told)) == (422, "code-missing")
        assert 'name="code"' in told.text
    assert len(scalars(sa.select(OutgoingMessage.id))) == 1
    assert submit(client, "/sign-in/code", code=sent or "").status_code == 303


def test_a_code_takes_five_attempts(client: FlaskClient, member: Added) -> None:
    submit(client, "/sign-in/code", mobile="13800138000")
    code = sent_code() or ""
    wrong = "000000" if code != "000000" else "111111"
    for _ in range(5):
        assert submit(client, "/sign-in/code", code=wrong).status_code == 401
    assert submit(client, "/sign-in/code", code=code).status_code == 401


def test_a_code_grows_old(client: FlaskClient, clock: FixedClock, member: Added) -> None:
    submit(client, "/sign-in/code", mobile="13800138000")
    clock.advance(seconds=300)
    assert submit(client, "/sign-in/code", code=sent_code() or "").status_code == 401


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_who_must_wait_finds_the_seconds_in_a_header(
    client: FlaskClient, clock: FixedClock, member: Added, accept: str
) -> None:
    token = csrf_of(client.get("/sign-in"))
    answers = [
        client.post(
            "/sign-in/code",
            data={"csrf_token": token, "mobile": "13800138000"},
            headers={"Accept": accept},
        )
        for _ in range(2)
    ]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert 0 < int(answers[1].headers["Retry-After"]) <= 60


def test_codes_are_limited_by_number(client: FlaskClient, clock: FixedClock) -> None:
    def ask() -> int:
        return submit(client, "/sign-in/code", mobile="13800138000").status_code

    assert [ask(), ask()] == [200, 429]
    found = []
    for _ in range(5):
        clock.advance(minutes=1)
        found.append(ask())
    assert found == [200, 200, 200, 200, 429]


def test_codes_are_limited_by_network(client: FlaskClient, clock: FixedClock) -> None:
    found = [
        submit(client, "/sign-in/code", mobile=f"138001380{number:02d}").status_code
        for number in range(31)
    ]
    assert found == [200] * 30 + [429]


def test_no_number_at_all_is_told(client: FlaskClient) -> None:
    answer = submit(client, "/sign-in/code", mobile="12")
    assert (answer.status_code, error_of(answer)) == (422, "mobile-invalid")


def activate(client: FlaskClient, **form: str) -> int:
    return submit(
        client, "/activate", **{"society": "math", "member_number": "10023", "name": "李四", **form}
    ).status_code


@pytest.fixture
def row(roster: Roster, societies: object) -> RosterEntry:
    person = create_person(SYSTEM, name="李四")
    entry = RosterEntry(
        person.id, "math", "10023", "李四", mobile="13700137000", lines=(("Grade", "高级会员"),)
    )
    roster.entries.append(entry)
    return entry


def test_a_member_activates_her_row(client: FlaskClient, row: RosterEntry) -> None:
    assert activate(client) == 303
    answer = submit(client, "/activate/code", code=sent_code() or "")
    assert answer.location == "/activate/password"
    assert "高级会员" in client.get("/activate/password").text
    assert submit(client, "/activate/password", password=PASSWORD).location == "/me"
    assert is_signed_in(client)
    account = accounts.find_account(row.person_id)
    assert account is not None
    assert (account.mobile, account.email) == ("+8613700137000", None)
    again = client.application.test_client()
    sign_in(again, "math:10023")
    assert is_signed_in(again)


@pytest.mark.parametrize(
    "wrong", [{"name": "王五"}, {"member_number": "10024"}, {"society": "comp"}]
)
def test_a_row_that_does_not_fit_looks_the_same(
    client: FlaskClient, row: RosterEntry, wrong: dict[str, str]
) -> None:
    assert activate(client, **wrong) == 303
    assert sent_code() is None
    answer = submit(client, "/activate/code", code="123456")
    assert (answer.status_code, error_of(answer)) == (401, "code-refused")


def test_a_row_is_not_shown_without_the_code(client: FlaskClient, row: RosterEntry) -> None:
    activate(client)
    answer = client.get("/activate/password")
    assert (answer.status_code, "高级会员" in answer.text) == (401, False)
    assert client.application.test_client().get("/activate/password").status_code == 401


def test_a_missing_activation_code_takes_no_attempt(client: FlaskClient, row: RosterEntry) -> None:
    activate(client)
    for _ in range(6):
        told = submit(client, "/activate/code", code="")
        assert (told.status_code, error_of(told)) == (422, "code-missing")
    assert submit(client, "/activate/code", code=sent_code() or "").status_code == 303


def test_an_activation_is_used_once(client: FlaskClient, row: RosterEntry) -> None:
    activate(client)
    submit(client, "/activate/code", code=sent_code() or "")
    other = client.application.test_client()
    with client.session_transaction() as kept:
        challenge = kept["auth.activation_challenge"]
    submit(client, "/activate/password", password=PASSWORD)
    with other.session_transaction() as kept:
        kept["auth.activation_challenge"] = challenge
    assert other.get("/activate/password").status_code == 401


def test_a_weak_password_keeps_the_activation_open(client: FlaskClient, row: RosterEntry) -> None:
    activate(client)
    submit(client, "/activate/code", code=sent_code() or "")
    answer = submit(client, "/activate/password", password="12345678")
    assert (answer.status_code, error_of(answer)) == (422, "password-too-common")
    assert submit(client, "/activate/password", password=PASSWORD).status_code == 303


def test_a_row_whose_owner_has_an_account_sends_no_code(
    client: FlaskClient, roster: Roster, member: Added
) -> None:
    roster.entries.append(
        RosterEntry(member.person_id, "math", "10023", "李四", mobile="13700137000")
    )
    assert activate(client) == 303
    assert sent_code() is None


def test_a_sign_in_form_of_before_another_sign_in_says_so_and_goes_on(
    client: FlaskClient, member: Added
) -> None:
    client.environ_base["HTTP_ACCEPT"] = "text/html"
    address = "/sign-in?next=/me/sites"
    form = {"identifier": "zhang@math.example", "password": PASSWORD, "next": "/me/sites"}
    old = csrf_of(client.get(address))
    assert client.post("/sign-in", data={"csrf_token": old, **form}).status_code == 303
    for path, fields in (("/sign-in", form), ("/sign-in/code", {**form, "mobile": "13800138000"})):
        told = client.post(path, data={"csrf_token": old, **fields})
        assert (told.status_code, error_of(told)) == (409, "signed-in-already")
        assert 'data-primary href="/me/sites"' in told.text
    assert client.get(address).location == "/me/sites"
    assert client.get("/sign-in?next=//evil.example").location == "/"
    assert client.get("/sign-in").status_code == 200


@pytest.mark.parametrize("path", ["/sign-in", "/sign-in/code"])
def test_a_form_from_elsewhere_is_refused_to_who_is_signed_in(
    client: FlaskClient, member: Added, path: str
) -> None:
    client.environ_base["HTTP_ACCEPT"] = "text/html"
    sign_in(client)
    of_another_browser = csrf_of(client.application.test_client().get("/sign-in"))
    form = {"identifier": "zhang@math.example", "password": PASSWORD, "mobile": "13800138000"}
    for token in ({}, {"csrf_token": "x"}, {"csrf_token": of_another_browser}):
        told = client.post(path, data={**form, **token})
        assert (told.status_code, error_of(told)) == (400, "csrf-failed"), token


def test_an_old_form_is_known_after_signing_out_and_in_again(
    client: FlaskClient, member: Added
) -> None:
    client.environ_base["HTTP_ACCEPT"] = "text/html"
    form = {"identifier": "zhang@math.example", "password": PASSWORD}
    old = csrf_of(client.get("/sign-in"))
    sign_in(client)
    submit(client, "/me/sites", "/sign-out")
    told = client.post("/sign-in", data={"csrf_token": old, **form})
    assert (told.status_code, error_of(told)) == (400, "csrf-failed")
    sign_in(client)
    told = client.post("/sign-in", data={"csrf_token": old, **form})
    assert (told.status_code, error_of(told)) == (409, "signed-in-already")


def test_a_form_without_its_token_is_refused_to_who_is_not_signed_in(
    client: FlaskClient, member: Added
) -> None:
    form = {"identifier": "zhang@math.example", "password": PASSWORD}
    told = client.post("/sign-in", data=form, headers={"Accept": "text/html"})
    assert (told.status_code, error_of(told)) == (400, "csrf-failed")
