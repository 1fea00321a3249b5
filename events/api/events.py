"""Create, read, change and publish events."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from consortium.kernel.api import (
    cursor_page,
    optional_version,
    page_of,
    require_principal,
    required_version,
    tag_version,
)
from consortium.kernel.api.refusals import BadCursor
from consortium.kernel.idempotency import idempotent
from consortium.kernel.principal import current_principal
from events.api.blueprint import blueprint
from events.api.shapes import write_event, write_seats, write_summary
from events.schemas import (
    EventIn,
    EventListIn,
    EventOut,
    EventPatch,
    EventSeatsOut,
    EventSummaryOut,
)
from events.services import drafts, publication, reads, seats
from events.values import EventKind, EventView, EventWish


def answer(event: EventView) -> dict[str, Any]:
    """Write an event, its version as ETag."""
    tag_version(event.version)
    return write_event(event)


@blueprint.post("")
@require_principal
@idempotent
@blueprint.arguments(EventIn)
@blueprint.response(201, EventOut)
def create_event(wish: EventWish) -> dict[str, Any]:
    """Create a draft.

    The caller holds an office (secretary or organiser) of the society that leads, or is a
    program of that society with scope `api`.
    """
    return answer(drafts.create_event(current_principal(), wish))


@blueprint.get("")
@blueprint.arguments(EventListIn, location="query")
@blueprint.response(200, page_of(EventSummaryOut))
def list_events(args: dict[str, Any]) -> Any:
    """List public events by start.

    `kind=listed` lists other people's conferences, which nobody registers for here.
    """
    kinds = (EventKind(args["kind"]),) if args["kind"] else reads.SHOWN_KINDS
    found, more = reads.list_events(
        kinds=kinds,
        host=args["host"],
        ends_after=args["ends_after"],
        after=_read_place(args["cursor"]),
        limit=args["limit"],
    )
    following = [more.starts_at.isoformat(), str(more.id)] if more else None
    return cursor_page([write_summary(event) for event in found], following)


def _read_place(cursor: Any) -> reads.Place | None:
    if cursor is None:
        return None
    try:
        starts_at, event_id = cursor
        return reads.Place(datetime.fromisoformat(starts_at), UUID(event_id))
    except (TypeError, ValueError):
        raise BadCursor from None


@blueprint.get("/<uuid:event_id>")
@blueprint.response(200, EventOut)
def get_event(event_id: UUID) -> dict[str, Any]:
    """Get an event.

    The hosts' officers see the working content, everybody else the last that all hosts signed.
    """
    return answer(reads.get_event(current_principal(), event_id=event_id))


@blueprint.patch("/<uuid:event_id>")
@require_principal
@idempotent
@blueprint.arguments(EventPatch)
@blueprint.response(200, EventOut)
def change_event(changes: dict[str, Any], event_id: UUID) -> dict[str, Any]:
    """Change listed fields, with If-Match.

    Each is material: every signature is voided, and what was published stays shown meanwhile.
    """
    changed = drafts.change_event(
        current_principal(), event_id=event_id, version=required_version(), changes=changes
    )
    return answer(changed)


@blueprint.post("/<uuid:event_id>/publication")
@require_principal
@idempotent
@blueprint.response(200, EventOut)
def publish_event(event_id: UUID) -> dict[str, Any]:
    """Publish what all hosts have signed.

    Refused with `signatures-missing` and `missing: [codes]` otherwise.
    """
    return answer(publication.publish_event(current_principal(), event_id=event_id))


@blueprint.post("/<uuid:event_id>/postponement")
@require_principal
@idempotent
@blueprint.response(200, EventOut)
def postpone_event(event_id: UUID) -> dict[str, Any]:
    """Postpone at once; registration closes, and places are kept."""
    return answer(publication.postpone_event(current_principal(), event_id=event_id))


@blueprint.post("/<uuid:event_id>/cancellation")
@require_principal
@idempotent
@blueprint.response(200, EventOut)
@blueprint.doc(parameters=["IfMatch"])
def cancel_event(event_id: UUID) -> dict[str, Any]:
    """Cancel at once and for good; with If-Match, only the version that was read."""
    cancelled = publication.cancel_event(
        current_principal(), event_id=event_id, version=optional_version()
    )
    return answer(cancelled)


@blueprint.get("/<uuid:event_id>/seats")
@blueprint.response(200, EventSeatsOut)
def list_seats(event_id: UUID) -> dict[str, Any]:
    """Tell how the seats stand, pool and quotas."""
    return write_seats(seats.list_seats(current_principal(), event_id=event_id))
