"""Who may call at all."""

from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from consortium.kernel.errors import SignInRequired
from consortium.kernel.principal import current_principal

P = ParamSpec("P")
R = TypeVar("R")


def require_principal(door: Callable[P, R]) -> Callable[P, R]:
    """Answer 401 unless a person has a session or a program shows a token."""

    @wraps(door)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        if current_principal().is_anonymous:
            raise SignInRequired
        return door(*args, **kwargs)

    # Recorded for the API's description: an operation without it is public.
    notes: dict[str, Any] = dict(getattr(guarded, "_apidoc", {}))
    notes["guarded"] = True
    setattr(guarded, "_apidoc", notes)  # noqa: B010  # flask-smorest keeps its notes there
    return guarded
