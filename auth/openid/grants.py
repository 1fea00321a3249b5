"""The two grants: authorization code with PKCE, and client credentials."""

from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Any, NoReturn
from uuid import UUID

from authlib.oauth2.rfc6749 import AuthorizationCodeGrant, ClientCredentialsGrant
from authlib.oauth2.rfc6749.errors import (
    InvalidGrantError,
    InvalidRequestError,
    InvalidScopeError,
)
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc7636.challenge import (
    CODE_CHALLENGE_PATTERN,
    CODE_VERIFIER_PATTERN,
)

from auth.openid.parties import Recipient, RelyingParty, StoredCode
from auth.services import authorizations
from auth.services.authorizations import Issued
from auth.values import AUTH_METHODS
from consortium.kernel.principal import Principal
from consortium.kernel.unit_of_work import reading
from consortium.kernel.web.languages import select_language_of, speak


class CodeGrant(AuthorizationCodeGrant):
    """The authorization code grant, consumed before anything is issued."""

    TOKEN_ENDPOINT_AUTH_METHODS = list(AUTH_METHODS)

    def generate_authorization_code(self) -> str:
        """Make and store the code in one step, so that no two requests share one."""
        party = self.request.client
        principal = self.request.user
        assert isinstance(party, RelyingParty) and isinstance(principal, Principal)
        asked = self.request.payload
        assert asked is not None
        return authorizations.issue_code(
            principal,
            client_id=party.get_client_id(),
            redirect_uri=asked.redirect_uri,
            scope=self.request.scope,
            nonce=asked.data.get("nonce"),
            code_challenge=asked.data["code_challenge"],
            language=select_language_of(asked.data.get("ui_locales")).code,
        )

    def save_authorization_code(self, code: str, request: Any) -> None:
        """It is stored already."""

    def query_authorization_code(self, code: str, client: Any) -> StoredCode | None:
        """A code of this client, used or not."""
        found = authorizations.find_code(code, client.get_client_id())
        return None if found is None else StoredCode(found)

    def validate_token_request(self) -> None:
        """Check client, code and verifier on one snapshot."""
        reading(super().validate_token_request)()

    def create_token_response(self) -> Any:
        """Consume the code, then issue.

        Authlib issues first and deletes the code afterwards; of several workers each would
        issue (RFC 6749 section 4.1.2 allows one).
        """
        stored = self.request.authorization_code
        assert isinstance(stored, StoredCode)
        issued = authorizations.redeem_code(stored.code)
        if issued is None:
            raise InvalidGrantError("The code has been used or is too old.")
        party = self.request.client
        assert isinstance(party, RelyingParty)
        self.request.user = Recipient(party, stored.code.person_id)
        speak(stored.code.language)
        answer = 200, token_answer(issued, stored.code.scope), self.TOKEN_RESPONSE_HEADER
        self.execute_hook("after_create_token_response", answer)
        return answer

    def delete_authorization_code(self, authorization_code: Any) -> NoReturn:
        """Never asked for: the code is consumed by a conditional update."""
        raise AssertionError("the code is consumed when it is redeemed")

    def authenticate_user(self, authorization_code: Any) -> UUID | None:
        """The person whom the code is about."""
        person_id: UUID = authorization_code.code.person_id
        return person_id


class RequiredChallenge(CodeChallenge):
    """PKCE with S256 for every client (RFC 7636, RFC 9700 section 2.1.1).

    Authlib asks it of public clients only and takes a missing method for `plain`.
    """

    SUPPORTED_CODE_CHALLENGE_METHOD = ["S256"]

    def validate_code_challenge(self, grant: Any, redirect_uri: Any) -> None:
        """Refuse a request without a proper S256 challenge."""
        data = grant.request.payload.data
        challenge = data.get("code_challenge")
        if not challenge:
            raise InvalidRequestError("Missing 'code_challenge'; PKCE is required.")
        if data.get("code_challenge_method") != "S256":
            raise InvalidRequestError("Unsupported 'code_challenge_method'; use S256.")
        if not CODE_CHALLENGE_PATTERN.match(challenge):
            raise InvalidRequestError("Invalid 'code_challenge'")

    def validate_code_verifier(self, grant: Any, result: Any) -> None:
        """Refuse a redemption by anybody but the one who asked.

        Whatever is wrong with the verifier, the grant is what cannot be used.
        """
        verifier = grant.request.form.get("code_verifier", "")
        challenge = grant.request.authorization_code.code_challenge
        well_formed = CODE_VERIFIER_PATTERN.match(verifier)
        if not well_formed or hash_verifier(verifier) != challenge:
            raise InvalidGrantError("The code verifier does not fit.")


def hash_verifier(verifier: str) -> str:
    """The S256 challenge of a verifier (RFC 7636, section 4.2).

    >>> hash_verifier("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")
    'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
    """
    return urlsafe_b64encode(sha256(verifier.encode("ascii")).digest()).rstrip(b"=").decode()


class ProgramGrant(ClientCredentialsGrant):
    """Client credentials: a program's token of its own."""

    TOKEN_ENDPOINT_AUTH_METHODS = ["client_secret_basic", "client_secret_post"]

    def create_token_response(self) -> Any:
        """Issue a token for the scopes asked for, or for all that a program may have.

        A scope that it may not have is refused and not left out, since nobody would see it.
        """
        party = self.request.client
        assert isinstance(party, RelyingParty)
        asked = self.request.form.get("scope")
        allowed = party.get_allowed_scope(asked or party.client.scope)
        if asked is not None and set(allowed.split()) != set(asked.split()):
            raise InvalidScopeError
        issued = authorizations.issue_client_token(party.client, scope=allowed)
        return 200, token_answer(issued, allowed), self.TOKEN_RESPONSE_HEADER


def token_answer(issued: Issued, scope: str) -> dict[str, Any]:
    """The token response (RFC 6749, section 5.1)."""
    return {
        "token_type": "Bearer",
        "access_token": issued.token,
        "expires_in": issued.expires_in,
        "scope": scope,
    }
