"""Refusals of the API's own grammar."""

from consortium.kernel.errors import N_, ConsortiumError


class MalformedJson(ConsortiumError):
    """The body is not JSON."""

    status, code = 400, "malformed-json"
    message = N_("The body is not JSON (RFC 8259) in UTF-8. Check quotes, commas and numbers.")


class BadCursor(ConsortiumError):
    """The cursor was not given out here."""

    status, code = 400, "invalid-cursor"
    message = N_("This cursor was not given out here. Start again without one.")


class PreconditionRequired(ConsortiumError):
    """The change has to name the version it is about."""

    status, code = 428, "precondition-required"
    message = N_("Send the ETag of the version that you read, in the header If-Match.")


class VersionMismatch(ConsortiumError):
    """Somebody has changed this since it was read."""

    status, code = 412, "version-mismatch"
    message = N_(
        "Somebody has changed this since you read it. Read it again and repeat the change."
    )
