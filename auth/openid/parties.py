"""Clients and codes in the shape in which Authlib asks about them."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from authlib.oauth2.rfc6749 import ClientMixin
from authlib.oidc.core.models import AuthorizationCodeMixin

from auth.rules.requests import matches_redirect, select_scope
from auth.values import Client, Code

SECRET_METHODS = frozenset({"client_secret_basic", "client_secret_post"})


class RelyingParty(ClientMixin):
    """A registered client."""

    def __init__(self, client: Client) -> None:
        """Wrap the registration."""
        self.client = client

    @property
    def client_metadata(self) -> dict[str, object]:
        """The registration by its registered names."""
        return self.client.as_metadata()

    @property
    def id_token_signed_response_alg(self) -> str:
        """With which algorithm its ID tokens are signed."""
        return self.client.id_token_alg

    def get_client_id(self) -> str:
        """Its id."""
        return self.client.client_id

    def get_default_redirect_uri(self) -> str:
        """None is assumed: OpenID Connect Core 3.1.2.1 wants it in each request."""
        return ""

    def get_allowed_scope(self, scope: Any) -> str:
        """The requested scopes that it may have."""
        return select_scope(scope, self.client.scope)

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        """Whether an address is registered, exactly but for a loopback port."""
        return matches_redirect(
            self.client.redirect_uris, redirect_uri, is_public=self.client.is_public
        )

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        """Whether it may authenticate so; its secret may come in header or body."""
        if self.client.auth_method in SECRET_METHODS:
            return method in SECRET_METHODS
        return method == self.client.auth_method

    def check_response_type(self, response_type: str) -> bool:
        """Only `code` is offered."""
        return response_type == "code" and self.check_grant_type("authorization_code")

    def check_grant_type(self, grant_type: str) -> bool:
        """Whether it is registered for a grant."""
        return grant_type in self.client.grant_types


class StoredCode(AuthorizationCodeMixin):
    """A code that was looked up."""

    def __init__(self, code: Code) -> None:
        """Wrap what the code is bound to."""
        self.code = code
        self.code_challenge = code.code_challenge
        self.code_challenge_method = "S256"

    def get_redirect_uri(self) -> str:
        """Where it was sent."""
        return self.code.redirect_uri

    def get_scope(self) -> str:
        """What the person allowed."""
        return self.code.scope

    def get_nonce(self) -> str | None:
        """What ties the ID token to the site's own session."""
        return self.code.nonce

    def get_auth_time(self) -> int:
        """When the person signed in, in seconds since 1970."""
        return int(self.code.auth_time.timestamp())

    def get_acr(self) -> str:
        """How strongly."""
        return self.code.acr

    def get_amr(self) -> list[str]:
        """By which means (RFC 8176)."""
        return list(self.code.amr)


@dataclass(frozen=True)
class Recipient:
    """Who is told about whom: claims depend on both."""

    party: RelyingParty
    person_id: UUID
