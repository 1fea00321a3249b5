"""Publish, postpone and cancel an event."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa

from consortium.kernel.principal import Principal
from consortium.kernel.unit_of_work import UnitOfWork, current_unit_of_work, transaction
from events.errors import ContentRefused, EventSettled, SignaturesMissing
from events.models import EventQuota
from events.rules.content import list_open_questions, write_content
from events.rules.publication import POSTPONABLE, PUBLISHABLE
from events.services.aggregate import (
    Aggregate,
    hold_event,
    record_revision,
    require_manager,
    show_dates,
    tell_peers,
)
from events.services.drafts import require_active
from events.services.naming import say_societies
from events.services.reads import view_event
from events.services.seats import open_counters
from events.services.signing import is_genuine
from events.values import EventState, EventView, HostState


@transaction
def publish_event(principal: Principal, *, event_id: UUID) -> EventView:
    """Show the working content to everybody, once every host has signed it.

    Raises:
        Forbidden: the principal does not lead the event.
        SignaturesMissing: somebody has not signed; `missing` names the societies.
        ContentRefused: it has no seats, or a quota or share names a society that is no host.
        SocietyNotActive: a host has lost its standing since it signed.
        QuotaBelowTaken: more seats are taken than a quota would hold.
    """
    uow = current_unit_of_work()
    held = hold_event(uow, principal, event_id)
    require_manager(principal, held)
    if held.state is EventState.PUBLISHED:
        return view_event(held, principal)
    if held.state not in PUBLISHABLE:
        raise EventSettled(held.state)
    _require_signatures(held)
    content = held.content()
    open_questions = list_open_questions(content)
    if open_questions:
        raise ContentRefused(errors=open_questions)
    for host in held.hosts:
        host.is_shown = host.state == HostState.ACCEPTED
        if host.is_shown:
            require_active(host.society)
    event = held.event
    open_counters(uow, event.id, content.quotas)
    event.sequence += int(event.shown is not None)
    event.shown, event.shown_hash = write_content(content), event.content_hash
    event.state = EventState.PUBLISHED
    show_dates(event, content)
    _record(uow, principal, held, "published")
    return view_event(held, principal)


@transaction
def postpone_event(principal: Principal, *, event_id: UUID) -> EventView:
    """Postpone at once: registration closes, places are kept, new dates are signed later.

    Raises:
        Forbidden: the principal does not lead the event.
        EventSettled: only a published event can be postponed.
    """
    uow = current_unit_of_work()
    held = hold_event(uow, principal, event_id)
    require_manager(principal, held)
    if held.state is EventState.POSTPONED:
        return view_event(held, principal)
    if held.state not in POSTPONABLE:
        raise EventSettled(held.state)
    _close(uow, principal, held, EventState.POSTPONED)
    return view_event(held, principal)


@transaction
def cancel_event(principal: Principal, *, event_id: UUID, version: int | None = None) -> EventView:
    """Cancel at once and for good; the event stays visible as cancelled if it was public.

    Args:
        version: the version that was read; None cancels whatever it is by now.

    Raises:
        Forbidden: the principal does not lead the event.
        VersionMismatch: somebody changed the event meanwhile.
    """
    uow = current_unit_of_work()
    held = hold_event(uow, principal, event_id, version=version)
    require_manager(principal, held)
    if held.state is not EventState.CANCELLED:
        _close(uow, principal, held, EventState.CANCELLED)
    return view_event(held, principal)


def _require_signatures(held: Aggregate) -> None:
    forged = {code for code, row in held.signatures.items() if not is_genuine(row)}
    order = [host.society for host in held.hosts if host.state != HostState.DECLINED]
    absent = forged | set(held.missing())
    missing = [code for code in order if code in absent]
    if missing:
        raise SignaturesMissing(extra={"missing": missing}, missing=say_societies(missing))


def _close(uow: UnitOfWork, principal: Principal, held: Aggregate, state: EventState) -> None:
    uow.execute(
        sa.update(EventQuota)
        .where(EventQuota.event_id == held.event.id)
        .values(is_open=False)
        .execution_options(synchronize_session=False)
    )
    held.event.sequence += int(held.event.shown is not None)
    held.event.state = state
    _record(uow, principal, held, state.value)


def _record(uow: UnitOfWork, principal: Principal, held: Aggregate, verb: str) -> None:
    record_revision(uow, principal, held)
    event = held.event
    data = {"event": str(event.id), "version": event.version, "society": event.society}
    uow.emit(f"events.event.{verb}", str(event.id), data)
    uow.audit(
        f"events.event.{verb}",
        subject=str(event.id),
        society=event.society,
        detail={"version": event.version, "content_hash": event.content_hash},
    )
    tell_peers(uow, event)
