"""The pool: people whom societies propose, and what each of them has agreed to."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from consortium.kernel.db import Id, Instant, Json, Model, Recorded
from consortium.kernel.ids import new_id


class ExpertRow(Model):
    """What is known of an expert; erasable, the row and its ids stay.

    `reference` is her number in the society's own list. `person_id` is empty until she has
    said which person of the node she is; an imported expert may never have an account.
    """

    __tablename__ = "expert"
    __table_args__ = (UniqueConstraint("society_id", "reference"),)

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=new_id)
    society_id: Mapped[UUID] = mapped_column(Id, ForeignKey("organisation.id"), index=True)
    reference: Mapped[str] = mapped_column(String(64))
    person_id: Mapped[UUID | None] = mapped_column(Id, ForeignKey("person.id"), index=True)
    import_id: Mapped[UUID | None] = mapped_column(Id, ForeignKey("expert_import.id"), index=True)
    name: Mapped[str | None] = mapped_column(String(120))
    employer: Mapped[str | None] = mapped_column(String(200))
    title: Mapped[str | None] = mapped_column(String(120))
    email: Mapped[str | None] = mapped_column(String(254))
    disciplines: Mapped[list[str]] = mapped_column(Json)
    keywords: Mapped[list[str]] = mapped_column(Json)
    biography: Mapped[str | None] = mapped_column(Text)
    birth_date: Mapped[date | None]
    front_line: Mapped[bool | None]
    front_line_source: Mapped[str | None] = mapped_column(String(120))
    front_line_on: Mapped[date | None]
    seniority: Mapped[str | None] = mapped_column(String(40))
    is_available: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(Integer)
    observed_at: Mapped[datetime] = mapped_column(Instant)
    erased_at: Mapped[datetime | None] = mapped_column(Instant)

    __mapper_args__ = {"version_id_col": version}


class ExpertDiscipline(Model):
    """A code that an expert is found under: her own ones and those above them."""

    __tablename__ = "expert_discipline"

    expert_id: Mapped[UUID] = mapped_column(Id, ForeignKey("expert.id"), primary_key=True)
    code: Mapped[str] = mapped_column(String(16), primary_key=True, index=True)


class ExpertImport(Model):
    """One file of experts; what it held is known by its digest alone."""

    __tablename__ = "expert_import"

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=new_id)
    sha256: Mapped[str] = mapped_column(String(64))
    read: Mapped[int] = mapped_column(Integer)
    refused: Mapped[int] = mapped_column(Integer)
    at: Mapped[datetime] = mapped_column(Instant)


class ExpertConsent(Recorded, Model):
    """Append-only: a period in which a society may use her data for one purpose.

    A withdrawal is a row that supersedes the one before and ends now.
    """

    __tablename__ = "expert_consent"
    __table_args__ = (Index("ix_expert_consent_asked", "expert_id", "purpose"),)

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=new_id)
    expert_id: Mapped[UUID] = mapped_column(Id, ForeignKey("expert.id"), index=True)
    society_id: Mapped[UUID] = mapped_column(Id, ForeignKey("organisation.id"), index=True)
    purpose: Mapped[str] = mapped_column(String(24))
    since: Mapped[datetime] = mapped_column(Instant)
    until: Mapped[datetime | None] = mapped_column(Instant)
    given_by: Mapped[str] = mapped_column(String(12))
    evidence_id: Mapped[UUID | None] = mapped_column(
        Id, ForeignKey("expert_evidence.id"), index=True
    )
    supersedes_id: Mapped[UUID | None] = mapped_column(
        Id, ForeignKey("expert_consent.id"), unique=True
    )


class ExpertEvidence(Model):
    """How a consent that was given elsewhere can be shown, in free text; erasable."""

    __tablename__ = "expert_evidence"

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=new_id)
    expert_id: Mapped[UUID] = mapped_column(Id, ForeignKey("expert.id"), index=True)
    text: Mapped[str | None] = mapped_column(String(500))


class ExpertLink(Model):
    """A single-use link by which an expert answers; only its digest is kept."""

    __tablename__ = "expert_link"

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=new_id)
    expert_id: Mapped[UUID] = mapped_column(Id, ForeignKey("expert.id"), index=True)
    society_id: Mapped[UUID] = mapped_column(Id, ForeignKey("organisation.id"), index=True)
    token_digest: Mapped[str] = mapped_column(String(64), unique=True)
    made_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    used_at: Mapped[datetime | None] = mapped_column(Instant)


class ExpertConflict(Model):
    """Two experts who may not sit together; `until` is excluded. The smaller id is `a`."""

    __tablename__ = "expert_conflict"
    __table_args__ = (
        UniqueConstraint("a_id", "b_id", "kind"),
        CheckConstraint("a_id < b_id", name="ordered"),
    )

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=new_id)
    a_id: Mapped[UUID] = mapped_column(Id, ForeignKey("expert.id"), index=True)
    b_id: Mapped[UUID] = mapped_column(Id, ForeignKey("expert.id"), index=True)
    kind: Mapped[str] = mapped_column(String(40))
    since: Mapped[date | None]
    until: Mapped[date | None]
