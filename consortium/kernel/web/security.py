"""Response headers, allowed hosts and sources: what a browser may do with our pages."""

import re
import secrets
from collections.abc import Iterator
from itertools import chain
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, g, request
from flask.sessions import SecureCookieSessionInterface
from werkzeug.middleware.proxy_fix import ProxyFix

from consortium.kernel.errors import N_, ConsortiumError
from consortium.kernel.setting_values import LOOPBACK_HOSTS
from consortium.kernel.settings import current_settings

# Probes come from the machine or the cluster and name it by address.
PROBES = frozenset({"/livez", "/readyz"})
# A form on these pages may end, by redirects, at another site: see `form_action`.
TRAVELLING = frozenset({"next", "client_id", "request_uri", "post_logout_redirect_uri"})
HSTS = "max-age=31536000; includeSubDomains"
PERMISSIONS = (
    "accelerometer=(), autoplay=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), "
    "magnetometer=(), microphone=(), midi=(), payment=(), usb=(), "
    "publickey-credentials-get=(self), publickey-credentials-create=(self)"
)
NO_CONTENT = "default-src 'none'; frame-ancestors 'none'"
STEADY = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # An address may hold a single-use token; other sites learn none of it.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": PERMISSIONS,
}
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_NONCE = "consortium.csp_nonce"
_FORMS_TRAVEL = "consortium.forms_travel"


class WrongHost(ConsortiumError):
    """The address is not served here."""

    status, code = 400, "wrong-host"
    message = N_("This service answers at %(issuer)s only. Use that address.")


class BadCharacters(ConsortiumError):
    """The request holds characters that cannot be stored."""

    status, code = 400, "invalid-characters"
    message = N_("A value holds a null or broken character. Remove it and send again.")


def csp_nonce() -> str:
    """The nonce of this request for `<script nonce>` and `<style nonce>`."""
    nonce: str = request.environ.setdefault(_NONCE, secrets.token_urlsafe(18))
    return nonce


def request_id() -> str:
    """The name of this request in logs and on error pages."""
    return str(g.get("request_id", ""))


def let_forms_travel() -> None:
    """Let forms of the page being made end at another site after redirects.

    Chromium applies `form-action` to every redirect that follows a form's submission, also
    those made by the site that receives it (w3c/webappsec-csp#8). A provider's sign-in and
    consent forms end at clients whose further way nobody knows, so the directive is left out
    there. Pages asked for with `next`, `client_id` or `request_uri` get this by themselves.
    """
    request.environ[_FORMS_TRAVEL] = True


def _policy() -> str:
    nonce = csp_nonce()
    rules = [
        "default-src 'none'",
        f"script-src 'self' 'nonce-{nonce}'",
        f"style-src 'self' 'nonce-{nonce}'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    ]
    travelling = request.environ.get(_FORMS_TRAVEL) or not TRAVELLING.isdisjoint(request.args)
    if not travelling:
        rules.append("form-action 'self'")
    return "; ".join(rules)


def _is_static() -> bool:
    return (request.endpoint or "").rpartition(".")[2] == "static"


def _harden(response: Response) -> Response:
    # Looked at once: each `setdefault` would search the list of all headers anew.
    told = set(response.headers.keys(lower=True))
    for name, value in _protections(response.mimetype):
        if name.lower() not in told:
            response.headers.add(name, value)
    return response


def _protections(mimetype: str | None) -> Iterator[tuple[str, str]]:
    yield from STEADY.items()
    if current_settings().issuer.startswith("https://"):
        yield "Strict-Transport-Security", HSTS
    if not _is_static():
        # A page without a person on it today has one tomorrow: storing is what has to be asked for.
        yield "Cache-Control", "no-store"
    is_page = mimetype == "text/html"
    yield "Content-Security-Policy", _policy() if is_page else NO_CONTENT


def _check_host() -> None:
    if request.path in PROBES:
        return
    settings = current_settings()
    own = urlsplit(settings.issuer).hostname or ""
    trusted = LOOPBACK_HOSTS | {own} if settings.is_loopback else {own}
    if _host_name(request.host) not in trusted:
        raise WrongHost(issuer=settings.issuer)


def _host_name(host: str) -> str | None:
    try:
        return urlsplit(f"//{host}").hostname
    except ValueError:
        return None


def is_storable(text: str) -> bool:
    r"""Whether every database takes the text: no NUL, no half of a surrogate pair.

    >>> is_storable("Zhang San"), is_storable("a\x00b"), is_storable("\ud800")
    (True, False, False)
    """
    return _UNSTORABLE.search(text) is None


def _check_characters() -> None:
    # The form has been read by the CSRF guard, within its limits; files are not among it.
    pairs = [*request.args.items(multi=True), *request.form.items(multi=True)]
    if not all(map(is_storable, (request.path, *chain.from_iterable(pairs)))):
        raise BadCharacters


def init_proxies(app: Flask) -> None:
    """Believe X-Forwarded-* of as many proxies as the settings name, and of no more."""
    hops = app.extensions["consortium.settings"].trusted_proxies
    if hops:
        wrapped = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops, x_port=hops)
        app.wsgi_app = wrapped  # type: ignore[method-assign]  # Flask documents this assignment


def init_security(app: Flask) -> None:
    """Check the host first of all and harden every response last of all."""
    settings = app.extensions["consortium.settings"]
    secure = settings.issuer.startswith("https://")
    app.config.update(
        # It holds the CSRF secret and notices; sites on neighbouring ports see it too, so it is
        # named. `__Host-` keeps neighbouring domains from planting one.
        SESSION_COOKIE_NAME="__Host-consortium-page" if secure else "consortium-page",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=secure,
    )
    app.session_interface = _PageSessions(app)
    app.jinja_env.globals.update(csp_nonce=csp_nonce, request_id=request_id)
    app.before_request(_check_host)
    app.after_request(_harden)


class _PageSessions(SecureCookieSessionInterface):
    """Flask's own; the signer is made once, not twice a request, for the keys do not change."""

    def __init__(self, app: Flask) -> None:
        self._signer = super().get_signing_serializer(app)

    def get_signing_serializer(self, app: Flask) -> Any:
        return self._signer


def init_characters(app: Flask) -> None:
    """Refuse what PostgreSQL cannot store, once uploads and CSRF have been looked at."""
    app.before_request(_check_characters)
