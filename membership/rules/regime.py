"""What two societies have promised each other, and in which standing, from instant to instant.

Between two neighbouring points of a direction nothing of this changes, so it is worked out once
for each stretch that is asked about and shared by all persons.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from membership.rules.decision import instant
from membership.rules.facts import Clause
from membership.rules.known import Ground, Text
from membership.values import Reason

AGREEMENT, STANDING, TERM, BENEFIT, GRADE, CONDITIONS, FRESHNESS, GRANTED = range(8)
"""The stages at which a home society is asked; the later, the closer to a grant."""

OWN_WORTH = 100


@dataclass(frozen=True, slots=True)
class Promise:
    """A clause in force with the rows that prove it and the instant its news grow too old."""

    text: Text
    clause: Clause
    evidence: tuple[str, ...]
    stale_at: datetime | None

    def host_grade(self, grade: str) -> str | None:
        """Return the grade at the host, `*` standing for any home grade, or None."""
        mapped = self.clause.grade_map
        return mapped.get(grade) or mapped.get("*")


@dataclass(frozen=True, slots=True)
class Stretch:
    """One direction between two points: the promises, or why there are none.

    Attributes:
        stage, refusal: the stage that fails for everybody and its reason, if one does.
        promises: the clauses in force, those silenced by standing left out.
        ranks: rank of each grade of the host.
    """

    stage: int
    refusal: Reason | None
    promises: tuple[Promise, ...]
    ranks: dict[str, int]
    by_benefit: dict[str, tuple[Promise, ...]] = field(default_factory=dict)

    def named(self, benefit: str) -> tuple[Promise, ...]:
        """Return the promises that name the benefit or `*`."""
        found = self.by_benefit.get(benefit)
        if found is None:
            wanted = {benefit, "*"}
            found = tuple(item for item in self.promises if item.clause.benefits & wanted)
            self.by_benefit[benefit] = found
        return found


class Direction:
    """Everything that holds from one home society to one host, for every person."""

    def __init__(self, ground: Ground, home: str, host: str) -> None:
        """Collect the points at which agreements, standing, ranks or freshness may change."""
        self.ground = ground
        self.home = home
        self.host = host
        self.texts = ground.agreements(home, host) if home != host else ()
        found = {point for point in self._changes() if point is not None}
        self.points = sorted(found) if self.texts or home == host else []
        self.has_conditions = any(clause.conditions for clause in self.clauses())
        self._stretches: dict[int, Stretch] = {}

    def after(self, at: datetime) -> list[datetime]:
        """Return the points later than an instant, in order."""
        return self.points[bisect_right(self.points, at) :]

    def stretch(self, at: datetime) -> Stretch:
        """Return what holds at an instant."""
        place = bisect_right(self.points, at)
        found = self._stretches.get(place)
        if found is None:
            found = self._stretches[place] = self._make(at)
        return found

    def clauses(self) -> Iterator[Clause]:
        """Yield the clauses of every version in this direction, in force or not."""
        return (clause for _, clause in self._clauses())

    def _clauses(self) -> Iterator[tuple[Text, Clause]]:
        for texts in self.texts:
            for text in texts:
                for clause in text.clauses:
                    if clause.directs(self.home, self.host):
                        yield text, clause

    def _changes(self) -> Iterator[datetime | None]:
        for texts in self.texts:
            for text in texts:
                yield from text.boundaries(self.home, self.host)
        for _, clause in self._clauses():
            yield self._stale_at(clause)
        for society in (self.home, self.host) if self.texts else ():
            for standing in self.ground.standings.get(society, ()):
                yield from (standing.since, standing.until)
        for grade in self.ground.grade_rows(self.host):
            yield from (grade.since, grade.until)

    def _stale_at(self, clause: Clause) -> datetime | None:
        society = self.ground.societies.get(self.home)
        if society is None or society.observed_at is None or clause.max_staleness_seconds is None:
            return None
        return society.observed_at + timedelta(seconds=clause.max_staleness_seconds)

    def _make(self, at: datetime) -> Stretch:
        grades = {row.code for row in self.ground.grade_rows(self.host)}
        ranks = {code: self.ground.rank(self.host, code, at) for code in grades}
        promises, refusal = self._promised(at)
        if refusal is not None:
            return Stretch(AGREEMENT, refusal, (), ranks)
        kept, refusal = self._in_standing(promises, at)
        return Stretch(STANDING, refusal, tuple(kept), ranks)

    def _promised(self, at: datetime) -> tuple[list[Promise], Reason | None]:
        """Return the clauses in force, of each agreement those of its highest version alone."""
        promises: list[Promise] = []
        states: dict[str, Text] = {}
        for texts in self.texts:
            for text in texts:
                status = text.status(at, self.home, self.host)
                if status == "in-force":
                    promises += self._of(text)
                    break
                states.setdefault(status, text)
        if promises or self.home == self.host:
            return promises, None
        return [], self._why_none(states)

    def _of(self, text: Text) -> list[Promise]:
        evidence = text.evidence(self.home, self.host)
        return [
            Promise(text, clause, evidence, self._stale_at(clause))
            for clause in text.clauses
            if clause.directs(self.home, self.host)
        ]

    def _why_none(self, states: dict[str, Text]) -> Reason:
        base = {"home": self.home, "host": self.host}
        for status in ("ended", "not-started", "unsigned"):
            text = states.get(status)
            if text is None:
                continue
            params = base | {"version": str(text.fact.version)}
            limit = text.ends_at if status == "ended" else text.fact.since
            if status != "unsigned" and limit is not None:
                params["until" if status == "ended" else "since"] = str(instant(limit))
            return Reason(f"agreement-{status}", params, text.evidence(self.home, self.host))
        return Reason("no-agreement", base)

    def _in_standing(
        self, promises: list[Promise], at: datetime
    ) -> tuple[list[Promise], Reason | None]:
        if self.home == self.host:
            return promises, None
        for society, side in ((self.host, "host"), (self.home, "home")):
            found = self.ground.standing(society, at)
            if found is None or found.state == "active":
                continue
            why = Reason(
                f"{side}-{found.state}",
                with_until({"society": society}, found.until),
                (f"standing:{found.id}",),
            )
            if side == "host" or found.state == "expelled":
                return [], why
            promises = [item for item in promises if item.clause.if_home_suspended == "keep"]
            if not promises:
                return [], why
        return promises, None


def direction(ground: Ground, home: str, host: str) -> Direction:
    """Return the direction's index, made at the first question about it."""
    found = ground.directions.get((home, host))
    if not isinstance(found, Direction):
        found = Direction(ground, home, host)
        ground.directions[home, host] = found
    return found


def with_until(params: dict[str, str], until: datetime | None) -> dict[str, str]:
    """Return the parameters with `until` as RFC 3339, if there is one."""
    if until is not None:
        params["until"] = str(instant(until))
    return params
