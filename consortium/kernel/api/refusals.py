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


class TokenInvalid(ConsortiumError):
    """The access token opens nothing here."""

    status, code = 401, "token-invalid"
    message = N_(
        "The access token has expired, was revoked, or was never given out for the API. "
        "Ask the token endpoint for a new one."
    )
    challenge = 'error="invalid_token"'


class ScopeMissing(ConsortiumError):
    """The access token is for something else."""

    status, code = 403, "insufficient-scope"
    message = N_(
        "The access token lacks the scope %(scope)s. Ask for it at the token endpoint; "
        "the client must be registered with it."
    )

    def __init__(self, scope: str) -> None:
        """Refuse for want of `scope`."""
        super().__init__(scope=scope)
        self.challenge = f'error="insufficient_scope", scope="{scope}"'
