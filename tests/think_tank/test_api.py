"""The API says and refuses the same as the pages."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from consortium.kernel.clock import FixedClock
from consortium.kernel.principal import ANONYMOUS, Grant, Principal, acting_as
from tests.conftest import Furnish
from tests.think_tank.worlds import SOCIETIES, found_world_with_pool
from think_tank.rules.templates import write_balanced_brief

BRIEF = {
    "title": {"zh": "组", "en": "Panel"},
    "disclosure": "public",
    "brief": write_balanced_brief(seats=9, societies=list(SOCIETIES), disciplines=("A01",)),
}
INSTITUTE = {
    "slug": "winds", "consortium": "demo", "name": {"zh": "风", "en": "Winds"},
    "charter": {"zh": "章程", "en": "Charter"}, "since": "2026-01-01T00:00:00Z",
}  # fmt: skip


class Program:
    """A caller with a principal of its own."""

    def __init__(self, client: FlaskClient, principal: Principal) -> None:
        self.client, self.principal = client, principal

    def call(self, method: str, path: str, json: Any = None, **headers: str) -> tuple[int, Any]:
        with acting_as(self.principal):
            answer = self.client.open(f"/api/v1{path}", method=method, json=json, headers=headers)
        return answer.status_code, answer.get_json()


@pytest.fixture
def coordinator(furnish: Furnish, clock: FixedClock, client: FlaskClient) -> Program:
    furnish(found_world_with_pool)
    grants = (Grant("coordinator", "consortium", "demo"),)
    return Program(client, Principal(client_id="desk", society="math", grants=grants))


def test_from_institute_to_published_panel(coordinator: Program) -> None:
    assert coordinator.call("POST", "/institutes", INSTITUTE)[0] == 201
    status, brief = coordinator.call("POST", "/institutes/winds/briefs", BRIEF)
    assert (status, brief["state"], brief["number"]) == (201, "open", 1)
    status, solve = coordinator.call("POST", f"/briefs/{brief['id']}/solves", {})
    assert (status, solve["state"], solve["progress"]) == (201, "proposed", 100)
    assert coordinator.call("GET", f"/solves/{solve['id']}") == (200, solve)
    status, panel = coordinator.call("POST", "/panels", {"solve": solve["id"]})
    assert (status, len(panel["seats"])) == (201, 9)
    guest = Program(coordinator.client, ANONYMOUS)
    assert guest.call("GET", f"/panels/{panel['id']}")[0] == 404
    assert coordinator.call("POST", f"/panels/{panel['id']}/publication")[0] == 200
    assert guest.call("GET", f"/panels/{panel['id']}")[1]["seats"][0]["answer"] == {}
    assert [p["id"] for p in guest.call("GET", "/panels")[1]["items"]] == [panel["id"]]


def test_one_key_asks_for_one_run(coordinator: Program) -> None:
    _, brief = coordinator.call("POST", "/institutes/flows/briefs", BRIEF)
    path = f"/briefs/{brief['id']}/solves"
    first = coordinator.call("POST", path, {}, **{"Idempotency-Key": "k1"})
    again = coordinator.call("POST", path, {}, **{"Idempotency-Key": "k1"})
    assert (first, first[0]) == (again, 201)
    other = coordinator.call("POST", path, {"seed": "7"}, **{"Idempotency-Key": "k1"})
    assert (other[0], other[1]["code"]) == (422, "idempotency-key-reused")


def test_a_finished_run_cannot_be_cancelled(coordinator: Program) -> None:
    _, brief = coordinator.call("POST", "/institutes/flows/briefs", BRIEF)
    _, solve = coordinator.call("POST", f"/briefs/{brief['id']}/solves", {"exclude": ["math:E000"]})
    assert coordinator.call("DELETE", f"/solves/{solve['id']}")[1]["state"] == "proposed"
    assert "math:E000" not in {seat["id"] for seat in solve["answer"]["seats"]}


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"slug": "A"}, "/slug"),
        ({"until": "2025-01-01T00:00:00Z"}, "/since"),
        ({"colour": "red"}, "/colour"),
    ],
)
def test_a_faulty_institute_is_refused(
    coordinator: Program, change: dict[str, str], pointer: str
) -> None:
    status, problem = coordinator.call("POST", "/institutes", INSTITUTE | change)
    assert (status, problem["errors"][0]["pointer"]) == (422, pointer)


def test_experts_are_found_with_what_matched(coordinator: Program) -> None:
    status, found = coordinator.call("GET", "/experts?q=流体&discipline=A01&limit=4")
    assert (status, len(found["items"])) == (200, 4)
    assert {match["field"] for match in found["items"][0]["matched"]} == {"keywords", "disciplines"}
    assert set(found["items"][0]) & {"email", "birth_date"} == set()
    rest = coordinator.call("GET", found["next"].partition("/api/v1")[2])[1]
    assert len({expert["id"] for expert in found["items"] + rest["items"]}) == 8


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/experts", None),
        ("POST", "/institutes", INSTITUTE),
        ("POST", "/institutes/flows/briefs", BRIEF),
        ("GET", "/institutes/flows/briefs", None),
        ("POST", "/panels", {"solve": "0190aaaa-0000-7000-8000-000000000000"}),
        ("GET", "/solves/0190aaaa-0000-7000-8000-000000000000", None),
    ],
)
def test_nobody_without_a_principal_gets_in(
    coordinator: Program, method: str, path: str, body: Any
) -> None:
    status, problem = Program(coordinator.client, ANONYMOUS).call(method, path, body)
    assert (status, problem["code"]) == (401, "sign-in-required")


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/experts", None, 403),
        ("POST", "/institutes", INSTITUTE, 403),
        ("POST", "/institutes/flows/briefs", BRIEF, 403),
        ("GET", "/solves/0190aaaa-0000-7000-8000-000000000000", None, 404),
    ],
)
def test_a_program_without_office_is_refused(
    coordinator: Program, method: str, path: str, body: Any, status: int
) -> None:
    program = Program(coordinator.client, Principal(client_id="other"))
    assert program.call(method, path, body)[0] == status


def test_a_misspelt_member_of_a_brief_is_refused_at_its_place(coordinator: Program) -> None:
    rules = [{**BRIEF["brief"]["rules"][0], "bogus": 1}]
    wish = {**BRIEF, "brief": {"seats": 9, "rules": rules, "rulez": BRIEF["brief"]["rules"]}}
    status, told = coordinator.call("POST", "/institutes/flows/briefs", wish)
    assert (status, told["code"]) == (422, "brief-invalid")
    assert [(one["pointer"], one["code"]) for one in told["errors"]] == [
        ("/rulez", "unknown-field"),
        ("/rules/0/bogus", "unknown-field"),
    ]
