"""Chains committed audit rows; called by the sequencer inside its transaction."""

import json
import os
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from consortium.kernel.audit.chain import head_statement, row_hash
from consortium.kernel.audit.models import AuditHead, AuditRow
from consortium.kernel.crypto import digest
from consortium.kernel.outbox.models import Sequencer
from consortium.kernel.settings import current_settings
from consortium.kernel.signing import sign_json
from consortium.kernel.unit_of_work import UnitOfWork

BATCH = 1000
SEAL = "audit-seal"


def chain_audit_rows(uow: UnitOfWork, sequencer: Sequencer) -> AuditHead | None:
    """Number, hash and seal the rows that commits have left; sign the new head.

    Returns:
        The head, to be kept outside the database after commit; None if there was nothing.
    """
    waiting = sa.select(AuditRow).where(AuditRow.seq.is_(None)).order_by(AuditRow.position)
    rows = uow.session.scalars(waiting.limit(BATCH)).all()
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


def heads_file() -> Path:
    """Where signed heads are kept outside the database."""
    return current_settings().data_dir / "audit-heads.jsonl"


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
