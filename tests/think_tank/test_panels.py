"""A brief becomes a proposal, the proposal a panel, if it still holds when it is seated."""

import pytest
from sqlalchemy import select

from consortium.kernel.clock import FixedClock
from consortium.kernel.db import db
from consortium.kernel.errors import Forbidden, NotFound
from consortium.kernel.feature import JobPage
from consortium.kernel.principal import ANONYMOUS, SYSTEM
from tests.conftest import Furnish
from tests.think_tank.worlds import (
    COORDINATOR,
    SOCIETIES,
    STRANGER,
    found_world_with_pool,
)
from think_tank.errors import (
    BriefInvalid,
    BriefSeated,
    PanelConfidential,
    PanelOutdated,
    SlugTaken,
    SolveUnfinished,
)
from think_tank.models import ExpertRow
from think_tank.rules.templates import write_balanced_brief
from think_tank.services.briefs import get_brief, write_brief
from think_tank.services.consents import withdraw_consent
from think_tank.services.institutes import found_institute, get_institute
from think_tank.services.panels import get_panel, list_panels, publish_panel, seat_panel
from think_tank.services.solves import (
    ask_solve,
    cancel_solve,
    get_solve,
    run_solve,
    work_queue,
)
from think_tank.values import BriefRecord, Solve

BALANCED = write_balanced_brief(seats=9, societies=list(SOCIETIES), disciplines=("A01", "F02"))


@pytest.fixture
def world(furnish: Furnish, clock: FixedClock) -> FixedClock:
    furnish(found_world_with_pool)
    return clock


def written(disclosure: str = "public", brief: dict[str, object] = BALANCED) -> BriefRecord:
    return write_brief(
        COORDINATOR, institute="flows", title_zh="组", title_en="Panel", brief=brief,
        disclosure=disclosure,
    )  # fmt: skip


def solved(brief: BriefRecord) -> Solve:
    return run_solve(ask_solve(COORDINATOR, brief_id=brief.id).id)


def test_an_institute_is_founded_once_under_a_hashed_charter(world: FixedClock) -> None:
    institute = get_institute("flows")
    assert len(institute.charter_hash) == 64
    with pytest.raises(SlugTaken):
        found_institute(
            COORDINATOR, slug="flows", consortium="demo", name_zh="一", name_en="One",
            charter_zh="章", charter_en="C", since=institute.since,
        )  # fmt: skip


def test_a_proposal_meets_every_rule_and_says_why(world: FixedClock) -> None:
    run = solved(written())
    assert (run.state, run.pool_size) == ("proposed", 40)
    assert run.answer is not None
    assert run.answer["status"] == "optimal"
    assert run.answer["objective"] == run.answer["bound"]
    assert all(meter["met"] for meter in run.answer["rules"])
    assert len(run.answer["seats"]) == 9
    assert all(seat["why"] for seat in run.answer["seats"])


def test_a_seated_panel_is_explained_to_its_coordinator_alone(world: FixedClock) -> None:
    run = solved(written())
    panel = seat_panel(COORDINATOR, solve_id=run.id)
    assert len(panel.seats) == 9
    assert all(seat.answer["why"] for seat in panel.seats)
    for reader in (ANONYMOUS, STRANGER):
        with pytest.raises(NotFound):
            get_panel(reader, panel.id)
        assert list_panels(reader) == []
    publish_panel(COORDINATOR, panel_id=panel.id)
    seen = get_panel(ANONYMOUS, panel.id)
    assert [seat.answer for seat in seen.seats] == [{}] * 9
    assert [seat.name for seat in seen.seats] == [
        "" if seat.id == "mech:E039" else seat.name for seat in panel.seats
    ]
    assert [p.id for p in list_panels(ANONYMOUS, institute="flows")] == [panel.id]


def test_a_brief_has_one_panel(world: FixedClock) -> None:
    brief = written()
    first, second = solved(brief), solved(brief)
    seat_panel(COORDINATOR, solve_id=first.id)
    with pytest.raises(BriefSeated):
        seat_panel(COORDINATOR, solve_id=second.id)
    with pytest.raises(BriefSeated):
        ask_solve(COORDINATOR, brief_id=brief.id)
    assert get_brief(COORDINATOR, institute="flows", number=1).state == "seated"


