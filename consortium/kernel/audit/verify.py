"""Finds what was done to the audit trail: edits, removals, swaps, truncation, recomputation."""

import hmac
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from typing import Any

from consortium.kernel.audit.chain import COVERED, GENESIS, head_statement, row_hash
from consortium.kernel.audit.chaining import SEAL, heads_file
from consortium.kernel.audit.models import AuditHead, AuditRow
from consortium.kernel.audit.stored import UNREADABLE, read_rows
from consortium.kernel.crypto import digests
from consortium.kernel.outbox.models import Sequencer
from consortium.kernel.signing import NODE, verify_json
from consortium.kernel.unit_of_work import reading

CHANGED, REMOVED, SWAPPED = "changed", "removed", "swapped"
TRUNCATED, RECOMPUTED = "truncated", "recomputed"
# What can change places between two rows: the number, the place, the link, the content.
PARTS = (("seq",), ("position",), ("previous_hash",), tuple(set(COVERED) - {"position"}))


@dataclass(frozen=True)
class Verdict:
    """What was found. `first_bad` is the number of the first row that is not as it was."""

    rows: int
    ok: bool
    first_bad: int | None = None
    kind: str | None = None


@dataclass(frozen=True)
class Head:
    """A statement of where the chain stood, as it was found."""

    seq: int
    hash: str
    at: datetime
    signature: str


def verify_audit() -> Verdict:
    """Read the whole chain once and compare it with its seals and signed heads."""
    # The file first: a line that is added later would speak of rows that the snapshot lacks.
    return _verify(list(_heads_on_file()))


@reading
def _verify(told_outside: Sequence[Head]) -> Verdict:
    heads = _known_heads(told_outside)
    told = [row["audit_seq"] for row in read_rows(Sequencer, order="id")]
    ends = [end for end in (*told, *heads) if end is not UNREADABLE]
    rows = read_rows(AuditRow, order="seq")
    return judge_chain(rows, heads=heads, end=max(ends, default=0), is_sealed=_is_sealed)


def _is_sealed(hash_: str, seal: str) -> bool:
    # Under any of the node's secrets: rows from before a rotation keep their seal.
    known = [digest.encode() for digest in digests(hash_, SEAL)]
    return any(hmac.compare_digest(seal.encode(), mine) for mine in known)


def judge_chain(
    rows: Iterable[Mapping[str, Any]],
    *,
    heads: Mapping[int, set[str]],
    end: int,
    is_sealed: Callable[[str, str], bool],
) -> Verdict:
    """Judge numbered rows in order.

    Args:
        heads: by number the hashes that signed heads tell; two of one number contradict.
        end: the highest number that was ever given out.
        is_sealed: whether a seal is the node's own over a hash.
    """
    expected, previous, count = 1, GENESIS, 0
    bad: list[Mapping[str, Any]] = []
    first: tuple[int, str] | None = None
    for row in rows:
        count += 1
        altered = _is_altered(row)
        kind = CHANGED if altered else None
        if row["seq"] != expected:
            kind = REMOVED
        elif not altered:
            kind = _fault_of(row, previous, heads, is_sealed)
        if first is None:
            first = (expected, kind) if kind else None
        elif first == (expected - 1, RECOMPUTED) and kind is None:
            # The seal here covers the hash before it too: only the seal itself was changed.
            first = (first[0], CHANGED)
        if altered:
            bad.append(row)
        if row["seq"] is not UNREADABLE:
            expected, previous = row["seq"] + 1, row["hash"]
    if first is None and expected <= end:
        first = (expected, TRUNCATED)
    if first is None:
        return Verdict(count, True)
    return Verdict(count, False, first[0], _name_fault(*first, bad))


def _name_fault(first: int, kind: str, bad: list[Mapping[str, Any]]) -> str:
    if _are_swapped(bad):
        return SWAPPED
    if kind == REMOVED and any(not _is_altered({**row, "seq": first}) for row in bad):
        # The row is there under another number.
        return CHANGED
    return kind


def _fault_of(
    row: Mapping[str, Any],
    previous: str,
    heads: Mapping[int, set[str]],
    is_sealed: Callable[[str, str], bool],
) -> str | None:
    """What is wrong with a row that stands in its place and agrees with its own hash."""
    if row["previous_hash"] != previous:
        return CHANGED
    # Whoever recomputes hashes from a row on has neither the seal's key nor the signing key.
    if not is_sealed(row["hash"], row["seal"] or ""):
        return RECOMPUTED
    if heads.get(row["seq"], {row["hash"]}) != {row["hash"]}:
        return RECOMPUTED
    return None


def _is_altered(row: Mapping[str, Any]) -> bool:
    if any(value is UNREADABLE for value in row.values()):
        return True
    made = row_hash(row, seq=row["seq"], previous_hash=row["previous_hash"] or "")
    return bool(row["hash"] != made)


def _are_swapped(bad: list[Mapping[str, Any]]) -> bool:
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


def _with_parts(
    mine: Mapping[str, Any], its: Mapping[str, Any], parts: Iterable[tuple[str, ...]]
) -> dict[str, Any]:
    return {**mine, **{name: its[name] for part in parts for name in part}}


def _known_heads(told_outside: Sequence[Head]) -> dict[int, set[str]]:
    """What signed heads tell, in the table and outside; a forged one counts for nothing.

    Where they contradict each other both count: the node has signed two histories, so rows
    were taken away and others put in their place.
    """
    found: dict[int, set[str]] = {}
    inside = [
        Head(row["seq"], row["hash"], row["at"], row["signature"])
        for row in read_rows(AuditHead, order="seq")
        if UNREADABLE not in row.values()
    ]
    for head in (*inside, *told_outside):
        hashes = found.get(head.seq, set())
        if head.hash not in hashes and _is_signed(head):
            found[head.seq] = hashes | {head.hash}
    return found


def _heads_on_file() -> Iterator[Head]:
    path = heads_file()
    if not path.exists():
        return
    with path.open(encoding="ascii", errors="replace") as lines:
        for line in lines:
            try:
                told = json.loads(line)
                at = datetime.fromisoformat(told["at"])
                yield Head(int(told["seq"]), str(told["hash"]), at, str(told["signature"]))
            except (ValueError, TypeError, KeyError):
                # A line cut short by a crash says nothing.
                continue


def _is_signed(head: Head) -> bool:
    statement = head_statement(seq=head.seq, hash_=head.hash, at=head.at)
    return bool(verify_json(NODE, statement, head.signature))
