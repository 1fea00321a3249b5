"""In which form a refusal is told: problem+json to programs, a page to people."""

import json
from typing import Any

from flask import Response, current_app, request
from flask_babel import gettext
from werkzeug.exceptions import MethodNotAllowed
from werkzeug.wrappers import Response as AnyResponse

from consortium.kernel.errors import ConsortiumError

PROBLEM = "application/problem+json"
_PROGRAM_PATHS = ("/api/", "/scim/")
_FORMS = ("text/html", PROBLEM, "application/json")


def is_for_programs() -> bool:
    """Whether the address belongs to an API, whatever the caller would like to read."""
    blueprint = current_app.blueprints.get(_blueprint_name())
    return request.path.startswith(_PROGRAM_PATHS) or getattr(blueprint, "for_programs", False)


def _blueprint_name() -> str:
    """The blueprint of the address, also where it was asked by a method it does not take."""
    error = request.routing_exception
    if not isinstance(error, MethodNotAllowed) or not error.valid_methods:
        return request.blueprint or ""
    adapter = current_app.create_url_adapter(request)
    assert adapter is not None
    endpoint, _ = adapter.match(method=next(iter(error.valid_methods)))
    return str(endpoint).rpartition(".")[0]


def wants_problem() -> bool:
    """Whether a refusal goes out as problem+json: API addresses, or JSON preferred to HTML."""
    return is_for_programs() or request.accept_mimetypes.best_match(_FORMS) in _FORMS[1:]


def say(message: str) -> str:
    """A message in the reader's language; the msgid itself where no catalogue knows it."""
    return str(gettext(message)) if message else ""


def problem_of(error: ConsortiumError) -> dict[str, Any]:
    """Problem details (RFC 9457) in the reader's language."""
    return error.as_problem(say)


def problem_response(error: ConsortiumError) -> Response:
    """The refusal for programs."""
    body = json.dumps(problem_of(error), ensure_ascii=False, default=str)
    response = Response(f"{body}\n", status=error.status, content_type=PROBLEM)
    if error.status == 401 or error.challenge:
        said = ('Bearer realm="consortium"', error.challenge)
        response.headers["WWW-Authenticate"] = ", ".join(filter(None, said))
    tell_when_to_retry(response, error)
    return response


def tell_when_to_retry(response: AnyResponse, error: ConsortiumError) -> None:
    """Say in a header when a refusal will have ended, if it knows (RFC 9110, section 10.2.3)."""
    if "retry_after_seconds" in error.extra:
        response.headers["Retry-After"] = str(error.extra["retry_after_seconds"])
