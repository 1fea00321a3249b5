"""Writes by a session come from our own pages: hidden `csrf_token` or header X-CSRFToken."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Blueprint, Flask, request, session
from flask_wtf.csrf import CSRFProtect, generate_csrf, validate_csrf
from markupsafe import Markup, escape

from consortium.kernel.principal import current_principal
from consortium.kernel.web.answers import is_for_programs

View = TypeVar("View", bound="Callable[..., Any] | Blueprint")
FIELD = "csrf_token"
# Secrets of the page sessions that this browser had before, the last one first.
_FORMER = ("former_csrf_1", "former_csrf_2", "former_csrf_3")
# A browser never adds these schemes by itself, so another site cannot ride on them.
_SENT_ON_PURPOSE = ("bearer ", "dpop ")

_guard = CSRFProtect()


def csrf_exempt(view: View) -> View:
    """Let a view or blueprint take writes without a token; it knows its callers otherwise.

    For endpoints that authenticate each request by itself: OAuth token and revocation,
    back-channel messages, feeds, SCIM.
    """
    _guard.exempt(view)
    return view


def csrf_field() -> Markup:
    """The hidden field that every form carries."""
    return Markup('<input type="hidden" name="%s" value="%s">') % (FIELD, escape(generate_csrf()))


def begin_page_session() -> None:
    """Forget what the browser's page session held, but for which forms were of it."""
    held = [session.get(name) for name in (FIELD, *_FORMER)]
    session.clear()
    secrets = [secret for secret in held if secret is not None]
    session.update(zip(_FORMER, secrets, strict=False))


def is_of_former_page_session() -> bool:
    """Whether the request's form was made for this very browser, before it last began anew.

    It proves no more than that: what it asks for is not done.
    """
    return any(_fits(request.form.get(FIELD), name) for name in _FORMER)


def _fits(token: str | None, name: str) -> bool:
    try:
        validate_csrf(token, token_key=name)
    except ValueError:
        return False
    return True


def _protect() -> None:
    authorization = request.headers.get("Authorization", "").lower()
    if authorization.startswith(_SENT_ON_PURPOSE):
        return
    if request.method in {"GET", "HEAD", "OPTIONS", "TRACE"}:
        return
    if is_for_programs() and current_principal().person_id is None:
        # Without a session there is no standing that another site could borrow.
        return
    _guard.protect(apply_exemptions=True)


def init_csrf(app: Flask) -> None:
    """Check every write of every page, and every API write that a session makes."""
    # The token is bound to the session and ends with it.
    app.config.update(
        WTF_CSRF_TIME_LIMIT=None, WTF_CSRF_CHECK_DEFAULT=False, WTF_CSRF_SSL_STRICT=False
    )
    _guard.init_app(app)
    app.jinja_env.globals["csrf_field"] = csrf_field
    app.before_request(_protect)
