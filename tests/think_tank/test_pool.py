"""Experts enter by files, are found by no one before they consent, and go when they withdraw."""

import pytest
from sqlalchemy import select

from consortium.kernel.clock import FixedClock
from consortium.kernel.db import db
from consortium.kernel.errors import Forbidden
from consortium.kernel.principal import ANONYMOUS, SYSTEM, Grant, Principal
from consortium.kernel.unit_of_work import unit_of_work
from consortium.services.organisations import get_organisation
from consortium.services.standing import restore, suspend
from tests.conftest import Furnish
from tests.think_tank.worlds import (
    COORDINATOR,
    SOCIETIES,
    consent_file,
    expert_file,
    fill_pool,
    found_world,
    row,
)
from think_tank.errors import LinkRefused, TableUnreadable
from think_tank.models import ExpertConsent, ExpertRow
from think_tank.services.consent_links import answer_consent, get_consent_question, make_link
from think_tank.services.consents import import_consents, withdraw_consent
from think_tank.services.experts import import_experts
from think_tank.services.pool import count_pool, read_pool, search_experts


@pytest.fixture
def world(furnish: Furnish, clock: FixedClock) -> FixedClock:
    furnish(found_world)
    return clock


def found(query: str = "", discipline: str = "") -> list[str]:
    return sorted(e.id for e in search_experts(COORDINATOR, query=query, discipline=discipline)[0])


def expert_id(reference: str) -> object:
    return db.session.scalars(select(ExpertRow.id).where(ExpertRow.reference == reference)).one()


def test_imported_experts_are_found_by_no_one_until_they_consent(world: FixedClock) -> None:
    report = import_experts(SYSTEM, expert_file(4))
    assert (report.read, report.created, report.refused) == (4, 4, 0)
    assert found() == []
    assert read_pool("demo", {}, world.now()).candidates == []
    assert (count_pool("demo").ready, count_pool("demo").pending) == (0, 4)
    import_consents(SYSTEM, consent_file(1, 2))
    assert found() == ["comp:E002", "phys:E001"]
    assert [c.id for c in read_pool("demo", {}, world.now()).candidates] == [
        "phys:E001",
        "comp:E002",
    ]
    assert (count_pool("demo").ready, count_pool("demo").pending) == (2, 2)


def test_a_second_import_changes_nothing(world: FixedClock) -> None:
    import_experts(SYSTEM, expert_file(5))
    again = import_experts(SYSTEM, expert_file(5))
    assert (again.created, again.updated, again.unchanged) == (0, 0, 5)
    changed = import_experts(SYSTEM, expert_file(4, row(4, title="研究员")))
    assert (changed.created, changed.updated, changed.unchanged) == (0, 1, 4)


@pytest.mark.parametrize(
    ("cells", "cell", "code"),
    [
        ({"name": ""}, "B2", "name-missing"),
        ({"society": "chem"}, "C2", "society-unknown"),
        ({"disciplines": "Z99"}, "G2", "discipline-unknown"),
        ({"birth_date": "1975.03"}, "J2", "day-invalid"),
        ({"front_line": "maybe"}, "K2", "flag-invalid"),
        ({"email": "nobody"}, "F2", "email-invalid"),
    ],
)
def test_a_bad_row_is_refused_with_its_cell(
    world: FixedClock, cells: dict[str, str], cell: str, code: str
) -> None:
    content = "\n".join([*expert_file(0).decode().splitlines(), row(0, **cells), row(1)]).encode()
    report = import_experts(SYSTEM, content)
    assert (report.read, report.created, report.refused) == (2, 1, 1)
    assert [(refusal.cell, refusal.code) for refusal in report.refusals] == [(cell, code)]


def test_a_file_that_is_no_table_is_refused(world: FixedClock) -> None:
    with pytest.raises(TableUnreadable):
        import_experts(SYSTEM, b"%PDF-1.7\n")


def test_withdrawal_acts_at_the_next_query(world: FixedClock) -> None:
    fill_pool(4)
    assert found() == ["comp:E002", "math:E000", "mech:E003", "phys:E001"]
    world.advance(seconds=1)
    assert withdraw_consent(SYSTEM, expert_id=expert_id("E000")) == 2
    assert "math:E000" not in found()
    assert "math:E000" not in {c.id for c in read_pool("demo", {}, world.now()).candidates}
    kinds = db.session.scalars(select(ExpertConsent.until).order_by(ExpertConsent.id)).all()
    assert len([until for until in kinds if until is not None]) == 2


def test_a_suspended_society_takes_its_experts_along(world: FixedClock) -> None:
    fill_pool(8)
    world.advance(seconds=1)
    suspend(SYSTEM, "math", consortium="demo")
    world.advance(seconds=1)
    assert {name.partition(":")[0] for name in found()} == set(SOCIETIES) - {"math"}
    restore(SYSTEM, "math", consortium="demo")
    world.advance(seconds=1)
    assert {name.partition(":")[0] for name in found()} == set(SOCIETIES)


def test_search_says_what_it_matched(world: FixedClock) -> None:
    fill_pool(8)
    experts, _ = search_experts(COORDINATOR, query="流體", discipline="A01")
    assert [e.id for e in experts] == ["math:E000", "math:E004"]
    assert {match.field for match in experts[0].matched} == {"keywords", "disciplines"}
    assert found("turbul") == found()
    assert found("化学") == []


def test_pages_of_a_search_hold_everyone_once(world: FixedClock) -> None:
    fill_pool(8)
    seen: list[str] = []
    after: str | None = None
    while True:
        page, after = search_experts(COORDINATOR, after=after, limit=3)
        seen += [e.id for e in page]
        if after is None:
            break
    assert sorted(seen) == found()


def test_who_may_search(world: FixedClock) -> None:
    secretary = Principal(grants=(Grant("secretary", "society", "math"),))
    program = Principal(client_id="c", society="comp", scopes=frozenset({"api"}))
    for principal in (COORDINATOR, secretary, program):
        assert search_experts(principal) == ([], None)
    for principal in (ANONYMOUS, Principal(client_id="c")):
        with pytest.raises(Forbidden):
            search_experts(principal)


def test_a_secretary_imports_her_own_society_only(world: FixedClock) -> None:
    secretary = Principal(grants=(Grant("secretary", "society", "math"),))
    own = "\n".join([expert_file(0).decode(), row(0)]).encode()
    assert import_experts(secretary, own).created == 1
    with pytest.raises(Forbidden):
        import_experts(secretary, expert_file(2))


def test_looking_at_a_link_does_not_use_it_and_answering_does(world: FixedClock) -> None:
    import_experts(SYSTEM, expert_file(1))
    with unit_of_work() as uow:
        expert = uow.lock(ExpertRow, expert_id("E000"))
        token = make_link(uow, expert, get_organisation("math"))
    assert get_consent_question(token).held["name"] == "专家0"
    assert get_consent_question(token).society_zh == "演示数学会"
    assert answer_consent(ANONYMOUS, token=token, purposes=["panel"]) == 1
    assert found() == ["math:E000"]
    with pytest.raises(LinkRefused):
        answer_consent(ANONYMOUS, token=token, purposes=["panel"])
    with pytest.raises(LinkRefused):
        get_consent_question(token)
