"""Consortia, their charters and their members."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from consortium.kernel.db import Id, Instant, Json, Model, Recorded
from consortium.kernel.ids import new_id


class ConsortiumRow(Model):
    """A consortium; usually without legal personality, so a member signs and invoices for it."""

    __tablename__ = "consortium"

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=new_id)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    kind: Mapped[str] = mapped_column(String(20))
    name_zh: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200))
    lead_id: Mapped[UUID | None] = mapped_column(Id, ForeignKey("organisation.id"), index=True)
    legal_representative_id: Mapped[UUID | None] = mapped_column(
        Id, ForeignKey("organisation.id"), index=True
    )
    origin: Mapped[str | None] = mapped_column(String(255))
    version: Mapped[int] = mapped_column(Integer)
    founded_at: Mapped[datetime] = mapped_column(Instant)

    __mapper_args__ = {"version_id_col": version}


class CharterVersion(Recorded, Model):
    """Append-only: one text of a charter and what it hashes to."""

    __tablename__ = "charter_version"
    __table_args__ = (UniqueConstraint("consortium_id", "number"),)

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=new_id)
    consortium_id: Mapped[UUID] = mapped_column(Id, ForeignKey("consortium.id"), index=True)
    number: Mapped[int] = mapped_column(Integer)
    text_zh: Mapped[str] = mapped_column(Text)
    text_en: Mapped[str] = mapped_column(Text)
    text_hash: Mapped[str] = mapped_column(String(64))
    kinds_admitted: Mapped[list[str]] = mapped_column(Json)
    adopted_at: Mapped[datetime] = mapped_column(Instant)


class ConsortiumMember(Recorded, Model):
    """Append-only: a period in which an organisation belongs to a consortium."""

    __tablename__ = "consortium_member"

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=new_id)
    consortium_id: Mapped[UUID] = mapped_column(Id, ForeignKey("consortium.id"), index=True)
    organisation_id: Mapped[UUID] = mapped_column(Id, ForeignKey("organisation.id"), index=True)
    since: Mapped[datetime] = mapped_column(Instant)
    until: Mapped[datetime | None] = mapped_column(Instant)
    supersedes_id: Mapped[UUID | None] = mapped_column(
        Id, ForeignKey("consortium_member.id"), unique=True
    )
