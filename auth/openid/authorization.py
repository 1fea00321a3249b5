"""Authorization requests: what is checked before the person sees anything."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from authlib.oauth2 import OAuth2Error
from authlib.oauth2.rfc6749.errors import (
    InvalidRequestError,
    InvalidScopeError,
    UnauthorizedClientError,
)
from flask import current_app
from itsdangerous import BadData, URLSafeSerializer
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from auth.openid.id_tokens import audience_of, read_own_id_token
from auth.openid.parties import RelyingParty
from auth.openid.requests import ProviderRequest
from auth.openid.server import current_provider, find_party, refuse
from auth.rules.requests import (
    Standing,
    find_repeated,
    read_max_age,
    read_prompts,
    select_scope,
)
from auth.services.consents import consented_scopes
from auth.services.subjects import subject_at
from auth.values import API_SCOPES
from consortium.kernel.errors import N_
from consortium.kernel.principal import Principal, current_principal
from consortium.kernel.unit_of_work import reading

MARK = "signed_in_after"
LONGEST_PARAMETER = 4096
_NOT_ASKED = frozenset({"openid", *API_SCOPES})
UNKNOWN_CLIENT = N_("the site is not registered here")
WRONG_REDIRECT = N_("its return address is not registered")
REPEATED = N_("a part of the request came twice")


class RequestNotSupported(OAuth2Error):
    """Request objects are not taken (OpenID Connect Core 1.0, section 3.1.2.6)."""

    error = "request_not_supported"


class RequestUriNotSupported(OAuth2Error):
    """Request objects by reference are not taken."""

    error = "request_uri_not_supported"


class UnsupportedResponseType(OAuth2Error):
    """Only `code` is offered."""

    error = "unsupported_response_type"


@dataclass(frozen=True)
class Asked:
    """A checked authorization request of a known client with a registered address."""

    values: MultiDict[str, str]
    party: RelyingParty
    redirect_uri: str
    state: str | None
    scope: str
    prompts: frozenset[str]
    max_age: int | None

    @property
    def scopes_to_allow(self) -> frozenset[str]:
        """The scopes about which the person is asked."""
        return frozenset(self.scope.split()) - _NOT_ASKED


def find_destination(values: MultiDict[str, str]) -> tuple[RelyingParty, str]:
    """The client and the address to which an answer may go.

    Raises:
        AuthorizationRefused: told to the reader; nobody is sent to an unchecked address.
    """
    repeated = find_repeated(values.to_dict(flat=False))
    if repeated is not None:
        raise refuse(REPEATED)
    party = find_party(values.get("client_id", ""))
    if party is None or not party.check_grant_type("authorization_code"):
        raise refuse(UNKNOWN_CLIENT)
    redirect_uri = values.get("redirect_uri", "")
    if not redirect_uri or not party.check_redirect_uri(redirect_uri):
        raise refuse(WRONG_REDIRECT)
    return party, redirect_uri


def read_request(values: MultiDict[str, str]) -> Asked:
    """Check a request whose destination is known to be good.

    Raises:
        OAuth2Error: to be sent to the site.
    """
    party, redirect_uri = find_destination(values)
    _check_form(values)
    scope = select_scope(values.get("scope"), party.client.scope)
    if not scope:
        raise InvalidScopeError
    if not party.check_response_type("code"):
        raise UnauthorizedClientError
    prompts = read_prompts(values.get("prompt"))
    if prompts is None:
        raise InvalidRequestError("Invalid 'prompt' parameter.")
    state = values.get("state") or None
    try:
        max_age = read_max_age(values.get("max_age"))
    except ValueError as error:
        raise InvalidRequestError("Invalid 'max_age' parameter.") from error
    return Asked(values, party, redirect_uri, state, scope, prompts, max_age)


def _check_form(values: MultiDict[str, str]) -> None:
    if any(len(value) > LONGEST_PARAMETER for value in values.values()):
        raise InvalidRequestError("A parameter is too long.")
    if values.get("request"):
        raise RequestNotSupported("Request objects are not supported.")
    if values.get("request_uri"):
        raise RequestUriNotSupported("Request objects are not supported.")
    if not values.get("response_type"):
        raise InvalidRequestError("Missing 'response_type' in request.")
    if values.get("response_type") != "code":
        raise UnsupportedResponseType("Only response_type=code is supported.")
    if values.get("response_mode", "query") != "query":
        raise InvalidRequestError("Only response_mode=query is supported.")


def check_grant(asked: Asked, principal: Principal) -> Any:
    """Let Authlib check the rest, PKCE above all.

    Raises:
        OAuth2Error: to be sent to the site.
    """
    provider = current_provider()
    user = None if principal.person_id is None else principal
    grant = provider.get_authorization_grant(ProviderRequest(asked.values))
    grant.request.user = user
    grant.validate_authorization_request()  # type: ignore[attr-defined]  # of the code grant
    return grant


@reading
def look_up(values: MultiDict[str, str]) -> tuple[RelyingParty, str, Principal, frozenset[str]]:
    """Client, address, reader and what she lets the client know, on one snapshot.

    Raises:
        AuthorizationRefused: as `find_destination`.
    """
    party, redirect_uri = find_destination(values)
    principal = current_principal()
    if principal.person_id is None:
        return party, redirect_uri, principal, frozenset()
    allowed = consented_scopes(principal.person_id, party.get_client_id())
    return party, redirect_uri, principal, allowed


def standing_of(asked: Asked, principal: Principal, allowed: frozenset[str]) -> Standing:
    """Where the reader stands towards a request."""
    if principal.person_id is None:
        return Standing(None)
    return Standing(
        auth_time=principal.auth_time,
        reauthenticated=_has_come_back(asked, principal.session_id),
        fits_hint=_fits_hint(asked, principal.person_id),
        has_consented=asked.scopes_to_allow <= allowed,
    )


def _fits_hint(asked: Asked, person_id: UUID) -> bool:
    hint = asked.values.get("id_token_hint")
    if not hint:
        return True
    claims = read_own_id_token(hint)
    client_id = asked.party.get_client_id()
    if claims is None or audience_of(claims) != client_id:
        return False
    return bool(claims["sub"] == subject_at(asked.party.client, person_id))


def way_back(asked: Asked, principal: Principal) -> MultiDict[str, str]:
    """The request's parameters with a signed mark of the session that will not do.

    Every sign-in opens a new session; who comes back with another one has signed in since.
    """
    values = MultiDict(asked.values.items(multi=True))
    mark = {"request": _digest(asked.values), "session": str(principal.session_id or "")}
    values.setlist(MARK, [_serializer().dumps(mark)])
    return values


def must_sign_in_again(address: str, principal: Principal) -> bool:
    """Whether an address is a request of a site that this session has been found not to fit."""
    marks = parse_qs(urlsplit(address).query).get(MARK, [])
    return any(_session_marked(text, principal) for text in marks)


def _session_marked(text: str, principal: Principal) -> bool:
    try:
        mark = _serializer().loads(text)
    except BadData:
        return False
    return bool(mark["session"] == str(principal.session_id))


def _has_come_back(asked: Asked, session_id: UUID | None) -> bool:
    text = asked.values.get(MARK)
    if not text or session_id is None:
        return False
    try:
        mark = _serializer().loads(text)
    except BadData:
        return False
    return bool(mark["request"] == _digest(asked.values) and mark["session"] != str(session_id))


def _digest(values: MultiDict[str, str]) -> str:
    pairs = sorted((name, value) for name, value in values.items(multi=True) if name != MARK)
    return sha256(repr(pairs).encode()).hexdigest()


def _serializer() -> URLSafeSerializer:
    keys = [*current_app.config["SECRET_KEY_FALLBACKS"], current_app.config["SECRET_KEY"]]
    return URLSafeSerializer(keys, salt="auth.reauthentication")


def grant_code(asked: Asked, principal: Principal) -> Response:
    """Send the person back to the site with a code."""
    grant = check_grant(asked, principal)
    answer: Any = current_provider().create_authorization_response(
        request=grant.request, grant_user=principal, grant=grant
    )
    assert isinstance(answer, Response)
    return answer
