"""The pool, for those who may search it."""

from typing import Any

from consortium.kernel.api import ApiBlueprint, cursor_page, page_of, require_principal
from consortium.kernel.errors import InvalidInput
from consortium.kernel.principal import current_principal
from think_tank.schemas import ExpertOut, ExpertsIn
from think_tank.services import pool

blueprint = ApiBlueprint("experts", __name__, url_prefix="/api/v1/experts")


@blueprint.get("")
@blueprint.arguments(ExpertsIn, location="query")
@blueprint.response(200, page_of(ExpertOut))
@require_principal
def list_experts(wish: dict[str, Any]) -> Any:
    """Experts who have agreed to be found, with what the question matched."""
    cursor = wish["cursor"]
    if cursor is not None and not isinstance(cursor, str):
        raise InvalidInput
    experts, following = pool.search_experts(
        current_principal(),
        query=wish["q"],
        discipline=wish["discipline"],
        after=cursor,
        limit=wish["limit"],
    )
    return cursor_page(experts, following)
