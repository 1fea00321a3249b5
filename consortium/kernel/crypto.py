"""Encryption of what must be presented again, keyed digests of what is only compared.

Every purpose has its own key, derived with HKDF (RFC 5869) from one of the operator's secret
keys. The newest secret encrypts; older ones still decrypt, so a secret is rotated by putting a
new one in front and removing the old one when nothing is stored under it any more.
Source: DESIGN 4.7; NIST SP 800-38D for AES-GCM.
"""

import base64
import hashlib
import hmac
import os
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from consortium.kernel.secret_keys import master_keys
from consortium.kernel.settings import Settings, current_settings

NONCE_BYTES = 12
_FORMAT = "v1"


class UndecipherableText(Exception):
    """A stored ciphertext was changed, serves another purpose, or its secret key is gone."""


@lru_cache(maxsize=256)
def derive_key(secret: str, purpose: str) -> bytes:
    """Derive the 256-bit key of one purpose from one secret key.

    >>> derive_key("plum", "a") == derive_key("plum", "b")
    False
    >>> len(derive_key("plum", "a"))
    32
    """
    derivation = HKDF(hashes.SHA256(), length=32, salt=None, info=f"consortium/{purpose}".encode())
    return derivation.derive(secret.encode())


@lru_cache(maxsize=32)
def key_id_of(secret: str) -> str:
    """Name a secret key without telling anything about it: 8 hexadecimal digits.

    >>> len(key_id_of("plum"))
    8
    """
    return hashlib.sha256(derive_key(secret, "key-id")).hexdigest()[:8]


def secrets_in_use() -> tuple[str, ...]:
    """The secret keys that open what is stored, newest first."""
    return _read_secrets(current_settings())


def newest_secret() -> str:
    """The secret key under which new things are stored."""
    return secrets_in_use()[0]


@lru_cache(maxsize=8)
def _read_secrets(settings: Settings) -> tuple[str, ...]:
    """Read once a process: the keys may stand in a file, and every request needs them."""
    return master_keys(settings)


def secret_of(key_id: str) -> str:
    """Find the secret key that `key_id` names.

    Raises:
        UndecipherableText: the operator has removed that secret key.
    """
    for secret in secrets_in_use():
        if key_id_of(secret) == key_id:
            return secret
    raise UndecipherableText(f"no secret key has the id {key_id}")


def encrypt(data: bytes, purpose: str) -> str:
    """Encrypt with the newest secret key; the text tells which key that was.

    Args:
        data: what must be presented again, of any length.
        purpose: dotted name of the use; the text opens under the same purpose only.
    """
    secret = newest_secret()
    nonce = os.urandom(NONCE_BYTES)
    sealed = AESGCM(derive_key(secret, purpose)).encrypt(nonce, data, purpose.encode())
    return f"{_FORMAT}.{key_id_of(secret)}.{_encode(nonce + sealed)}"


def decrypt(text: str, purpose: str) -> bytes:
    """Give back what `encrypt` took.

    Raises:
        UndecipherableText: changed text, another purpose, or a removed secret key.
    """
    version, _, rest = text.partition(".")
    key_id, _, body = rest.partition(".")
    if version != _FORMAT or not body:
        raise UndecipherableText("not a ciphertext of ours")
    key = derive_key(secret_of(key_id), purpose)
    try:
        sealed = _decode(body)
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], purpose.encode())
    except (InvalidTag, ValueError) as error:
        raise UndecipherableText("the ciphertext was changed or serves another purpose") from error


def key_id_in(text: str) -> str | None:
    """The name of the secret key that the beginning of a ciphertext tells; None if it is none.

    >>> key_id_in("v1.0a1b2c3d.")
    '0a1b2c3d'
    >>> key_id_in("plum")
    """
    version, _, rest = text.partition(".")
    return rest.partition(".")[0] if version == _FORMAT else None


def digest(text: str, purpose: str) -> str:
    """Digest a text so that only a holder of the newest secret key can compare it.

    Returns:
        64 hexadecimal digits. A look-up must try `digests`, since the secret may have rotated.
    """
    return _digest_under(newest_secret(), text, purpose)


def digests(text: str, purpose: str) -> tuple[str, ...]:
    """Every digest under which a text may have been stored, the newest first."""
    return tuple(_digest_under(secret, text, purpose) for secret in secrets_in_use())


def _digest_under(secret: str, text: str, purpose: str) -> str:
    key = derive_key(secret, f"digest/{purpose}")
    return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
