"""What no solver could read is refused where it is written or asked, with its place and name."""

from typing import Any
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import func, select

from auth.services.people import create_person
from consortium.kernel.clock import FixedClock
from consortium.kernel.db import db
from consortium.kernel.errors import ConsortiumError
from consortium.kernel.principal import SYSTEM, Grant, Principal
from tests.conftest import Furnish
from tests.think_tank.test_api import BRIEF, Program
from tests.think_tank.test_pages import FORM, Browser
from tests.think_tank.worlds import COORDINATOR, found_world_with_pool
from think_tank.errors import BriefInvalid, ExpertUnknown, KeptAndExcluded, SolveInvalid
from think_tank.models import BriefRow, ExpertRow, SolveRun
from think_tank.services.briefs import write_brief
from think_tank.services.consents import withdraw_consent
from think_tank.services.solves import ask_solve, run_solve

UNREADABLE: list[tuple[str, str, object, str, str]] = [
    ("seniority", "ge", "abc", "/rules/0/of/value", "value-unordered"),
    ("age", "le", "x", "/rules/0/of/value", "value-unordered"),
    ("age", "le", "1980-01-01", "/rules/0/of/value", "value-unordered"),
    ("birth_date", "le", "1980-13-45", "/rules/0/of/value", "value-unordered"),
    ("birth_date", "le", "1980", "/rules/0/of/value", "value-unordered"),
    ("disciplines", "ge", "A01", "/rules/0/of/op", "op-unordered"),
    ("society", "le", "math", "/rules/0/of/op", "op-unordered"),
    ("front_line", "ge", True, "/rules/0/of/op", "op-unordered"),
]
READABLE = [("age", "le", 45), ("birth_date", "ge", "1981-01-01"), ("society", "ne", "math")]


def brief_of(field: str, op: str, value: object) -> dict[str, Any]:
    of = {"field": field, "op": op, "value": value}
    return {"seats": 3, "rules": [{"id": "odd", "kind": "min_count", "of": of, "value": 1}]}


def write(brief: dict[str, Any]) -> Any:
    return write_brief(COORDINATOR, institute="flows", title_zh="组", title_en="P", brief=brief)


@pytest.fixture
def world(furnish: Furnish, clock: FixedClock) -> FixedClock:
    furnish(found_world_with_pool)
    return clock


def test_a_rule_that_compares_what_has_no_order_is_refused_when_written(world: FixedClock) -> None:
    for field, op, value, pointer, code in UNREADABLE:
        with pytest.raises(BriefInvalid) as refused:
            write(brief_of(field, op, value))
        (fault,) = refused.value.as_problem()["errors"]
        assert (fault["pointer"], fault["code"]) == (pointer, code), (field, op, value)
        assert fault["message"].startswith("Rule odd: ")
    for field, op, value in READABLE:
        assert run_solve(ask_solve(COORDINATOR, brief_id=write(brief_of(field, op, value)).id).id)


def test_too_many_rules_are_told_with_the_limit(world: FixedClock) -> None:
    rules = [brief_of("society", "eq", "math")["rules"][0] | {"id": f"r{n}"} for n in range(600)]
    with pytest.raises(BriefInvalid) as refused:
        write({"seats": 3, "rules": rules})
    assert refused.value.as_problem()["errors"] == [
        {
            "pointer": "/rules",
            "code": "rules-too-many",
            "message": "A brief has at most 500 rules; here are 600.",
        }
    ]


ASKED: list[tuple[dict[str, Any], type[ConsortiumError], str]] = [
    ({"keep": {"nope"}}, ExpertUnknown, "nope"),
    ({"exclude": {"math:E999"}}, ExpertUnknown, "math:E999"),
    ({"keep": {"math:E000"}, "exclude": {"math:E000"}}, KeptAndExcluded, "math:E000"),
    ({"seed": "s" * 65}, SolveInvalid, "64"),
]


def test_a_run_without_sense_is_refused_and_leaves_nothing(world: FixedClock) -> None:
    brief = write(brief_of("age", "le", 45))
    for wish, refusal, named in ASKED:
        wished = {k: v if k == "seed" else frozenset(v) for k, v in wish.items()}
        with pytest.raises(refusal) as refused:
            ask_solve(COORDINATOR, brief_id=brief.id, **wished)
        problem = refused.value.as_problem()
        assert named in problem["errors"][0]["message"]
        assert problem["errors"][0]["pointer"] == f"/{next(iter(wish))}"
    assert db.session.scalar(select(func.count()).select_from(SolveRun)) == 0


def test_a_rule_that_this_pool_cannot_answer_is_named_when_solved(world: FixedClock) -> None:
    brief = write(brief_of("seniority", "ge", 9))
    with pytest.raises(BriefInvalid) as refused:
        ask_solve(COORDINATOR, brief_id=brief.id)
    (fault,) = refused.value.as_problem()["errors"]
    assert fault["pointer"] == "/rules/0/of/value"
    assert fault["message"] == "Rule odd compares with 9, but the pool holds senior."


@pytest.fixture
def coordinator(world: FixedClock, client: FlaskClient) -> Program:
    grants = (Grant("coordinator", "consortium", "demo"),)
    return Program(client, Principal(client_id="desk", society="math", grants=grants))


def test_the_api_names_whom_it_does_not_know(coordinator: Program) -> None:
    _, brief = coordinator.call("POST", "/institutes/flows/briefs", BRIEF)
    path = f"/briefs/{brief['id']}/solves"
    status, problem = coordinator.call(
        "POST", path, {"keep": ["nope"]}, **{"Accept-Language": "en"}
    )
    assert (status, problem["code"]) == (422, "expert-unknown")
    assert problem["detail"] == "These are not in the pool: nope."


def test_the_page_takes_no_longer_seed_than_the_api(coordinator: Program) -> None:
    person = Principal(person_id=None, grants=coordinator.principal.grants)
    person = create_person(SYSTEM, name="李协调").id
    grants = coordinator.principal.grants
    desk = Browser(coordinator.client, Principal(person_id=person, grants=grants))
    institute = "/institutes/flows"
    desk.send(f"{institute}/briefs/new", f"{institute}/briefs", **FORM)
    brief = f"{institute}/briefs/1"
    refused = desk.send(brief, f"{brief}/solves", seed="s" * 99)
    assert refused.status_code == 422
    assert 'data-code="seed-invalid"' in refused.text
    assert 'maxlength="64"' in desk.open(brief).text


def test_an_outdated_panel_is_told_in_one_language(world: FixedClock, coordinator: Program) -> None:
    _, brief = coordinator.call("POST", "/institutes/flows/briefs", BRIEF)
    _, solve = coordinator.call("POST", f"/briefs/{brief['id']}/solves", {})
    gone = solve["answer"]["seats"][0]["id"]
    reference = gone.partition(":")[2]
    row = db.session.scalars(select(ExpertRow.id).where(ExpertRow.reference == reference)).one()
    world.advance(seconds=1)
    withdraw_consent(SYSTEM, expert_id=row)
    asked = {"solve": solve["id"]}
    status, problem = coordinator.call("POST", "/panels", asked, **{"Accept-Language": "zh-CN"})
    assert (status, problem["code"]) == (409, "panel-outdated")
    assert problem["faults"][0] == "expert-unknown"
    assert problem["errors"][0] == {
        "code": "expert-unknown",
        "message": f"{gone} 不在专家库中。",
    }
    assert "。。" not in str(problem)
    assert " is not " not in str(problem)
    assert db.session.get_one(BriefRow, UUID(brief["id"])).state == "open"
