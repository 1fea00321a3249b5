"""Register for an event, and cancel: seat, price and proof in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from consortium.kernel.db import db, insert_if_absent
from consortium.kernel.errors import ConsortiumError, Forbidden, NotFound
from consortium.kernel.ids import new_id
from consortium.kernel.principal import Principal
from consortium.kernel.unit_of_work import (
    UnitOfWork,
    current_unit_of_work,
    reading,
    transaction,
)
from events.errors import (
    AlreadyRegistered,
    CancellationLate,
    EventCancelled,
    EventForeign,
    EventFull,
    EventOver,
    EventPostponed,
    ModeUnavailable,
    NotAHost,
    RegistrationByAnother,
    RegistrationClosed,
)
from events.models import Event, EventQuota, Registration
from events.policies import may_manage_event, may_register
from events.rules.content import read_content
from events.rules.seats import choose_mode, rank_quotas
from events.services import seats
from events.services.naming import say_societies, say_society
from events.services.prices import keep_decision, make_offer
from events.values import (
    Content,
    EventKind,
    EventState,
    Mode,
    Money,
    PriceReason,
    Quota,
    Quote,
    RegistrationStatus,
    RegistrationView,
    Text,
)
from membership.errors import PersonUnknown
from membership.services import people_refs
from membership.services import selects as membership_selects

OPEN_STATES = frozenset({EventState.PUBLISHED, EventState.CHANGING})
_CLOSED: Mapping[EventState, type[RegistrationClosed]] = {
    EventState.CANCELLED: EventCancelled,
    EventState.POSTPONED: EventPostponed,
}


@transaction
def register(
    principal: Principal,
    *,
    event_id: UUID,
    person_id: UUID,
    mode: Mode | None = None,
    host: str | None = None,
) -> RegistrationView:
    """Give a person a seat at the price that recognition gives her now.

    Args:
        principal: she herself, or a program of her own society.
        mode: how she attends; needed where the event is on site and online.
        host: the host whose quota she asks for, if not her own society's and then the pool.

    Raises:
        NotFound: no such public event.
        PersonUnknown: the principal may not register this person.
        RegistrationByAnother: the principal keeps her file, but may not register her.
        Forbidden: a program with too narrow a scope acts for her.
        RegistrationClosed: the event is over, postponed or cancelled.
        ModeUnavailable: the event cannot be attended this way.
        NotAHost: the society whose quota she asks for hosts something else.
        AlreadyRegistered: she holds a seat already.
        EventFull: no counter that is hers has a seat.
    """
    uow = current_unit_of_work()
    event, content = _open_event(uow, event_id)
    if not _may_register(principal, person_id):
        raise _refuse_registrar(principal, person_id)
    attending = choose_mode(content.mode, mode)
    if attending is None:
        raise ModeUnavailable
    if host is not None:
        _require_host(content, host)
    _refuse_second(event_id, person_id)
    offer = make_offer(person_id, content, at=uow.now)
    quote = keep_decision(uow, offer)
    ranked = rank_quotas(content.quotas, mode=attending, homes=offer.homes, host=host)
    values = _values(uow, principal, event_id, person_id, attending, quote)
    seat = _seat(uow, ranked, values)
    _record(uow, principal, "made", values)
    return _view(values, event, seat.host)


def _seat(uow: UnitOfWork, ranked: Sequence[Quota], values: dict[str, Any]) -> seats.SeatTaken:
    """Take the seat and give it to the registration; either fails and nothing was done.

    The hot row comes last, so that it is locked for as short as can be.
    """
    seat = seats.take_seat(uow, values["event_id"], ranked)
    if seat is None:
        raise EventFull
    values["quota_id"] = seat.quota_id
    if uow.execute(insert_if_absent(Registration, **values)).rowcount != 1:
        raise AlreadyRegistered
    return seat


def _open_event(uow: UnitOfWork, event_id: UUID) -> tuple[Event, Content]:
    event = db.session.get(Event, event_id)
    if event is None or event.shown is None:
        raise NotFound
    if event.kind != EventKind.JOINT:
        raise EventForeign(origin=event.origin or event.link or event.uid)
    state = EventState(event.state)
    if state not in OPEN_STATES:
        raise _CLOSED.get(state, RegistrationClosed)
    if is_over(state, event.ends_at, uow.now):
        raise EventOver
    return event, read_content(event.shown)


def is_over(state: EventState, ends_at: datetime, now: datetime) -> bool:
    """Tell whether an event was held; one that is postponed or cancelled was not."""
    return state in OPEN_STATES and ends_at <= now


def _refuse_registrar(principal: Principal, person_id: UUID) -> ConsortiumError:
    """The refusal that a principal may read: only who keeps her file learns that she is there."""
    if principal.person_id == person_id:
        return Forbidden()
    if people_refs.may_see_person(principal, person_id):
        return RegistrationByAnother()
    return PersonUnknown()


def _require_host(content: Content, host: str) -> None:
    hosts = [hosting.society for hosting in content.hosts]
    if host not in hosts:
        raise NotAHost(society=say_society(host), hosts=say_societies(hosts))


def _may_register(principal: Principal, person_id: UUID) -> bool:
    """Ask the policy; only a program by itself depends on the person's societies."""
    is_program = principal.person_id is None and principal.client_id is not None
    societies = _societies(person_id) if is_program else frozenset[str]()
    return may_register(principal, person_id=person_id, person_societies=societies)


