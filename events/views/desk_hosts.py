"""The desk's forms about hosts: invite, answer, sign."""

from __future__ import annotations

from uuid import UUID

from flask import redirect, request, url_for
from flask.typing import ResponseReturnValue

from consortium.kernel.errors import N_, FieldError, InvalidInput
from consortium.kernel.principal import current_principal, require_sign_in
from consortium.kernel.web import on_refusal
from events.services import hosting, signing
from events.values import HostRole
from events.views.blueprint import blueprint
from events.views.desk import show_desk_event


def show_host_desk(event_id: UUID, society: str) -> ResponseReturnValue:
    """The event's desk again, for a refusal about one host."""
    return show_desk_event(event_id)


@blueprint.post("/desk/events/<uuid:event_id>/hosts")
@require_sign_in
@on_refusal(show_desk_event)
def invite_host(event_id: UUID) -> ResponseReturnValue:
    """Invite a society to host."""
    try:
        role = HostRole(request.form.get("role", ""))
    except ValueError:
        fault = FieldError("not-a-choice", N_("Choose a role."), pointer="/role")
        raise InvalidInput(errors=[fault]) from None
    society = request.form.get("society", "").strip()
    hosting.invite_host(current_principal(), event_id=event_id, society=society, role=role)
    return _back(event_id)


@blueprint.post("/desk/events/<uuid:event_id>/hosts/<society>/acceptance")
@require_sign_in
@on_refusal(show_host_desk)
def accept_hosting(event_id: UUID, society: str) -> ResponseReturnValue:
    """Accept in the society's name."""
    hosting.accept_hosting(current_principal(), event_id=event_id, society=society)
    return _back(event_id)


@blueprint.post("/desk/events/<uuid:event_id>/hosts/<society>/refusal")
@require_sign_in
@on_refusal(show_host_desk)
def decline_hosting(event_id: UUID, society: str) -> ResponseReturnValue:
    """Decline, or withdraw, in the society's name."""
    hosting.decline_hosting(current_principal(), event_id=event_id, society=society)
    return redirect(url_for("events.show_desk"), 303)


@blueprint.post("/desk/events/<uuid:event_id>/hosts/<society>/signature")
@require_sign_in
@on_refusal(show_host_desk)
def sign_event(event_id: UUID, society: str) -> ResponseReturnValue:
    """Sign the content that the page showed."""
    signing.sign_event(
        current_principal(),
        event_id=event_id,
        society=society,
        content_hash=request.form.get("content_hash") or None,
    )
    return _back(event_id)


def _back(event_id: UUID) -> ResponseReturnValue:
    return redirect(url_for("events.show_desk_event", event_id=event_id), 303)
