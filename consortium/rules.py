"""Pure decisions of the register: codes, check digits, standing, membership, charters."""

import hashlib
import re
import unicodedata
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from consortium.values import MemberSpan, Standing, StandingFact

CODE = re.compile(r"[a-z][a-z0-9-]{1,31}")
_USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_SEVERITY = (Standing.ACTIVE.value, Standing.SUSPENDED.value, Standing.EXPELLED.value)

R = TypeVar("R", StandingFact, MemberSpan)


def read_uscc(written: str) -> str | None:
    """Read a 统一社会信用代码 as people write it: full width, spaced, in small letters.

    >>> read_uscc(" 5110 0000 5000 1234 5Ｘ ")
    '51100000500012345X'
    >>> read_uscc("—") is None
    True
    """
    bare = "".join(unicodedata.normalize("NFKC", written).split()).upper().strip("-—'")
    return bare or None


def has_right_check_digit(uscc: str) -> bool:
    """Whether an 18-character credit code ends in its check character.

    >>> has_right_check_digit("91350100M000100Y43")
    True
    >>> has_right_check_digit("91350100M000100Y44"), has_right_check_digit("91350100M000100Y4")
    (False, False)

    Source: GB 32100-2015, section 4; weights are powers of 3 modulo 31.
    """
    if len(uscc) != 18 or any(character not in _USCC_ALPHABET for character in uscc):
        return False
    weighted = (_USCC_ALPHABET.index(c) * pow(3, i, 31) for i, c in enumerate(uscc[:17]))
    return _USCC_ALPHABET[-sum(weighted) % 31] == uscc[17]


def has_code_form(code: str) -> bool:
    """Whether a code can stand in addresses: small letters, digits, hyphens, 2 to 32.

    >>> has_code_form("math"), has_code_form("Math"), has_code_form("-a")
    (True, False, False)
    """
    return CODE.fullmatch(code) is not None and not code.endswith("-")


def select_live(rows: Iterable[R], *, known_at: datetime | None = None) -> list[R]:
    """Drop what was superseded, as known at an instant; None knows everything committed.

    A row that the sequencer has not stamped yet counts only in answers about now.
    """
    known = [
        row
        for row in rows
        if known_at is None or (row.recorded_at is not None and row.recorded_at <= known_at)
    ]
    gone: set[UUID | None] = {row.supersedes for row in known}
    return [row for row in known if row.id not in gone]


def decide_standing(
    facts: Iterable[StandingFact], *, at: datetime, known_at: datetime | None = None
) -> str:
    """The worst standing in force at an instant; active when nothing was recorded.

    Args:
        facts: rows about one organisation, superseded ones included.
        at: the instant that is asked about.
        known_at: as it was known then; None as it is known now.
    """
    found = [row.standing for row in select_live(facts, known_at=known_at) if row.covers(at)]
    return max(found, key=_SEVERITY.index, default=Standing.ACTIVE.value)


def select_members(
    spans: Iterable[MemberSpan], *, at: datetime, known_at: datetime | None = None
) -> list[MemberSpan]:
    """The spans in force at an instant, in the order in which the members joined."""
    found = [row for row in select_live(spans, known_at=known_at) if row.covers(at)]
    return sorted(found, key=lambda row: (row.since, row.organisation))


def hash_charter(text: str) -> str:
    r"""SHA-256 of a charter's text in UTF-8, with lines ending in LF and NFC characters.

    >>> hash_charter("第一条\r\n") == hash_charter("第一条\n")
    True
    """
    plain = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    return hashlib.sha256(plain.encode()).hexdigest()


def admits(kinds_admitted: Collection[str], kind: str) -> bool:
    """Whether a charter admits organisations of a kind; an empty list admits every kind.

    >>> admits((), "enterprise"), admits(("society",), "enterprise")
    (True, False)
    """
    return not kinds_admitted or kind in kinds_admitted


def suggest_partners(
    own: Sequence[str], others: Iterable[tuple[str, Sequence[str]]]
) -> list[tuple[str, int]]:
    """Organisations that share disciplines, those with the most first, then by code.

    Codes share a discipline when one begins with the other: A01 holds A0101.

    >>> suggest_partners(["A01"], [("phys", ["A04"]), ("stat", ["A0104", "A01"])])
    [('stat', 2)]
    """
    scored = ((code, sum(_is_near(theirs, own) for theirs in held)) for code, held in others)
    return sorted((pair for pair in scored if pair[1]), key=lambda pair: (-pair[1], pair[0]))


def _is_near(code: str, own: Sequence[str]) -> bool:
    return any(code.startswith(mine) or mine.startswith(code) for mine in own)
