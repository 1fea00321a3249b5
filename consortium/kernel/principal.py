"""Who asks: the current principal, and the guards that doors use. Auth supplies the loader."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import ParamSpec, TypeVar
from uuid import UUID

from flask import current_app, has_request_context, request

from consortium.kernel.errors import SignInRequired

P = ParamSpec("P")
R = TypeVar("R")

API_SCOPE = "api"
"""What an access token must allow before it opens anything but the feed and userinfo."""


@dataclass(frozen=True)
class Grant:
    """A role held over one place: kind node, consortium, society, branch, event or institute.

    `key` is the society's or consortium's code, another object's id, or "" for the node.
    """

    role: str
    kind: str
    key: str = ""


@dataclass(frozen=True)
class Principal:
    """A person with a session, a client with a token, the system itself, or nobody.

    Attributes:
        person_id: the person who acts; never shown outside the node.
        client_id: the OAuth client, for programs.
        society: code of the society that owns the client, or for which a person acts.
        grants: roles in force now.
        scopes: what the access token allows; empty for sessions.
        acr: strength of the sign-in.
        auth_time: when the person last proved who she is.
        session_id: the session, for sign-out and audit.
    """

    person_id: UUID | None = None
    client_id: str | None = None
    society: str | None = None
    grants: tuple[Grant, ...] = ()
    scopes: frozenset[str] = frozenset()
    acr: str | None = None
    auth_time: datetime | None = None
    session_id: UUID | None = None
    is_system: bool = False

    @property
    def is_anonymous(self) -> bool:
        """Nobody has signed in and no token was shown."""
        return self.person_id is None and self.client_id is None and not self.is_system

    @property
    def speaks_for(self) -> str | None:
        """The society whose program this is, with a token for the API; None for anybody else.

        >>> Principal(client_id="c", society="math", scopes=frozenset({"api"})).speaks_for
        'math'
        >>> Principal(client_id="c", society="math", scopes=frozenset({"feed:read"})).speaks_for
        """
        if self.client_id is None or API_SCOPE not in self.scopes:
            return None
        return self.society

    def holds(self, role: str, kind: str, key: str = "") -> bool:
        """Whether the role is held over exactly this place.

        >>> secretary = Principal(grants=(Grant("secretary", "society", "math"),))
        >>> secretary.holds("secretary", "society", "phys")
        False
        """
        return Grant(role, kind, key) in self.grants

    def keys_of(self, role: str, kind: str) -> tuple[str, ...]:
        """The places of one kind over which the role is held, in order of grant."""
        return tuple(g.key for g in self.grants if g.role == role and g.kind == kind)


ANONYMOUS = Principal()
SYSTEM = Principal(is_system=True)

_acting: ContextVar[Principal | None] = ContextVar("principal", default=None)
EXTENSION = "consortium.principal_loader"


@contextmanager
def acting_as(principal: Principal) -> Iterator[Principal]:
    """Let `principal` be the current one inside the block (commands, jobs, tests)."""
    token = _acting.set(principal)
    try:
        yield principal
    finally:
        _acting.reset(token)


def current_principal() -> Principal:
    """Who asks now: the request's principal, loaded once; outside a request the system."""
    acting = _acting.get()
    if acting is not None:
        return acting
    if not has_request_context():
        return SYSTEM
    loaded = request.environ.get(EXTENSION)
    if not isinstance(loaded, Principal):
        loader: Callable[[], Principal] | None = current_app.extensions.get(EXTENSION)
        loaded = loader() if loader else ANONYMOUS
        request.environ[EXTENSION] = loaded
    return loaded


def forget_principal() -> None:
    """Load the request's principal anew at the next question: she has just signed in or out."""
    request.environ.pop(EXTENSION, None)


def require_sign_in(view: Callable[P, R]) -> Callable[P, R]:
    """Guard a page: an anonymous reader is asked to sign in and comes back (kernel.web)."""

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        if current_principal().person_id is None:
            raise SignInRequired
        return view(*args, **kwargs)

    return guarded
