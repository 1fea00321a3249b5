"""Tables of the audit trail."""

from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from consortium.kernel.db import Id, Instant, Json, Model, Position


class AuditRow(Model):
    """One act. Chained after commit: `hash` covers the row, `seq` and the hash before it.

    `seal` is a keyed digest of `hash`: whoever recomputes the chain without the node's
    secret cannot make it.
    """

    __tablename__ = "audit"
    __table_args__ = (
        sa.Index(
            "ix_audit_unchained",
            "position",
            sqlite_where=sa.text("seq IS NULL"),
            postgresql_where=sa.text("seq IS NULL"),
        ),
        sa.Index("ix_audit_subject", "subject"),
        {"sqlite_autoincrement": True},
    )

    position: Mapped[int] = mapped_column(Position, primary_key=True, autoincrement=True)
    id: Mapped[UUID] = mapped_column(Id, unique=True)
    change_id: Mapped[UUID] = mapped_column(Id, sa.ForeignKey("change.id"), index=True)
    at: Mapped[datetime] = mapped_column(Instant)
    actor_person: Mapped[UUID | None] = mapped_column(Id)
    actor_client: Mapped[str | None] = mapped_column(sa.String(120))
    action: Mapped[str] = mapped_column(sa.String(120), index=True)
    subject: Mapped[str] = mapped_column(sa.String(255))
    society: Mapped[str | None] = mapped_column(sa.String(64), index=True)
    detail: Mapped[dict[str, Any]] = mapped_column(Json)
    request_id: Mapped[str | None] = mapped_column(sa.String(64))
    seq: Mapped[int | None] = mapped_column(sa.BigInteger, unique=True)
    previous_hash: Mapped[str | None] = mapped_column(sa.String(64))
    hash: Mapped[str | None] = mapped_column(sa.String(64))
    seal: Mapped[str | None] = mapped_column(sa.String(128))


class AuditHead(Model):
    """A signed statement of where the chain stood; a copy is kept outside the database."""

    __tablename__ = "audit_head"

    seq: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    hash: Mapped[str] = mapped_column(sa.String(64))
    at: Mapped[datetime] = mapped_column(Instant)
    signature: Mapped[str] = mapped_column(sa.Text)
