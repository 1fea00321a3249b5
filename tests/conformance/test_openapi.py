"""The whole API's description, and what a fuzzer makes of it: refusals, never a failure."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis.errors import Unsatisfiable
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import content_type_conformance

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
PERSON = Principal(person_id=new_id(), society="math", grants=ROLES)
PROGRAM = Principal(client_id="fuzz", society="math", grants=ROLES, scopes=frozenset({"openid"}))


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


@pytest.mark.parametrize(
    ("principal", "examples"),
    [(PERSON, 8), (PROGRAM, 4), (ANONYMOUS, 2)],
    ids=["person", "program", "nobody"],
)
def test_no_generated_request_makes_the_server_fail(
    app: Flask, principal: Principal, examples: int
) -> None:
    app.extensions[EXTENSION] = lambda: principal
    schema = schemathesis.openapi.from_wsgi(DOCUMENT, app)
    operations = [found.ok() for found in schema.get_all_operations()]
    assert operations
    failures = []
    for operation in operations:
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            try:
                _attack(operation, mode, examples)
            except Unsatisfiable:
                # Any text is a valid path: there is nothing to get wrong.
                continue
            except FailureGroup as error:
                failures.append(f"{operation.label} {mode.value}: {error!r}"[:3000])
    assert failures == []


def _attack(operation: Any, mode: GenerationMode, examples: int) -> None:
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=HealthCheck,
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def attack(case: Any) -> None:
        # A token on purpose: a session would need the CSRF token of a page.
        case.call_and_validate(
            headers={"Authorization": "Bearer fuzz"},
            checks=[not_a_server_error, content_type_conformance],
        )

    attack()
