"""A person's file in one society, its erasable profile, and her terms and dues."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Date, ForeignKey, Index, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from consortium.kernel.db import Id, Instant, Model, Recorded
from consortium.kernel.ids import new_id
from consortium.kernel.member_numbers import fold_number


def _key_of_number(context: Any) -> str:
    return fold_number(context.get_current_parameters()["member_number"])


class Member(Model):
    """The file: ids and codes only. The person may have no credential yet.

    `member_number` is shown, `number_key` (its `fold_number`) is what it is found by.
    """

    __tablename__ = "member"
    # The key first: at sign-in a number may come without its society.
    __table_args__ = (
        UniqueConstraint("society_id", "member_number"),
        Index("ix_member_number_key", "number_key", "society_id"),
    )

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=new_id)
    society_id: Mapped[UUID] = mapped_column(Id, ForeignKey("organisation.id"), index=True)
    person_id: Mapped[UUID] = mapped_column(Id, ForeignKey("person.id"), index=True)
    member_number: Mapped[str] = mapped_column(String(60))
    number_key: Mapped[str] = mapped_column(Text, default=_key_of_number, server_default="")
    branch: Mapped[str | None] = mapped_column(String(60))
    created_at: Mapped[datetime] = mapped_column(Instant)
    erased_at: Mapped[datetime | None] = mapped_column(Instant)


class MemberProfile(Model):
    """What the roster says of the member: the row that erasure deletes."""

    __tablename__ = "member_profile"

    member_id: Mapped[UUID] = mapped_column(Id, ForeignKey("member.id"), primary_key=True)
    name: Mapped[str | None] = mapped_column(String(120))
    name_latin: Mapped[str | None] = mapped_column(String(120))
    employer: Mapped[str | None] = mapped_column(String(200))
    title: Mapped[str | None] = mapped_column(String(120))
    email: Mapped[str | None] = mapped_column(String(254))
    mobile: Mapped[str | None] = mapped_column(String(32))
    birth_date: Mapped[date | None] = mapped_column(Date)
    gender: Mapped[str | None] = mapped_column(String(16))
    orcid: Mapped[str | None] = mapped_column(String(19))
    national_id_digest: Mapped[str | None] = mapped_column(String(64), index=True)


class Term(Recorded, Model):
    """A period of membership. A correction is a new row that supersedes; rows never change.

    A row counts when no other row supersedes it, so a chain has one live end. `by_officer` says
    that an officer has ended, suspended or voided the term: no roster lifts that.
    """

    __tablename__ = "term"
    __table_args__ = (Index("ix_term_member_since", "member_id", "since"),)

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=new_id)
    member_id: Mapped[UUID] = mapped_column(Id, ForeignKey("member.id"), index=True)
    class_code: Mapped[str] = mapped_column(String(40))
    grade_code: Mapped[str] = mapped_column(String(40))
    since: Mapped[datetime] = mapped_column(Instant)
    until: Mapped[datetime | None] = mapped_column(Instant)
    state: Mapped[str] = mapped_column(String(16), default="active")
    supersedes: Mapped[UUID | None] = mapped_column(Id, ForeignKey("term.id"), unique=True)
    by_officer: Mapped[bool] = mapped_column(default=False, server_default=false())


class Dues(Recorded, Model):
    """Dues that cover a period; append-only like terms."""

    __tablename__ = "dues"
    __table_args__ = (Index("ix_dues_member_since", "member_id", "since"),)

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=new_id)
    member_id: Mapped[UUID] = mapped_column(Id, ForeignKey("member.id"), index=True)
    since: Mapped[datetime] = mapped_column(Instant)
    until: Mapped[datetime | None] = mapped_column(Instant)
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    state: Mapped[str] = mapped_column(String(16), default="active")
    supersedes: Mapped[UUID | None] = mapped_column(Id, ForeignKey("dues.id"), unique=True)


class RecognitionConsent(Recorded, Model):
    """The person's consent that her home society tells a host about her; append-only."""

    __tablename__ = "recognition_consent"

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=new_id)
    member_id: Mapped[UUID] = mapped_column(Id, ForeignKey("member.id"), index=True)
    host_id: Mapped[UUID] = mapped_column(Id, ForeignKey("organisation.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(40))
    since: Mapped[datetime] = mapped_column(Instant)
    until: Mapped[datetime | None] = mapped_column(Instant)
    state: Mapped[str] = mapped_column(String(16), default="active")
    supersedes: Mapped[UUID | None] = mapped_column(
        Id, ForeignKey("recognition_consent.id"), unique=True
    )


class MemberMirror(Model):
    """A read-only copy of another node's member, as its signed feed told it.

    `subject` is the origin's pairwise subject for this node; a tombstone keeps key and version.
    """

    __tablename__ = "member_mirror"
    __table_args__ = (UniqueConstraint("origin", "key"),)

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=new_id)
    origin: Mapped[str] = mapped_column(String(255))
    key: Mapped[str] = mapped_column(String(160))
    version: Mapped[int] = mapped_column(BigInteger)
    society: Mapped[str | None] = mapped_column(String(40), index=True)
    member_number: Mapped[str | None] = mapped_column(String(60))
    subject: Mapped[str | None] = mapped_column(String(255), index=True)
    class_code: Mapped[str | None] = mapped_column(String(40))
    grade_code: Mapped[str | None] = mapped_column(String(40))
    state: Mapped[str | None] = mapped_column(String(16))
    since: Mapped[datetime | None] = mapped_column(Instant)
    until: Mapped[datetime | None] = mapped_column(Instant)
    name: Mapped[str | None] = mapped_column(String(120))
    observed_at: Mapped[datetime] = mapped_column(Instant)
    deleted: Mapped[bool] = mapped_column(default=False)
