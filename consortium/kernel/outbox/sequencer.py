"""Numbers what has been committed.

A number drawn inside the business transaction becomes visible out of order, and readers that
ask for `id > cursor` lose rows. So rows are numbered after their commit by one holder of a
lock: the lock in one statement, the numbers in the next, whose snapshot sees every commit
that came before (DESIGN 4.8, section 6).
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

import sqlalchemy as sa

from consortium.kernel.audit.chain import GENESIS
from consortium.kernel.audit.chaining import chain_audit_rows, keep_head, thin_heads
from consortium.kernel.audit.models import AuditRow
from consortium.kernel.clock import EPOCH, MICROSECOND, read_now, replaced_clock
from consortium.kernel.db import Change, Instant, db, dialect_name, insert_if_absent
from consortium.kernel.outbox.models import OutboxRow, Sequencer
from consortium.kernel.unit_of_work import (
    UnitOfWork,
    current_unit_of_work,
    reading,
    transaction,
    unit_of_work,
)

ROW = 1


@dataclass(frozen=True)
class Position:
    """Where the outbox stands: cursors are pairs of epoch and seq."""

    epoch: str
    seq: int
    watermark: datetime


def number_committed() -> int:
    """Number news, chain audit rows and stamp `recorded_at` of everything committed so far.

    Returns:
        How many rows of either kind were numbered.
    """
    if not _is_needed():
        return 0
    numbered, head = _number()
    if head is not None:
        keep_head(seq=head[0], hash_=head[1], at=head[2], signature=head[3])
    return numbered


@reading
def _is_needed() -> bool:
    waits = sa.select(sa.exists().where(Change.recorded_at.is_(None)))
    return bool(db.session.scalar(waits))


@transaction
def _number() -> tuple[int, tuple[int, str, datetime, str] | None]:
    uow = current_unit_of_work()
    sequencer = lock_sequencer(uow)
    thin_heads(uow, since=sequencer.watermark)
    news = _number_news(uow, sequencer)
    before = sequencer.audit_seq
    head = chain_audit_rows(uow, sequencer)
    chained = sequencer.audit_seq - before
    if _stamp_changes(uow, after=sequencer.watermark):
        newest = sa.select(sa.func.max(Change.recorded_at))
        sequencer.watermark = uow.session.scalar(newest) or sequencer.watermark
    kept = (head.seq, head.hash, head.at, head.signature) if head else None
    return news + chained, kept


def lock_sequencer(uow: UnitOfWork) -> Sequencer:
    """Take the sequencer's lock; make its row on a new database."""
    locked = uow.session.get(Sequencer, ROW, with_for_update=True, populate_existing=True)
    if locked is not None:
        return locked
    start = {"outbox_seq": 0, "audit_seq": 0, "audit_hash": GENESIS, "watermark": EPOCH}
    uow.execute(insert_if_absent(Sequencer, id=ROW, epoch=str(uuid4()), **start))
    return uow.lock(Sequencer, ROW)


def _number_news(uow: UnitOfWork, sequencer: Sequencer) -> int:
    waiting = (
        sa.select(
            OutboxRow.position,
            (sequencer.outbox_seq + sa.func.row_number().over(order_by=OutboxRow.position)).label(
                "seq"
            ),
        )
        .where(OutboxRow.seq.is_(None))
        .subquery("waiting")
    )
    done = uow.execute(
        sa.update(OutboxRow)
        .where(OutboxRow.position == waiting.c.position)
        .values(seq=waiting.c.seq, version=sa.func.coalesce(OutboxRow.version, waiting.c.seq))
        .execution_options(synchronize_session=False)
    )
    sequencer.outbox_seq += done.rowcount
    return int(done.rowcount)


def _stamp_changes(uow: UnitOfWork, *, after: datetime) -> int:
    """Stamp every change that this statement sees, once its audit rows are chained.

    A change may commit between the numbering above and this statement; then its news keeps it
    out until next time. Changes whose audit rows did not fit into this batch stay unstamped
    too, so that the next round finds work.
    """
    unchained = sa.exists().where(AuditRow.change_id == Change.id, AuditRow.seq.is_(None))
    unnumbered = sa.exists().where(OutboxRow.change_id == Change.id, OutboxRow.seq.is_(None))
    done = uow.execute(
        sa.update(Change)
        .where(Change.recorded_at.is_(None), ~unchained, ~unnumbered)
        .values(recorded_at=_stamp(uow, after + MICROSECOND))
        .execution_options(synchronize_session=False)
    )
    return int(done.rowcount)


def _stamp(uow: UnitOfWork, earliest: datetime) -> sa.ColumnElement[datetime]:
    """The instant of a stamp: after all that its statement sees, for known is later than begun.

    On PostgreSQL a transaction may begin after ours and be seen all the same, so the clock is
    asked by the statement itself, once for all rows.
    """
    if dialect_name() != "postgresql" or replaced_clock() is not None:
        return sa.literal(max(uow.now, earliest), Instant)
    now = sa.func.greatest(sa.func.clock_timestamp(), sa.literal(earliest, Instant))
    return sa.select(now).scalar_subquery()


@reading
def find_position() -> Position:
    """Where the outbox stands now; on a database without any news, at its start."""
    found = db.session.get(Sequencer, ROW)
    if found is None:
        return Position("", 0, EPOCH)
    return Position(found.epoch, found.outbox_seq, found.watermark)


@reading
def known_until() -> datetime:
    """The latest instant about which as-of questions have a final answer.

    While commits wait for their stamp it is the watermark. Otherwise it is the present: what
    this snapshot does not see commits later, and is stamped later still.
    """
    told = _present()
    waits = db.session.scalar(sa.select(sa.exists().where(Change.recorded_at.is_(None))))
    return find_position().watermark if waits else told


def _present() -> datetime:
    """The present by the clock that stamps, taken no later than the snapshot."""
    if dialect_name() != "postgresql" or replaced_clock() is not None:
        return read_now()
    now: datetime | None = db.session.scalar(sa.select(sa.func.transaction_timestamp()))
    assert now is not None
    return now


def open_epoch() -> str:
    """Start a new epoch, after a restore: every cursor given out before is refused with 410."""
    with unit_of_work() as uow:
        sequencer = lock_sequencer(uow)
        sequencer.epoch = str(uuid4())
        uow.audit("consortium.feed.epoch-opened", subject=sequencer.epoch)
        return sequencer.epoch


@reading
def unnumbered_age_seconds(now: datetime) -> float:
    """Age of the oldest change that the sequencer has not seen; 0 if there is none."""
    oldest = db.session.scalar(
        sa.select(sa.func.min(Change.at)).where(Change.recorded_at.is_(None))
    )
    return max(0.0, (now - oldest).total_seconds()) if oldest else 0.0
