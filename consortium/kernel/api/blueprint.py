"""flask-smorest's blueprint with our grammar, refusals and description."""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from flask import Flask
from flask_smorest import Blueprint

from consortium.kernel.api.body import StrictParser
from consortium.kernel.api.guard import check_token_at_public_door

# What any operation may answer besides its own responses.
REFUSALS = (400, 401, 403, 404, 405, 406, 409, 412, 413, 415, 422, 428, 429, 500)
CHANGES = frozenset({"put", "patch"})
WRITES = frozenset({"post", "put", "patch", "delete"})


def problem_name(status: int | str) -> str:
    """Name of the response component of a refusal."""
    return f"Problem{str(status).capitalize()}"


class ApiBlueprint(Blueprint):
    """A blueprint of JSON operations.

    Each operation gets its function's name as operationId, the first line of its docstring as
    summary and the rest as description, and every refusal as problem+json. Errors, CSRF and
    anonymous callers are treated as for programs.
    """

    ARGUMENTS_PARSER = StrictParser()
    for_programs = True

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._prepare_doc_cbks.append(self._prepare_refusals_doc)
        self.before_request(check_token_at_public_door)

    def _prepare_refusals_doc(
        self, doc: dict[Any, Any], doc_info: Mapping[str, Any], *, method: str, **_: Any
    ) -> dict[Any, Any]:
        responses = doc.setdefault("responses", {})
        # flask-smorest names its own by HTTPStatus, whose names differ between Pythons.
        responses.pop("default", None)
        for status in REFUSALS:
            responses[status] = problem_name(status)
        responses["default"] = problem_name("default")
        if doc_info.get("idempotent"):
            doc.setdefault("parameters", []).append("IdempotencyKey")
        if method in CHANGES:
            doc.setdefault("parameters", []).append("IfMatch")
        if not doc_info.get("guarded"):
            doc["security"] = [{}, {"bearer": []}, _session(method)]
        else:
            doc["security"] = [{"bearer": []}, _session(method)]
        return doc

    def register_views_in_doc(
        self, api: Any, app: Flask, spec: Any, *, name: str, parameters: Any
    ) -> None:
        """Leave the operations to be described when somebody asks for the document."""
        api.waiting.append(lambda: self._describe(api, app, spec, name=name, parameters=parameters))

    def _describe(self, api: Any, app: Flask, spec: Any, *, name: str, parameters: Any) -> None:
        """Describe the operations, with an operationId each, without touching the shared notes."""
        kept = self._docs
        self._docs = deepcopy(kept)
        try:
            for endpoint, methods in self._docs.items():
                _name_operations(endpoint, methods)
            super().register_views_in_doc(api, app, spec, name=name, parameters=parameters)
        finally:
            self._docs = kept


def _session(method: str) -> dict[str, list[str]]:
    session: dict[str, list[str]] = {"session": []}
    return {**session, "csrf": []} if method in WRITES else session


def _name_operations(endpoint: str, methods: Mapping[str, Any]) -> None:
    described = [method for method in methods if method != "parameters"]
    for method in described:
        head, *tail = endpoint.split("_")
        name = head + "".join(word.capitalize() for word in tail)
        if len(described) > 1:
            name = f"{method}{name[:1].upper()}{name[1:]}"
        methods[method].setdefault("manual_doc", {}).setdefault("operationId", name)