def test_a_withdrawal_between_proposal_and_seating_is_noticed(world: FixedClock) -> None:
    run = solved(written())
    assert run.answer is not None
    reference = run.answer["seats"][0]["id"].partition(":")[2]
    row = db.session.scalars(select(ExpertRow.id).where(ExpertRow.reference == reference)).one()
    world.advance(seconds=1)
    withdraw_consent(SYSTEM, expert_id=row)
    with pytest.raises(PanelOutdated):
        seat_panel(COORDINATOR, solve_id=run.id)
    assert get_brief(COORDINATOR, institute="flows", number=1).state == "open"


def test_an_unmeetable_brief_names_the_rules(world: FixedClock) -> None:
    half = {
        "id": "half-math", "kind": "min_share", "value": "1/2",
        "of": {"field": "society", "op": "eq", "value": "math"},
    }  # fmt: skip
    run = solved(written(brief=BALANCED | {"rules": [*BALANCED["rules"], half]}))
    assert run.state == "infeasible"
    assert run.answer is not None
    assert sorted(run.answer["conflict_rules"]) == ["half-math", "society-math"]
    assert len(run.answer["repairs"]) >= 2
    with pytest.raises(SolveUnfinished):
        seat_panel(COORDINATOR, solve_id=run.id)


def test_a_confidential_panel_is_not_published(world: FixedClock) -> None:
    panel = seat_panel(COORDINATOR, solve_id=solved(written("confidential")).id)
    with pytest.raises(PanelConfidential):
        publish_panel(COORDINATOR, panel_id=panel.id)


def test_two_runs_over_one_pool_propose_one_panel(world: FixedClock) -> None:
    brief = written()
    first, second = solved(brief), solved(brief)
    assert (first.answer, first.pool_hash) == (second.answer, second.pool_hash)


def test_a_cancelled_run_stays_cancelled(world: FixedClock) -> None:
    asked = ask_solve(COORDINATOR, brief_id=written().id)
    assert cancel_solve(COORDINATOR, asked.id).state == "cancelled"
    assert run_solve(asked.id).state == "cancelled"
    assert get_solve(COORDINATOR, asked.id).answer is None


def test_a_page_of_the_queue_solves_one_run_that_was_left(world: FixedClock) -> None:
    brief = written()
    left = [ask_solve(COORDINATOR, brief_id=brief.id).id for _ in range(2)]
    world.advance(minutes=1)
    page = JobPage("think_tank.work_queue", world.at, None, 1, world.at)
    told, states = [], []
    for _ in range(3):
        told.append(work_queue(page))
        states.append([get_solve(COORDINATOR, run).state for run in left])
    assert told == ["more", "more", None]
    assert states == [["proposed", "queued"], ["proposed"] * 2, ["proposed"] * 2]


def test_a_brief_with_faults_is_refused_with_pointers(world: FixedClock) -> None:
    with pytest.raises(BriefInvalid) as refused:
        written(brief={"seats": 0, "rules": [{"id": "x", "kind": "most", "of": {}}]})
    assert [fault.pointer for fault in refused.value.errors] == ["/seats", "/rules/0/kind"]


@pytest.mark.parametrize("principal", [ANONYMOUS, STRANGER])
def test_others_neither_write_nor_see_briefs(world: FixedClock, principal: object) -> None:
    brief = written()
    with pytest.raises(Forbidden):
        write_brief(principal, institute="flows", title_zh="组", title_en="P", brief=BALANCED)
    with pytest.raises(Forbidden):
        ask_solve(principal, brief_id=brief.id)
    with pytest.raises(NotFound):
        get_brief(principal, institute="flows", number=1)


def test_a_brief_about_what_no_entry_has_is_refused(world: FixedClock) -> None:
    rule = {"id": "r", "kind": "min_count", "of": {"field": "front-line", "op": "eq", "value": 1}}
    with pytest.raises(BriefInvalid) as refused:
        written(brief={"seats": 3, "rules": [{**rule, "value": 1}]})
    assert [(e.code, e.pointer) for e in refused.value.errors] == [
        ("field-unknown", "/rules/0/of/field")
    ]
