"""An expert with an account sees, ends, exports and erases what the pool holds about her."""

from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from auth.services.people import create_person
from consortium.kernel.clock import FixedClock
from consortium.kernel.db import db
from consortium.kernel.errors import Forbidden
from consortium.kernel.principal import SYSTEM, Principal
from consortium.kernel.unit_of_work import unit_of_work
from consortium.services.organisations import get_organisation
from tests.conftest import Furnish
from tests.think_tank.test_pages import Browser
from tests.think_tank.worlds import COORDINATOR, expert_file, fill_pool, found_world
from think_tank.errors import ExpertUnknown
from think_tank.models import ExpertRow
from think_tank.services.conflicts import import_conflicts
from think_tank.services.consent_links import answer_consent, invite_experts, make_link
from think_tank.services.consents import withdraw_consent
from think_tank.services.experts import get_expert_id, import_experts
from think_tank.services.own import erase_expert, export_expert, list_own
from think_tank.services.pool import read_pool, search_experts


@pytest.fixture
def chen(furnish: Furnish, clock: FixedClock) -> Principal:
    """An expert of the mathematical society who has joined her entry to her account."""
    furnish(found_world)
    import_experts(SYSTEM, expert_file(2))
    reader = Principal(person_id=create_person(SYSTEM, name="专家0").id)
    with unit_of_work() as uow:
        row = db.session.scalars(select(ExpertRow).where(ExpertRow.reference == "E000")).one()
        token = make_link(uow, row, get_organisation("math"))
    answer_consent(reader, token=token, purposes=["panel", "publication"], join_account=True)
    return reader


def person(principal: Principal) -> UUID:
    assert principal.person_id is not None
    return principal.person_id


def test_she_withdraws_on_her_own_page(
    chen: Principal, client: FlaskClient, clock: FixedClock
) -> None:
    browser = Browser(client, chen)
    assert browser.open("/me").text.count('name="purposes"') == 2
    clock.advance(seconds=1)
    entry = list_own(person(chen))[0]
    path = f"/experts/{entry.expert_id}/withdrawal"
    assert browser.send("/me", path, purposes="panel").status_code == 303
    assert search_experts(COORDINATOR) == ([], None)
    assert list_own(person(chen))[0].purposes == ("publication",)


def test_nobody_else_withdraws_for_her(chen: Principal) -> None:
    other = Principal(person_id=create_person(SYSTEM, name="别人").id)
    for principal in (other, COORDINATOR):
        with pytest.raises(Forbidden):
            withdraw_consent(principal, expert_id=get_expert_id("math:E000"))


def test_erasure_leaves_ids_and_nothing_else(chen: Principal, clock: FixedClock) -> None:
    assert export_expert(person(chen))["experts"][0]["name"] == "专家0"
    clock.advance(seconds=1)
    erase_expert(person(chen))
    assert export_expert(person(chen))["experts"] == []
    assert search_experts(COORDINATOR) == ([], None)
    row = db.session.get_one(ExpertRow, get_expert_id("math:E000"))
    assert (row.name, row.email, row.birth_date, row.keywords) == (None, None, None, [])
    db.session.remove()
    assert import_experts(SYSTEM, expert_file(2)).unchanged == 2


def test_links_go_to_those_who_wait_once(chen: Principal) -> None:
    assert invite_experts(SYSTEM, society="phys") == 1
    assert invite_experts(SYSTEM, society="phys") == 0
    assert invite_experts(SYSTEM, society="math") == 0


def test_recorded_conflicts_reach_the_pool(app: Flask, clock: FixedClock) -> None:
    found_world()
    fill_pool(6)
    pairs = b"a,b,kind,since,until\nE000,phys:E001,advisor,2020,2026\nE003,E002,kin,,\n"
    assert import_conflicts(SYSTEM, pairs) == {
        "read": 2,
        "created": 2,
        "updated": 0,
        "unchanged": 0,
    }
    assert import_conflicts(SYSTEM, pairs)["unchanged"] == 2
    conflicts = read_pool("demo", {}, clock.now()).conflicts
    assert {frozenset((pair.a, pair.b)) for pair in conflicts} == {
        frozenset(("math:E000", "phys:E001")), frozenset(("comp:E002", "mech:E003")),
    }  # fmt: skip
    assert sorted(str(pair.until) for pair in conflicts) == ["2026-12-31", "None"]
    with pytest.raises(ExpertUnknown):
        import_conflicts(SYSTEM, b"a,b\nE000,E999\n")
