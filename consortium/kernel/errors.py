"""Refusals: one root with a stable code and status, told in the reader's language at the door."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar


def N_(message: str) -> str:  # noqa: N802  the field's customary name for a marker
    """Mark a message for the catalogues; it is translated where it is shown."""
    return message


@dataclass(frozen=True)
class FieldError:
    """One fault in the input: `pointer` (RFC 6901) for JSON, `cell` for a sheet."""

    code: str
    message: str
    pointer: str | None = None
    cell: str | None = None
    params: Mapping[str, object] = field(default_factory=dict)

    def as_problem(self, translate: Callable[[str], str]) -> dict[str, str]:
        """The RFC 9457 extension member for this fault."""
        place = {"pointer": self.pointer, "cell": self.cell}
        text = fill(translate(self.message), self.params)
        found = {name: value for name, value in place.items() if value is not None}
        return {**found, "code": self.code, "message": text}


def fill(message: str, params: Mapping[str, object]) -> str:
    """Put `params` into a message's %(name)s places; a message without params is left alone.

    >>> fill("%(seats)s places left", {"seats": 3})
    '3 places left'
    >>> fill("100 % sure", {})
    '100 % sure'
    """
    return message % params if params else message


class ConsortiumError(Exception):
    """A refusal with a reason that its reader can act on.

    `challenge` is what WWW-Authenticate says to a program besides the scheme (RFC 6750, 3.1).
    """

    status: ClassVar[int] = 400
    code: ClassVar[str] = "refused"
    message: ClassVar[str] = N_("This cannot be done.")
    challenge: str = ""

    def __init__(
        self,
        *,
        errors: Sequence[FieldError] = (),
        extra: Mapping[str, Any] | None = None,
        **params: object,
    ) -> None:
        """Refuse with `params` for the message, faults in detail, and further problem members."""
        self.errors = tuple(errors)
        self.extra = dict(extra or {})
        self.params = params
        super().__init__(fill(self.message, params))

    def text(self, translate: Callable[[str], str] = str) -> str:
        """The message in the reader's language."""
        return fill(translate(self.message), self.params)

    def as_problem(self, translate: Callable[[str], str] = str) -> dict[str, Any]:
        """Problem details (RFC 9457) with our `code` and `errors`."""
        return {
            "type": f"urn:consortium:problem:{self.code}",
            "title": translate((type(self).__doc__ or self.message).strip().splitlines()[0]),
            "status": self.status,
            "detail": self.text(translate),
            "code": self.code,
            "errors": [error.as_problem(translate) for error in self.errors],
            **self.extra,
        }


class NotFound(ConsortiumError):
    """Nothing is here."""

    status, code = 404, "not-found"
    message = N_("There is nothing here, or it is not yours to see. Check the address.")


class SignInRequired(ConsortiumError):
    """Sign-in is needed."""

    status, code = 401, "sign-in-required"
    message = N_("Sign in first, then try again.")


class Forbidden(ConsortiumError):
    """You may not do this."""

    status, code = 403, "forbidden"
    message = N_("Your role does not allow this. Ask your society's secretary.")


class Conflict(ConsortiumError):
    """Something else got there first."""

    status, code = 409, "conflict"
    message = N_("Somebody changed this meanwhile. Reload it and try again.")


UNPRINTABLE = N_(
    "Leave out line breaks, control characters and signs that turn the direction of writing."
)


class InvalidInput(ConsortiumError):
    """The input has faults."""

    status, code = 422, "invalid-input"
    message = N_("Some of the input cannot be used. See each fault for its place and remedy.")
