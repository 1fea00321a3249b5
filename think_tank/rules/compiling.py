"""From a question to whole numbers: who may sit, what each rule counts, who excludes whom."""

import hashlib
import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd, lcm

from consortium.kernel.errors import N_, FieldError
from think_tank.errors import BriefInvalid, ExpertUnknown, KeptAndExcluded
from think_tank.rules.conditions import NotComparable, bound_of, cell_holds, cell_of
from think_tank.values import Candidate, Question, Rule


def rank_of(seed: str, name: str) -> bytes:
    """The place in the order that settles ties: sha256 of "seed|id" in UTF-8.

    >>> rank_of("0", "a").hex()[:8]
    '325e4872'
    """
    return hashlib.sha256(f"{seed}|{name}".encode()).digest()


@dataclass(frozen=True)
class Limit:
    """A rule in whole numbers: at least (floor) or at most `bound` people with its bit."""

    rule: Rule
    bound: int
    weight: int


@dataclass(frozen=True)
class Problem:
    """A question in whole numbers; people are numbered in the order that settles ties.

    Attributes:
        scores: whole, 0 or more: exact score = scores[i] * unit + shift.
        masks: bit r is set if limit r counts the person.
        neighbours: who may not sit with her, for conflict or for being the same person.
        forced: those who must sit.
        seated: those of whom as many as possible keep their seats.
    """

    people: Sequence[Candidate]
    seats: int
    scores: Sequence[int]
    masks: Sequence[int]
    limits: Sequence[Limit]
    neighbours: Sequence[frozenset[int]]
    forced: frozenset[int]
    seated: frozenset[int]
    unit: Fraction
    shift: Fraction

    def exact(self, objective: int) -> Fraction:
        """The objective in the units of the brief."""
        return objective * self.unit + self.seats * self.shift


@dataclass(frozen=True)
class Column:
    """People who are equal for the solver, in the order that settles ties among them."""

    people: tuple[int, ...]
    score: int
    mask: int
    least: int = 0


def compile_question(question: Question) -> Problem:
    """Bring a question into whole numbers.

    Raises:
        ExpertUnknown: somebody to keep or exclude is not in the pool.
        KeptAndExcluded: somebody is to be kept and excluded.
        BriefInvalid: a rule names a column that the pool has not, or compares what has no order.
    """
    _check_names(question)
    brief = question.brief
    people = sorted(
        (c for c in question.pool if c.id not in question.exclude),
        key=lambda c: (rank_of(question.seed, c.id), c.id),
    )
    masks = _find_masks(question, people)
    soft = [rule.weight for rule in brief.rules if not rule.hard]
    shift = min((c.score for c in people), default=Fraction(0))
    unit = _common_unit([c.score - shift for c in people] + soft)
    limits = [
        Limit(
            rule,
            bound_of(rule, brief.seats),
            0 if rule.hard else int(rule.weight / unit),
        )
        for rule in brief.rules
    ]
    return Problem(
        people=people,
        seats=brief.seats,
        scores=[int((c.score - shift) / unit) for c in people],
        masks=masks,
        limits=limits,
        neighbours=_find_neighbours(question, people),
        forced=frozenset(i for i, c in enumerate(people) if c.id in question.keep),
        seated=frozenset(i for i, c in enumerate(people) if c.id in question.seated),
        unit=unit,
        shift=shift,
    )


def check_question(question: Question) -> None:
    """Refuse a question that no solver could read; the same refusals as of `compile_question`."""
    _check_names(question)
    _find_masks(question, question.pool)


def _check_names(question: Question) -> None:
    known = {candidate.id for candidate in question.pool}
    unknown = N_("%(id)s is not in the pool.")
    missing = [
        FieldError("expert-unknown", unknown, pointer=pointer, params={"id": name})
        for pointer, names in (("/keep", question.keep), ("/exclude", question.exclude))
        for name in sorted(names - known)
    ]
    if missing:
        named = sorted((question.keep | question.exclude) - known)
        raise ExpertUnknown(ids=", ".join(named), errors=missing)
    both = sorted(question.keep & question.exclude)
    if both:
        message = N_("%(id)s cannot be both kept and excluded.")
        faults = [
            FieldError("kept-and-excluded", message, pointer="/keep", params={"id": name})
            for name in both
        ]
        raise KeptAndExcluded(ids=", ".join(both), errors=faults)


