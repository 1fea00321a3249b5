"""The organiser's desk: make an event, change it, publish it, see who registered."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from consortium.kernel import people
from consortium.kernel.api import VersionMismatch
from consortium.kernel.api.paging import read_cursor, write_cursor
from consortium.kernel.principal import Principal, current_principal, require_sign_in
from consortium.kernel.web import on_refusal, page
from events.policies import find_office
from events.services import drafts, publication, reads, registrations, seats
from events.values import EventState, EventView
from events.views.blueprint import blueprint
from events.views.forms import CURRENCIES, fill_form, read_change_form, read_event_form
from events.wording import in_language, reason_names, reason_text

OFFICES = ("secretary", "organiser")


def own_societies(principal: Principal) -> list[str]:
    """Codes of the societies for which the principal may act, in order."""
    return sorted({key for role in OFFICES for key in principal.keys_of(role, "society")})


@blueprint.get("/desk/events")
@require_sign_in
def show_desk() -> ResponseReturnValue:
    """The events that one's societies lead or are asked to host."""
    principal = current_principal()
    societies = own_societies(principal)
    found = reads.list_desk(principal)
    return page("events/desk.html", events=found, societies=societies)


@blueprint.get("/desk/events/new")
@require_sign_in
def show_new_event() -> ResponseReturnValue:
    """The form of a new event."""
    codes = own_societies(current_principal())
    names = reads.name_societies(codes)
    societies = [(code, in_language(names[code]) if code in names else code) for code in codes]
    typed = {"time_zone": "Asia/Shanghai", "mode": "on_site", "currency": "CNY"}
    return page("events/new.html", societies=societies, typed=typed, currencies=CURRENCIES)


@blueprint.post("/desk/events")
@require_sign_in
@on_refusal(show_new_event)
def create_event() -> ResponseReturnValue:
    """Make a draft and go to its desk."""
    made = drafts.create_event(current_principal(), read_event_form(request.form))
    return redirect(url_for("events.show_desk_event", event_id=made.id), 303)


@blueprint.get("/desk/events/<uuid:event_id>")
@require_sign_in
def show_desk_event(event_id: UUID) -> ResponseReturnValue:
    """An event's desk: hosts, who is missing, seats, history."""
    principal = current_principal()
    event = reads.get_event(principal, event_id=event_id)
    history = reads.list_revisions(principal, event_id=event_id)
    offices = {
        host.society for host in event.hosts if find_office(principal, host.society) is not None
    }
    return page(
        "events/desk_event.html",
        event=event,
        history=history,
        offices=offices,
        primary=_primary_act(event, offices),
        counts=seats.list_seats(principal, event_id=event_id),
        may_manage=event.may_manage,
    )


def _primary_act(event: EventView, offices: set[str]) -> str:
    """Name what the reader most likely does next: sign, publish, change, or go back."""
    for host in event.hosts:
        if host.society in event.missing and host.society in offices:
            return f"sign {host.society}"
    if not event.may_manage or event.state is EventState.CANCELLED:
        return "back"
    if event.missing or event.state is EventState.PUBLISHED:
        return "change"
    return "publish"


@blueprint.get("/desk/events/<uuid:event_id>/change")
@require_sign_in
def show_change(event_id: UUID) -> ResponseReturnValue:
    """The form of a change, filled with what is there."""
    event = reads.get_event(current_principal(), event_id=event_id)
    return page(
        "events/change.html", event=event, typed=fill_form(event.content), currencies=CURRENCIES
    )


@blueprint.post("/desk/events/<uuid:event_id>/change")
@require_sign_in
@on_refusal(show_change)
def change_event(event_id: UUID) -> ResponseReturnValue:
    """Change an event from the version that the form was filled with."""
    principal = current_principal()
    event = reads.get_event(principal, event_id=event_id)
    version = request.form.get("version", "")
    if not (version.isascii() and version.isdigit() and len(version) < 10):
        raise VersionMismatch
    changes = read_change_form(request.form, event.content)
    drafts.change_event(principal, event_id=event_id, version=int(version), changes=changes)
    return _back(event_id)


@blueprint.post("/desk/events/<uuid:event_id>/publication")
@require_sign_in
@on_refusal(show_desk_event)
def publish_event(event_id: UUID) -> ResponseReturnValue:
    """Publish, or be told who has not signed."""
    publication.publish_event(current_principal(), event_id=event_id)
    return _back(event_id)


@blueprint.post("/desk/events/<uuid:event_id>/postponement")
@require_sign_in
@on_refusal(show_desk_event)
def postpone_event(event_id: UUID) -> ResponseReturnValue:
    """Postpone at once."""
    publication.postpone_event(current_principal(), event_id=event_id)
    return _back(event_id)


@blueprint.post("/desk/events/<uuid:event_id>/cancellation")
@require_sign_in
@on_refusal(show_desk_event)
def cancel_event(event_id: UUID) -> ResponseReturnValue:
    """Cancel at once and for good."""
    publication.cancel_event(current_principal(), event_id=event_id)
    return _back(event_id)


@blueprint.get("/desk/events/<uuid:event_id>/registrations")
@require_sign_in
def list_registrations(event_id: UUID) -> ResponseReturnValue:
    """Who registered, at which price and why."""
    principal = current_principal()
    cursor = request.args.get("cursor")
    after = None
    if cursor:
        created_at, registration_id = read_cursor(cursor)
        after = (datetime.fromisoformat(created_at), UUID(registration_id))
    found, more = registrations.list_registrations(principal, event_id=event_id, after=after)
    following = None
    if more is not None:
        mark = write_cursor([more[0].isoformat(), str(more[1])])
        following = url_for("events.list_registrations", event_id=event_id, cursor=mark)
    names = reason_names([each.price_reason for each in found])
    return page(
        "events/registrations.html",
        event=reads.get_event(principal, event_id=event_id),
        registrations=found,
        names=people.names_of({each.person_id for each in found}),
        reasons={each.id: reason_text(each.price_reason, names) for each in found},
        next=following,
    )


def _back(event_id: UUID) -> ResponseReturnValue:
    return redirect(url_for("events.show_desk_event", event_id=event_id), 303)
