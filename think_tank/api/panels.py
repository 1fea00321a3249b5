"""Seated panels."""

from typing import Any
from uuid import UUID

from consortium.kernel.api import ApiBlueprint, cursor_page, page_of, require_principal
from consortium.kernel.errors import InvalidInput
from consortium.kernel.idempotency import idempotent
from consortium.kernel.principal import current_principal
from think_tank.schemas import PanelIn, PanelOut, PanelsIn
from think_tank.services import panels
from think_tank.values import Panel

blueprint = ApiBlueprint("panels", __name__, url_prefix="/api/v1/panels")


@blueprint.post("")
@idempotent
@blueprint.arguments(PanelIn)
@blueprint.response(201, PanelOut)
@require_principal
def seat_panel(wish: dict[str, Any]) -> Any:
    """Seat the panel that a run proposes, if it still meets every rule."""
    return write_panel(panels.seat_panel(current_principal(), solve_id=wish["solve"]))


@blueprint.get("")
@blueprint.arguments(PanelsIn, location="query")
@blueprint.response(200, page_of(PanelOut))
def list_panels(wish: dict[str, Any]) -> Any:
    """Panels that the caller may see, newest first."""
    limit = wish["limit"]
    found = panels.list_panels(
        current_principal(),
        institute=wish["institute"],
        after=_read_position(wish["cursor"]),
        limit=limit + 1,
    )
    following = str(found[limit - 1].id) if len(found) > limit else None
    return cursor_page([write_panel(panel) for panel in found[:limit]], following)


def _read_position(cursor: Any) -> UUID | None:
    try:
        return None if cursor is None else UUID(cursor)
    except (ValueError, AttributeError, TypeError) as fault:
        raise InvalidInput from fault


@blueprint.get("/<uuid:panel_id>")
@blueprint.response(200, PanelOut)
def get_panel(panel_id: UUID) -> Any:
    """One panel, if it is published or the caller coordinates it."""
    return write_panel(panels.get_panel(current_principal(), panel_id))


@blueprint.post("/<uuid:panel_id>/publication")
@idempotent
@blueprint.response(200, PanelOut)
@require_principal
def publish_panel(panel_id: UUID) -> Any:
    """Publish a panel, unless its brief keeps it confidential."""
    return write_panel(panels.publish_panel(current_principal(), panel_id=panel_id))


def write_panel(panel: Panel) -> dict[str, Any]:
    """A panel as the API names its members."""
    return {
        "id": panel.id,
        "institute": panel.institute,
        "brief_number": panel.brief_number,
        "title": {"zh": panel.title_zh, "en": panel.title_en},
        "disclosure": panel.disclosure,
        "seated_at": panel.seated_at,
        "published_at": panel.published_at,
        "seats": panel.seats,
    }
