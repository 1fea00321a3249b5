"""Seat counters and the registrations that hold seats."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    ForeignKey,
    Index,
    Integer,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from consortium.kernel.db import Id, Instant, Json, Model
from consortium.kernel.ids import new_id

POOL = ""


class EventQuota(Model):
    """A counter: seats of one host and mode; `host` is empty for the pool.

    Its capacity is `seats + added - released`: a host's quota releases what is not
    taken at its date, and the pool adds it. A seat is taken by one conditional UPDATE
    whose row count decides, and only while `is_open`.
    """

    __tablename__ = "event_quota"
    __table_args__ = (
        UniqueConstraint("event_id", "host", "mode"),
        CheckConstraint("taken >= 0", name="taken_not_negative"),
        CheckConstraint("taken <= seats + added - released", name="taken_within_capacity"),
    )

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=new_id)
    event_id: Mapped[UUID] = mapped_column(Id, ForeignKey("event.id"), index=True)
    host: Mapped[str] = mapped_column(String(60), default=POOL)
    mode: Mapped[str] = mapped_column(String(16))
    seats: Mapped[int] = mapped_column(Integer)
    added: Mapped[int] = mapped_column(Integer, default=0)
    released: Mapped[int] = mapped_column(Integer, default=0)
    taken: Mapped[int] = mapped_column(Integer, default=0)
    is_open: Mapped[bool] = mapped_column(Boolean, default=False)
    release_at: Mapped[datetime | None] = mapped_column(Instant, index=True)
    position: Mapped[int] = mapped_column(Integer, default=0)


_ACTIVE = text("status <> 'cancelled'")


class Registration(Model):
    """A person's place at an event, at a price that says why.

    `reason` is a PriceReason as JSON: codes and ids, no names. Only one registration
    of a person may be other than cancelled.
    """

    __tablename__ = "registration"
    __table_args__ = (
        Index(
            "uq_registration_active",
            "event_id",
            "person_id",
            unique=True,
            sqlite_where=_ACTIVE,
            postgresql_where=_ACTIVE,
        ),
        Index("ix_registration_event_id_created_at", "event_id", "created_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=new_id)
    event_id: Mapped[UUID] = mapped_column(Id, ForeignKey("event.id"), index=True)
    person_id: Mapped[UUID] = mapped_column(Id, ForeignKey("person.id"), index=True)
    quota_id: Mapped[UUID] = mapped_column(Id, ForeignKey("event_quota.id"), index=True)
    status: Mapped[str] = mapped_column(String(20))
    mode: Mapped[str] = mapped_column(String(16))
    price_category: Mapped[str] = mapped_column(String(32))
    price_amount: Mapped[int] = mapped_column(BigInteger)
    price_currency: Mapped[str] = mapped_column(String(3))
    reason: Mapped[dict[str, Any]] = mapped_column(Json)
    decision_id: Mapped[UUID | None] = mapped_column(
        Id, ForeignKey("recognition_decision.id"), index=True
    )
    made_by_client: Mapped[str | None] = mapped_column(String(120))
    created_at: Mapped[datetime] = mapped_column(Instant)
    cancelled_at: Mapped[datetime | None] = mapped_column(Instant)
