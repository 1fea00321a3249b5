"""Chains committed audit rows; called by the sequencer inside its transaction."""

import json
import os
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from consortium.kernel.audit.chain import head_statement, row_hash
from consortium.kernel.audit.models import AuditHead, AuditRow
from consortium.kernel.crypto import digest
from consortium.kernel.db import Change, db, dialect_name
from consortium.kernel.outbox.models import Sequencer
from consortium.kernel.settings import current_settings
from consortium.kernel.signing import sign_json
from consortium.kernel.unit_of_work import UnitOfWork

BATCH = 1000
KEEP_ALL = timedelta(days=1)
SEAL = "audit-seal"


def chain_audit_rows(uow: UnitOfWork, sequencer: Sequencer) -> AuditHead | None:
    """Number, hash and seal the rows that commits have left; sign the new head.

    Only rows of changes that are not stamped yet: a change is stamped once all its rows are
    chained, so any other row was put in past the program and must not get a seal.

    Returns:
        The head, to be kept outside the database after commit; None if there was nothing.
    """
    waiting = sa.select(AuditRow).where(AuditRow.seq.is_(None), _change_waits())
    rows = uow.session.scalars(waiting.order_by(AuditRow.position).limit(BATCH)).all()
    if not rows:
        return None
    for row in rows:
        sequencer.audit_seq += 1
        row.seq = sequencer.audit_seq
        row.previous_hash = sequencer.audit_hash
        row.hash = row_hash(vars(row), seq=row.seq, previous_hash=row.previous_hash)
        row.seal = digest(row.hash, SEAL)
        sequencer.audit_hash = row.hash
    return _sign_head(uow, sequencer)


def _sign_head(uow: UnitOfWork, sequencer: Sequencer) -> AuditHead:
    statement = head_statement(seq=sequencer.audit_seq, hash_=sequencer.audit_hash, at=uow.now)
    return uow.add(
        AuditHead(
            seq=sequencer.audit_seq,
            hash=sequencer.audit_hash,
            at=uow.now,
            signature=sign_json("node", statement),
        )
    )


def thin_heads(uow: UnitOfWork, *, since: datetime) -> None:
    """Of heads older than a day keep the last of each hour; the file outside keeps all.

    The newest head always stays. Runs in the first round of an hour.

    Args:
        since: when the last round was.
    """
    if _hour(since) == _hour(uow.now):
        return
    # In the database: a value that nobody can read must not stop the chain.
    hour = sa.func.substr(AuditHead.at, 1, len("2026-01-01 00"))
    if dialect_name() == "postgresql":
        hour = sa.func.date_trunc("hour", AuditHead.at)
    last_of_hours = sa.select(sa.func.max(AuditHead.seq)).group_by(hour)
    uow.execute(
        sa.delete(AuditHead)
        .where(AuditHead.at < uow.now - KEEP_ALL, AuditHead.seq.not_in(last_of_hours))
        .execution_options(synchronize_session=False)
    )


def _hour(at: datetime) -> datetime:
    return at.replace(minute=0, second=0, microsecond=0)


def count_unchained() -> int:
    """How many rows are not chained and never will be: their change is stamped, or is none."""
    query = sa.select(sa.func.count()).select_from(AuditRow)
    return db.session.scalar(query.where(AuditRow.seq.is_(None), ~_change_waits())) or 0


def _change_waits() -> sa.ColumnElement[bool]:
    return sa.exists().where(Change.id == AuditRow.change_id, Change.recorded_at.is_(None))


def heads_file() -> Path:
    """Where signed heads are kept outside the database."""
    return current_settings().data_dir / "audit-heads.jsonl"


def heads_files() -> list[Path]:
    """That file and what it was renamed to before, for instance `audit-heads-2026.jsonl`."""
    return sorted(current_settings().data_dir.glob("audit-heads*.jsonl"))


def keep_head(*, seq: int, hash_: str, at: datetime, signature: str) -> None:
    """Append a committed head to the file; one short write, so lines of processes never mix."""
    line = json.dumps({"seq": seq, "hash": hash_, "at": at.isoformat(), "signature": signature})
    path = heads_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        os.write(handle, (line + "\n").encode("ascii"))
    finally:
        os.close(handle)
