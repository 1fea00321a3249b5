"""Who may call at all, and with which token (RFC 6750, section 3.1)."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from flask import current_app, request

from consortium.kernel.api.refusals import ScopeMissing, TokenInvalid
from consortium.kernel.errors import SignInRequired
from consortium.kernel.principal import API_SCOPE, current_principal

P = ParamSpec("P")
R = TypeVar("R")

_BEARER = "bearer "
_LOOKS_ITSELF = "_looks_at_tokens_itself"


def require_principal(door: Callable[P, R]) -> Callable[P, R]:
    """Answer 401 unless a person has a session or a program shows a token for the API."""

    @wraps(door)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        _check_token()
        if current_principal().is_anonymous:
            raise SignInRequired
        return door(*args, **kwargs)

    # Recorded for the API's description: an operation without it is public.
    notes: dict[str, Any] = dict(getattr(guarded, "_apidoc", {}))
    notes["guarded"] = True
    setattr(guarded, "_apidoc", notes)  # noqa: B010  # flask-smorest keeps its notes there
    return looks_at_tokens(guarded)


def looks_at_tokens(door: Callable[P, R]) -> Callable[P, R]:
    """Mark a door that judges by itself the token it is shown."""
    setattr(door, _LOOKS_ITSELF, True)
    return door


def check_token_at_public_door() -> None:
    """Refuse a bad token where none was needed, too: who shows one means to be known by it.

    Raises:
        TokenInvalid: nobody has this token, or it is not for the API.
        ScopeMissing: it lacks the scope `api`.
    """
    door = current_app.view_functions.get(request.endpoint or "")
    if door is not None and not hasattr(door, _LOOKS_ITSELF):
        _check_token()


def _check_token() -> None:
    if not request.headers.get("Authorization", "").lower().startswith(_BEARER):
        return
    principal = current_principal()
    if principal.is_anonymous:
        raise TokenInvalid
    if principal.client_id is not None and API_SCOPE not in principal.scopes:
        raise ScopeMissing(API_SCOPE)
