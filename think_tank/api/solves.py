"""Runs of the solver."""

from typing import Any
from uuid import UUID

from flask import make_response

from consortium.kernel.api import ApiBlueprint, require_principal
from consortium.kernel.idempotency import idempotent
from consortium.kernel.principal import current_principal
from think_tank.schemas import SolveIn, SolveOut
from think_tank.services import solves

blueprint = ApiBlueprint("solves", __name__, url_prefix="/api/v1")


@blueprint.post("/briefs/<uuid:brief_id>/solves")
@blueprint.arguments(SolveIn)
@blueprint.response(201, SolveOut)
@require_principal
def solve_brief(wish: dict[str, Any], brief_id: UUID) -> Any:
    """Find a panel for a brief.

    The run is solved before the answer, for at most the seconds that the node allows; `state`
    is `proposed`, `infeasible` or `failed` then.
    """
    # Only the asking is kept under the Idempotency-Key: no transaction is open while solving.
    asked = make_response(_ask(wish, brief_id))
    return solves.run_solve(UUID(asked.get_json()["id"]))


@idempotent
def _ask(wish: dict[str, Any], brief_id: UUID) -> dict[str, str]:
    asked = solves.ask_solve(
        current_principal(),
        brief_id=brief_id,
        seed=wish["seed"],
        keep=frozenset(wish["keep"]),
        exclude=frozenset(wish["exclude"]),
    )
    return {"id": str(asked.id)}


@blueprint.get("/solves/<uuid:solve_id>")
@blueprint.response(200, SolveOut)
@require_principal
def get_solve(solve_id: UUID) -> Any:
    """A run: its state, its progress, and its answer once it has finished."""
    return solves.get_solve(current_principal(), solve_id)


@blueprint.delete("/solves/<uuid:solve_id>")
@blueprint.response(200, SolveOut)
@require_principal
def cancel_solve(solve_id: UUID) -> Any:
    """Cancel a run; one that has finished stays what it is."""
    return solves.cancel_solve(current_principal(), solve_id)
