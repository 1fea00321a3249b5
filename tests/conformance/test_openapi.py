"""The whole API's description, and what a fuzzer makes of it: refusals, never a failure."""

import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from flask import Flask, Response, request, request_finished
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import content_type_conformance

from auth.services.accounts import find_account_by
from auth.values import ACR_SINGLE_FACTOR
from consortium.kernel import demo
from consortium.kernel.clock import read_now
from consortium.kernel.ids import new_id
from consortium.kernel.principal import ANONYMOUS, EXTENSION, Grant, Principal

DOCUMENT = "/api/v1/openapi.json"
ROLES = (
    Grant("operator", "node"),
    Grant("secretary", "society", "math"),
    Grant("organiser", "society", "math"),
    Grant("society_admin", "society", "math"),
    Grant("coordinator", "consortium", "demo"),
    Grant("secretariat", "consortium", "demo"),
)
SOCIETIES = ("math", "phys", "comp", "mech")
EVERYWHERE = tuple(
    Grant(role, "society", code)
    for role in ("secretary", "organiser", "society_admin")
    for code in SOCIETIES
)
MOST_EXAMPLES = 8
PERSON = Principal(person_id=new_id(), society="math", grants=ROLES)
PROGRAM = Principal(client_id="fuzz", society="math", grants=ROLES, scopes=frozenset({"api"}))


def describe(app: Flask) -> dict[str, Any]:
    document = app.test_client().get(DOCUMENT).json
    assert isinstance(document, dict)
    return document


def test_the_description_is_valid_openapi_3_1(app: Flask) -> None:
    document = describe(app)
    assert document["openapi"] == "3.1.0"
    OpenAPIV31SpecValidator(document).validate()


def list_operations(app: Flask) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, operations in describe(app)["paths"].items():
        for method, operation in operations.items():
            if method != "parameters":
                yield f"{method} {path}", operation


def test_every_operation_says_what_it_does_and_answers(app: Flask) -> None:
    for place, operation in list_operations(app):
        assert re.fullmatch(r"[a-z][A-Za-z]+", operation.get("operationId", "")), place
        assert operation.get("summary"), place
        assert [s for s in operation["responses"] if s.startswith(("2", "3"))], place


def test_every_answer_with_a_body_has_a_schema(app: Flask) -> None:
    for place, operation in list_operations(app):
        for status, answer in operation["responses"].items():
            if status.startswith("2") and status != "204" and "$ref" not in answer:
                assert answer.get("content"), f"{place} {status}"


@dataclass(frozen=True)
class Drawn:
    """What one operation is asked: generated requests, right or wrong on purpose."""

    place: str
    cases: list[Any]


@pytest.fixture(scope="module")
def kept() -> list[Drawn]:
    """Requests for the whole document; to generate them takes far longer than to answer them."""
    return []


@pytest.fixture
def drawn(app: Flask, kept: list[Drawn]) -> list[Drawn]:
    """The same requests for whoever sends them."""
    if not kept:
        schema = schemathesis.openapi.from_wsgi(DOCUMENT, app)
        for found in schema.get_all_operations():
            operation = found.ok()
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                cases: list[Any] = []
                # Any text may be a valid path: then there is nothing to get wrong.
                with suppress(Unsatisfiable):
                    _draw(operation, mode, MOST_EXAMPLES, cases.append)
                kept.append(Drawn(f"{operation.label} {mode.value}", cases))
    return kept


@pytest.mark.parametrize(
    ("principal", "examples"),
    [(PERSON, MOST_EXAMPLES), (PROGRAM, 4), (ANONYMOUS, 2)],
    ids=["person", "program", "nobody"],
)
def test_no_generated_request_makes_the_server_fail(
    app: Flask, drawn: list[Drawn], principal: Principal, examples: int
) -> None:
    app.extensions[EXTENSION] = lambda: principal
    assert any(each.cases for each in drawn)
    failures = []
    for each in drawn:
        try:
            for case in each.cases[:examples]:
                _send(case, app)
        except FailureGroup as error:
            failures.append(f"{each.place}: {error!r}"[:3000])
    assert failures == []


@pytest.fixture
def known(app: Flask) -> dict[str, Any]:
    """The demonstration is loaded; its things by the names that paths have for them."""
    demo.load_demo()
    client = app.test_client()
    member = find_account_by("member@math.example")
    assert member is not None
    app.extensions[EXTENSION] = lambda: Principal(
        person_id=member.person_id,
        grants=(*ROLES, *EVERYWHERE),
        acr=ACR_SINGLE_FACTOR,
        auth_time=read_now(),
    )

    def first(path: str) -> Any:
        answer = client.get(f"/api/v1/{path}", headers={"Authorization": "Bearer fuzz"})
        assert answer.json is not None
        return answer.json["items"][0]

    brief = first("institutes/demo-institute/briefs")
    return {
        "code": "comp",
        "society": "comp",
        "agreement_id": first("agreements")["id"],
        "version": 1,
        "event_id": first("events")["id"],
        "slug": "demo-institute",
        "number": 1,
        "brief_id": brief["id"],
    }


def test_no_generated_request_about_things_that_exist_makes_the_server_fail(
    app: Flask, known: dict[str, Any]
) -> None:
    schema = schemathesis.openapi.from_wsgi(DOCUMENT, app)
    failures, attacked, reached = [], set(), set()

    def send(case: Any) -> None:
        for name in set(known) & set(case.path_parameters or {}):
            case.path_parameters[name] = known[name]
        _send(case, app)

    def note(_: Flask, response: Response) -> None:
        if response.status_code < 300:
            reached.add(f"{request.method} {request.url_rule}")

    with request_finished.connected_to(note, app):
        for found in schema.get_all_operations():
            operation = found.ok()
            if not any("{" + name + "}" in operation.path for name in known):
                continue
            attacked.add(operation.label)
            try:
                _draw(operation, GenerationMode.POSITIVE, 6, send)
            except FailureGroup as error:
                failures.append(f"{operation.label}: {error!r}"[:3000])
    assert failures == []
    # Refusals alone would show nothing: more than half of the doors have let something in.
    assert len(reached) > len(attacked) / 2, sorted(reached)


def _draw(
    operation: Any, mode: GenerationMode, examples: int, take: Callable[[Any], object]
) -> None:
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=HealthCheck,
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def draw(case: Any) -> None:
        take(case)

    draw()


def _send(case: Any, app: Flask) -> None:
    # A token on purpose: a session would need the CSRF token of a page.
    case.call_and_validate(
        headers={"Authorization": "Bearer fuzz"},
        checks=[not_a_server_error, content_type_conformance],
        app=app,
    )
