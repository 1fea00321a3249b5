"""Who asks: a session's cookie or a bearer token, read once a request."""

from flask import Flask, Response, request

from auth.rules.access import grants_of_client
from auth.services import authorizations, sessions
from auth.services.grants import list_grants
from auth.values import API_SCOPES, AccessToken
from consortium.kernel.clock import read_now
from consortium.kernel.principal import ANONYMOUS, EXTENSION, Grant, Principal
from consortium.kernel.settings import current_settings

_DUE = "auth.session_due"
_BEARER = "bearer "


def bearer_token() -> str | None:
    """The token of the Authorization header, or None (RFC 6750, section 2.1)."""
    header = request.headers.get("Authorization", "")
    return header[len(_BEARER) :].strip() if header.lower().startswith(_BEARER) else None


def session_token() -> str | None:
    """The sign-in cookie, or None."""
    return request.cookies.get(current_settings().session_cookie) or None


def load_principal() -> Principal:
    """The request's principal: the bearer token's if one was sent, else the cookie's.

    A token that does not hold makes nobody of the caller, never the cookie's person.
    """
    token = bearer_token()
    if token is not None:
        found = authorizations.find_token(token, read_now())
        # What a site got to greet a member by opens userinfo, not the API in her name.
        is_for_api = found is not None and (
            found.person_id is None or not found.scopes.isdisjoint(API_SCOPES)
        )
        return principal_of(found) if found is not None and is_for_api else ANONYMOUS
    cookie = session_token()
    session = sessions.find_principal(cookie, read_now()) if cookie else None
    if session is None:
        return ANONYMOUS
    if session.is_due:
        request.environ[_DUE] = session.principal.session_id
    return session.principal


def principal_of(token: AccessToken) -> Principal:
    """A program's principal; a person's own roles come with the scope `api` only."""
    grants = grants_of_client(token.society, token.scopes)
    if token.person_id is not None:
        grants = _grants_of_person(token)
    return Principal(
        person_id=token.person_id,
        client_id=token.client_id,
        society=token.society,
        grants=grants,
        scopes=token.scopes,
    )


def _grants_of_person(token: AccessToken) -> tuple[Grant, ...]:
    if "api" not in token.scopes or token.person_id is None:
        return ()
    now = read_now()
    return tuple(
        Grant(grant.role, grant.kind, grant.key)
        for grant in list_grants(token.person_id)
        if grant.since <= now and (grant.until is None or now < grant.until)
    )


def _mark_seen(response: Response) -> Response:
    session_id = request.environ.get(_DUE)
    if session_id is not None:
        sessions.mark_seen(session_id)
    return response


def install_loader(app: Flask) -> None:
    """Let the kernel ask us who asks."""
    app.extensions[EXTENSION] = load_principal
    app.after_request(_mark_seen)
