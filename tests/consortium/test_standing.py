"""Standing and membership: dated, append-only, with effect at the next request."""

from datetime import timedelta

import pytest

from consortium.errors import (
    AlreadyMember,
    ConsortiumNotFound,
    KindNotAdmitted,
    NotAMember,
    PeriodInvalid,
    StandingUnchanged,
)
from consortium.kernel.clock import FixedClock
from consortium.kernel.errors import Forbidden
from consortium.kernel.principal import SYSTEM, Grant, Principal
from consortium.rules import decide_standing, hash_charter
from consortium.services import consortia, members, organisations, standing
from tests.consortium.conftest import CHARTER

SECRETARIAT = Principal(grants=(Grant("secretariat", "consortium", "demo"),))
SECRETARY = Principal(grants=(Grant("secretary", "society", "math"),))

pytestmark = pytest.mark.usefixtures("register")


def test_a_suspension_shows_at_the_next_question_and_a_restoration_too() -> None:
    standing.suspend(SECRETARIAT, "math", consortium="demo", document="2026-7")
    assert organisations.get_organisation("math").standing == "suspended"
    assert organisations.get_organisation("phys").standing == "active"

    standing.restore(SECRETARIAT, "math", consortium="demo")
    assert organisations.get_organisation("math").standing == "active"


def test_facts_keep_what_was_and_what_is(clock: FixedClock) -> None:
    start = clock.now()
    clock.advance(days=1)
    suspended = standing.suspend(SECRETARIAT, "math", consortium="demo")
    clock.advance(days=1)
    standing.restore(SECRETARIAT, "math", consortium="demo")
    clock.advance(days=1)

    facts = standing.list_standing_facts(["math", "phys"])

    assert [(f.since, f.until, f.supersedes) for f in facts] == [
        (start + timedelta(days=1), None, None),
        (start + timedelta(days=1), start + timedelta(days=2), suspended.id),
    ]
    days = [start + timedelta(days=n) for n in range(4)]
    assert [decide_standing(facts, at=at) for at in days] == [
        "active",
        "suspended",
        "active",
        "active",
    ]
    assert standing.list_standing_facts(["math"], valid_at=clock.now()) == []
    assert standing.list_standing_facts([]) == []
    assert standing.is_active_at("math", days[1]) is False
    assert standing.is_active_at("math", days[2]) is True


def test_a_suspension_with_an_end_ends_by_itself(clock: FixedClock) -> None:
    until = clock.now() + timedelta(days=3)
    standing.suspend(SECRETARIAT, "math", consortium="demo", until=until)
    clock.at = until

    assert organisations.get_organisation("math").standing == "active"


def test_an_expelled_society_can_be_restored_on_appeal() -> None:
    standing.suspend(SECRETARIAT, "math", consortium="demo")
    standing.expel(SECRETARIAT, "math", consortium="demo")
    assert organisations.get_organisation("math").standing == "expelled"

    standing.restore(SECRETARIAT, "math", consortium="demo")
    assert organisations.get_organisation("math").standing == "active"


def test_what_changes_nothing_is_refused(clock: FixedClock) -> None:
    with pytest.raises(StandingUnchanged):
        standing.restore(SECRETARIAT, "math", consortium="demo")
    standing.suspend(SECRETARIAT, "math", consortium="demo")
    with pytest.raises(StandingUnchanged):
        standing.suspend(SECRETARIAT, "math", consortium="demo")
    with pytest.raises(PeriodInvalid):
        standing.suspend(SECRETARIAT, "phys", consortium="demo", until=clock.now())


def test_only_members_are_suspended_and_only_by_the_secretariat() -> None:
    with pytest.raises(NotAMember):
        standing.suspend(SECRETARIAT, "comp", consortium="demo")
    with pytest.raises(ConsortiumNotFound):
        standing.suspend(SYSTEM, "comp", consortium="none")
    for principal in (SECRETARY, Principal()):
        with pytest.raises(Forbidden):
            standing.suspend(principal, "math", consortium="demo")


def test_a_membership_begins_ends_and_may_begin_again(clock: FixedClock) -> None:
    clock.advance(days=1)
    members.end_membership(SECRETARIAT, "math", consortium="demo")
    assert _members(clock) == ["phys"]
    with pytest.raises(NotAMember):
        members.end_membership(SECRETARIAT, "math", consortium="demo")

    clock.advance(days=1)
    members.admit_member(SECRETARIAT, "math", consortium="demo")
    assert _members(clock) == ["phys", "math"]
    with pytest.raises(AlreadyMember):
        members.admit_member(SECRETARIAT, "math", consortium="demo")
    with pytest.raises(PeriodInvalid):
        members.end_membership(
            SECRETARIAT, "math", consortium="demo", until=clock.now() - timedelta(days=1)
        )


def test_a_charter_admits_the_kinds_it_names() -> None:
    organisations.register_organisation(
        SYSTEM, code="steel", name_zh="钢铁公司", name_en="Steel", kind="enterprise"
    )
    with pytest.raises(KindNotAdmitted):
        members.admit_member(SECRETARIAT, "steel", consortium="demo")

    adopted = consortia.adopt_charter(
        SECRETARIAT,
        "demo",
        text_zh="第一条 企业可以加入。",
        kinds_admitted=("society", "enterprise"),
    )

    assert adopted.number == 2
    members.admit_member(SECRETARIAT, "steel", consortium="demo")
    assert consortia.get_charter("demo", 1).text_hash == hash_charter(CHARTER)
    assert consortia.get_consortium("demo").charter_version == 2


def test_lead_and_legal_representative_are_members() -> None:
    named = consortia.appoint(SECRETARIAT, "demo", lead="math", legal_representative="phys")

    assert (named.lead, named.legal_representative) == ("math", "phys")
    with pytest.raises(NotAMember):
        consortia.appoint(SECRETARIAT, "demo", lead="comp")


def test_members_of_a_consortium_are_listed(clock: FixedClock) -> None:
    assert [o.code for o in organisations.list_organisations("demo")] == ["math", "phys"]
    assert [c.code for c in consortia.list_consortia(organisation="math", at=clock.now())] == [
        "demo"
    ]
    assert consortia.list_consortia(organisation="comp", at=clock.now()) == []


def _members(clock: FixedClock) -> list[str]:
    return [span.organisation for span in members.list_members("demo", at=clock.now())]
