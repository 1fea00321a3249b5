"""Imports of rosters: what was read, and for each member what was changed, so it can be undone."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from consortium.kernel.db import Id, Instant, Json, Model
from consortium.kernel.ids import new_id


class RosterImport(Model):
    """One file that a society sent in.

    `state` is `read` (dry run), `applied` or `undone`; `position` orders the applied ones of a
    society. File and report lie encrypted in `stored_file` until they expire; the row stays.
    """

    __tablename__ = "roster_import"
    __table_args__ = (Index("ix_roster_import_society_position", "society_id", "position"),)

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=new_id)
    society_id: Mapped[UUID] = mapped_column(Id, ForeignKey("organisation.id"), index=True)
    file_id: Mapped[UUID] = mapped_column(Id)
    report_id: Mapped[UUID] = mapped_column(Id)
    file_name: Mapped[str] = mapped_column(String(255))
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    mapping: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    counts: Mapped[dict[str, int]] = mapped_column(Json, default=dict)
    state: Mapped[str] = mapped_column(String(16), default="read")
    position: Mapped[int | None] = mapped_column(BigInteger)
    made_by: Mapped[UUID | None] = mapped_column(Id, ForeignKey("person.id"), index=True)
    made_at: Mapped[datetime] = mapped_column(Instant)
    applied_at: Mapped[datetime | None] = mapped_column(Instant)
    undone_at: Mapped[datetime | None] = mapped_column(Instant)


class RosterImportLine(Model):
    """What an applied import said of one member.

    `asserted` has a bit for each field (in the order of `FIELDS`) that the row filled, whether or
    not that changed anything; `changes` maps the changed fields to before and after. Both are
    personal data: erasure deletes the row, and so does the purge when undo is no longer possible.
    """

    __tablename__ = "roster_import_line"

    import_id: Mapped[UUID] = mapped_column(Id, ForeignKey("roster_import.id"), primary_key=True)
    member_id: Mapped[UUID] = mapped_column(
        Id, ForeignKey("member.id"), primary_key=True, index=True
    )
    action: Mapped[str] = mapped_column(String(16))
    asserted: Mapped[int] = mapped_column(BigInteger)
    changes: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    term_id: Mapped[UUID | None] = mapped_column(Id)
    steps: Mapped[list[Any] | None] = mapped_column(Json)
    made_at: Mapped[datetime] = mapped_column(Instant, index=True)
