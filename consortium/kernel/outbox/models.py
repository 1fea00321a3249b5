"""Tables of the outbox, the sequencer and the relay."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from consortium.kernel.db import Id, Instant, Json, Model, Position


class OutboxRow(Model):
    """One piece of news. `seq` and, for our own records, `version` come after commit."""

    __tablename__ = "outbox"
    __table_args__ = (
        sa.Index(
            "ix_outbox_unnumbered",
            "position",
            sqlite_where=sa.text("seq IS NULL"),
            postgresql_where=sa.text("seq IS NULL"),
        ),
        sa.Index("ix_outbox_topic_key", "topic", "key"),
        {"sqlite_autoincrement": True},
    )

    position: Mapped[int] = mapped_column(Position, primary_key=True, autoincrement=True)
    id: Mapped[UUID] = mapped_column(Id, unique=True)
    change_id: Mapped[UUID] = mapped_column(Id, sa.ForeignKey("change.id"), index=True)
    topic: Mapped[str] = mapped_column(sa.String(120))
    key: Mapped[str] = mapped_column(sa.String(255))
    op: Mapped[str] = mapped_column(sa.String(10))
    data: Mapped[dict[str, Any]] = mapped_column(Json)
    origin: Mapped[str | None] = mapped_column(sa.String(255))
    version: Mapped[int | None] = mapped_column(sa.BigInteger)
    at: Mapped[datetime] = mapped_column(Instant)
    seq: Mapped[int | None] = mapped_column(sa.BigInteger, unique=True)


class Sequencer(Model):
    """The one row that numbers everything: locked in one statement, used in the next."""

    __tablename__ = "sequencer"

    id: Mapped[int] = mapped_column(sa.Integer, primary_key=True, autoincrement=False)
    epoch: Mapped[str] = mapped_column(sa.String(36))
    outbox_seq: Mapped[int] = mapped_column(sa.BigInteger)
    audit_seq: Mapped[int] = mapped_column(sa.BigInteger)
    audit_hash: Mapped[str] = mapped_column(sa.String(64))
    watermark: Mapped[datetime] = mapped_column(Instant)


class HandlerCursor(Model):
    """How far one handler has heard; it moves in the transaction of the handler's effect."""

    __tablename__ = "handler_cursor"

    name: Mapped[str] = mapped_column(sa.String(120), primary_key=True)
    seq: Mapped[int] = mapped_column(sa.BigInteger)
    attempts: Mapped[int] = mapped_column(sa.Integer, default=0)
    not_before: Mapped[datetime | None] = mapped_column(Instant)


class SetAside(Model):
    """A message that a handler could not take after all its attempts; kept for the operator."""

    __tablename__ = "set_aside"
    __table_args__ = (sa.UniqueConstraint("handler", "seq"),)

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    handler: Mapped[str] = mapped_column(sa.String(120))
    seq: Mapped[int] = mapped_column(sa.BigInteger)
    error: Mapped[str] = mapped_column(sa.String(500))
    at: Mapped[datetime] = mapped_column(Instant)
