"""Hosts that keep silent are told again, and the event's history says so."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa

from consortium.kernel.db import db
from consortium.kernel.settings import current_settings
from consortium.kernel.unit_of_work import current_unit_of_work, transaction
from events.models import Event, EventHost, EventSignature
from events.values import EventState, HostState

WAITING_STATES = (EventState.DRAFT, EventState.SIGNING, EventState.CHANGING)


@transaction
def remind_silent_hosts(*, limit: int = 100) -> int:
    """Note every host that has not signed for the setting's days, once each such time.

    Returns:
        How many were noted; fewer than `limit` when nobody else is late.
    """
    uow = current_unit_of_work()
    late = uow.now - timedelta(days=current_settings().signature_reminder_days)
    signed = sa.exists().where(
        EventSignature.event_id == EventHost.event_id,
        EventSignature.society == EventHost.society,
        EventSignature.voided_at.is_(None),
    )
    silent = (
        sa.select(EventHost)
        .join(Event, Event.id == EventHost.event_id)
        .where(
            Event.state.in_(WAITING_STATES),
            Event.updated_at <= late,
            EventHost.state != HostState.DECLINED,
            sa.func.coalesce(EventHost.reminded_at, EventHost.invited_at) <= late,
            ~signed,
        )
        .order_by(EventHost.id)
        .limit(limit)
    )
    hosts = db.session.scalars(silent).all()
    for host in hosts:
        host.reminded_at = uow.now
        data = {"event": str(host.event_id), "society": host.society}
        uow.emit("events.host.silent", str(host.event_id), data)
        uow.audit("events.host.silent", subject=str(host.event_id), society=host.society)
    return len(hosts)
