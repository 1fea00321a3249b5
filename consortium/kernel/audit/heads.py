"""Signed heads of the chain, from the table and from outside the database."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from consortium.kernel.audit.chain import head_statement
from consortium.kernel.audit.models import AuditHead
from consortium.kernel.audit.stored import UNREADABLE, read_rows
from consortium.kernel.signing import NODE, proven_keys, verify_json


@dataclass(frozen=True)
class Head:
    """A statement of where the chain stood, as it was found."""

    seq: int
    hash: str
    at: datetime
    signature: str


class Heads:
    """What heads say of the chain; only signed ones have a say.

    A head in the table that is not signed was altered. Outside, years of heads agree with the
    chain and have nothing to add; there a signature is looked at when the head would matter.
    """

    def __init__(
        self,
        inside: Iterable[Head],
        outside: Iterable[Head],
        *,
        is_signed: Callable[[Head], bool],
    ) -> None:
        """Look at every head in the table, and at the newest outside."""
        self._is_signed = is_signed
        self._judged: dict[Head, bool] = {}
        self._outside: dict[int, set[Head]] = defaultdict(set)
        self._inside: dict[int, Head] = {}
        for head in outside:
            self._outside[head.seq].add(head)
        for head in inside:
            if self._judge(head):
                self._inside[head.seq] = head
        self.outside_until = self._newest_outside()

    @property
    def end(self) -> int:
        """The highest number that a head tells; 0 without any."""
        return max([self.outside_until, *self._inside])

    @property
    def unverifiable(self) -> list[int]:
        """Numbers of heads that were looked at and are not the node's own, in order."""
        return sorted({head.seq for head, signed in self._judged.items() if not signed})

    def has_inside(self, seq: int) -> bool:
        """Whether the table tells of this number."""
        return seq in self._inside

    def disputes(self, seq: int, hash_: str) -> bool:
        """Whether a head tells another hash of this number: the node signed another history."""
        return any(head.hash != hash_ and self._judge(head) for head in self._told(seq))

    def confirms(self, seq: int, hash_: str, *, outside_only: bool = False) -> bool:
        """Whether a head tells this hash of this number."""
        told = self._outside.get(seq, ()) if outside_only else self._told(seq)
        return any(head.hash == hash_ and self._judge(head) for head in told)

    def _told(self, seq: int) -> Iterator[Head]:
        yield from self._outside.get(seq, ())
        if seq in self._inside:
            yield self._inside[seq]

    def _newest_outside(self) -> int:
        for seq in sorted(self._outside, reverse=True):
            if any(self._judge(head) for head in self._outside[seq]):
                return seq
        return 0

    def _judge(self, head: Head) -> bool:
        if head not in self._judged:
            self._judged[head] = self._is_signed(head)
        return self._judged[head]


def read_heads_inside() -> tuple[list[Head], list[int | None]]:
    """The table's heads, and the numbers of those of which some value cannot be read."""
    heads: list[Head] = []
    unreadable: list[int | None] = []
    for row in read_rows(AuditHead, order="seq"):
        if UNREADABLE in row.values():
            unreadable.append(None if row["seq"] is UNREADABLE else row["seq"])
        else:
            heads.append(Head(row["seq"], row["hash"], row["at"], row["signature"]))
    return heads, unreadable


def read_heads_outside(paths: Sequence[Path]) -> Iterator[Head]:
    """The heads on files, one a line."""
    for path in paths:
        with path.open(encoding="ascii", errors="replace") as lines:
            yield from (head for head in map(_parse, lines) if head is not None)


def _parse(line: str) -> Head | None:
    try:
        told = json.loads(line)
        at = datetime.fromisoformat(told["at"])
        return Head(int(told["seq"]), str(told["hash"]), at, str(told["signature"]))
    except (ValueError, TypeError, KeyError, OverflowError):
        # A line cut short by a crash says nothing.
        return None


def signature_check() -> Callable[[Head], bool]:
    """A check of heads against every key the node has had.

    Revoked keys count too: a head can only restrict what the chain may be, so whoever has
    stolen a key gains nothing, while revoking it in the table must not silence its heads.
    """
    keys = proven_keys(NODE)

    def is_signed(head: Head) -> bool:
        statement = head_statement(seq=head.seq, hash_=head.hash, at=head.at)
        return verify_json(keys, statement, head.signature) is not None

    return is_signed
