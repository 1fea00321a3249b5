"""Refusals that HTTP itself knows, as ours: a code, a status and what to do next."""

from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError
from werkzeug.exceptions import HTTPException

from consortium.kernel.errors import N_, ConsortiumError, InvalidInput, NotFound, SignInRequired
from consortium.kernel.signable import Unsignable


class BadRequest(ConsortiumError):
    """The request cannot be understood."""

    status, code = 400, "bad-request"
    message = N_("The request cannot be understood. Go back, reload the page and try again.")


class CsrfFailed(ConsortiumError):
    """The form was not sent from a page of ours."""

    status, code = 400, "csrf-failed"
    message = N_("This form is out of date or came from elsewhere. Reload the page and try again.")


class MethodNotAllowed(ConsortiumError):
    """The address does not take that method."""

    status, code = 405, "method-not-allowed"
    message = N_("This address does not take that method. See the Allow header.")


class NotAcceptable(ConsortiumError):
    """There is no answer in the form asked for."""

    status, code = 406, "not-acceptable"
    message = N_("There is no answer in the form asked for. Change the Accept header.")


class RequestTimeout(ConsortiumError):
    """The request took too long to arrive."""

    status, code = 408, "request-timeout"
    message = N_("The request took too long to arrive. Try again.")


class Gone(ConsortiumError):
    """It was here once and is not any more."""

    status, code = 410, "gone"
    message = N_("This was here once and is not any more.")


class UploadTooLarge(ConsortiumError):
    """The upload is too large."""

    status, code = 413, "upload-too-large"
    message = N_("The upload is too large. Split it or take out pictures, then send it again.")


class BodyTooLarge(UploadTooLarge):
    """The request is too large."""

    message = N_("The request is too large: it may have %(limit)s. Send less at once.")


class UriTooLong(ConsortiumError):
    """The address is too long."""

    status, code = 414, "uri-too-long"
    message = N_("The address is too long. Send fewer or shorter parameters.")


class UnsupportedMediaType(ConsortiumError):
    """The body is in a form that is not taken here."""

    status, code = 415, "unsupported-media-type"
    message = N_("The body is in a form that is not taken here. See the API's description.")


class TooManyRequests(ConsortiumError):
    """Too many requests."""

    status, code = 429, "too-many-requests"
    message = N_("Too many requests in a short time. Wait a little, then try again.")

    def __init__(self) -> None:
        """Ask for a minute's pause; what knows better refuses by a class of its own."""
        super().__init__(extra={"retry_after_seconds": 60})


class Unavailable(ConsortiumError):
    """The service cannot answer just now."""

    status, code = 503, "unavailable"
    message = N_("The service cannot answer just now. Try again in a minute.")


class Broken(ConsortiumError):
    """Something went wrong on our side."""

    status, code = 500, "internal-error"
    message = N_(
        "Something went wrong on our side and was written down. Try again; if it stays, "
        "give the operator this number: %(request_id)s."
    )


_BY_STATUS: dict[int, type[ConsortiumError]] = {
    kind.status: kind
    for kind in (
        BadRequest,
        SignInRequired,
        NotFound,
        MethodNotAllowed,
        NotAcceptable,
        RequestTimeout,
        Gone,
        UploadTooLarge,
        UriTooLong,
        UnsupportedMediaType,
        TooManyRequests,
        Unavailable,
    )
}


def refusal_of(error: Exception) -> ConsortiumError:
    """What an exception means to the asker; unknown HTTP errors become a plain refusal."""
    if isinstance(error, ConsortiumError):
        return error
    if isinstance(error, CSRFError):
        return CsrfFailed()
    if isinstance(error, DataError | OverflowError | Unsignable):
        # The last net under the schemas: a value that the database has no room for.
        return InvalidInput()
    if isinstance(error, HTTPException) and error.code:
        return _BY_STATUS.get(error.code, BadRequest if error.code < 500 else Unavailable)()
    return BadRequest()
