"""How clients prove themselves at the token endpoint (RFC 6749, section 2.3)."""

import base64
import binascii
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote_plus

from authlib.oauth2.rfc6749.errors import InvalidClientError, InvalidRequestError

from auth.openid.parties import RelyingParty
from auth.openid.requests import ProviderRequest
from auth.rules.access import hash_secret


@dataclass(frozen=True)
class Credentials:
    """What a client showed."""

    client_id: str
    secret: str | None
    method: str


def authenticate(
    request: ProviderRequest, find: Callable[[str], RelyingParty | None]
) -> RelyingParty:
    """The client that proves itself by exactly one method.

    Raises:
        InvalidClientError: unknown, wrong secret, or not its registered kind of method.
        InvalidRequestError: two methods at once.
    """
    shown = read_credentials(request)
    if shown is None:
        raise _refused()
    party = find(shown.client_id)
    stored = party.client.secret_hash if party else None
    fits = shown.secret is None or secrets.compare_digest(
        hash_secret(shown.secret), stored or hash_secret(secrets.token_hex(8))
    )
    if party is None or not fits or not party.check_endpoint_auth_method(shown.method, "token"):
        raise _refused()
    request.auth_method = shown.method
    return party


def read_credentials(request: ProviderRequest) -> Credentials | None:
    """What the request shows, or None.

    Raises:
        InvalidRequestError: two methods at once.
    """
    form = request.form
    client_id, secret = form.get("client_id"), form.get("client_secret")
    header = (request.headers or {}).get("Authorization", "")
    if header.lower().startswith("basic "):
        basic = read_basic(header[6:])
        if secret is not None:
            raise InvalidRequestError("The client uses more than one way to authenticate.")
        if basic is None or (client_id is not None and client_id != basic.client_id):
            return None
        return basic
    if client_id is None:
        return None
    method = "none" if secret is None else "client_secret_post"
    return Credentials(client_id, secret, method)


def read_basic(text: str) -> Credentials | None:
    """Read Basic credentials; both halves are form-encoded (RFC 6749, section 2.3.1).

    >>> read_basic("YSUyMGI6cysx")
    Credentials(client_id='a b', secret='s 1', method='client_secret_basic')
    >>> read_basic("/") is None
    True
    """
    try:
        decoded = base64.b64decode(text.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    client_id, colon, secret = decoded.partition(":")
    if not colon or not client_id:
        return None
    return Credentials(unquote_plus(client_id), unquote_plus(secret), "client_secret_basic")


def _refused() -> InvalidClientError:
    return InvalidClientError(description="Client authentication failed.", status_code=401)
