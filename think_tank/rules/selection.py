"""Select the panel: the best score that keeps every hard rule, and the first among equals."""

import time
from collections.abc import Sequence
from dataclasses import replace

from think_tank.errors import SolverDisagrees, SolverStopped
from think_tank.rules.checking import check_panel
from think_tank.rules.compiling import compile_question, select_columns
from think_tank.rules.milp import Row, solve_program
from think_tank.rules.modelling import ENDLESS, Model, build_model
from think_tank.rules.reasons import explain_seats, select_reserves
from think_tank.rules.ties import find_first
from think_tank.rules.unmeetable import explain_refusal
from think_tank.values import Answer, Question


def select_panel(question: Question, *, seconds: float = 60.0) -> Answer:
    """Seat the best panel, the first in order of sha256(seed|id) among equally good ones.

    Args:
        question: brief, pool in any order, conflicts, seed, whom to keep and to exclude.
        seconds: time for the solver; then the best found so far is the answer.

    Returns:
        `optimal` only if no panel can do better and our own checker agrees; `infeasible`
        with a minimal set of rules that cannot be kept together, and the cheapest repairs.

    Raises:
        BriefInvalid, ExpertUnknown, KeptAndExcluded: the question makes no sense.
        SolverStopped: the time ended before any panel was found.
    """
    deadline = time.monotonic() + seconds
    problem = compile_question(question)
    columns = select_columns(problem)
    hard = [r for r, limit in enumerate(problem.limits) if limit.rule.hard]
    model = _hold_seats(build_model(problem, columns, hard=hard), seconds)
    solution = solve_program(model.program, seconds=deadline - time.monotonic())
    if solution.outcome == "infeasible":
        return explain_refusal(problem, excluded=bool(question.exclude), deadline=deadline)
    if not solution.values:
        raise SolverStopped(seconds=seconds)
    values: Sequence[int] = solution.values
    canonical = False
    if model.value_of(values) == solution.bound:
        values, canonical = find_first(model, values, solution.bound, deadline=deadline)
    return _answer(question, model, values, bound=solution.bound, canonical=canonical)


def _hold_seats(model: Model, seconds: float) -> Model:
    """The model in which as many of the seated keep their seats as in any panel at all.

    Raises:
        SolverStopped: the time ended before that number was proved.
    """
    problem = model.problem
    seated = [j for j, column in enumerate(model.columns) if column.people[0] in problem.seated]
    if not seated:
        return model
    costs = [int(j in seated) for j in range(len(model.program.costs))]
    most = solve_program(replace(model.program, costs=costs), seconds=seconds)
    if most.outcome == "infeasible":
        return model
    kept = sum(most.values[j] for j in seated if most.values)
    if kept != most.bound:
        raise SolverStopped(seconds=seconds)
    row = Row(seated, kept, ENDLESS)
    return replace(model, program=replace(model.program, rows=[*model.program.rows, row]))


def _answer(
    question: Question,
    model: Model,
    values: Sequence[int],
    *,
    bound: int,
    canonical: bool,
) -> Answer:
    problem, panel = model.problem, model.panel_of(values)
    verdict = check_panel(question, [problem.people[i].id for i in panel])
    exact_bound = problem.exact(bound)
    if not verdict.ok or verdict.objective > exact_bound:
        raise SolverDisagrees(extra={"faults": [fault.code for fault in verdict.faults]})
    kept = sum(len(column.people) for column in model.columns)
    return Answer(
        status="optimal" if verdict.objective == exact_bound else "best_found",
        objective=verdict.objective,
        bound=exact_bound,
        seats=explain_seats(problem, panel),
        reserves=select_reserves(problem, panel),
        meters=verdict.meters,
        canonical=canonical,
        considered=kept,
        dismissed=len(problem.people) - kept,
    )
