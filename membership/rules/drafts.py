"""Is an agreement text fit to be sealed? Faults with JSON pointers, all at once."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from membership.rules.conditions import REFUSALS

EFFECTS = ("grant", "deny")
FORMS = ("bilateral", "multilateral")


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault of a draft: a stable code, where it is, and what it speaks of."""

    code: str
    pointer: str
    society: str = ""
    grade: str = ""


def check_clauses(
    clauses: Sequence[Mapping[str, Any]],
    *,
    form: str,
    parties: Collection[str],
    grades: Mapping[str, Collection[str]],
) -> Iterator[Fault]:
    """Yield the faults of a draft's clauses.

    Args:
        clauses: as the API takes them.
        form: `bilateral` or `multilateral`; only the latter may say `*` for a society.
        parties: codes of the societies that the agreement names.
        grades: each party's grade codes.

    >>> clause = {"home": "math", "host": "comp", "benefits": ["library"],
    ...           "grades": {"senior": "fellow", "duke": "fellow"}}
    >>> [(f.code, f.pointer) for f in check_clauses([clause], form="bilateral",
    ...     parties=["math", "comp"], grades={"math": ["senior"], "comp": ["fellow"]})]
    [('grade-unknown', '/clauses/0/grades/duke')]
    >>> [f.code for f in check_clauses([], form="bilateral", parties=[], grades={})]
    ['clauses-missing']
    """
    if not clauses:
        yield Fault("clauses-missing", "/clauses")
    for place, clause in enumerate(clauses):
        pointer = f"/clauses/{place}"
        yield from _check_direction(clause, pointer, form, parties)
        yield from _check_grades(clause, pointer, grades)
        if clause.get("effect", "grant") not in EFFECTS:
            yield Fault("effect-unknown", f"{pointer}/effect")
        for index, condition in enumerate(clause.get("conditions", ())):
            if condition["kind"] not in REFUSALS:
                yield Fault("condition-unknown", f"{pointer}/conditions/{index}/kind")


def _check_direction(
    clause: Mapping[str, Any], pointer: str, form: str, parties: Collection[str]
) -> Iterator[Fault]:
    for side in ("home", "host"):
        society = clause[side]
        if society == "*" and form == "multilateral":
            continue
        if society not in parties:
            yield Fault("not-a-party", f"{pointer}/{side}", society=society)
    if clause["home"] == clause["host"] != "*":
        yield Fault("same-society", f"{pointer}/host", society=clause["host"])


def _check_grades(
    clause: Mapping[str, Any], pointer: str, grades: Mapping[str, Collection[str]]
) -> Iterator[Fault]:
    if not clause["grades"]:
        yield Fault("grades-missing", f"{pointer}/grades")
    for home_grade, host_grade in sorted(clause["grades"].items()):
        for society, grade in ((clause["home"], home_grade), (clause["host"], host_grade)):
            held = grades.get(society)
            if grade != "*" and held is not None and grade not in held:
                yield Fault("grade-unknown", f"{pointer}/grades/{home_grade}", society, grade)
        if host_grade == "*":
            yield Fault("grade-unknown", f"{pointer}/grades/{home_grade}", clause["host"], "*")


def check_period(since: datetime, until: datetime | None) -> Iterator[Fault]:
    """Yield the fault of a period that does not end after it begins."""
    if until is not None and until <= since:
        yield Fault("period-invalid", "/until")
