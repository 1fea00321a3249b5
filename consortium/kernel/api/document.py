"""The API's description: OpenAPI 3.1 at /api/v1/openapi.json."""

import json
import threading
from collections.abc import Callable, Iterable
from functools import partial
from http import HTTPStatus
from typing import Any

from flask import Blueprint, Flask, Response, current_app
from flask_smorest import Api
from flask_smorest.utils import prepare_response

from consortium.kernel.api.blueprint import REFUSALS, ApiBlueprint, problem_name
from consortium.kernel.api.schemas import ProblemOut
from consortium.kernel.settings import EXTENSION as SETTINGS
from consortium.kernel.web.answers import PROBLEM

EXTENSION = "consortium.openapi"
TITLE = "Society consortium"
VERSION = "1"
DESCRIPTION = """\
Collaboration and mutual recognition between learned societies.

Programs send `Authorization: Bearer` with a token by client credentials. A page's script sends the
session cookie, and for writes the header `X-CSRFToken` with the `csrf_token` of any page.
Lists are `{"items": [], "next": url|null}` with `limit` and `cursor`. Writes take
`Idempotency-Key`; changes of something that has an ETag take `If-Match`. Refusals are problem+json
(RFC 9457) with a stable `code`. Instants are RFC 3339 in UTC; money is an amount in minor units.
"""

blueprint = Blueprint("api", __name__, url_prefix="/api/v1")


class DescribedApi(Api):
    """flask-smorest's collector; errors are kernel.web's business.

    `waiting` are the descriptions left for later, in the order in which they refer to each other.
    """

    def __init__(self, app: Flask, *, spec_kwargs: dict[str, Any]) -> None:
        """Collect for an application."""
        self.waiting: list[Callable[[], None]] = []
        super().__init__(app, spec_kwargs=spec_kwargs)

    def _register_error_handlers(self) -> None:
        """Leave errors to kernel.web."""

    def _register_responses(self) -> None:
        usual: Any = super()
        self.waiting.append(usual._register_responses)


@blueprint.get("/openapi.json")
def openapi() -> Response:
    """The description of every operation."""
    response = Response(openapi_text(current_app), content_type="application/json")
    response.headers["Cache-Control"] = "no-cache"
    response.add_etag()
    return response


def init_api(app: Flask, blueprints: Iterable[Blueprint]) -> None:
    """Register the operations of all features; they are described when somebody first asks.

    Most processes are never asked, and describing takes a sixth of a start.
    """
    issuer = app.extensions[SETTINGS].issuer
    app.config.setdefault("OPENAPI_URL_PREFIX", None)
    api = DescribedApi(
        app,
        spec_kwargs={
            "title": TITLE,
            "version": VERSION,
            "openapi_version": "3.1.0",
            "info": {"description": DESCRIPTION},
            "servers": [{"url": issuer}],
        },
    )
    cookie = app.extensions[SETTINGS].session_cookie
    api.waiting += [
        partial(_describe_security, api.spec, issuer, cookie),
        partial(_describe_refusals, api.spec),
        partial(_describe_headers, api.spec),
    ]
    for offered in blueprints:
        if isinstance(offered, ApiBlueprint):
            api.register_blueprint(offered)
        else:
            app.register_blueprint(offered)
    app.extensions[EXTENSION] = Description(api)
    app.register_blueprint(blueprint)


class Description:
    """The document of one application, made once."""

    def __init__(self, api: DescribedApi) -> None:
        """Keep the collector."""
        self._api = api
        self._lock = threading.Lock()
        self._text: str | None = None

    def text(self) -> str:
        """The document, ending with a line break.

        Raises:
            ValueError: two operations have the same operationId; rename one function.
        """
        with self._lock:
            if self._text is None:
                for describe in self._api.waiting:
                    describe()
                document = self._api.spec.to_dict()
                _check_operation_ids(document)
                self._text = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
            return self._text


def openapi_text(app: Flask) -> str:
    """The description as it is served, for the committed copy and its comparison."""
    description: Description = app.extensions[EXTENSION]
    return description.text()


def _describe_security(spec: Any, issuer: str, cookie: str) -> None:
    flow = {"clientCredentials": {"tokenUrl": f"{issuer}/oauth/token", "scopes": {}}}
    schemes = {
        "bearer": {"type": "oauth2", "flows": flow},
        "session": {"type": "apiKey", "in": "cookie", "name": cookie},
        "csrf": {"type": "apiKey", "in": "header", "name": "X-CSRFToken"},
    }
    for name, scheme in schemes.items():
        spec.components.security_scheme(name, scheme)


def _describe_refusals(spec: Any) -> None:
    for status in (*REFUSALS, "default"):
        phrase = HTTPStatus(status).phrase if isinstance(status, int) else "Any other refusal"
        response = {"description": phrase, "schema": ProblemOut}
        prepare_response(response, spec, PROBLEM)
        spec.components.response(problem_name(status), response)


def _describe_headers(spec: Any) -> None:
    key = "Names this write; the same key sent again gets the same answer."
    tag = "ETag of the version that the change is about."
    spec.components.parameter(
        "IdempotencyKey",
        "header",
        {
            "name": "Idempotency-Key",
            "description": key,
            "schema": {"type": "string", "minLength": 1, "maxLength": 255},
        },
    )
    spec.components.parameter(
        "IfMatch",
        "header",
        {"name": "If-Match", "description": tag, "schema": {"type": "string"}},
    )


def _check_operation_ids(document: dict[str, Any]) -> None:
    seen: dict[str, str] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            name = operation.get("operationId") if isinstance(operation, dict) else None
            if name and seen.setdefault(name, path) != path:
                raise ValueError(f"operationId {name}: {seen[name]} and {method} {path}")
