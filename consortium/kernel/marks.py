"""Where the stored time stands on SQLite: one row, read by who compares, moved by who writes."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.orm import Session

from consortium.kernel.clock import (
    EPOCH,
    MICROSECOND,
    Mark,
    SystemClock,
    advance_mark,
    boot_identity,
    read_mark,
    uptime_seconds,
)
from consortium.kernel.db import db

# One row: where time stood when this host last stored an instant (clock.advance_mark).
stored_mark = sa.Table(
    "stored_mark",
    db.metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("at_microseconds", sa.BigInteger, nullable=False),
    sa.Column("boot", sa.String(64), nullable=False),
    sa.Column("uptime", sa.Float, nullable=False),
)
_select_mark = sa.select(stored_mark).where(stored_mark.c.id == 1)


def _upsert() -> sqlite.Insert:
    insert = sqlite.insert(stored_mark)
    moved = {name: insert.excluded[name] for name in ("at_microseconds", "boot", "uptime")}
    return insert.on_conflict_do_update(index_elements=["id"], set_=moved)


# Built once: every transaction that writes asks both.
_move_mark = _upsert()


def read_present(session: Session) -> datetime:
    """The present as the next transaction would stamp it; writes nothing."""
    mark = _find(session)
    return read_mark(mark, host=SystemClock().now(), boot=boot_identity(), uptime=uptime_seconds())


def store_next(session: Session) -> datetime:
    """The instant of a transaction that writes; stored with what it writes."""
    mark = _find(session)
    made = advance_mark(
        mark, host=SystemClock().now(), boot=boot_identity(), uptime=uptime_seconds()
    )
    values = {
        "at_microseconds": (made.at - EPOCH) // MICROSECOND,
        "boot": made.boot,
        "uptime": made.uptime,
    }
    session.connection().execute(_move_mark, {"id": 1, **values})
    return made.at


def _find(session: Session) -> Mark | None:
    row = session.connection().execute(_select_mark).one_or_none()
    if row is None:
        return None
    return Mark(EPOCH + timedelta(microseconds=row.at_microseconds), row.boot, row.uptime)
