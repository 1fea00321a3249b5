"""The closed set of conditions a clause may set; each is true, false, or unknown (None)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from membership.rules.facts import Condition, ConsentFact, DuesFact, TermFact

REFUSALS = {
    "paid": "dues-unpaid",
    "seniority": "seniority-short",
    "class": "class-excluded",
    "consent": "consent-missing",
}
"""Condition kinds, and the reason given when one is false."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the conditions of one term are judged by."""

    term: TermFact
    host: str
    terms: Sequence[TermFact]
    dues: Sequence[DuesFact]
    consents: Sequence[ConsentFact]
    zone: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """A condition's outcome with the rows that show it and the instants at which it may turn."""

    holds: bool | None
    evidence: tuple[str, ...] = ()


def judge(condition: Condition, case: Circumstances, at: datetime) -> Verdict:
    """Judge one condition at an instant; a kind that this version does not know is unknown."""
    judged = _JUDGES.get(condition.kind)
    return judged(condition, case, at) if judged else Verdict(None)


def turning_points(condition: Condition, case: Circumstances) -> Iterator[datetime | None]:
    """Yield the instants at which the condition may turn."""
    if condition.kind == "paid":
        for paid in case.dues:
            yield from (paid.since, paid.until)
    elif condition.kind == "consent":
        for consent in case.consents:
            if consent.host in (case.host, "*"):
                yield from (consent.since, consent.until)
    elif condition.kind == "seniority":
        start = senior_since(case.term, case.terms)
        yield add_months(start, condition.months, case.zone)


def senior_since(term: TermFact, terms: Sequence[TermFact]) -> datetime:
    """Return the start of the unbroken chain of active terms that leads to `term` (会龄).

    A term that begins where an earlier one ends continues it; a gap of any length breaks it.
    """
    start, moved = term.since, True
    while moved:
        moved = False
        for other in terms:
            reaches = other.until is None or other.until >= start
            if other.state == "active" and other.since < start and reaches:
                start, moved = other.since, True
    return start


def add_months(start: datetime, months: int, zone: str) -> datetime:
    """Add calendar months to an instant in a zone; a day that the month lacks becomes its last.

    >>> add_months(datetime(2026, 1, 31, tzinfo=UTC), 1, "UTC").isoformat()
    '2026-02-28T00:00:00+00:00'
    >>> add_months(datetime(2025, 12, 31, 16, tzinfo=UTC), 12, "Asia/Shanghai").isoformat()
    '2026-12-31T16:00:00+00:00'
    """
    local = start.astimezone(ZoneInfo(zone))
    years, month = divmod(local.month - 1 + months, 12)
    for day in range(local.day, 27, -1):
        try:
            return local.replace(year=local.year + years, month=month + 1, day=day).astimezone(UTC)
        except ValueError:
            continue
    return local.replace(year=local.year + years, month=month + 1).astimezone(UTC)


def _paid(condition: Condition, case: Circumstances, at: datetime) -> Verdict:
    found = [
        paid
        for paid in case.dues
        if paid.covers(at)
        and paid.amount >= condition.amount
        and condition.currency in ("", paid.currency)
    ]
    best = min(found, key=lambda paid: paid.id, default=None)
    return Verdict(True, (f"dues:{best.id}",)) if best else Verdict(False)


def _senior(condition: Condition, case: Circumstances, at: datetime) -> Verdict:
    start = senior_since(case.term, case.terms)
    return Verdict(at >= add_months(start, condition.months, case.zone))


def _class(condition: Condition, case: Circumstances, at: datetime) -> Verdict:
    return Verdict(case.term.class_code in condition.one_of)


def _consent(condition: Condition, case: Circumstances, at: datetime) -> Verdict:
    found = [
        consent
        for consent in case.consents
        if consent.host in (case.host, "*")
        and consent.purpose == "recognition"
        and consent.covers(at)
    ]
    best = min(found, key=lambda consent: consent.id, default=None)
    return Verdict(True, (f"consent:{best.id}",)) if best else Verdict(False)


_JUDGES: dict[str, Callable[[Condition, Circumstances, datetime], Verdict]] = {
    "paid": _paid,
    "seniority": _senior,
    "class": _class,
    "consent": _consent,
}
