"""The book as JSON."""

from typing import Any

from consortium.kernel.api import ApiBlueprint, PageIn, cursor_page, page_of
from consortium.kernel.principal import current_principal
from tests.house.guest.schemas import VisitIn, VisitOut
from tests.house.guest.services import visits

blueprint = ApiBlueprint("guest_visits", __name__, url_prefix="/api/v1/guest/visits")


@blueprint.get("")
@blueprint.arguments(PageIn, location="query")
@blueprint.response(200, page_of(VisitOut))
def list_visits(query: dict[str, Any]) -> Any:
    """List the newest visits."""
    return cursor_page(visits.list_visits(limit=query["limit"]), None)


@blueprint.post("")
@blueprint.arguments(VisitIn)
@blueprint.response(201, VisitOut)
def record_visit(wish: dict[str, Any]) -> Any:
    """Write a visitor into the book."""
    return visits.record_visit(current_principal(), **wish)
