"""Writes by a session come from our own pages: hidden `csrf_token` or header X-CSRFToken."""

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Blueprint, Flask, request
from flask_wtf.csrf import CSRFProtect, generate_csrf
from markupsafe import Markup, escape

from consortium.kernel.principal import current_principal
from consortium.kernel.web.answers import is_for_programs

View = TypeVar("View", bound="Callable[..., Any] | Blueprint")
FIELD = "csrf_token"
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