def _societies(person_id: UUID) -> frozenset[str]:
    rows = db.session.execute(membership_selects.memberships([person_id]))
    return frozenset(row.society for row in rows)


def _refuse_second(event_id: UUID, person_id: UUID) -> None:
    """Refuse early what the unique index would refuse at the end."""
    held = db.session.scalar(
        sa.select(Registration.id).where(
            Registration.event_id == event_id,
            Registration.person_id == person_id,
            Registration.status != RegistrationStatus.CANCELLED,
        )
    )
    if held is not None:
        raise AlreadyRegistered(extra={"registration": str(held)})


def _values(
    uow: UnitOfWork,
    principal: Principal,
    event_id: UUID,
    person_id: UUID,
    mode: Mode,
    quote: Quote,
) -> dict[str, Any]:
    """The columns of a registration, all but the counter that will give its seat."""
    free = quote.price.amount == 0
    decision = quote.reason.decision_id
    return {
        "id": new_id(),
        "event_id": event_id,
        "person_id": person_id,
        "status": RegistrationStatus.CONFIRMED if free else RegistrationStatus.AWAITING_PAYMENT,
        "mode": mode,
        "price_category": quote.category,
        "price_amount": quote.price.amount,
        "price_currency": quote.price.currency,
        "reason": asdict(quote.reason),
        "decision_id": UUID(decision) if decision else None,
        "made_by_client": principal.client_id,
        "created_at": uow.now,
    }


@transaction
def cancel_registration(principal: Principal, *, registration_id: UUID) -> None:
    """Cancel and give the seat back; cancelling twice gives it back once.

    Raises:
        NotFound: no such registration, or not one the principal may cancel.
        CancellationLate: the event was held; a registration cancelled before stays cancelled.
    """
    uow = current_unit_of_work()
    row = uow.session.get(Registration, registration_id)
    if row is None:
        raise NotFound
    event = uow.session.get(Event, row.event_id)
    assert event is not None
    if not _may_cancel(principal, row, event):
        raise NotFound
    has_ended = is_over(EventState(event.state), event.ends_at, uow.now)
    if has_ended and row.status != RegistrationStatus.CANCELLED:
        raise CancellationLate
    cancelled = uow.execute(
        sa.update(Registration)
        .where(
            Registration.id == registration_id,
            Registration.status != RegistrationStatus.CANCELLED,
        )
        .values(status=RegistrationStatus.CANCELLED, cancelled_at=uow.now)
        .execution_options(synchronize_session=False)
    )
    if cancelled.rowcount != 1:
        return
    if not seats.return_seat(uow, row.quota_id):
        raise AssertionError("a registration held a seat that its counter does not know")
    values = {"id": row.id, "event_id": row.event_id, "mode": row.mode}
    _record(uow, principal, "cancelled", {**values, "status": RegistrationStatus.CANCELLED})


def _may_cancel(principal: Principal, row: Registration, event: Event) -> bool:
    if may_manage_event(principal, society=event.society, event_id=event.id):
        return True
    return _may_register(principal, row.person_id)


