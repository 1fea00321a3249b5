"""The catalogue of a society: its classes (会员类别) and grades (会员级别)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from consortium.kernel.db import Id, Instant, Json, Model, Recorded
from consortium.kernel.ids import new_id


class MembershipClass(Recorded, Model):
    """A kind of membership, dated and append-only; a change of its names is a new row."""

    __tablename__ = "membership_class"
    __table_args__ = (Index("ix_membership_class_society_code", "society_id", "code"),)

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=new_id)
    society_id: Mapped[UUID] = mapped_column(Id, ForeignKey("organisation.id"), index=True)
    code: Mapped[str] = mapped_column(String(40))
    name_zh: Mapped[str] = mapped_column(String(80))
    name_en: Mapped[str] = mapped_column(String(80))
    synonyms: Mapped[list[str]] = mapped_column(Json, default=list)
    since: Mapped[datetime] = mapped_column(Instant)
    until: Mapped[datetime | None] = mapped_column(Instant)
    supersedes: Mapped[UUID | None] = mapped_column(
        Id, ForeignKey("membership_class.id"), unique=True
    )


class Grade(Recorded, Model):
    """A grade, dated and append-only; `rank` orders a society's grades, higher is better."""

    __tablename__ = "grade"
    __table_args__ = (Index("ix_grade_society_code", "society_id", "code"),)

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=new_id)
    society_id: Mapped[UUID] = mapped_column(Id, ForeignKey("organisation.id"), index=True)
    code: Mapped[str] = mapped_column(String(40))
    name_zh: Mapped[str] = mapped_column(String(80))
    name_en: Mapped[str] = mapped_column(String(80))
    rank: Mapped[int]
    synonyms: Mapped[list[str]] = mapped_column(Json, default=list)
    since: Mapped[datetime] = mapped_column(Instant)
    until: Mapped[datetime | None] = mapped_column(Instant)
    supersedes: Mapped[UUID | None] = mapped_column(Id, ForeignKey("grade.id"), unique=True)
