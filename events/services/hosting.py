"""Invite a society to host, and its answer."""

from __future__ import annotations

from uuid import UUID

from consortium.kernel.errors import Forbidden
from consortium.kernel.principal import Principal
from consortium.kernel.unit_of_work import UnitOfWork, current_unit_of_work, transaction
from events.errors import EventSettled, HostAnswered, HostInvitedAlready, HostLeads
from events.models import EventHost
from events.policies import may_answer_for
from events.rules.publication import CHANGEABLE
from events.services.aggregate import (
    Aggregate,
    hold_event,
    record_revision,
    require_manager,
    settle_content,
    tell_peers,
)
from events.services.drafts import require_active
from events.services.naming import say_society
from events.services.reads import view_event
from events.values import (
    EventView,
    HostRole,
    HostState,
)


@transaction
def invite_host(principal: Principal, *, event_id: UUID, society: str, role: HostRole) -> EventView:
    """Ask a society to host; the others must sign its name too.

    Nothing is shown as the society's before it accepted. A society that declined
    may be asked again and then stands last.

    Raises:
        Forbidden: the principal does not lead the event.
        HostLeads, HostInvitedAlready: it leads, was asked already, or has accepted.
        SocietyNotActive: its standing does not allow it to host.
    """
    uow = current_unit_of_work()
    held = hold_event(uow, principal, event_id)
    require_manager(principal, held)
    _require_changeable(held)
    invited = require_active(society)
    before = held.content()
    host = held.find_host(invited.code)
    if host is not None and host.state != HostState.DECLINED:
        kind = HostLeads if invited.code == held.event.society else HostInvitedAlready
        raise kind(society=say_society(invited.code))
    position = max((other.position for other in held.hosts), default=-1) + 1
    if host is None:
        host = EventHost(event_id=event_id, society_id=invited.id, society=invited.code)
        uow.add(host)
    else:
        held.hosts.remove(host)
    host.role, host.position, host.state = role, position, HostState.INVITED
    host.invited_at, host.answered_at = uow.now, None
    held.hosts.append(host)
    settle_content(uow, held, before)
    _record(uow, principal, held, "invited", host)
    return view_event(held, principal)


@transaction
def accept_hosting(principal: Principal, *, event_id: UUID, society: str) -> EventView:
    """Accept an invitation in the society's name; accepting twice is accepting once.

    Raises:
        NotFound: the society was not asked.
        Forbidden: the principal holds no office of the society.
        HostAnswered: it declined before.
        EventSettled: the event is cancelled.
    """
    uow = current_unit_of_work()
    held = hold_event(uow, principal, event_id)
    host = _host_of(principal, held, society)
    _require_changeable(held)
    if host.state == HostState.DECLINED:
        raise HostAnswered(society=say_society(society))
    if host.state == HostState.INVITED:
        require_active(society)
        mark_accepted(uow, host)
        _record(uow, principal, held, "accepted", host)
    return view_event(held, principal)


@transaction
def decline_hosting(principal: Principal, *, event_id: UUID, society: str) -> EventView:
    """Decline, or withdraw: the society leaves the content, so the others sign anew.

    Raises:
        NotFound: the society was not asked.
        Forbidden: the principal holds no office of the society.
        EventSettled: the leading society does not withdraw, it cancels.
    """
    uow = current_unit_of_work()
    held = hold_event(uow, principal, event_id)
    host = _host_of(principal, held, society)
    if host.state == HostState.DECLINED:
        return view_event(held, principal)
    _require_changeable(held)
    if host.society == held.event.society:
        raise EventSettled(held.state)
    before = held.content()
    host.state, host.answered_at = HostState.DECLINED, uow.now
    settle_content(uow, held, before)
    _record(uow, principal, held, "declined", host)
    return view_event(held, principal)


def mark_accepted(uow: UnitOfWork, host: EventHost) -> None:
    """Note that a society accepted now; a signature accepts as well."""
    host.state, host.answered_at = HostState.ACCEPTED, uow.now


def _host_of(principal: Principal, held: Aggregate, society: str) -> EventHost:
    host = held.get_host(society)
    if not may_answer_for(principal, society):
        raise Forbidden
    return host


def _require_changeable(held: Aggregate) -> None:
    if held.state not in CHANGEABLE:
        raise EventSettled(held.state)


def _record(
    uow: UnitOfWork, principal: Principal, held: Aggregate, verb: str, host: EventHost
) -> None:
    changed = () if verb == "accepted" else ("hosts",)
    record_revision(uow, principal, held, changed=changed)
    event = held.event
    data = {"event": str(event.id), "society": host.society, "role": host.role}
    uow.emit(f"events.host.{verb}", str(event.id), data)
    uow.audit(
        f"events.host.{verb}",
        subject=str(event.id),
        society=host.society,
        detail={"role": host.role, "version": event.version},
    )
    tell_peers(uow, event)
