"""Invite hosts; they answer and sign."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from consortium.kernel.api import require_principal
from consortium.kernel.idempotency import idempotent
from consortium.kernel.principal import current_principal
from events.api.blueprint import blueprint
from events.api.events import answer
from events.rules.content import write_content
from events.schemas import EventHostIn, EventOut, EventSignatureIn, EventSignatureListOut
from events.services import hosting, reads, signing
from events.values import HostRole


@blueprint.post("/<uuid:event_id>/hosts")
@require_principal
@idempotent
@blueprint.arguments(EventHostIn)
@blueprint.response(201, EventOut)
def invite_host(wish: dict[str, Any], event_id: UUID) -> dict[str, Any]:
    """Invite a society to host.

    It stands last in the order of hosts. Nothing is shown as its own before it accepted.
    """
    return answer(
        hosting.invite_host(
            current_principal(),
            event_id=event_id,
            society=wish["society"],
            role=HostRole(wish["role"]),
        )
    )


@blueprint.post("/<uuid:event_id>/hosts/<string:society>/acceptance")
@require_principal
@idempotent
@blueprint.response(200, EventOut)
def accept_hosting(event_id: UUID, society: str) -> dict[str, Any]:
    """Accept the invitation of one's society."""
    accepted = hosting.accept_hosting(current_principal(), event_id=event_id, society=society)
    return answer(accepted)


@blueprint.post("/<uuid:event_id>/hosts/<string:society>/refusal")
@require_principal
@idempotent
@blueprint.response(200, EventOut)
def decline_hosting(event_id: UUID, society: str) -> dict[str, Any]:
    """Decline the invitation of one's society, or withdraw; the others sign anew."""
    declined = hosting.decline_hosting(current_principal(), event_id=event_id, society=society)
    return answer(declined)


@blueprint.post("/<uuid:event_id>/hosts/<string:society>/signature")
@require_principal
@idempotent
@blueprint.arguments(EventSignatureIn, required=False)
@blueprint.response(201, EventOut)
def sign_event(wish: dict[str, Any], event_id: UUID, society: str) -> dict[str, Any]:
    """Sign the content with the society's own key; an invited society accepts by it.

    For a named officer with a fresh sign-in; no program signs.
    """
    return answer(
        signing.sign_event(
            current_principal(),
            event_id=event_id,
            society=society,
            content_hash=(wish or {}).get("content_hash"),
        )
    )


@blueprint.get("/<uuid:event_id>/signatures")
@blueprint.response(200, EventSignatureListOut)
def list_signatures(event_id: UUID) -> dict[str, Any]:
    """List the signatures over the content that the caller sees, for anybody to verify."""
    principal = current_principal()
    event = reads.get_event(principal, event_id=event_id)
    return {
        "content": write_content(event.content),
        "content_hash": event.content_hash,
        "signatures": signing.list_signatures(principal, event_id=event_id),
    }
