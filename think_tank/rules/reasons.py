"""Why she has the seat, and why the next has not: single swaps, judged in whole numbers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from consortium.kernel.errors import N_
from think_tank.rules.compiling import Problem
from think_tank.rules.modelling import missed_seats
from think_tank.values import Reason, Seat

NOBODY: frozenset[int] = frozenset()
MESSAGES = {
    "kept": N_("The coordinator keeps this seat."),
    "score": N_("Fit for the brief: %(score)s."),
    "fills-rule": N_("Needed for rule %(rule)s, which has %(count)s of %(bound)s."),
    "only-choice": N_("Nobody else could take this seat with every rule kept."),
    "next-loses": N_("With %(next)s here the panel would lose %(loss)s."),
    "next-not-kept": N_("%(next)s would fit as well; this seat is kept."),
    "next-later": N_("%(next)s is as good and comes later in the drawn order."),
}


@dataclass(frozen=True)
class _Swap:
    """Somebody who could take a seat with every hard rule kept; `gain` is never above zero."""

    person: int
    gain: int


class Bench:
    """All who are not on a panel, by class, so that each seat's swaps are found quickly."""

    def __init__(self, problem: Problem, panel: Sequence[int]) -> None:
        self.problem, self.panel = problem, panel
        self.counts = [
            sum(problem.masks[i] >> r & 1 for i in panel) for r in range(len(problem.limits))
        ]
        self.soft = [r for r, limit in enumerate(problem.limits) if limit.weight]
        self.demands = {seat: self._demand(seat) for seat in panel}
        seated = set(panel)
        self.touching: dict[int, set[int]] = {}
        for i in panel:
            for j in problem.neighbours[i]:
                self.touching.setdefault(j, set()).add(i)
        self.classes: dict[int, list[int]] = {}
        for i, mask in enumerate(problem.masks):
            if i not in seated:
                self.classes.setdefault(mask, []).append(i)
        for members in self.classes.values():
            members.sort(key=lambda i: (-problem.scores[i], i))

    def _demand(self, seat: int) -> tuple[int, int]:
        """Bits that whoever takes the seat must have, and bits that she must not have."""
        needed = barred = 0
        for r, limit in enumerate(self.problem.limits):
            if not limit.rule.hard:
                continue
            left = self.counts[r] - (self.problem.masks[seat] >> r & 1)
            if limit.rule.is_floor:
                needed |= (left < limit.bound) << r
            else:
                barred |= (left >= limit.bound) << r
        return needed, barred

    def fits(self, seat: int, mask: int) -> bool:
        """Whether someone of the class may take the seat with every hard rule kept."""
        needed, barred = self.demands[seat]
        return mask & needed == needed and not mask & barred

    def swaps(self, seat: int) -> Iterator[_Swap]:
        """The best of each class who could take the seat."""
        for mask, members in self.classes.items():
            if not self.fits(seat, mask):
                continue
            for i in members:
                if self.touching.get(i, NOBODY) <= {seat}:
                    yield _Swap(i, self._gain(seat, i))
                    break

    def list_repairs(self) -> dict[int, frozenset[int]]:
        """For everyone on the bench the seats that she could take."""
        repairs: dict[int, frozenset[int]] = {}
        for mask, members in self.classes.items():
            seats = frozenset(seat for seat in self.panel if self.fits(seat, mask))
            for i in members if seats else ():
                touched = self.touching.get(i, NOBODY)
                open_to = seats if not touched else seats & touched if len(touched) == 1 else None
                if open_to:
                    repairs[i] = open_to
        return repairs

    def list_needing(self, seat: int) -> list[int]:
        """Hard limits that would break without her."""
        needed, _ = self.demands[seat]
        return [r for r in range(len(self.problem.limits)) if needed >> r & 1]

    def _gain(self, seat: int, person: int) -> int:
        problem = self.problem
        gain = problem.scores[person] - problem.scores[seat]
        for r in self.soft:
            limit, before = problem.limits[r], self.counts[r]
            after = before - (problem.masks[seat] >> r & 1) + (problem.masks[person] >> r & 1)
            gain += limit.weight * (missed_seats(limit, before) - missed_seats(limit, after))
        return gain


def explain_seats(problem: Problem, panel: Sequence[int]) -> tuple[Seat, ...]:
    """Each seat in order of score, with its reasons and the best single swap."""
    bench = Bench(problem, panel)
    ordered = sorted(panel, key=lambda i: (-problem.scores[i], i))
    return tuple(_explain_seat(bench, seat) for seat in ordered)


def _explain_seat(bench: Bench, seat: int) -> Seat:
    problem = bench.problem
    name = problem.people[seat].id
    next_best = min(bench.swaps(seat), key=lambda swap: (-swap.gain, swap.person), default=None)
    why = list(_list_merits(bench, seat))
    if next_best is None:
        return Seat(name, (*why, _reason("only-choice")))
    loss = -next_best.gain * problem.unit
    why_not = _why_not(problem, seat, next_best, loss)
    return Seat(name, tuple(why), problem.people[next_best.person].id, (why_not,), loss)


def _reason(code: str, **params: object) -> Reason:
    return Reason(code, MESSAGES[code], params)


def _list_merits(bench: Bench, seat: int) -> Iterator[Reason]:
    problem = bench.problem
    if seat in problem.forced:
        yield _reason("kept")
    yield _reason("score", score=plain(problem.people[seat].score))
    for r in bench.list_needing(seat):
        limit = problem.limits[r]
        yield _reason("fills-rule", rule=limit.rule.id, count=bench.counts[r], bound=limit.bound)


def _why_not(problem: Problem, seat: int, swap: _Swap, loss: Fraction) -> Reason:
    name = problem.people[swap.person].id
    if loss > 0:
        return _reason("next-loses", next=name, loss=plain(loss))
    if seat in problem.forced:
        return _reason("next-not-kept", next=name)
    return _reason("next-later", next=name)


def plain(number: Fraction) -> str:
    """An exact number as people write it: 3, 2.5 or 1/3.

    >>> plain(Fraction(3)), plain(Fraction(5, 2)), plain(Fraction(1, 3))
    ('3', '2.5', '1/3')
    """
    rest = number.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    return str(number) if rest != 1 else f"{float(number):.12g}"


def select_reserves(problem: Problem, panel: Sequence[int]) -> tuple[str, ...]:
    """A third of the seats, rounded up, in reserve: each repairs the most single declines left.

    A reserve repairs a decline if she can take the seat with every hard rule kept; equal
    ones are taken by score, then in tie order.
    """
    repairs = Bench(problem, panel).list_repairs()
    open_seats, chosen = set(panel), list[str]()
    for _ in range(-(-problem.seats // 3)):
        best = min(
            repairs,
            key=lambda i: (-len(repairs[i] & open_seats), -problem.scores[i], i),
            default=None,
        )
        if best is None:
            break
        open_seats -= repairs.pop(best)
        open_seats = open_seats or set(panel)
        chosen.append(problem.people[best].id)
    return tuple(chosen)
