"""Password hashing: argon2id with m=19 MiB, t=2, p=1 (OWASP; 33 checks a second and thread)."""

import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from auth.errors import PasswordTooCommon, PasswordTooShort
from auth.rules.access import PASSWORD_MOST, find_password_fault, read_password
from consortium.kernel.settings import current_settings

_hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)


@cache
def _nobodys_hash() -> str:
    """A hash that no password fits, so that an unknown account costs the same time."""
    return _hasher.hash(secrets.token_urlsafe(32))


def check_new_password(password: str, *context: str | None) -> str:
    """Give back a new password in its one form.

    Raises:
        PasswordTooShort, PasswordTooCommon: it will not do.
    """
    least = current_settings().password_least_characters
    text = read_password(password)
    fault = find_password_fault(text, least=least, context=filter(None, context))
    if fault == PasswordTooShort.code:
        raise PasswordTooShort(least=least, most=PASSWORD_MOST)
    if fault == PasswordTooCommon.code:
        raise PasswordTooCommon
    return text


def hash_password(password: str) -> str:
    """Hash a password; takes about 30 ms, so never inside a transaction that others wait for."""
    return _hasher.hash(read_password(password))


def verify_password(stored: str | None, password: str) -> bool:
    """Whether a password fits; takes the same time when nothing is stored."""
    text = read_password(password)[:PASSWORD_MOST]
    try:
        return _hasher.verify(stored or _nobodys_hash(), text) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def needs_rehash(stored: str) -> bool:
    """Whether a hash was made with other parameters than today's."""
    return _hasher.check_needs_rehash(stored)
