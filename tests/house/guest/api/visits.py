"""The book as JSON."""

from typing import Any

from consortium.kernel.api import ApiBlueprint, PageIn, cursor_page, page_of
from consortium.kernel.principal import current_principal
from tests.house.guest.schemas import EchoOut, TallyOut, VisitIn, VisitOut
from tests.house.guest.services import visits

blueprint = ApiBlueprint("guest_visits", __name__, url_prefix="/api/v1/guest")


@blueprint.get("/visits")
@blueprint.arguments(PageIn, location="query")
@blueprint.response(200, page_of(VisitOut))
def list_visits(query: dict[str, Any]) -> Any:
    """List the newest visits."""
    return cursor_page(visits.list_visits(limit=query["limit"]), None)


@blueprint.post("/visits")
@blueprint.arguments(VisitIn)
@blueprint.response(201, VisitOut)
def record_visit(wish: dict[str, Any]) -> Any:
    """Write a visitor into the book."""
    return visits.record_visit(current_principal(), **wish)


@blueprint.get("/echoes")
@blueprint.response(200, EchoOut(many=True))
def list_echoes() -> Any:
    """List what the handler heard."""
    return [{"key": key} for key in visits.list_echoes()]


@blueprint.get("/tallies")
@blueprint.response(200, TallyOut(many=True))
def list_tallies() -> Any:
    """List what the job counted."""
    return [{"visits": count} for count in visits.list_tallies()]
