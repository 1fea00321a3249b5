"""Seats: one conditional UPDATE takes one, and its row count decides. Nothing is counted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa

from consortium.kernel.db import db
from consortium.kernel.errors import NotFound
from consortium.kernel.principal import Principal
from consortium.kernel.unit_of_work import (
    UnitOfWork,
    current_unit_of_work,
    reading,
    transaction,
)
from events.errors import QuotaBelowTaken
from events.models import Event, EventQuota
from events.models.registration import POOL
from events.rules.content import read_content
from events.services.aggregate import load_aggregate, may_see
from events.values import Mode, Quota, SeatCount

CAPACITY = EventQuota.seats + EventQuota.added - EventQuota.released
_UNSYNCHRONISED = {"synchronize_session": False}

# Built once: every registration runs it.
_TAKE = (
    sa.update(EventQuota)
    .where(
        EventQuota.event_id == sa.bindparam("for_event"),
        EventQuota.host == sa.bindparam("for_host"),
        EventQuota.mode == sa.bindparam("for_mode"),
        EventQuota.is_open,
        EventQuota.taken < CAPACITY,
    )
    .values(taken=EventQuota.taken + 1)
    .returning(EventQuota.id)
    .execution_options(**_UNSYNCHRONISED)
)


class SeatTaken(NamedTuple):
    """The counter that gave a seat; `host` None is the pool."""

    quota_id: UUID
    host: str | None


def take_seat(uow: UnitOfWork, event_id: UUID, ranked: Sequence[Quota]) -> SeatTaken | None:
    """Take a seat from the first counter that has one; None when all are full or closed."""
    for quota in ranked:
        key = {"for_event": event_id, "for_host": quota.host or POOL, "for_mode": quota.mode}
        taken = uow.execute(_TAKE, key).scalar_one_or_none()
        if taken is not None:
            return SeatTaken(taken, quota.host)
    return None


def return_seat(uow: UnitOfWork, quota_id: UUID) -> bool:
    """Give a seat back; False if the counter holds none, which no caller may let happen."""
    given = uow.execute(
        sa.update(EventQuota)
        .where(EventQuota.id == quota_id, EventQuota.taken > 0)
        .values(taken=EventQuota.taken - 1)
        .execution_options(**_UNSYNCHRONISED)
    )
    return bool(given.rowcount == 1)


def open_counters(uow: UnitOfWork, event_id: UUID, quotas: Sequence[Quota]) -> None:
    """Make the counters of a content that is about to be published, and open them.

    Raises:
        QuotaBelowTaken: more seats are taken than a quota would hold.
    """
    rows = sa.select(EventQuota).where(EventQuota.event_id == event_id)
    found = {(row.host, row.mode): row for row in db.session.scalars(rows)}
    for position, quota in enumerate(quotas):
        row = found.pop((quota.host or POOL, quota.mode), None)
        wanted = {
            "seats": quota.seats,
            "release_at": quota.release_at,
            "position": position,
            "is_open": True,
        }
        if row is None:
            key = {"event_id": event_id, "host": quota.host or POOL, "mode": quota.mode}
            uow.add(EventQuota(**key, **wanted))
        else:
            _resize(uow, row, wanted)
    for row in found.values():
        _resize(uow, row, {"seats": 0, "release_at": None, "is_open": False})
    uow.flush()


def _resize(uow: UnitOfWork, row: EventQuota, wanted: dict[str, Any]) -> None:
    """Set a counter anew; what was released before is released again by the job if due."""
    resized = uow.execute(
        sa.update(EventQuota)
        .where(EventQuota.id == row.id, EventQuota.taken <= wanted["seats"])
        .values(added=0, released=0, **wanted)
        .execution_options(**_UNSYNCHRONISED)
    )
    if resized.rowcount != 1:
        db.session.refresh(row)
        raise QuotaBelowTaken(taken=row.taken)
    db.session.expire(row)


@transaction
def release_quotas(*, limit: int = 100) -> int:
    """Move what hosts have not taken by their date to the pool of the same mode.

    Returns:
        How many counters gave seats away; fewer than `limit` when nothing more is due.
    """
    uow = current_unit_of_work()
    due = sa.select(EventQuota).where(
        EventQuota.host != POOL,
        EventQuota.is_open,
        EventQuota.release_at <= uow.now,
        EventQuota.taken < CAPACITY,
    )
    due = due.order_by(EventQuota.release_at, EventQuota.id).limit(limit).with_for_update()
    rows = db.session.scalars(due.execution_options(populate_existing=True)).all()
    return sum(_release(uow, row) for row in rows)


def _release(uow: UnitOfWork, row: EventQuota) -> int:
    free = row.seats + row.added - row.released - row.taken
    added = uow.execute(
        sa.update(EventQuota)
        .where(
            EventQuota.event_id == row.event_id,
            EventQuota.host == POOL,
            EventQuota.mode == row.mode,
            EventQuota.is_open,
        )
        .values(added=EventQuota.added + free)
        .execution_options(**_UNSYNCHRONISED)
    )
    if added.rowcount != 1:
        # Without a pool to go to, the seats stay with their host for good.
        row.release_at = None
        return 1
    row.released += free
    detail = {"host": row.host, "mode": row.mode, "seats": free}
    uow.emit("events.quota.released", str(row.event_id), {"event": str(row.event_id), **detail})
    uow.audit("events.quota.released", subject=str(row.event_id), society=row.host, detail=detail)
    return 1


@reading
def list_seats(principal: Principal, *, event_id: UUID) -> tuple[SeatCount, ...]:
    """List the counters; before publication the quotas as they are planned.

    Raises:
        NotFound: no such event, or not one the principal may see.
    """
    event = db.session.get(Event, event_id)
    if event is None:
        raise NotFound
    held = load_aggregate(event)
    if not may_see(principal, held):
        raise NotFound
    rows = db.session.scalars(
        sa.select(EventQuota)
        .where(EventQuota.event_id == event_id)
        .order_by(EventQuota.position, EventQuota.id)
    ).all()
    if rows or event.shown is not None:
        return tuple(_count(row) for row in rows)
    planned = read_content({**event.content, "hosts": []}).quotas
    return tuple(_planned(quota) for quota in planned)


def _count(row: EventQuota) -> SeatCount:
    return SeatCount(
        host=row.host or None,
        mode=Mode(row.mode),
        quota=row.seats,
        taken=row.taken,
        added=row.added,
        released=row.released,
        release_at=row.release_at,
    )


def _planned(quota: Quota) -> SeatCount:
    release: datetime | None = quota.release_at
    return SeatCount(
        host=quota.host,
        mode=quota.mode,
        quota=quota.seats,
        taken=0,
        added=0,
        released=0,
        release_at=release,
    )
