"""Sessions, attempts, passwords, rights of programs and subjects: decisions over plain values."""

import hashlib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from uuid import UUID

from auth.values import ROLE_KINDS, RoleGrant
from consortium.kernel.principal import Grant

PASSWORD_MOST = 256
_COMMON = frozenset(
    {
        "12345678", "123456789", "1234567890", "password", "passw0rd", "password1", "qwertyuiop",
        "qwerty123", "abc12345", "iloveyou", "woaini1314", "a1234567", "1qaz2wsx", "admin123",
        "5201314520", "zhongguo", "xuehui123", "society123", "consortium",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Limit:
    """At most `most` happenings within `window`."""

    most: int
    window: timedelta


def is_exhausted(limit: Limit, *, count: int, started_at: datetime, now: datetime) -> bool:
    """Whether a counter stands at its limit inside its window.

    >>> hour = Limit(5, timedelta(hours=1))
    >>> start = datetime(2026, 1, 1)
    >>> is_exhausted(hour, count=5, started_at=start, now=start)
    True
    >>> is_exhausted(hour, count=5, started_at=start, now=start + timedelta(hours=1))
    False
    """
    return count >= limit.most and now < started_at + limit.window


def is_session_alive(
    *, last_seen_at: datetime, expires_at: datetime, idle: timedelta, now: datetime
) -> bool:
    """Whether a session lives: before its end, and seen less than `idle` ago.

    >>> noon = datetime(2026, 1, 1, 12)
    >>> is_session_alive(last_seen_at=noon, expires_at=noon + timedelta(hours=1),
    ...     idle=timedelta(minutes=30), now=noon + timedelta(minutes=30))
    False
    """
    return now < expires_at and now < last_seen_at + idle


def network_of(address: str) -> str:
    """The part of an address that one household or office shares: IPv4 whole, IPv6 to /64.

    >>> network_of("192.0.2.7"), network_of("2001:db8:1:2:3::4"), network_of("")
    ('192.0.2.7', '2001:db8:1:2', 'unknown')
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    if parsed.version == 4:
        return str(parsed)
    return ":".join(part.lstrip("0") or "0" for part in parsed.exploded.split(":")[:4])


def read_password(text: str) -> str:
    r"""The password in one form of Unicode, so that another keyboard types the same (RFC 8265).

    >>> read_password("e\u0301") == "\u00e9"
    True
    """
    return unicodedata.normalize("NFC", text)


def find_password_fault(password: str, *, least: int, context: Iterable[str] = ()) -> str | None:
    """The code of what is wrong with a new password, or None.

    Args:
        least: characters it must have.
        context: words that belong to the account, such as its address.

    >>> find_password_fault("12345678", least=8)
    'password-too-common'
    >>> find_password_fault("li.ming@math.example", least=8, context=["li.ming@math.example"])
    'password-too-common'
    >>> find_password_fault("demo-plum-river-42", least=8) is None
    True
    """
    if not least <= len(password) <= PASSWORD_MOST:
        return "password-too-short"
    plain = password.casefold()
    if plain in _COMMON or len(set(plain)) < 4 or plain in {word.casefold() for word in context}:
        return "password-too-common"
    return None


def sector_of(society: str | None, subject_type: str) -> str:
    """Within which sector a person has one and the same subject.

    Pairwise subjects are the same for all clients of one society, so that a society's site
    and its mailing list know the same person, and differ between societies.

    >>> sector_of("math", "pairwise"), sector_of(None, "pairwise"), sector_of("math", "public")
    ('society:math', 'node', 'public')
    """
    if subject_type == "public":
        return "public"
    return f"society:{society}" if society else "node"


def grants_of_client(society: str | None, scopes: frozenset[str]) -> tuple[Grant, ...]:
    """The roles a program has with a token of its own (client_credentials).

    A society's client with scope `api` acts for the society's office; a client of the node
    acts for its operator. Other scopes give no role.

    >>> grants_of_client("math", frozenset({"feed:read"}))
    ()
    >>> [grant.role for grant in grants_of_client(None, frozenset({"api"}))]
    ['operator']
    """
    if "api" not in scopes:
        return ()
    if society is None:
        return (Grant("operator", "node"),)
    return (Grant("secretary", "society", society), Grant("organiser", "society", society))


def society_of(grants: Iterable[Grant]) -> str | None:
    """The society for which a person acts: the only one over which she holds a role.

    >>> society_of([Grant("secretary", "society", "math"), Grant("organiser", "society", "math")])
    'math'
    >>> society_of([Grant("secretary", "society", "math"), Grant("organiser", "society", "phys")])
    """
    societies = {grant.key for grant in grants if grant.kind == "society"}
    return societies.pop() if len(societies) == 1 else None


def kind_of_role(role: str) -> str | None:
    """Over which kind of place a role is held, or None for no role of ours."""
    return ROLE_KINDS.get(role)


def outlasts(until: datetime | None, end: datetime | None) -> bool:
    """Whether a period goes on after another has ended; None is no end.

    >>> outlasts(None, datetime(2027, 1, 1)), outlasts(datetime(2027, 1, 1), datetime(2027, 1, 1))
    (True, False)
    """
    return end is not None and (until is None or until > end)


def find_covering(
    grants: Iterable[RoleGrant], *, since: datetime, until: datetime | None
) -> RoleGrant | None:
    """The grant in force during the whole of a period, of several the longest; None for none.

    >>> find_covering([], since=datetime(2027, 1, 1), until=None) is None
    True
    """
    covering = [
        grant for grant in grants if grant.since <= since and not outlasts(until, grant.until)
    ]
    return max(covering, key=lambda held: (held.until is None, held.until or since), default=None)


def hash_secret(secret: str) -> str:
    """Digest of a random secret of 128 bits or more, which needs neither salt nor stretching."""
    return hashlib.sha256(secret.encode()).hexdigest()


def sid_of(session_id: UUID, client_id: str) -> str:
    """The session's name to one client; two clients cannot compare theirs.

    The session id is a random secret of the node, so the digest tells nothing.
    """
    return hashlib.sha256(f"sid|{session_id}|{client_id}".encode()).hexdigest()[:32]
