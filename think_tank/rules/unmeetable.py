"""A brief that no panel can meet: which rules cannot be kept together, and what mends it."""

import time
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from math import lcm

from think_tank.errors import SolverStopped
from think_tank.rules.compiling import Limit, Problem, select_columns
from think_tank.rules.milp import Program, Row, solve_program
from think_tank.rules.modelling import ENDLESS, build_model, limit_row
from think_tank.values import Answer, Change, Repair

FEWEST_REPAIRS = 3
MOST_REPAIRS = 12


def explain_refusal(problem: Problem, *, excluded: bool, deadline: float) -> Answer:
    """The answer for a brief that no panel can meet.

    Raises:
        SolverStopped: the time ended before the rules in conflict were known.
    """
    problem = _without_soft(problem)
    rules = list(range(len(problem.limits)))
    if not _is_meetable(problem, [], deadline):
        return Answer("infeasible", conflict_with=_blame_setting(problem, excluded, deadline))
    for r in list(rules):
        rest = [kept for kept in rules if kept != r]
        if not _is_meetable(problem, rest, deadline):
            rules = rest
    names = tuple(problem.limits[r].rule.id for r in rules)
    return Answer(
        "infeasible",
        conflict_rules=names,
        repairs=list_repairs(problem, deadline=deadline),
    )


def _without_soft(problem: Problem) -> Problem:
    """The problem of meeting the hard rules alone, on which score has no say."""
    hard = [r for r, limit in enumerate(problem.limits) if limit.rule.hard]
    masks = [sum((mask >> r & 1) << n for n, r in enumerate(hard)) for mask in problem.masks]
    limits = [problem.limits[r] for r in hard]
    return replace(problem, masks=masks, limits=limits, scores=[0] * len(masks))


def _is_meetable(
    problem: Problem, rules: Sequence[int], deadline: float, *, conflicts: bool = True
) -> bool:
    seen = sum(1 << r for r in rules)
    bare = replace(problem, masks=[mask & seen for mask in problem.masks])
    model = build_model(bare, select_columns(bare), hard=rules, conflicts=conflicts)
    left = deadline - time.monotonic()
    found = solve_program(model.program, seconds=left)
    if found.outcome == "stopped" and not found.values:
        raise SolverStopped(seconds=round(max(left, 0), 1))
    return found.outcome != "infeasible"


def _blame_setting(problem: Problem, excluded: bool, deadline: float) -> tuple[str, ...]:
    """What besides the rules leaves no panel: too few people, those kept, conflicts."""
    if len(problem.people) < problem.seats:
        return ("seats", "exclude") if excluded else ("seats",)
    if len(problem.forced) > problem.seats:
        return ("seats", "keep")
    free = replace(problem, forced=frozenset())
    return ("conflicts",) if not _is_meetable(free, [], deadline) else ("conflicts", "keep")


def list_repairs(problem: Problem, *, deadline: float) -> tuple[Repair, ...]:
    """The cheapest ways to move bounds so that a panel exists, cheapest first.

    A repair moves as few seats as will do: moving any of its rules less fails. Pinned rules
    never move. At least three are listed if there are as many, and all that cost the same as
    the last, up to twelve.
    """
    scale = lcm(*(limit.rule.weight.denominator for limit in problem.limits), 1)
    movable = [r for r, limit in enumerate(problem.limits) if not limit.rule.pinned]
    program, first = _elastic(problem, movable, scale)
    found: list[tuple[int, tuple[int, ...]]] = []
    while len(found) < MOST_REPAIRS:
        solution = solve_program(program, seconds=deadline - time.monotonic())
        if solution.outcome != "optimal":
            break
        moved = solution.values[first : first + len(movable)]
        cost = _cost(problem, movable, moved, scale)
        if len(found) >= FEWEST_REPAIRS and cost > found[-1][0]:
            break
        found.append((cost, moved))
        program = _forbid(program, first, moved)
    repairs = [_repair(problem, movable, moved, Fraction(cost, scale)) for cost, moved in found]
    return tuple(sorted(repairs, key=lambda repair: (repair.cost, len(repair.changes))))


def _cost(problem: Problem, movable: Sequence[int], moved: Sequence[int], scale: int) -> int:
    weights = (int(problem.limits[r].rule.weight * scale) for r in movable)
    return sum(weight * seats for weight, seats in zip(weights, moved, strict=True))


def _elastic(problem: Problem, movable: Sequence[int], scale: int) -> tuple[Program, int]:
    """The program that pays for moving bounds, and its first variable of seats moved."""
    columns = select_columns(problem)
    pinned = [r for r in range(len(problem.limits)) if r not in movable]
    model = build_model(problem, columns, hard=pinned)
    first = len(model.program.costs)
    costs = [-int(problem.limits[r].rule.weight * scale) for r in movable]
    rows = [limit_row(problem, columns, r, slack=first + n) for n, r in enumerate(movable)]
    most = [_room(problem.limits[r], problem.seats) for r in movable]
    return model.program.extend(costs=costs, upper=most, rows=rows), first


def _room(limit: Limit, seats: int) -> int:
    return limit.bound if limit.rule.is_floor else max(0, seats - limit.bound)


def _forbid(program: Program, first: int, moved: Sequence[int]) -> Program:
    """Forbid whatever moves every bound at least as far: some moved bound must stay nearer."""
    support = [(first + n, seats) for n, seats in enumerate(moved) if seats]
    start = len(program.costs)
    rows = []
    for n, (place, seats) in enumerate(support):
        room = program.upper[place]
        rows.append(Row([place, start + n], -ENDLESS, seats - 1 + room, [1, room]))
    rows.append(Row([start + n for n in range(len(support))], 1, ENDLESS))
    longer = program.extend(costs=[0] * len(support), upper=[1] * len(support), rows=rows)
    return replace(longer, costs=[*program.costs, *([0] * len(support))])


def _repair(
    problem: Problem, movable: Sequence[int], moved: Sequence[int], cost: Fraction
) -> Repair:
    changes = tuple(
        _change(problem.limits[r], seats, problem.seats)
        for r, seats in zip(movable, moved, strict=True)
        if seats
    )
    return Repair(changes, cost)


def _change(limit: Limit, moved: int, seats: int) -> Change:
    bound = limit.bound - moved if limit.rule.is_floor else limit.bound + moved
    after = str(Fraction(bound, seats)) if limit.rule.is_share else str(bound)
    return Change(limit.rule.id, limit.rule.written, after, moved)
