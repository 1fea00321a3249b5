"""Virtual institutes (虚拟专业研究所) and their charters."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from consortium.kernel.db import Id, Instant, Model, Recorded
from consortium.kernel.ids import new_id


class InstituteRow(Model):
    """An institute of a consortium for a term; `until` is excluded."""

    __tablename__ = "institute"

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=new_id)
    slug: Mapped[str] = mapped_column(String(64), unique=True)
    consortium_id: Mapped[UUID] = mapped_column(Id, ForeignKey("consortium.id"), index=True)
    name_zh: Mapped[str] = mapped_column(String(200))
    name_en: Mapped[str] = mapped_column(String(200))
    since: Mapped[datetime] = mapped_column(Instant)
    until: Mapped[datetime | None] = mapped_column(Instant)
    version: Mapped[int] = mapped_column(Integer)
    founded_at: Mapped[datetime] = mapped_column(Instant)

    __mapper_args__ = {"version_id_col": version}


class InstituteCharter(Recorded, Model):
    """Append-only: one text of an institute's charter; the hash is SHA-256 over both texts."""

    __tablename__ = "institute_charter"
    __table_args__ = (UniqueConstraint("institute_id", "number"),)

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=new_id)
    institute_id: Mapped[UUID] = mapped_column(Id, ForeignKey("institute.id"), index=True)
    number: Mapped[int] = mapped_column(Integer)
    text_zh: Mapped[str] = mapped_column(Text)
    text_en: Mapped[str] = mapped_column(Text)
    text_hash: Mapped[str] = mapped_column(String(64))