def _record(uow: UnitOfWork, principal: Principal, verb: str, values: Mapping[str, Any]) -> None:
    subject = str(values["id"])
    data = {
        "event": str(values["event_id"]),
        "mode": str(values["mode"]),
        "status": str(values["status"]),
    }
    op = "delete" if verb == "cancelled" else "upsert"
    uow.emit(f"events.registration.{verb}", subject, data, op=op)
    uow.audit(f"events.registration.{verb}", subject=subject, detail=data, principal=principal)


@reading
def get_registration(principal: Principal, *, registration_id: UUID) -> RegistrationView:
    """Get a registration; to the person herself and whoever may cancel it, others NotFound."""
    row = db.session.get(Registration, registration_id)
    if row is None:
        raise NotFound
    event = db.session.get(Event, row.event_id)
    assert event is not None
    if not _may_cancel(principal, row, event):
        raise NotFound
    return _views([row])[0]


@reading
def find_registration(principal: Principal, *, event_id: UUID) -> RegistrationView | None:
    """Find the seat that the signed-in person holds at an event."""
    if principal.person_id is None:
        return None
    row = db.session.scalar(
        sa.select(Registration).where(
            Registration.event_id == event_id,
            Registration.person_id == principal.person_id,
            Registration.status != RegistrationStatus.CANCELLED,
        )
    )
    return None if row is None else _views([row])[0]


@reading
def list_registrations_of(person_id: UUID, *, limit: int = 100) -> tuple[RegistrationView, ...]:
    """List a person's registrations, newest first."""
    rows = db.session.scalars(
        sa.select(Registration)
        .where(Registration.person_id == person_id)
        .order_by(Registration.id.desc())
        .limit(limit)
    )
    return _views(list(rows))


@reading
def list_registrations(
    principal: Principal,
    *,
    event_id: UUID,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> tuple[tuple[RegistrationView, ...], tuple[datetime, UUID] | None]:
    """List an event's registrations by time, to those who lead it.

    Raises:
        NotFound: no such event, or the principal does not lead it.
    """
    event = db.session.get(Event, event_id)
    if event is None or not may_manage_event(principal, society=event.society, event_id=event_id):
        raise NotFound
    query = sa.select(Registration).where(Registration.event_id == event_id)
    if after is not None:
        here = sa.tuple_(Registration.created_at, Registration.id)
        kinds = (Registration.created_at.type, Registration.id.type)
        query = query.where(here > sa.tuple_(*map(sa.literal, after, kinds)))
    ordered = query.order_by(Registration.created_at, Registration.id).limit(limit + 1)
    rows = list(db.session.scalars(ordered))
    page = rows[:limit]
    more = (page[-1].created_at, page[-1].id) if len(rows) > limit else None
    return _views(page), more


def _views(rows: list[Registration]) -> tuple[RegistrationView, ...]:
    """Make views in two further statements, however many rows there are."""
    events = {
        event.id: event
        for event in db.session.scalars(
            sa.select(Event).where(Event.id.in_({row.event_id for row in rows}))
        )
    }
    counters = sa.select(EventQuota.id, EventQuota.host)
    counters = counters.where(EventQuota.id.in_({row.quota_id for row in rows}))
    hosts = {found.id: found.host for found in db.session.execute(counters)}
    columns = Registration.__table__.columns.keys()
    return tuple(
        _view(
            {name: getattr(row, name) for name in columns},
            events[row.event_id],
            hosts[row.quota_id] or None,
        )
        for row in rows
    )


def _view(values: Mapping[str, Any], event: Event, host: str | None) -> RegistrationView:
    title = (event.shown or event.content)["title"]
    return RegistrationView(
        id=values["id"],
        event_id=values["event_id"],
        person_id=values["person_id"],
        event_slug=event.slug,
        event_title=Text(zh=title["zh"], en=title["en"]),
        status=RegistrationStatus(values["status"]),
        mode=Mode(values["mode"]),
        host=host,
        price=Money(values["price_amount"], values["price_currency"]),
        price_category=values["price_category"],
        price_reason=PriceReason(**values["reason"]),
        created_at=values["created_at"],
        cancelled_at=values.get("cancelled_at"),
    )
