"""Register, look at a registration, cancel it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from consortium.kernel.api import require_principal
from consortium.kernel.errors import N_, FieldError, InvalidInput, NotFound
from consortium.kernel.idempotency import idempotent
from consortium.kernel.principal import Principal, current_principal
from events.api.blueprint import blueprint
from events.api.shapes import write_registration
from events.schemas import RegistrationIn, RegistrationOut
from events.services import registrations
from events.values import Mode, RegistrationView
from membership.services import people_refs


@blueprint.post("/<uuid:event_id>/registrations")
@require_principal
@idempotent
@blueprint.arguments(RegistrationIn)
@blueprint.response(201, RegistrationOut)
def register(wish: dict[str, Any], event_id: UUID) -> dict[str, Any]:
    """Take a seat at the price that recognition gives now.

    A person registers herself by session, or by a program with scope `api`; a
    program by itself registers members of its own society. Refused with `event-full` when no
    seat is left.
    """
    principal = current_principal()
    made = registrations.register(
        principal,
        event_id=event_id,
        person_id=_person(principal, wish["person"]),
        mode=Mode(wish["mode"]) if wish["mode"] else None,
        host=wish["host"],
    )
    return write_registration(made)


def _person(principal: Principal, ref: str | None) -> UUID:
    if ref is not None:
        return people_refs.resolve_person(ref, principal)
    if principal.person_id is None:
        text = N_("Say whom you register.")
        raise InvalidInput(errors=[FieldError("person-missing", text, pointer="/person")])
    return principal.person_id


@blueprint.get("/<uuid:event_id>/registrations/<uuid:registration_id>")
@require_principal
@blueprint.response(200, RegistrationOut)
def get_registration(event_id: UUID, registration_id: UUID) -> dict[str, Any]:
    """Get a registration of one's own, or of an event that one leads."""
    return write_registration(_find(event_id, registration_id))


@blueprint.delete("/<uuid:event_id>/registrations/<uuid:registration_id>")
@require_principal
@idempotent
@blueprint.response(204)
def cancel_registration(event_id: UUID, registration_id: UUID) -> None:
    """Cancel; the seat is free at once. Cancelling twice is cancelling once."""
    _find(event_id, registration_id)
    registrations.cancel_registration(current_principal(), registration_id=registration_id)


def _find(event_id: UUID, registration_id: UUID) -> RegistrationView:
    found = registrations.get_registration(current_principal(), registration_id=registration_id)
    if found.event_id != event_id:
        raise NotFound
    return found
