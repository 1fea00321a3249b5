"""ID tokens (OpenID Connect Core 1.0, section 2) and the keys that sign them."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from authlib.oidc.core import OpenIDCode, UserInfo
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from auth.openid.parties import Recipient, RelyingParty, StoredCode
from auth.rules.access import sid_of
from auth.services.claims import collect_claims
from auth.services.subjects import find_subject_at, subject_at
from auth.values import ID_TOKEN_ALGORITHMS, Client
from consortium.kernel.clock import read_now
from consortium.kernel.settings import current_settings
from consortium.kernel.signing import RingKey, current_key, public_keys
from consortium.kernel.unit_of_work import reading

# A ring apart from the node's, so that no other signature of ours can pass for an ID token.
OWNER = "auth:openid"


def signing_key(alg: str) -> RingKey:
    """The key that signs ID tokens now; kept in the process."""
    return current_key(OWNER, alg)


def published_keys() -> dict[str, list[dict[str, Any]]]:
    """The provider's JWK set, with a key for each advertised algorithm."""
    for alg in ID_TOKEN_ALGORITHMS:
        signing_key(alg)
    return public_keys(OWNER)


class IdTokens(OpenIDCode):
    """Adds the ID token to the answer for a code."""

    def exists_nonce(self, nonce: str, request: Any) -> bool:
        """A nonce is the site's to check; the code it travels with is single use."""
        return False

    def resolve_client_private_key(self, client: Any) -> Any:
        """The key for the client's algorithm."""
        return signing_key(client.id_token_signed_response_alg).key

    def get_encode_header(self, client: Any) -> dict[str, str]:
        """Algorithm, key and type."""
        alg = client.id_token_signed_response_alg
        return {"alg": alg, "kid": signing_key(alg).kid, "typ": "JWT"}

    def get_client_claims(self, client: Any) -> dict[str, Any]:
        """Who says it, to whom, and how long it holds."""
        now = read_now()
        ends = now + timedelta(seconds=current_settings().id_token_seconds)
        return {
            "iss": current_settings().issuer,
            "aud": client.get_client_id(),
            "iat": int(now.timestamp()),
            "exp": int(ends.timestamp()),
            "jti": uuid4().hex,
        }

    def get_authorization_code_claims(self, authorization_code: Any) -> dict[str, Any]:
        """What the sign-in was like: nonce, auth_time, acr, amr and the session's name."""
        assert isinstance(authorization_code, StoredCode)
        code = authorization_code.code
        claims = super().get_authorization_code_claims(authorization_code)
        return {**claims, "sid": sid_of(code.session_id, code.client_id)}

    def generate_user_info(self, user: Any, scope: str) -> UserInfo:
        """The subject and the claims of the granted scopes."""
        assert isinstance(user, Recipient)
        return user_info(user.party, user.person_id, scope.split())


def user_info(party: RelyingParty, person_id: UUID, scopes: list[str]) -> UserInfo:
    """The subject as this client knows her, and what the scopes tell of her."""
    sub, told = _read_claims(party.client, person_id, scopes)
    return UserInfo({**told, "sub": sub or subject_at(party.client, person_id)})


@reading
def _read_claims(
    client: Client, person_id: UUID, scopes: list[str]
) -> tuple[str | None, Mapping[str, Any]]:
    """Her subject, unless it is still to be made, and her claims, on one snapshot."""
    told = collect_claims(person_id, society=client.society, scopes=scopes, now=read_now())
    return find_subject_at(client, person_id), told


def read_own_id_token(text: str) -> dict[str, Any] | None:
    """The claims of an ID token that this provider signed, expired or not, else None.

    Source: OpenID Connect RP-Initiated Logout 1.0, section 2, which accepts expired hints.
    """
    try:
        keys = KeySet.import_key_set({"keys": [dict(key) for key in published_keys()["keys"]]})
        token = jwt.decode(text, keys, algorithms=list(ID_TOKEN_ALGORITHMS))
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    claims = dict(token.claims)
    if claims.get("iss") != current_settings().issuer or not isinstance(claims.get("sub"), str):
        return None
    return claims


def audience_of(claims: dict[str, Any]) -> str | None:
    """The one client an ID token is for; a list of one counts."""
    aud = claims.get("aud")
    if isinstance(aud, list) and len(aud) == 1:
        aud = aud[0]
    return aud if isinstance(aud, str) else None
