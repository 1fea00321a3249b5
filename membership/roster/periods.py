"""Which of a member's terms a row of a roster speaks of, and what it makes of that term."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, NamedTuple
from uuid import UUID

from consortium.kernel.errors import N_
from membership.roster.values import OPEN_END

Changes = dict[str, tuple[object, object]]

TERM_FIELDS: Final = ("class", "grade", "since", "until")


class Held(NamedTuple):
    """A term as stored: its instants, and the civil days they stand for, `last` included.

    `by_officer`: an officer has ended, suspended or voided it.
    """

    id: UUID
    class_code: str
    grade_code: str
    first: date
    last: date
    since: datetime
    until: datetime | None
    state: str = "active"
    by_officer: bool = False

    @property
    def values(self) -> dict[str, object]:
        """The fields of a roster that a term fills."""
        return {
            "class": self.class_code,
            "grade": self.grade_code,
            "since": self.first,
            "until": self.last,
        }

    def says(self, fields: Mapping[str, object]) -> bool:
        """Whether the term has these values."""
        _, class_code, grade_code, first, last, *_ = self
        held = {"class": class_code, "grade": grade_code, "since": first, "until": last}
        return fields.items() <= held.items()

    def is_over(self, now: datetime) -> bool:
        """Whether the term has ended by an instant."""
        return self.until is not None and self.until <= now


class Remark(NamedTuple):
    """What is to be said of a row: the field, a code, an untranslated message and its places."""

    field: str
    code: str
    message: str
    params: Mapping[str, str] = {}


@dataclass(slots=True)
class TermPlan:
    """What a row makes of its member's terms.

    Attributes:
        term: the term on file that the row speaks of; None if it opens a further one, or none.
        changes: before and after by field; before is None for a term that is opened.
        cut: the day from which the changes hold; the term goes on as it was until then.
        also: later terms that take the new class and grade too.
        notes: what the report says of it.
        fault: why the row is refused.
        opens: nobody has a term on file yet: the row opens the first, with the usual defaults.
    """

    term: Held | None = None
    changes: Changes = field(default_factory=dict)
    cut: date | None = None
    also: tuple[Held, ...] = ()
    notes: tuple[Remark, ...] = ()
    fault: Remark | None = None
    opens: bool = False


NO_TERMS: Final = TermPlan()
"""That of every new member; nobody writes to a plan once it is made."""


class Aim(NamedTuple):
    """The term that a period means; `is_kept` says that it does not tell that term's first day."""

    term: Held | None
    is_kept: bool = False
    is_noted: bool = False


def plan_term(
    values: Mapping[str, object], terms: Sequence[Held], *, now: datetime, today: date
) -> TermPlan:
    """Say what a row makes of its member's terms.

    Args:
        values: the filled fields of the row.
        terms: her terms by first day; void ones only if an officer has voided them.
        now: the instant of the import.
        today: its day where the society is.
    """
    said = {name: values[name] for name in TERM_FIELDS if name in values}
    if not said:
        return TermPlan()
    if len(terms) == 1 and not terms[0].by_officer and terms[0].says(said):
        # Most rows of most files; a large roster is planned sooner.
        return TermPlan(terms[0])
    since, until = _day(said.get("since")), _day(said.get("until"))
    if since is not None and until is not None and until < since:
        return TermPlan(fault=Remark("until", *REVERSED))
    live = [term for term in terms if term.state != "void"]
    aim = aim_at(live, since=since, until=until, now=now)
    term = aim.term
    if term is None:
        return _plan_further(said, terms, live)
    if term.state != "active":
        is_same = term.says(said)
        return TermPlan(term, notes=() if is_same else (Remark("until", *_SUSPENDED),))
    if term.by_officer and term.is_over(now):
        return TermPlan(term, notes=_note_ending(term, said))
    return _plan_correction(said, aim, live, today=today)


def _day(value: object) -> date | None:
    return value if isinstance(value, date) else None


def aim_at(terms: Sequence[Held], *, since: date | None, until: date | None, now: datetime) -> Aim:
    """Say which term a period means: one that it overlaps; none if it overlaps none.

    A first day at which some term begins names that beginning, as rosters write the day of joining
    beside the last day of the newest term.

    Args:
        terms: the member's terms by first day, none of them void.
        since: the first day in the file, if any.
        until: the last day in the file, if any.
        now: the instant of the import.
    """
    if not terms:
        return Aim(None)
    if since is None:
        return Aim(_aim_by_end(terms, until, now), is_kept=True)
    end = until or OPEN_END
    met = [term for term in terms if term.first <= end and term.last >= since]
    if not met:
        return Aim(None)
    exact = [term for term in met if (term.first, term.last) == (since, until)]
    if exact or len(met) == 1:
        return Aim((exact or met)[-1])
    ended = [term for term in met if term.by_officer and term.is_over(now)]
    if ended and until is not None and until != met[-1].last:
        return Aim(ended[-1])
    named = met[-1] if until is not None else _in_force(met, now)
    is_known = any(term.first == since for term in terms)
    return Aim(named, is_kept=named.first != since, is_noted=not is_known)


