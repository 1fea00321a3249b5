"""The register of organisations, their branches and their standing."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from consortium.kernel.db import Id, Instant, Json, Model, Recorded
from consortium.kernel.ids import new_id


class OrganisationRow(Model):
    """A learned society or another organisation; `origin` is empty for this node's own."""

    __tablename__ = "organisation"

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=new_id)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    kind: Mapped[str] = mapped_column(String(20))
    name_zh: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200))
    abbreviation: Mapped[str] = mapped_column(String(40))
    uscc: Mapped[str | None] = mapped_column(String(18), unique=True)
    level: Mapped[str] = mapped_column(String(20))
    supervising_unit: Mapped[str | None] = mapped_column(String(200))
    supporting_unit: Mapped[str | None] = mapped_column(String(200))
    disciplines: Mapped[list[str]] = mapped_column(Json)
    time_zone: Mapped[str] = mapped_column(String(64))
    origin: Mapped[str | None] = mapped_column(String(255))
    version: Mapped[int] = mapped_column(Integer)
    registered_at: Mapped[datetime] = mapped_column(Instant)
    # Its origin no longer tells of it; what refers to it stays.
    withdrawn_at: Mapped[datetime | None] = mapped_column(Instant)

    __mapper_args__ = {"version_id_col": version}


class BranchRow(Model):
    """A branch without legal personality (分支机构、专业委员会)."""

    __tablename__ = "branch"
    __table_args__ = (UniqueConstraint("organisation_id", "code"),)

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=new_id)
    organisation_id: Mapped[UUID] = mapped_column(Id, ForeignKey("organisation.id"), index=True)
    code: Mapped[str] = mapped_column(String(32))
    name_zh: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200))


class OrganisationStanding(Recorded, Model):
    """Append-only: a period of suspension or expulsion from one consortium.

    A row that is taken back is superseded by one with an end; no row is ever changed.
    """

    __tablename__ = "organisation_standing"

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=new_id)
    organisation_id: Mapped[UUID] = mapped_column(Id, ForeignKey("organisation.id"), index=True)
    consortium_id: Mapped[UUID] = mapped_column(Id, ForeignKey("consortium.id"), index=True)
    standing: Mapped[str] = mapped_column(String(20))
    since: Mapped[datetime] = mapped_column(Instant)
    until: Mapped[datetime | None] = mapped_column(Instant)
    document: Mapped[str | None] = mapped_column(String(120))
    supersedes_id: Mapped[UUID | None] = mapped_column(
        Id, ForeignKey("organisation_standing.id"), unique=True
    )
