"""A member number is one number, however somebody writes it; it is shown as it is on file."""

import json
import re
from uuid import UUID

import flask_migrate
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from auth.services import accounts
from consortium.kernel import migrating
from consortium.kernel.clock import FixedClock
from consortium.kernel.crypto import decrypt
from consortium.kernel.db import db
from consortium.kernel.postbox import OutgoingMessage
from consortium.kernel.principal import SYSTEM, Principal
from consortium.kernel.unit_of_work import reading, unit_of_work
from membership import values
from membership.errors import MemberNotFound, MemberNumberTaken
from membership.models import Member, MemberProfile
from membership.services import consents, members, people_refs
from membership.services.enrolment import MembershipRoster
from tests.auth.browsing import PASSWORD, error_of, sign_in, submit
from tests.conftest import Furnish
from tests.membership import houses
from tests.membership.statements import count_statements
from tests.membership.test_doors import bearer, get

SPELLINGS = ("CM-01008", "cm-01008", "cm–01008", "ＣＭ－０１００８", " CM - 01008 ")


def one_member() -> values.Term:
    houses.register("math", "comp", "mech")
    houses.agree("math", "comp", houses.clause("math", "comp", {"senior": "fellow"}))
    return houses.join("math", "CM-01008")


@pytest.fixture
def term(furnish: Furnish, clock: FixedClock) -> values.Term:
    return furnish(one_member)


@reading
def sent() -> list[str]:
    found = db.session.scalars(sa.select(OutgoingMessage).order_by(OutgoingMessage.id))
    texts = [json.loads(decrypt(row.sealed, "postbox"))["text"] for row in found]
    return [found[0] for text in texts if (found := re.search(r"\d{6}", text))]


def open_account(term: values.Term) -> UUID:
    person = houses.person_of(term)
    accounts.open_account(SYSTEM, person_id=person, email="zhang@math.example", password=PASSWORD)
    return person


def add_twin(term: values.Term, number: str) -> UUID:
    """A file of old whose number differs from the first one's in spelling alone."""
    other = houses.join("math", "X-1", name="李四")
    with unit_of_work() as uow:
        key = sa.select(Member.number_key).where(Member.id == term.member_id).scalar_subquery()
        uow.execute(
            sa.update(Member)
            .where(Member.id == other.member_id)
            .values(member_number=number, number_key=key)
        )
    return houses.person_of(other)


@pytest.mark.parametrize("written", [*SPELLINGS, "math:cm–01008", "Math: ｃｍ－01008"])
def test_she_signs_in_by_any_spelling(client: FlaskClient, term: values.Term, written: str) -> None:
    open_account(term)
    assert sign_in(client, written).status_code == 303


def test_spellings_share_the_count_of_attempts(client: FlaskClient, term: values.Term) -> None:
    open_account(term)
    tried = [f"math:{written}" for written in SPELLINGS * 2]
    found = [sign_in(client, written, "wrong").status_code for written in tried]
    assert (found, sign_in(client, "math:cM-01008", "wrong").status_code) == ([401] * 10, 429)


@pytest.mark.parametrize("written", [*SPELLINGS, "math:CM-01008", "MATH：cm–01008"])
def test_she_activates_by_any_spelling(
    client: FlaskClient, term: values.Term, written: str
) -> None:
    give_mobile(term)
    form = {"society": "math", "member_number": written, "name": "张三"}
    assert submit(client, "/activate", **form).status_code == 303
    (code,) = sent()
    assert submit(client, "/activate/code", code=code).location == "/activate/password"
    assert submit(client, "/activate/password", password=PASSWORD).status_code == 303


def test_a_number_of_another_society_is_refused_in_words(
    client: FlaskClient, term: values.Term
) -> None:
    give_mobile(term)
    form = {"society": "comp", "member_number": "math:CM-01008", "name": "张三"}
    told = submit(client, "/activate", **form)
    assert (told.status_code, error_of(told), sent()) == (422, "society-differs", [])
    assert "math" in told.text


def test_a_colon_behind_what_is_no_society_belongs_to_the_number(
    client: FlaskClient, term: values.Term
) -> None:
    houses.join("math", "k:7", name="李四")
    form = {"society": "math", "member_number": "K：7", "name": "李四"}
    assert submit(client, "/activate", **form).status_code == 303
    found = MembershipRoster().find_entry(society="math", number="K:7", name="李四")
    assert found is not None
    assert found.member_number == "k:7"


def give_mobile(term: values.Term) -> None:
    with unit_of_work() as uow:
        uow.execute(
            sa.update(MemberProfile)
            .where(MemberProfile.member_id == term.member_id)
            .values(mobile="13800138000")
        )


@pytest.mark.parametrize("written", SPELLINGS)
def test_programs_ask_by_any_spelling_in_as_many_statements(
    client: FlaskClient, term: values.Term, written: str
) -> None:
    token = bearer("comp")
    get(client, token, person="math:CM-01008")
    with count_statements() as exact:
        get(client, token, person="math:CM-01008")
    with count_statements() as seen:
        told = get(client, token, person=f"math:{written}")
    assert told.get_json()["recognised"] is True
    assert len(seen) == len(exact)


def test_commands_take_any_spelling_and_show_the_one_on_file(app: Flask, term: values.Term) -> None:
    run = app.test_cli_runner().invoke
    shown = run(args=["membership", "term", "list", "--member", "math:cm–01008", "--json"])
    assert json.loads(shown.stdout)["id"] == str(term.id)
    found = members.get_member(SYSTEM, society="math", member_number="ｃｍ－01008")
    assert found.ref == "math:CM-01008"


def test_a_consent_is_told_under_the_number_on_file(term: values.Term) -> None:
    herself = Principal(person_id=houses.person_of(term))
    consents.set_recognition_consent(herself, member="math:cm-01008", host="comp", given=True)
    with unit_of_work() as uow:
        keys = uow.session.scalars(sa.text("SELECT key FROM outbox ORDER BY id DESC LIMIT 1"))
        assert list(keys) == ["math:CM-01008"]


def test_another_spelling_is_no_other_number(term: values.Term) -> None:
    with pytest.raises(MemberNumberTaken):
        houses.join("math", "cm–01008", name="李四")
    assert houses.join("comp", "cm-01008", name="李四").society == "comp"


def test_two_files_of_old_are_each_found_by_their_own_spelling(term: values.Term) -> None:
    second = add_twin(term, "cm-01008")
    first = houses.person_of(term)
    roster = MembershipRoster()
    found = [
        roster.find_persons(number=number, society="math")
        for number in ("CM-01008", "cm-01008", "Cm-01008")
    ]
    assert found == [(first,), (second,), ()]
    assert people_refs.resolve_person("math:cm-01008", SYSTEM) == second
    with pytest.raises(MemberNotFound):
        members.get_member(SYSTEM, society="math", member_number="Cm-01008")


def test_numbers_on_file_get_their_keys_by_the_migration(term: values.Term) -> None:
    houses.join("math", "ｐ—03 m", name="李四")
    flask_migrate.downgrade(revision="0010_term_endings")
    migrating.upgrade()
    migrating.check_schema()
    with db.engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT member_number, number_key FROM member"))
        assert dict(map(tuple, rows)) == {"CM-01008": "CM-01008", "ｐ—03 m": "P-03M"}