def _aim_by_end(terms: Sequence[Held], until: date | None, now: datetime) -> Held:
    """A last day means the term that ends then, else the newest that has begun by then."""
    if until is None:
        return _in_force(terms, now)
    same = [term for term in terms if term.last == until]
    begun = [term for term in terms if term.first <= until]
    return (same or begun or terms[:1])[-1]


def _in_force(terms: Sequence[Held], now: datetime) -> Held:
    held = [term for term in terms if term.since <= now and not term.is_over(now)]
    return (held or terms)[-1]


def _plan_further(
    said: Mapping[str, object], terms: Sequence[Held], live: Sequence[Held]
) -> TermPlan:
    """A further term; the class and grade that the row lacks go on from the term before."""
    since, until = _day(said.get("since")), _day(said.get("until"))
    start, end = since or date.min, until or OPEN_END
    voided = [
        term for term in terms if term.state == "void" and term.first <= end and term.last >= start
    ]
    if voided:
        params = {"day": voided[-1].first.isoformat()}
        return TermPlan(voided[-1], notes=(Remark("since", *_WITHDRAWN, params),))
    if not live or since is None:
        return TermPlan(opens=True)
    before = [term for term in live if term.first <= since] or live[:1]
    values = before[-1].values | dict(said) | {"until": end}
    notes = () if until is not None else (Remark("until", *NO_END),)
    return TermPlan(changes={name: (None, values[name]) for name in TERM_FIELDS}, notes=notes)


def _note_ending(term: Held, said: Mapping[str, object]) -> tuple[Remark, ...]:
    """Tell of an officer's ending, unless the row agrees with it."""
    if said.get("until") == term.last and term.says(said):
        return ()
    return (Remark("until", *_ENDED, {"day": term.last.isoformat()}),)


def _plan_correction(
    said: Mapping[str, object], aim: Aim, live: Sequence[Held], *, today: date
) -> TermPlan:
    term = aim.term
    assert term is not None
    plan = TermPlan(term, notes=(Remark("since", *_SINCE_KEPT),) if aim.is_noted else ())
    held = term.values
    plan.changes = {
        name: (held[name], value) for name, value in said.items() if held[name] != value
    }
    if aim.is_kept:
        plan.changes.pop("since", None)
    if term.by_officer and "until" in plan.changes:
        del plan.changes["until"]
        plan.notes += _note_ending(term, {"until": None})
    if not plan.changes:
        return plan
    if plan.changes.keys() <= {"class", "grade"} and aim.is_kept and _is_past(plan, today):
        params = {"day": term.last.isoformat()}
        return TermPlan(term, notes=(*plan.notes, Remark("until", *_OVER, params)))
    first, last = _ends(plan)
    if last < first:
        plan.fault = Remark("until", *REVERSED)
    elif aim.is_kept and not plan.changes.keys().isdisjoint(("class", "grade")):
        _hold_from(plan, live, first=first, last=last, today=today)
    return plan


def _ends(plan: TermPlan) -> tuple[date, date]:
    """First and last day of the term after the changes."""
    assert plan.term is not None
    after = plan.term.values | {name: pair[1] for name, pair in plan.changes.items()}
    first, last = after["since"], after["until"]
    assert isinstance(first, date)
    assert isinstance(last, date)
    return first, last


def _is_past(plan: TermPlan, today: date) -> bool:
    return _ends(plan)[1] < today


def _hold_from(
    plan: TermPlan, live: Sequence[Held], *, first: date, last: date, today: date
) -> None:
    """Let another class or grade hold from today on: the file does not say since when.

    Later terms that had the old one follow, else the member would fall back when they begin.
    """
    turned = {name: plan.changes[name] for name in ("class", "grade") if name in plan.changes}
    if first < today <= last:
        plan.cut = today
    elif last < today:
        # The file moves the end of a term that is over; the grade of its past stays.
        for name in turned:
            del plan.changes[name]
        plan.notes += (Remark("until", *_OVER, {"day": last.isoformat()}),)
        return
    plan.also = tuple(
        term
        for term in live
        if term.first > first
        and term is not plan.term
        and term.state == "active"
        and all(term.values[name] == before for name, (before, _) in turned.items())
    )


_SINCE_KEPT: Final = (
    "since-kept",
    N_("Several terms are on file; their beginnings were kept."),
)
REVERSED: Final = (
    "period-reversed",
    N_("The membership would end before it begins. Correct one of the dates."),
)
NO_END: Final = (
    "until-assumed",
    N_("No last day is given; the membership has no end."),
)
_ENDED: Final = (
    "term-ended",
    N_(
        "An officer ended this membership on %(day)s, and a roster does not lift that. To restore "
        "it, undo the last change on the member list or run “flask membership term restore”; to "
        "renew it, give a first day after %(day)s."
    ),
)
_SUSPENDED: Final = (
    "term-suspended",
    N_(
        "An officer suspended this membership, and a roster does not lift that. To restore it, "
        "undo the last change on the member list or run “flask membership term restore”."
    ),
)
_WITHDRAWN: Final = (
    "term-withdrawn",
    N_(
        "An officer withdrew the term from %(day)s, and a roster does not bring it back. To "
        "restore it, run “flask membership term restore”."
    ),
)
_OVER: Final = (
    "term-over",
    N_(
        "The membership ended on %(day)s, so its class and grade were left as they were. To renew "
        "it, give a first day after %(day)s."
    ),
)
