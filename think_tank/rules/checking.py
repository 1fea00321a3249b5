"""The integer checker: exact fractions in plain Python, knowing nothing of the solver."""

from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction

from consortium.kernel.errors import N_
from think_tank.rules.conditions import bound_of, count_members
from think_tank.values import Candidate, Fault, Meter, Question, Verdict

ROUNDING = "min_share rounds up to a whole seat, max_share rounds down"


def check_panel(question: Question, ids: Sequence[str]) -> Verdict:
    """Judge a panel by its brief, without trusting whoever proposed it.

    Returns:
        Every fault, every rule's meter, and the objective: scores less soft penalties.

    >>> from datetime import date
    >>> from think_tank.rules.briefs import parse_brief
    >>> brief = parse_brief({"seats": 1, "rules": [{"id": "m", "kind": "max_count",
    ...     "of": {"field": "society", "op": "eq", "value": "math"}, "value": 0}]},
    ...     today=date(2026, 1, 1))
    >>> chen = Candidate("1", Fraction(5), {"society": "math"})
    >>> [fault.code for fault in check_panel(Question(brief, [chen]), ["1"]).faults]
    ['rule-broken']
    """
    pool = {candidate.id: candidate for candidate in question.pool}
    chosen = [pool[name] for name in dict.fromkeys(ids) if name in pool]
    meters = tuple(_measure(question, chosen))
    soft = {rule.id: rule.weight for rule in question.brief.rules if not rule.hard}
    penalty = sum((soft[m.rule] * m.missed for m in meters if not m.hard), Fraction(0))
    objective = sum((candidate.score for candidate in chosen), Fraction(0)) - penalty
    faults = (
        *_list_seat_faults(question, ids, pool),
        *_list_rule_faults(meters),
        *_list_conflict_faults(question, chosen),
    )
    return Verdict(objective, faults, meters)


def _measure(question: Question, chosen: list[Candidate]) -> Iterator[Meter]:
    brief = question.brief
    for rule in brief.rules:
        count, bound = count_members(rule, chosen, brief), bound_of(rule, brief.seats)
        yield Meter(rule.id, count, bound, rule.is_floor, rule.hard, rule.written)


def _list_seat_faults(
    question: Question, ids: Sequence[str], pool: dict[str, Candidate]
) -> Iterator[Fault]:
    if len(ids) != question.brief.seats:
        params = {"seats": question.brief.seats, "chosen": len(ids)}
        yield Fault(
            "seats-wrong",
            N_("The brief has %(seats)s seats; %(chosen)s are filled."),
            params,
        )
    for name, times in Counter(ids).items():
        if times > 1:
            yield Fault("seated-twice", N_("%(id)s has more than one seat."), {"id": name})
        if name not in pool:
            yield Fault("expert-unknown", N_("%(id)s is not in the pool."), {"id": name})
        if name in question.exclude:
            yield Fault("expert-excluded", N_("%(id)s was excluded."), {"id": name})
    for name in sorted(question.keep - set(ids)):
        yield Fault(
            "expert-not-kept",
            N_("%(id)s was to be kept and has no seat."),
            {"id": name},
        )


def _list_rule_faults(meters: Sequence[Meter]) -> Iterator[Fault]:
    floor = N_("Rule %(rule)s asks for at least %(bound)s; there are %(count)s.")
    ceiling = N_("Rule %(rule)s allows at most %(bound)s; there are %(count)s.")
    for meter in meters:
        if meter.hard and meter.missed:
            params = {"rule": meter.rule, "bound": meter.bound, "count": meter.count}
            yield Fault("rule-broken", floor if meter.is_floor else ceiling, params)


def _list_conflict_faults(question: Question, chosen: list[Candidate]) -> Iterator[Fault]:
    seated = {candidate.id for candidate in chosen}
    for pair in question.conflicts:
        if {pair.a, pair.b} <= seated and pair.a != pair.b and pair.holds_on(question.brief.on):
            params = {"a": pair.a, "b": pair.b, "kind": pair.kind}
            yield Fault(
                "conflict-seated",
                N_("%(a)s and %(b)s may not sit together (%(kind)s)."),
                params,
            )
    persons = Counter(candidate.person for candidate in chosen if candidate.person)
    for candidate in chosen:
        if persons[candidate.person] > 1:
            yield Fault(
                "person-twice",
                N_("%(id)s shares her person with another seat."),
                {"id": candidate.id},
            )
