"""Judges the chain row by row: pure functions over rows as they are stored.

The kinds of fault never change; docs/decisions/0003-audit-seals.md says what each means.
"""

from collections.abc import Callable, Iterable, Mapping
from itertools import combinations
from typing import Any, Protocol

import rfc8785

from consortium.kernel.audit.chain import COVERED, GENESIS, row_hash
from consortium.kernel.audit.stored import UNREADABLE

CHANGED, REMOVED, SWAPPED = "changed", "removed", "swapped"
TRUNCATED, RECOMPUTED = "truncated", "recomputed"
SEQUENCER_ALTERED, UNCHAINED = "sequencer-altered", "unchained"
HEAD_UNVERIFIABLE, HEAD_MISSING = "head-unverifiable", "head-missing"
TABLE_MISSING = "table-missing"
# Either the seal alone was changed or the chain recomputed from here: what follows tells.
_UNSEALED = "unsealed"
# What can change places between two rows: the number, the place, the link, the content.
PARTS = (("seq",), ("position",), ("previous_hash",), tuple(set(COVERED) - {"position"}))

Row = Mapping[str, Any]
Fault = tuple[int | None, str]


class Witness(Protocol):
    """Who knows what the node has signed about the chain."""

    def disputes(self, seq: int, hash_: str) -> bool:
        """Whether another hash of this number was signed."""

    def confirms(self, seq: int, hash_: str, *, outside_only: bool = False) -> bool:
        """Whether this hash of this number was signed."""


class ChainJudge:
    """Walks numbered rows in order and remembers the first that is not as it was."""

    def __init__(self, witness: Witness, *, is_sealed: Callable[[str, str], bool]) -> None:
        """Begin before the first row.

        Args:
            witness: what signed heads tell.
            is_sealed: whether a seal is the node's own over a hash.
        """
        self._witness = witness
        self._is_sealed = is_sealed
        self._first: tuple[int, str] | None = None
        self._altered: list[Row] = []
        self._sealed_again = False
        self.rows = 0
        self.last, self.hash = 0, GENESIS

    def take(self, row: Row) -> None:
        """Judge the next row."""
        self.rows += 1
        altered = _is_altered(row)
        if altered:
            self._altered.append(row)
        kind = self._fault_of(row, altered)
        if self._first is None and kind is not None:
            self._first = (self.last + 1, kind)
        if self._first is not None and self._first[1] == _UNSEALED:
            first = self._first[0]
            self._first = (first, self._settle(first, row, kind))
        if row["seq"] is not UNREADABLE:
            self.last, self.hash = row["seq"], row["hash"]

    def fault(self, *, end: int) -> Fault | None:
        """The first fault of the chain.

        Args:
            end: the highest number that was ever given out.
        """
        if self._first is None:
            return (self.last + 1, TRUNCATED) if self.last < end else None
        first, kind = self._first
        if _are_swapped(self._altered):
            return first, SWAPPED
        if kind == REMOVED and any(not _is_altered({**r, "seq": first}) for r in self._altered):
            # The row is there under another number.
            return first, CHANGED
        return first, RECOMPUTED if kind == _UNSEALED else kind

    def _fault_of(self, row: Row, altered: bool) -> str | None:
        if row["seq"] != self.last + 1:
            return REMOVED
        if altered or row["previous_hash"] != self.hash:
            return CHANGED
        # Whoever recomputes hashes from a row on has neither the signing key nor the seal's.
        if self._witness.disputes(row["seq"], row["hash"]):
            return RECOMPUTED
        return None if self._is_sealed(row["hash"], row["seal"] or "") else _UNSEALED

    def _settle(self, first: int, row: Row, kind: str | None) -> str:
        """Tell a changed seal from a recomputed chain, as far as this row shows it.

        A hash that was signed covers the rows before it: they are as they were, and only seals
        were changed. Where sealed rows follow several unsealed ones the worker may have grown
        them over a recomputed chain and signed that too, into the table; then only heads
        outside can clear it.
        """
        if kind not in {None, _UNSEALED}:
            return RECOMPUTED
        if self._witness.confirms(row["seq"], row["hash"], outside_only=self._sealed_again):
            return CHANGED
        if kind is None:
            if row["seq"] == first + 1:
                return CHANGED
            self._sealed_again = True
        return _UNSEALED


def _is_altered(row: Row) -> bool:
    if any(value is UNREADABLE for value in row.values()):
        return True
    try:
        made = row_hash(row, seq=row["seq"], previous_hash=row["previous_hash"] or "")
    except rfc8785.CanonicalizationError:
        # A number above 2^53, which nothing of ours has given out.
        return True
    return bool(row["hash"] != made)


def _are_swapped(bad: list[Row]) -> bool:
    """Two altered rows that are right again when some of their parts change places."""
    if len(bad) != 2:
        return False
    one, other = bad
    return any(
        not _is_altered(_with_parts(one, other, parts))
        and not _is_altered(_with_parts(other, one, parts))
        for size in range(1, len(PARTS))
        for parts in combinations(PARTS, size)
    )


def _with_parts(mine: Row, its: Row, parts: Iterable[tuple[str, ...]]) -> dict[str, Any]:
    return {**mine, **{name: its[name] for part in parts for name in part}}
