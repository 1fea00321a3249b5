"""Among panels of the best objective, the one first in the tie order, exactly.

A panel is written as its people's places in the order of sha256(seed|id), ascending; the panel
that comes first in dictionary order is seated. So we walk the order and seat everyone whom some
optimal panel seats together with all who were seated before her.
"""

import time
from collections import Counter
from collections.abc import Sequence

from think_tank.rules.milp import SLACK, Program, Row, relax_program, solve_program
from think_tank.rules.modelling import ENDLESS, Model

# Weights 2^19 ... 1 decide twenty places in one solve, exactly in doubles.
BLOCK = 20

Place = tuple[int, int, int]


class _Walk:
    """A walk along the tie order; `values` is an optimal panel that agrees with all decisions."""

    def __init__(self, model: Model, values: Sequence[int], best: int, deadline: float) -> None:
        self.model, self.values, self.best, self.deadline = (
            model,
            values,
            best,
            deadline,
        )
        self.lower, self.upper = _narrow(model, best, deadline)
        paid = [j for j, cost in enumerate(model.program.costs) if cost]
        floor = Row(paid, best, ENDLESS, [model.program.costs[j] for j in paid])
        self.program = model.program.extend(costs=[], upper=[], rows=[floor])
        self.order: list[Place] = sorted(
            (person, j, rank)
            for j, column in enumerate(model.columns)
            for rank, person in enumerate(column.people)
        )
        self.at = 0

    def settle(self) -> bool:
        """Pass everyone who is decided, or whom the panel in hand seats; False at the end."""
        while self.at < len(self.order):
            _, j, rank = self.order[self.at]
            if self.lower[j] <= rank < self.upper[j]:
                if self.values[j] <= rank:
                    return sum(self.lower[: len(self.model.columns)]) < self.model.problem.seats
                self.lower[j] = rank + 1
            self.at += 1
        return False

    def next_block(self, width: int) -> list[Place]:
        """The next undecided people, at most `width`."""
        block: list[Place] = []
        for place in self.order[self.at :]:
            _, j, rank = place
            if self.lower[j] <= rank < self.upper[j]:
                block.append(place)
                if len(block) == width:
                    break
        return block

    def prefer(self, block: Sequence[Place], *, in_order: bool) -> bool:
        """Find the optimal panel with the block's earliest people, or with most of them.

        Returns:
            False if the time ended, or the solver's panel is not what it says.
        """
        last = len(block) - 1
        rewards = [2 ** (last - n) if in_order else 1 for n in range(len(block))]
        base = self.program.within(self.lower, self.upper)
        found = solve_program(
            _reward(base, block, rewards), seconds=self.deadline - time.monotonic()
        )
        values = found.values[: len(base.costs)]
        if found.outcome != "optimal" or self.model.value_of(values) != self.best:
            return False
        self.values = values
        return True

    def close(self, block: Sequence[Place]) -> None:
        """Decide the block for good, as the panel in hand has it."""
        for j, asked in Counter(j for _, j, _ in block).items():
            gained = self.values[j] - self.lower[j]
            if gained < asked:
                self.upper[j] = self.lower[j] + gained
            self.lower[j] += min(gained, asked)


def find_first(
    model: Model, values: Sequence[int], best: int, *, deadline: float
) -> tuple[Sequence[int], bool]:
    """The first of the optimal panels in tie order.

    Args:
        values: any solution whose objective is `best`, the optimum.
        deadline: monotonic seconds at which to stop.

    Returns:
        The solution, and whether it is proved to be the first.
    """
    walk = _Walk(model, values, best, deadline)
    width = BLOCK
    while walk.settle():
        block = walk.next_block(width)
        if not walk.prefer(block, in_order=width == BLOCK):
            return walk.values, False
        gained = any(walk.values[j] > walk.lower[j] for _, j, _ in block)
        # A wide block is only asked whether it holds anybody; if it does, it is walked in order.
        if width == BLOCK or not gained:
            walk.close(block)
        width = BLOCK if gained else width * 4
    return walk.values, True


def _narrow(model: Model, best: int, deadline: float) -> tuple[list[int], list[int]]:
    """Bounds that every optimal panel keeps, from the reduced costs of the relaxation."""
    lower, upper = list(model.program.lower), list(model.program.upper)
    relaxed = relax_program(model.program, seconds=deadline - time.monotonic())
    if relaxed is None:
        return lower, upper
    room = relaxed.optimum - best + SLACK * max(1.0, abs(best) * 1e-3)
    for j, price in enumerate(relaxed.reduced):
        steps = int(room / abs(price)) if abs(price) > SLACK else upper[j]
        if price < 0:
            upper[j] = min(upper[j], lower[j] + steps)
        elif price > 0:
            lower[j] = max(lower[j], upper[j] - steps)
    return lower, upper


def _reward(program: Program, block: Sequence[Place], rewards: Sequence[int]) -> Program:
    """Reward a block's people: a variable each, together no more than their column has to give."""
    first = len(program.costs)
    of_column: dict[int, list[int]] = {}
    for n, (_, j, _) in enumerate(block):
        of_column.setdefault(j, []).append(first + n)
    rows = [
        Row([j, *places], -ENDLESS, -program.lower[j], [-1] + [1] * len(places))
        for j, places in of_column.items()
    ]
    return program.extend(costs=rewards, upper=[1] * len(block), rows=rows)
