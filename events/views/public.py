"""What everybody sees of events, and a person's own registrations."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from consortium.kernel.api.paging import read_cursor, write_cursor
from consortium.kernel.clock import read_now
from consortium.kernel.errors import NotFound
from consortium.kernel.principal import current_principal, require_sign_in
from consortium.kernel.web import on_refusal, page
from events.errors import ModeUnavailable
from events.rules.seats import choose_mode
from events.services import prices, reads, registrations, seats
from events.values import EventKind, EventView, Mode, RegistrationView
from events.views.blueprint import blueprint
from events.wording import explain_prices

PAGE = 25
LISTS = {
    "joint": reads.SHOWN_KINDS,
    "listed": (EventKind.LISTED,),
}


@blueprint.get("/events")
def list_events() -> ResponseReturnValue:
    """The coming joint events, or other people's conferences."""
    kind = request.args.get("kind", "joint")
    chosen = LISTS.get(kind)
    if chosen is None:
        raise NotFound
    found, more = reads.list_events(
        kinds=chosen, ends_after=read_now(), after=_place(request.args.get("cursor")), limit=PAGE
    )
    following = None
    if more is not None:
        cursor = write_cursor([more.starts_at.isoformat(), str(more.id)])
        following = url_for("events.list_events", kind=kind, cursor=cursor)
    return page("events/list.html", events=found, kind=kind, next=following)


def _place(cursor: str | None) -> reads.Place | None:
    if not cursor:
        return None
    starts_at, event_id = read_cursor(cursor)
    return reads.Place(datetime.fromisoformat(starts_at), UUID(event_id))


@blueprint.get("/events/<slug>")
def show_event(slug: str) -> ResponseReturnValue:
    """An event, with the reader's price and why, and the form to register."""
    principal = current_principal()
    event = reads.get_event_by_slug(principal, slug=slug)
    if event.kind is EventKind.LISTED:
        return page("events/listed.html", event=event)
    if not event.is_public:
        return redirect(url_for("events.show_desk_event", event_id=event.id))
    if principal.person_id is not None:
        # An officer of a host reads the page as everybody else does.
        event = reads.get_shown_event(slug=slug)
    return page("events/event.html", event=event, **_offer(event))


def _offer(event: EventView) -> dict[str, Any]:
    """What the reader may do here: her price, her seat, the seats left."""
    if event.kind is not EventKind.JOINT:
        return {"quote": None, "held": None, "free": {}, "is_open": False, "is_over": False}
    principal = current_principal()
    quote = prices.quote_price(principal, event_id=event.id)
    free: dict[str, int] = {}
    for count in seats.list_seats(principal, event_id=event.id):
        free[count.mode.value] = free.get(count.mode.value, 0) + count.free
    running = event.state in registrations.OPEN_STATES
    is_over = registrations.is_over(event.state, event.content.ends_at, read_now())
    return {
        "quote": quote,
        "why_price": explain_prices([quote.reason])[0] if quote else None,
        "held": registrations.find_registration(principal, event_id=event.id),
        "free": free,
        "is_open": running and not is_over,
        "is_over": is_over,
    }


@blueprint.post("/events/<slug>/registrations")
@require_sign_in
@on_refusal(show_event)
def register(slug: str) -> ResponseReturnValue:
    """Register the signed-in person; her ticket answers."""
    principal = current_principal()
    assert principal.person_id is not None
    event = reads.get_event_by_slug(principal, slug=slug)
    made = registrations.register(
        principal,
        event_id=event.id,
        person_id=principal.person_id,
        mode=_wished_mode(event, request.form.get("mode")),
        host=request.form.get("host") or None,
    )
    return redirect(_ticket_address(made), 303)


def _wished_mode(event: EventView, text: str | None) -> Mode | None:
    if not text:
        return choose_mode(event.content.mode, None)
    try:
        return Mode(text)
    except ValueError:
        raise ModeUnavailable from None


def _ticket_address(found: RegistrationView) -> str:
    return url_for("events.show_ticket", slug=found.event_slug, registration_id=found.id)


@blueprint.get("/events/<slug>/registrations/<uuid:registration_id>")
@require_sign_in
def show_ticket(slug: str, registration_id: UUID) -> ResponseReturnValue:
    """A registration with its price and why, and the form to cancel it."""
    found = _own_registration(slug, registration_id)
    event = reads.get_shown_event(slug=slug)
    return page(
        "events/ticket.html",
        registration=found,
        event=event,
        is_over=registrations.is_over(event.state, event.content.ends_at, read_now()),
        why_price=explain_prices([found.price_reason])[0],
    )


@blueprint.post("/events/<slug>/registrations/<uuid:registration_id>/cancellation")
@require_sign_in
@on_refusal(show_ticket)
def cancel_registration(slug: str, registration_id: UUID) -> ResponseReturnValue:
    """Cancel one's registration; the seat is free at once."""
    found = _own_registration(slug, registration_id)
    registrations.cancel_registration(current_principal(), registration_id=registration_id)
    return redirect(_ticket_address(found), 303)


def _own_registration(slug: str, registration_id: UUID) -> RegistrationView:
    principal = current_principal()
    found = registrations.get_registration(principal, registration_id=registration_id)
    if found.event_slug != slug or found.person_id != principal.person_id:
        raise NotFound
    return found


@blueprint.get("/me/registrations")
@require_sign_in
def list_own_registrations() -> ResponseReturnValue:
    """Every registration of the signed-in person, newest first."""
    person_id = current_principal().person_id
    assert person_id is not None
    found = registrations.list_registrations_of(person_id)
    told = explain_prices([each.price_reason for each in found])
    reasons = {each.id: why for each, why in zip(found, told, strict=True)}
    return page("events/own.html", registrations=found, reasons=reasons)
