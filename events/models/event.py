"""Events, their hosts, what the hosts signed, and every version there was."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Boolean, Date, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from consortium.kernel.db import Id, Instant, Json, Model
from consortium.kernel.ids import new_id


class Event(Model):
    """An event: the working content, and the last content that all hosts signed.

    `content` and `shown` are content documents (rules.content); `content` is without
    hosts, which are rows of their own until a revision freezes them. `starts_at`,
    `ends_at` and their civil days repeat what readers are shown, to sort by.
    """

    __tablename__ = "event"
    __table_args__ = (
        Index("ix_event_kind_ends_at", "kind", "ends_at", "id"),
        Index("ix_event_kind_starts_at", "kind", "starts_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=new_id)
    uid: Mapped[str] = mapped_column(String(200), unique=True)
    slug: Mapped[str] = mapped_column(String(80), unique=True)
    kind: Mapped[str] = mapped_column(String(16))
    origin: Mapped[str] = mapped_column(String(255), default="")
    state: Mapped[str] = mapped_column(String(16))
    version: Mapped[int] = mapped_column(Integer, default=1)
    sequence: Mapped[int] = mapped_column(Integer, default=0)
    society_id: Mapped[UUID | None] = mapped_column(Id, ForeignKey("organisation.id"), index=True)
    society: Mapped[str | None] = mapped_column(String(60))
    content: Mapped[dict[str, Any]] = mapped_column(Json)
    content_hash: Mapped[str] = mapped_column(String(64))
    shown: Mapped[dict[str, Any] | None] = mapped_column(Json)
    shown_hash: Mapped[str | None] = mapped_column(String(64))
    starts_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant)
    starts_on: Mapped[date] = mapped_column(Date)
    ends_on: Mapped[date] = mapped_column(Date)
    precision: Mapped[str] = mapped_column(String(8), default="day")
    link: Mapped[str | None] = mapped_column(String(500))
    created_at: Mapped[datetime] = mapped_column(Instant)
    updated_at: Mapped[datetime] = mapped_column(Instant)


class EventHost(Model):
    """A society asked to host, in the order that the others sign.

    `is_shown`: it stands in the content that the public sees.
    """

    __tablename__ = "event_host"
    __table_args__ = (UniqueConstraint("event_id", "society"),)

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=new_id)
    event_id: Mapped[UUID] = mapped_column(Id, ForeignKey("event.id"), index=True)
    society_id: Mapped[UUID] = mapped_column(Id, ForeignKey("organisation.id"), index=True)
    society: Mapped[str] = mapped_column(String(60))
    role: Mapped[str] = mapped_column(String(16))
    position: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(16))
    is_shown: Mapped[bool] = mapped_column(Boolean, default=False)
    invited_at: Mapped[datetime] = mapped_column(Instant)
    answered_at: Mapped[datetime | None] = mapped_column(Instant)
    reminded_at: Mapped[datetime | None] = mapped_column(Instant)


class EventSignature(Model):
    """A host's signature over one content; voided, never removed.

    `payload` is what was signed and `jws` the detached signature over its RFC 8785
    bytes, made with the society's own key.
    """

    __tablename__ = "event_signature"
    __table_args__ = (Index("ix_event_signature_event_id_society", "event_id", "society"),)

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=new_id)
    event_id: Mapped[UUID] = mapped_column(Id, ForeignKey("event.id"), index=True)
    society: Mapped[str] = mapped_column(String(60))
    content_hash: Mapped[str] = mapped_column(String(64))
    payload: Mapped[dict[str, Any]] = mapped_column(Json)
    jws: Mapped[str] = mapped_column(Text)
    officer_id: Mapped[UUID] = mapped_column(Id, ForeignKey("person.id"), index=True)
    office: Mapped[str] = mapped_column(String(40))
    acr: Mapped[str | None] = mapped_column(String(120))
    auth_time: Mapped[datetime | None] = mapped_column(Instant)
    signed_at: Mapped[datetime] = mapped_column(Instant)
    voided_at: Mapped[datetime | None] = mapped_column(Instant)


class EventRevision(Model):
    """One version of an event as it stood after one change; rows never change."""

    __tablename__ = "event_revision"
    __table_args__ = (UniqueConstraint("event_id", "version"),)

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=new_id)
    event_id: Mapped[UUID] = mapped_column(Id, ForeignKey("event.id"), index=True)
    version: Mapped[int] = mapped_column(Integer)
    state: Mapped[str] = mapped_column(String(16))
    content: Mapped[dict[str, Any]] = mapped_column(Json)
    content_hash: Mapped[str] = mapped_column(String(64))
    changed: Mapped[list[str]] = mapped_column(Json)
    actor_person: Mapped[UUID | None] = mapped_column(Id)
    actor_client: Mapped[str | None] = mapped_column(String(120))
    at: Mapped[datetime] = mapped_column(Instant)
