"""The provider of an application: Authlib's server with our requests, clients and grants."""

import json
from typing import Any

from authlib.common.urls import add_params_to_uri
from authlib.oauth2 import AuthorizationServer, OAuth2Error
from authlib.oauth2.rfc6749.errors import InvalidRequestError
from authlib.oauth2.rfc9207 import IssuerParameter
from flask import Flask, Response, current_app, redirect, request
from flask_babel import gettext
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response as AnyResponse

from auth.errors import AuthorizationRefused
from auth.openid.client_authentication import authenticate
from auth.openid.grants import CodeGrant, ProgramGrant, RequiredChallenge
from auth.openid.id_tokens import IdTokens
from auth.openid.parties import RelyingParty
from auth.openid.requests import ProviderRequest
from auth.rules.requests import find_repeated
from auth.services.clients import find_client
from consortium.kernel.settings import current_settings

EXTENSION = "auth.provider"
_CLIENTS = "auth.clients"
# RFC 7617, section 2 asks for the realm; what is wrong stands in the body (RFC 6749, section 5.2).
BASIC = 'Basic realm="consortium", charset="UTF-8"'


class NamedIssuer(IssuerParameter):
    """Says in every answer who gives it, against mix-up (RFC 9207)."""

    def get_issuer(self) -> str:
        """This node."""
        return current_settings().issuer


class Provider(AuthorizationServer):
    """The authorization server of this node."""

    def __init__(self) -> None:
        """Offer the code flow and client credentials, and nothing else."""
        super().__init__()
        self.register_grant(CodeGrant, [RequiredChallenge(), IdTokens()])
        self.register_grant(ProgramGrant)
        self.register_extension(NamedIssuer())

    def query_client(self, client_id: str) -> Any:
        """A registered client, looked up once a request; None if unknown."""
        return find_party(client_id)

    def authenticate_client(self, request: Any, methods: Any, endpoint: str = "token") -> Any:
        """The client that proves itself by a method the grant allows."""
        party = authenticate(request, find_party)
        if request.auth_method not in methods:
            raise InvalidRequestError("This grant needs a client with a secret.")
        return party

    def create_oauth2_request(self, request: Any) -> ProviderRequest:
        """The current request; tokens are asked for in the body alone."""
        return ProviderRequest(request if isinstance(request, MultiDict) else MultiDict())

    def handle_response(self, status: int, body: Any, headers: Any) -> Response:
        """Authlib's answer as Flask's."""
        text = json.dumps(body, ensure_ascii=False) if isinstance(body, dict) else body
        told = dict(headers)
        if "WWW-Authenticate" in told:
            told["WWW-Authenticate"] = BASIC
        return Response(text, status=status, headers=told)

    def send_signal(self, name: Any, *args: object, **kwargs: object) -> None:
        """Nobody listens."""


def current_provider() -> Provider:
    """The provider of the running application."""
    provider = current_app.extensions[EXTENSION]
    assert isinstance(provider, Provider)
    return provider


def install_provider(app: Flask) -> None:
    """Build the application's provider; it reads nothing until it is asked."""
    app.extensions[EXTENSION] = Provider()


def find_party(client_id: str) -> RelyingParty | None:
    """A registered client, looked up once a request."""
    known: dict[str, RelyingParty | None] = request.environ.setdefault(_CLIENTS, {})
    if client_id not in known:
        client = find_client(client_id)
        known[client_id] = None if client is None else RelyingParty(client)
    return known[client_id]


def answer_token_request() -> Response:
    """Answer the token endpoint."""
    provider = current_provider()
    repeated = find_repeated_in_form()
    if repeated is not None:
        return oauth_error(InvalidRequestError("A parameter was sent more than once."))
    if not request.form.get("grant_type"):
        return oauth_error(InvalidRequestError("Missing 'grant_type' in request."))
    answer: Any = provider.create_token_response(request.form)
    assert isinstance(answer, Response)
    return answer


def find_repeated_in_form() -> str | None:
    """The first parameter of the body that came twice, or None."""
    values = request.form.to_dict(flat=False)
    return find_repeated(values) or next(
        (name for name, given in values.items() if len(given) > 1), None
    )


def oauth_error(error: OAuth2Error) -> Response:
    """An error for a program (RFC 6749, section 5.2)."""
    provider = current_provider()
    status, body, headers = error()
    return provider.handle_response(status, body, headers)


def send_error(redirect_uri: str, error: OAuth2Error, state: str | None) -> AnyResponse:
    """An error for a site whose address has been checked (sections 4.1.2.1; RFC 9207)."""
    params = [("error", str(error.error))]
    if error.description:
        params.append(("error_description", str(error.description)))
    if state:
        params.append(("state", state))
    params.append(("iss", current_settings().issuer))
    return redirect(add_params_to_uri(redirect_uri, params), 302)


def refuse(reason: str) -> AuthorizationRefused:
    """The refusal that is told to the reader, with its reason in her language."""
    return AuthorizationRefused(reason=gettext(reason))
