"""The API's description, and what a fuzzer makes of it."""

from typing import Any

import pytest
import schemathesis
from flask import Flask
from hypothesis import HealthCheck, given, settings
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from consortium.kernel.api.document import openapi_text
from tests.kernel.webbing import build_board


@pytest.fixture(scope="module")
def board(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return build_board(tmp_path_factory.mktemp("document"))


@pytest.fixture(scope="module")
def document(board: Flask) -> dict[str, Any]:
    answer = board.test_client().get("/api/v1/openapi.json")
    assert answer.text == openapi_text(board)
    assert answer.json is not None
    return dict(answer.json)


def test_the_description_is_valid_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    OpenAPIV31SpecValidator(document).validate()


def test_operations_have_names_and_summaries(document: dict[str, Any]) -> None:
    operation = document["paths"]["/api/v1/notices"]["post"]
    assert operation["operationId"] == "postNotice"
    assert operation["summary"] == "Put a notice up."
    assert operation["description"] == "The board has room for a thousand."
    assert operation["security"] == [{"bearer": []}, {"session": [], "csrf": []}]


def test_every_operation_describes_its_refusals(document: dict[str, Any]) -> None:
    for operations in document["paths"].values():
        for operation in operations.values():
            if "responses" not in operation:
                continue
            for status in ("400", "401", "403", "404", "409", "413", "415", "422", "429"):
                reference = {"$ref": f"#/components/responses/Problem{status}"}
                assert operation["responses"][status] == reference
    problem = document["components"]["responses"]["Problem422"]["content"]
    assert list(problem) == ["application/problem+json"]


def test_money_and_instants_are_described(document: dict[str, Any]) -> None:
    properties = document["components"]["schemas"]["NoticeIn"]["properties"]
    assert properties["at"]["format"] == "date-time"
    assert properties["price"]["type"] == ["object", "null"]
    assert properties["price"]["required"] == ["amount", "currency"]


def test_no_generated_request_makes_the_server_fail(board: Flask) -> None:
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", board)
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) == 4
    for operation in operations:
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            _attack(operation, mode)


def _attack(operation: Any, mode: GenerationMode) -> None:
    @settings(max_examples=60, deadline=None, database=None, suppress_health_check=HealthCheck)
    @given(case=operation.as_strategy(generation_mode=mode))
    def attack(case: Any) -> None:
        case.call_and_validate(
            headers={"Authorization": "Bearer good"},
            # A cursor is a string that only the list itself can make up.
            excluded_checks=[positive_data_acceptance],
        )

    attack()
