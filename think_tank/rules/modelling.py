"""The whole-number program of a problem, and the way back from its solution to people."""

from collections.abc import Sequence
from dataclasses import dataclass

from think_tank.rules.compiling import Column, Limit, Problem
from think_tank.rules.milp import Program, Row

ENDLESS = float("inf")


@dataclass(frozen=True)
class Model:
    """A problem with its program: a variable for each column, then one for each soft rule."""

    problem: Problem
    columns: Sequence[Column]
    program: Program

    def panel_of(self, values: Sequence[int]) -> list[int]:
        """The people of a solution: of equal ones, the first in tie order."""
        counted = zip(self.columns, values, strict=False)
        return sorted(person for column, count in counted for person in column.people[:count])

    def value_of(self, values: Sequence[int]) -> int:
        """The objective of a solution, its soft penalties counted anew from its people."""
        problem, panel = self.problem, self.panel_of(values)
        penalty = sum(
            limit.weight * missed_seats(limit, sum(problem.masks[i] >> r & 1 for i in panel))
            for r, limit in enumerate(problem.limits)
        )
        return sum(problem.scores[i] for i in panel) - penalty


def missed_seats(limit: Limit, count: int) -> int:
    """Seats by which a count misses a limit; 0 if it is kept."""
    return max(0, limit.bound - count if limit.rule.is_floor else count - limit.bound)


def build_model(
    problem: Problem,
    columns: Sequence[Column],
    *,
    hard: Sequence[int],
    conflicts: bool = True,
) -> Model:
    """The program that maximises score less soft penalties.

    Args:
        hard: which limits no panel may break; the rest of the hard ones are left out.
        conflicts: whether people in conflict are kept apart.
    """
    soft = [r for r, limit in enumerate(problem.limits) if not limit.rule.hard]
    rows = [Row(range(len(columns)), problem.seats, problem.seats)]
    rows += [limit_row(problem, columns, r) for r in hard]
    for place, r in enumerate(soft, start=len(columns)):
        rows.append(limit_row(problem, columns, r, slack=place))
    if conflicts:
        rows += [Row(clique, 0, 1) for clique in cover_conflicts(problem, columns)]
    program = Program(
        costs=[column.score for column in columns] + [-problem.limits[r].weight for r in soft],
        lower=[column.least for column in columns] + [0] * len(soft),
        upper=[len(column.people) for column in columns] + [problem.seats] * len(soft),
        rows=rows,
    )
    return Model(problem, columns, program)


def limit_row(problem: Problem, columns: Sequence[Column], r: int, slack: int | None = None) -> Row:
    """A limit as a row; the variable `slack` takes up the seats by which it is missed."""
    limit = problem.limits[r]
    floor = limit.rule.is_floor
    places = [j for j, column in enumerate(columns) if column.mask >> r & 1]
    weights = None
    if slack is not None:
        weights = [1] * len(places) + [1 if floor else -1]
        places.append(slack)
    least, most = (limit.bound, ENDLESS) if floor else (-ENDLESS, limit.bound)
    return Row(places, least, most, weights)


def cover_conflicts(problem: Problem, columns: Sequence[Column]) -> list[list[int]]:
    """Cliques that cover all conflict pairs: one row says what many pairs would, and tighter."""
    column_of = {column.people[0]: j for j, column in enumerate(columns) if len(column.people) == 1}
    near = {i: problem.neighbours[i] & column_of.keys() for i in sorted(column_of)}
    done: set[tuple[int, int]] = set()
    cliques: list[list[int]] = []
    for i, others in near.items():
        for j in sorted(others):
            if j < i or (i, j) in done:
                continue
            clique, common = [i, j], others & near[j]
            while common:
                clique.append(min(common))
                common &= near[clique[-1]]
            clique.sort()
            done.update((a, b) for a in clique for b in clique if a < b)
            cliques.append([column_of[person] for person in clique])
    return cliques
