"""Finds what was done to the audit trail: edits, removals, swaps, truncation, recomputation."""

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from consortium.kernel import migrating
from consortium.kernel.audit.chaining import SEAL, count_unchained, heads_files
from consortium.kernel.audit.heads import (
    Head,
    Heads,
    read_heads_inside,
    read_heads_outside,
    signature_check,
)
from consortium.kernel.audit.judging import (
    HEAD_MISSING,
    HEAD_UNVERIFIABLE,
    SEQUENCER_ALTERED,
    TABLE_MISSING,
    UNCHAINED,
    ChainJudge,
    Fault,
)
from consortium.kernel.audit.models import AuditHead, AuditRow
from consortium.kernel.audit.stored import UNREADABLE, read_rows
from consortium.kernel.crypto import digests
from consortium.kernel.db import Change, Model, db
from consortium.kernel.key_ring import MasterKeyMissing, check_master_keys
from consortium.kernel.outbox.models import Sequencer
from consortium.kernel.signing import SigningKey
from consortium.kernel.unit_of_work import reading

TABLES: tuple[type[Model], ...] = (AuditRow, AuditHead, Change, Sequencer, SigningKey)
OUTSIDE, INSIDE_ONLY = "outside", "inside-only"


@dataclass(frozen=True)
class Verdict:
    """What was found, the worst first.

    `rows` counts chained rows; `first_bad` is the number of the first that is not as it was.
    `heads` is `outside` if heads kept outside the database were at hand, and `heads_until` the
    number up to which they vouch: what came after it could be cut off without a trace by
    whoever writes to the database. `unchained` counts rows that were put in past the program.
    """

    rows: int
    ok: bool
    first_bad: int | None
    kind: str | None
    heads: str
    heads_until: int
    unchained: int


def verify_audit(*, also: Sequence[Path] = ()) -> Verdict:
    """Read the whole chain once and compare it with its seals and signed heads.

    Args:
        also: more files of heads, brought from other machines or kept elsewhere.

    Raises:
        SchemaOutdated: the database was never brought to the schema that is read here.
        MasterKeyMissing: the chain was sealed under a master key that is not given, and nothing
            can be said of it.
    """
    if _is_table_missing():
        migrating.check_current()
        return Verdict(0, False, None, TABLE_MISSING, INSIDE_ONLY, heads_until=0, unchained=0)
    try:
        check_master_keys()
    except MasterKeyMissing:
        # Who writes to the database must not be able to shut the judge up with a signing key.
        if not _are_ends_sealed():
            raise
    # The files first: a line that is added later would speak of rows that the snapshot lacks.
    return _verify(list(read_heads_outside([*heads_files(), *also])))


def _is_table_missing() -> bool:
    """Whether a table of the trail, or a column of one, is not there."""
    inspector = sa.inspect(db.engine)
    there = set(inspector.get_table_names())
    for model in TABLES:
        columns = sa.inspect(model).columns
        name = model.__tablename__
        if name not in there:
            return True
        if {column.name for column in columns} - {c["name"] for c in inspector.get_columns(name)}:
            return True
    return False


@reading
def _are_ends_sealed() -> bool:
    """Whether the first and the last row are sealed under master keys that are given."""
    chained = sa.select(AuditRow.hash, AuditRow.seal).where(AuditRow.seq.is_not(None))
    ends = [
        db.session.execute(chained.order_by(place).limit(1)).one_or_none()
        for place in (AuditRow.seq, AuditRow.seq.desc())
    ]
    return all(end is not None and _is_sealed(end[0] or "", end[1] or "") for end in ends)


@reading
def _verify(told_outside: Sequence[Head]) -> Verdict:
    told_inside, unreadable = read_heads_inside()
    heads = Heads(told_inside, told_outside, is_signed=signature_check())
    sequencer = list(read_rows(Sequencer, order="id"))
    chain = ChainJudge(heads, is_sealed=_is_sealed)
    for row in read_rows(AuditRow, order="seq"):
        chain.take(row)
    given = [row["audit_seq"] for row in sequencer if row["audit_seq"] is not UNREADABLE]
    unchained = count_unchained()
    fault = (
        chain.fault(end=max([heads.end, *given]))
        or _fault_of_sequencer(sequencer, chain)
        or _fault_of_heads(heads, unreadable, last=chain.last)
        or ((None, UNCHAINED) if unchained else None)
    )
    first_bad, kind = fault or (None, None)
    return Verdict(
        rows=chain.rows,
        ok=fault is None,
        first_bad=first_bad,
        kind=kind,
        heads=OUTSIDE if heads.outside_until else INSIDE_ONLY,
        heads_until=heads.outside_until,
        unchained=unchained,
    )


def _is_sealed(hash_: str, seal: str) -> bool:
    # Under any of the node's secrets: rows from before a rotation keep their seal.
    known = [digest.encode() for digest in digests(hash_, SEAL)]
    return any(hmac.compare_digest(seal.encode(), mine) for mine in known)


def _fault_of_sequencer(told: Sequence[Mapping[str, Any]], chain: ChainJudge) -> Fault | None:
    """The sequencer's row must stand where the chain ends, or the next row would not fit."""
    stands = [(row["audit_seq"], row["audit_hash"]) for row in told]
    if stands == [(chain.last, chain.hash)] or (not stands and chain.last == 0):
        return None
    return chain.last, SEQUENCER_ALTERED


def _fault_of_heads(heads: Heads, unreadable: Sequence[int | None], *, last: int) -> Fault | None:
    if heads.unverifiable or unreadable:
        numbers = [*heads.unverifiable, *(seq for seq in unreadable if seq is not None)]
        return min(numbers, default=None), HEAD_UNVERIFIABLE
    # Every round signs its end, so the last row always has a head.
    return None if last == 0 or heads.has_inside(last) else (last, HEAD_MISSING)
