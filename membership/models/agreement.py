"""Recognition agreements: immutable texts, their clauses, signatures, accessions and endings."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from consortium.kernel.db import Id, Instant, Json, Model, Recorded
from consortium.kernel.ids import new_id


class Agreement(Model):
    """An agreement between named parties, or one text that societies accede to."""

    __tablename__ = "agreement"

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=new_id)
    form: Mapped[str] = mapped_column(String(16))
    title_zh: Mapped[str] = mapped_column(String(200))
    title_en: Mapped[str] = mapped_column(String(200))
    created_by: Mapped[UUID] = mapped_column(Id, ForeignKey("organisation.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(Instant)


class AgreementParty(Model):
    """A society named in the agreement; each must sign a version before it has effect."""

    __tablename__ = "agreement_party"

    agreement_id: Mapped[UUID] = mapped_column(Id, ForeignKey("agreement.id"), primary_key=True)
    society_id: Mapped[UUID] = mapped_column(
        Id, ForeignKey("organisation.id"), primary_key=True, index=True
    )


class AgreementVersion(Recorded, Model):
    """One text. `content` is canonical JSON text (RFC 8785), `hash` its sha256; neither changes."""

    __tablename__ = "agreement_version"
    __table_args__ = (UniqueConstraint("agreement_id", "version"),)

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=new_id)
    agreement_id: Mapped[UUID] = mapped_column(Id, ForeignKey("agreement.id"), index=True)
    version: Mapped[int]
    since: Mapped[datetime] = mapped_column(Instant)
    until: Mapped[datetime | None] = mapped_column(Instant)
    hash: Mapped[str] = mapped_column(String(64))
    content: Mapped[str] = mapped_column(Text)


class Clause(Model):
    """A directed clause of a version, as a row, for lists and counts; the text decides."""

    __tablename__ = "clause"
    __table_args__ = (UniqueConstraint("version_id", "number"),)

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=new_id)
    version_id: Mapped[UUID] = mapped_column(Id, ForeignKey("agreement_version.id"), index=True)
    number: Mapped[int]
    home: Mapped[str] = mapped_column(String(40), index=True)
    host: Mapped[str] = mapped_column(String(40), index=True)
    content: Mapped[dict[str, Any]] = mapped_column(Json)


class AgreementSignature(Recorded, Model):
    """A society's detached JWS over a version, made for it by a named officer."""

    __tablename__ = "agreement_signature"
    __table_args__ = (UniqueConstraint("version_id", "society_id"),)

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=new_id)
    version_id: Mapped[UUID] = mapped_column(Id, ForeignKey("agreement_version.id"), index=True)
    society_id: Mapped[UUID] = mapped_column(Id, ForeignKey("organisation.id"), index=True)
    signer_id: Mapped[UUID | None] = mapped_column(Id, ForeignKey("person.id"), index=True)
    office: Mapped[str] = mapped_column(String(80))
    acr: Mapped[str | None] = mapped_column(String(80))
    auth_time: Mapped[datetime | None] = mapped_column(Instant)
    signed_at: Mapped[datetime] = mapped_column(Instant)
    payload: Mapped[str] = mapped_column(Text)
    jws: Mapped[str] = mapped_column(Text)


class Accession(Recorded, Model):
    """A society's accession to a multilateral agreement, or its withdrawal; append-only."""

    __tablename__ = "accession"

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=new_id)
    agreement_id: Mapped[UUID] = mapped_column(Id, ForeignKey("agreement.id"), index=True)
    society_id: Mapped[UUID] = mapped_column(Id, ForeignKey("organisation.id"), index=True)
    since: Mapped[datetime] = mapped_column(Instant)
    until: Mapped[datetime | None] = mapped_column(Instant)
    state: Mapped[str] = mapped_column(String(16), default="active")
    signer_id: Mapped[UUID | None] = mapped_column(Id, ForeignKey("person.id"), index=True)
    payload: Mapped[str] = mapped_column(Text)
    jws: Mapped[str] = mapped_column(Text)
    supersedes: Mapped[UUID | None] = mapped_column(Id, ForeignKey("accession.id"), unique=True)


class AgreementEnding(Recorded, Model):
    """The agreement ends at an instant; a superseding row without one takes the ending back."""

    __tablename__ = "agreement_ending"

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=new_id)
    agreement_id: Mapped[UUID] = mapped_column(Id, ForeignKey("agreement.id"), index=True)
    society_id: Mapped[UUID] = mapped_column(Id, ForeignKey("organisation.id"), index=True)
    ends_at: Mapped[datetime | None] = mapped_column(Instant)
    supersedes: Mapped[UUID | None] = mapped_column(
        Id, ForeignKey("agreement_ending.id"), unique=True
    )