def _common_unit(numbers: Iterable[Fraction]) -> Fraction:
    """The largest unit of which all numbers are whole multiples; 1 if all are zero.

    >>> _common_unit([Fraction(1, 2), Fraction(3, 4), Fraction(0)])
    Fraction(1, 4)
    """
    present = [number for number in numbers if number]
    if not present:
        return Fraction(1)
    denominator = lcm(*(number.denominator for number in present))
    return Fraction(gcd(*(int(number * denominator) for number in present)), denominator)


def _find_masks(question: Question, people: Sequence[Candidate]) -> list[int]:
    masks = [0] * len(people)
    faults: list[FieldError] = []
    columns = {name for candidate in question.pool for name in candidate.fields} | {"id"}
    columns |= {"age"} & ({"age"} if "birth_date" in columns else set())
    for place, rule in enumerate(question.brief.rules):
        pointer = f"/rules/{place}/of"
        if question.pool and rule.of.field not in columns:
            message = N_("The pool has no column %(field)s; it has %(columns)s.")
            params = {"field": rule.of.field, "columns": ", ".join(sorted(columns))}
            faults.append(
                FieldError("field-unknown", message, pointer=f"{pointer}/field", params=params)
            )
            continue
        try:
            known: dict[str, bool] = {}
            for i, candidate in enumerate(people):
                cell = cell_of(candidate, rule.of.field, question.brief.on)
                if cell not in known:
                    known[cell] = cell_holds(rule.of, cell)
                masks[i] |= known[cell] << place
        except NotComparable as fault:
            message = N_("Rule %(rule)s compares with %(value)s, but the pool holds %(cell)s.")
            params = {"rule": rule.id, "value": str(rule.of.value), "cell": str(fault)}
            faults.append(
                FieldError("not-comparable", message, pointer=f"{pointer}/value", params=params)
            )
    if faults:
        raise BriefInvalid(errors=faults)
    return masks


def _find_neighbours(question: Question, people: Sequence[Candidate]) -> list[frozenset[int]]:
    place = {candidate.id: i for i, candidate in enumerate(people)}
    found: list[set[int]] = [set() for _ in people]
    for pair in question.conflicts:
        a, b = place.get(pair.a), place.get(pair.b)
        if a is not None and b is not None and a != b and pair.holds_on(question.brief.on):
            found[a].add(b)
            found[b].add(a)
    rows: dict[str, list[int]] = {}
    for i, candidate in enumerate(people):
        if candidate.person:
            rows.setdefault(candidate.person, []).append(i)
    for same in rows.values():
        for i in same if len(same) > 1 else ():
            found[i].update(j for j in same if j != i)
    return [frozenset(others) for others in found]


def select_columns(problem: Problem) -> list[Column]:
    """Who goes into the model, equal people together.

    People are of one class if the same rules count them. Within a class let P be its best by
    score, then by tie order. Any k-1 others of a panel block at most as many of P as the k-1
    largest numbers of P's members that one person takes (herself) or conflicts with. If P is
    larger than that, whoever of the class stands behind P can be swapped for an unblocked one
    of P: same rules met, no conflict, a better score or an earlier place. So nobody behind P is
    on the panel that we seek, and leaving her out changes nothing. Those who are seated already
    have a merit that is no score, and all go in.
    """
    classes: dict[int, list[int]] = {}
    fixed = problem.forced | problem.seated
    for i, mask in enumerate(problem.masks):
        if i not in fixed:
            classes.setdefault(mask, []).append(i)
    stay = set(fixed)
    for members in classes.values():
        members.sort(key=lambda i: (-problem.scores[i], i))
        stay.update(members[: _enough(problem, members)])
    return _group(problem, stay)


def _enough(problem: Problem, members: Sequence[int]) -> int:
    blocked: dict[int, int] = {}
    for size, i in enumerate(members, start=1):
        for j in (i, *problem.neighbours[i]):
            blocked[j] = blocked.get(j, 0) + 1
        asked = size % problem.seats == 0
        if asked and sum(heapq.nlargest(problem.seats - 1, blocked.values())) < size:
            return size
    return len(members)


def _group(problem: Problem, stay: set[int]) -> list[Column]:
    groups: dict[tuple[int, int], list[int]] = {}
    single: list[int] = []
    for i in sorted(stay):
        if i in problem.forced | problem.seated or problem.neighbours[i] & stay:
            single.append(i)
        else:
            groups.setdefault((problem.scores[i], problem.masks[i]), []).append(i)
    columns = [
        Column(tuple(people[: problem.seats]), score, mask)
        for (score, mask), people in groups.items()
    ]
    columns += [
        Column((i,), problem.scores[i], problem.masks[i], int(i in problem.forced)) for i in single
    ]
    return sorted(columns, key=lambda column: column.people)
