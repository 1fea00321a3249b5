"""A member proves the addresses of her roster row, one code each, and then signs in by them."""

import json
import re

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from auth.errors import AddressNotOffered
from auth.services import accounts, addresses
from consortium.kernel.audit.models import AuditRow
from consortium.kernel.clock import FixedClock
from consortium.kernel.crypto import decrypt
from consortium.kernel.db import db
from consortium.kernel.errors import SignInRequired
from consortium.kernel.postbox import OutgoingMessage
from consortium.kernel.principal import ANONYMOUS, SYSTEM, Principal
from consortium.kernel.unit_of_work import reading, unit_of_work
from membership import values
from membership.models import MemberProfile
from tests.auth.browsing import PASSWORD, error_of, sign_in, submit
from tests.conftest import Furnish
from tests.membership import houses

EMAIL, MOBILE = "Zhang@Math.example", "13800138000"


def one_member() -> values.Term:
    houses.register("math", "comp")
    term = houses.join("math", "M001")
    write_row(term, email=EMAIL, mobile=MOBILE)
    return term


def write_row(term: values.Term, **fields: str | None) -> None:
    with unit_of_work() as uow:
        uow.execute(
            sa.update(MemberProfile)
            .where(MemberProfile.member_id == term.member_id)
            .values(**fields)
        )


@pytest.fixture
def term(furnish: Furnish, clock: FixedClock) -> values.Term:
    return furnish(one_member)


@pytest.fixture
def her(client: FlaskClient, term: values.Term) -> FlaskClient:
    """A member who has activated by SMS and is signed in."""
    form = {"society": "math", "member_number": "M001", "name": "张三"}
    submit(client, "/activate", **form)
    submit(client, "/activate/code", code=sent()[-1][1])
    assert submit(client, "/activate/password", password=PASSWORD).location == "/me"
    return client


@reading
def sent() -> list[tuple[str, str]]:
    """Channel and code of every message."""
    rows = db.session.scalars(sa.select(OutgoingMessage).order_by(OutgoingMessage.id))
    found = []
    for row in rows:
        code = re.search(r"\d{6}", json.loads(decrypt(row.sealed, "postbox"))["text"])
        found.append((row.kind, code[0] if code else ""))
    return found


def ask(client: FlaskClient, kind: str = "email") -> TestResponse:
    return submit(client, "/me/addresses", kind=kind)


def give(client: FlaskClient, code: str) -> TestResponse:
    return submit(client, "/me/addresses/code", code=code)


def can_sign_in(app: Flask, identifier: str) -> bool:
    return sign_in(app.test_client(), identifier).status_code == 303


def test_who_activated_by_sms_proves_her_email_and_signs_in_by_it(
    app: Flask, her: FlaskClient
) -> None:
    assert not can_sign_in(app, EMAIL)
    assert '<a href="/me/addresses">' in her.get("/me").text
    shown = her.get("/me/addresses?lang=en").text
    assert "z***@math.example" in shown
    assert EMAIL.lower() not in shown
    assert ask(her).location == "/me/addresses/code"
    assert not can_sign_in(app, EMAIL)
    assert give(her, sent()[-1][1]).location == "/me/addresses"
    assert can_sign_in(app, EMAIL)
    assert can_sign_in(app, MOBILE)
    assert 'name="kind"' not in her.get("/me/addresses").text


def test_who_activated_by_mail_proves_her_mobile(
    app: Flask, client: FlaskClient, term: values.Term
) -> None:
    person = houses.person_of(term)
    accounts.open_account(SYSTEM, person_id=person, email=EMAIL, password=PASSWORD)
    sign_in(client, EMAIL)
    ask(client, "mobile")
    assert give(client, sent()[-1][1]).status_code == 303
    assert can_sign_in(app, MOBILE)


def test_looking_at_the_page_of_the_code_uses_nothing_up(her: FlaskClient) -> None:
    ask(her)
    for _ in range(9):
        assert her.get("/me/addresses/code?code=" + sent()[-1][1]).status_code == 200
    assert give(her, sent()[-1][1]).status_code == 303


