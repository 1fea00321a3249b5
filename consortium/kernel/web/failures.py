"""Every refusal and failure ends here: told to its reader, never with a stack trace."""

from urllib.parse import urlencode

from flask import Flask, Response, make_response, redirect, request
from sqlalchemy.exc import DataError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, InternalServerError
from werkzeug.wrappers import Response as AnyResponse

from consortium.kernel.errors import ConsortiumError, SignInRequired
from consortium.kernel.faults import Busy, StorageFault, find_storage_fault
from consortium.kernel.logs import get_logger
from consortium.kernel.signable import Unsignable
from consortium.kernel.web.answers import (
    problem_response,
    say,
    tell_when_to_retry,
    wants_problem,
)
from consortium.kernel.web.layout import page
from consortium.kernel.web.refusals import Broken, refusal_of
from consortium.kernel.web.security import request_id

log = get_logger(__name__)

SIGN_IN = "/sign-in"
# Headers of an HTTP refusal that programs need whatever its body says.
_KEPT = ("Allow", "Retry-After", "WWW-Authenticate", "Content-Range")


def answer_refusal(error: ConsortiumError) -> AnyResponse:
    """The refusal as its reader wants it: problem+json, a page, or the way to sign-in."""
    if wants_problem():
        return problem_response(error)
    if isinstance(error, SignInRequired):
        return _to_sign_in()
    response = make_response(page("kernel/error.html", refusal=error), error.status)
    tell_when_to_retry(response, error)
    return response


def _to_sign_in() -> AnyResponse:
    way_back = request.full_path.rstrip("?") if request.method == "GET" else request.path
    where = "?".join((SIGN_IN, urlencode({"next": way_back})))
    if request.headers.get("HX-Request"):
        return Response(status=401, headers={"HX-Redirect": where})
    return redirect(where, 302)


def _on_refusal(error: Exception) -> AnyResponse:
    refusal = refusal_of(error)
    if isinstance(error, DataError | OverflowError | Unsignable):
        log.warning("request.unstorable", exc_info=error)
    return answer_refusal(refusal)


def _on_http(error: HTTPException) -> AnyResponse | HTTPException:
    if error.response is not None or error.code is None or error.code < 400:
        return error
    response = answer_refusal(refusal_of(error))
    for name, value in error.get_headers(request.environ):
        if name in _KEPT:
            response.headers[name] = value
    return response


def _on_failure(_: InternalServerError) -> AnyResponse:
    # Flask has logged the exception by now, with the request's id beside it.
    return _answer_somehow(Broken(request_id=request_id()))


def _on_storage(error: Exception) -> AnyResponse:
    """Tell a database or disk that is out of order; any other such error is ours."""
    fault = Busy() if isinstance(error, PoolTimeout) else find_storage_fault(error)
    if fault is None:
        raise error
    log.error("storage.fault", code=fault.code, exc_info=error)
    return _answer_somehow(fault)


def _answer_somehow(error: ConsortiumError) -> AnyResponse:
    try:
        return answer_refusal(error)
    except Exception:
        # The frame asks for the reader's name; without a database there is none to be had.
        log.exception("error-page.failed")
        told = error.text(say)
        return Response(told, status=error.status, content_type="text/plain; charset=utf-8")


def init_failures(app: Flask) -> None:
    """Answer ConsortiumError, HTTPException and anything unexpected."""
    app.register_error_handler(ConsortiumError, _on_refusal)
    for out_of_order in (StorageFault, DBAPIError, PoolTimeout, OSError):
        app.register_error_handler(out_of_order, _on_storage)
    app.register_error_handler(DataError, _on_refusal)
    app.register_error_handler(OverflowError, _on_refusal)
    app.register_error_handler(Unsignable, _on_refusal)
    app.register_error_handler(HTTPException, _on_http)
    app.register_error_handler(InternalServerError, _on_failure)