def test_a_code_is_used_once_and_a_wrong_one_counts(her: FlaskClient, term: values.Term) -> None:
    ask(her)
    code = sent()[-1][1]
    wrong = "000000" if code != "000000" else "111111"
    for _ in range(5):
        assert error_of(give(her, wrong)) == "code-refused"
    assert error_of(give(her, code)) == "code-refused"
    assert error_of(give(her, "")) == "code-missing"
    account = accounts.find_account(houses.person_of(term))
    assert account is not None
    assert account.email is None


def test_a_code_is_for_her_account_and_browser_alone(app: Flask, her: FlaskClient) -> None:
    ask(her)
    code = sent()[-1][1]
    with her.session_transaction() as kept:
        challenge = kept["auth.address_challenge"]
    other = houses.join("comp", "C1", name="李四")
    write_row(other, email="li@comp.example")
    accounts.open_account(
        SYSTEM, person_id=houses.person_of(other), mobile="13900139000", password=PASSWORD
    )
    stranger = app.test_client()
    sign_in(stranger, "13900139000")
    assert error_of(give(stranger, code)) == "code-refused"
    with stranger.session_transaction() as kept:
        kept["auth.address_challenge"] = challenge
    assert error_of(give(stranger, code)) == "code-refused"
    assert give(her, code).status_code == 303


def test_a_roster_that_changes_meanwhile_makes_the_code_worthless(
    app: Flask, her: FlaskClient, term: values.Term
) -> None:
    ask(her)
    write_row(term, email="somebody@else.example")
    assert error_of(give(her, sent()[-1][1])) == "code-refused"
    assert not can_sign_in(app, "somebody@else.example")


def test_whose_address_it_is_is_told_to_its_holder_only(
    app: Flask, her: FlaskClient, term: values.Term
) -> None:
    other = houses.join("comp", "C1", name="李四")
    accounts.open_account(SYSTEM, person_id=houses.person_of(other), email=EMAIL, password=PASSWORD)
    assert ask(her).location == "/me/addresses/code"
    assert error_of(give(her, sent()[-1][1])) == "address-taken"


def test_codes_are_limited_as_those_of_an_activation_are(
    her: FlaskClient, clock: FixedClock
) -> None:
    assert ask(her).status_code == 303
    assert error_of(ask(her)) == "too-many-codes"
    clock.advance(minutes=1)
    assert ask(her).status_code == 303


@pytest.mark.parametrize("kind", ["mobile", "password_hash", ""])
def test_what_the_roster_does_not_offer_is_refused(her: FlaskClient, kind: str) -> None:
    told = ask(her, kind)
    assert (told.status_code, error_of(told)) == (409, "address-not-offered")


def test_nobody_else_is_told_or_sent_anything(client: FlaskClient, term: values.Term) -> None:
    for path in ("/me/addresses", "/me/addresses/code"):
        assert client.get(path, headers={"Accept": "application/json"}).status_code == 401
    with pytest.raises(SignInRequired):
        addresses.send_address_code(ANONYMOUS, kind="email", address="192.0.2.1")
    assert sent() == []


def test_an_address_is_kept_as_accounts_keep_it_and_audited(
    her: FlaskClient, term: values.Term
) -> None:
    ask(her)
    give(her, sent()[-1][1])
    account = accounts.find_account(houses.person_of(term))
    assert account is not None
    assert (account.email, account.mobile) == ("zhang@math.example", "+8613800138000")
    with unit_of_work() as uow:
        actions = uow.session.scalars(sa.select(AuditRow.action)).all()
    assert actions.count("auth.address.proven") == 1
    write_row(term, email="no address")
    with pytest.raises(AddressNotOffered):
        addresses.send_address_code(
            Principal(person_id=houses.person_of(term)), kind="email", address="192.0.2.1"
        )
