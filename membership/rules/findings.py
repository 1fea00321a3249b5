"""What one home society yields for a person's question at an instant."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from membership.rules.conditions import REFUSALS, Circumstances, judge, turning_points
from membership.rules.decision import instant
from membership.rules.facts import TermFact
from membership.rules.known import Known, Text
from membership.rules.regime import (
    BENEFIT,
    CONDITIONS,
    FRESHNESS,
    GRADE,
    GRANTED,
    OWN_WORTH,
    TERM,
    Direction,
    Promise,
    Stretch,
    with_until,
)
from membership.values import ENDED_BY, AgreementRef, Reason


@dataclass(frozen=True, slots=True)
class Finding:
    """A grant (`recognised` True), an unknown (None), or a refusal at the stage that failed.

    `order` puts the best grant first; among refusals it only makes the order a fixed one.
    """

    recognised: bool | None
    home: str
    stage: int
    reasons: tuple[Reason, ...]
    order: tuple[object, ...] = ()
    grade: str | None = None
    host_grade: str | None = None
    agreement: AgreementRef | None = None


@dataclass(frozen=True, slots=True)
class Inquiry:
    """A person's terms in one home society, asked about one benefit in one direction."""

    known: Known
    direction: Direction
    benefit: str
    terms: Sequence[TermFact]


def find(ask: Inquiry, at: datetime) -> list[Finding]:
    """Ask one home society, stage by stage; the first stage that fails gives the reason."""
    way = ask.direction
    stretch = way.stretch(at)
    if stretch.refusal is not None:
        return [Finding(False, way.home, stretch.stage, (stretch.refusal,))]
    valid = [term for term in ask.terms if term.state == "active" and term.covers(at)]
    if not valid:
        return [Finding(False, way.home, TERM, (_no_term(way.home, ask.terms, at),))]
    if way.home == way.host:
        return [_own(term, stretch) for term in valid]
    named = stretch.named(ask.benefit)
    if not named:
        newest = max(valid, key=lambda term: (term.since, term.id))
        return [_refused(newest, BENEFIT, _not_covered(ask, stretch))]
    return [finding for term in valid for finding in _Case(ask, stretch, term, at).findings(named)]


def boundaries(ask: Inquiry, at: datetime) -> list[datetime]:
    """Return the later instants at which what the home society yields may change."""
    way = ask.direction
    if way.home != way.host and not way.texts:
        return []
    found = way.after(at)
    for term in ask.terms:
        if term.since > at:
            found.append(term.since)
        if term.until is not None and term.until > at:
            found.append(term.until)
    if way.has_conditions:
        found += [point for point in _turning_points(ask) if point is not None and point > at]
    return found


def _turning_points(ask: Inquiry) -> Iterator[datetime | None]:
    for term in ask.terms:
        case = _circumstances(ask, term)
        for clause in ask.direction.clauses():
            for condition in clause.conditions:
                yield from turning_points(condition, case)


@dataclass(frozen=True, slots=True)
class _Case:
    """One valid term before the promises that name the benefit."""

    ask: Inquiry
    stretch: Stretch
    term: TermFact
    at: datetime

    def findings(self, named: Sequence[Promise]) -> Iterator[Finding]:
        denials = [
            item
            for item in named
            if item.clause.effect == "deny" and item.host_grade(self.term.grade)
        ]
        grants = [item for item in named if item.clause.effect == "grant"]
        for promise in grants:
            priority = promise.clause.priority
            denial = next((item for item in denials if item.clause.priority >= priority), None)
            yield self._by_clause(promise, denial)
        if not grants and denials:
            yield _refused(self.term, CONDITIONS, self._denied(denials[0]))
        elif not grants:
            yield _refused(self.term, GRADE, self._not_mapped(named[0]))

    def _by_clause(self, promise: Promise, denial: Promise | None) -> Finding:
        term = self.term
        host_grade = promise.host_grade(term.grade)
        if host_grade is None:
            return _refused(term, GRADE, self._not_mapped(promise))
        if denial is not None:
            return _refused(term, CONDITIONS, self._denied(denial))
        proof: tuple[str, ...] = ()
        if promise.clause.conditions:
            refusal, proof = self._conditions(promise)
            if refusal is not None:
                return refusal
        if promise.stale_at is not None and self.at >= promise.stale_at:
            params = self._params(since=str(instant(promise.stale_at)))
            why = Reason("facts-stale", params, (f"term:{term.id}",))
            return _refused(term, FRESHNESS, why, recognised=None)
        return self._granted(promise, host_grade, proof)

    def _conditions(self, promise: Promise) -> tuple[Finding | None, tuple[str, ...]]:
        """Judge a clause's conditions: a refusal or an unknown, else the rows that show them."""
        case = _circumstances(self.ask, self.term)
        verdicts = [(item, judge(item, case, self.at)) for item in promise.clause.conditions]
        failed = {REFUSALS[item.kind] for item, verdict in verdicts if verdict.holds is False}
        if failed:
            proof = (f"term:{self.term.id}",)
            whys = (Reason(code, self._params(), proof) for code in sorted(failed))
            return _refused(self.term, CONDITIONS, *whys), ()
        unjudged = sorted({item.kind for item, verdict in verdicts if verdict.holds is None})
        if unjudged:
            why = Reason("condition-unknown", self._params(conditions=",".join(unjudged)))
            return _refused(self.term, CONDITIONS, why, recognised=None), ()
        return None, tuple(sorted({key for _, verdict in verdicts for key in verdict.evidence}))

    def _granted(self, promise: Promise, host_grade: str, proof: tuple[str, ...]) -> Finding:
        term, text, clause = self.term, promise.text.fact, promise.clause
        until = _earlier(term.until, promise.text.ends_at)
        params = self._params(
            grade=term.grade,
            host_grade=host_grade,
            version=str(text.version),
            clause=str(clause.number),
        )
        if clause.worth != OWN_WORTH:
            params["worth"] = str(clause.worth)
        ties = (term.society, text.agreement, -text.version, clause.number, term.id)
        evidence = (f"term:{term.id}", *promise.evidence, *proof)
        return Finding(
            recognised=True,
            home=term.society,
            stage=GRANTED,
            reasons=(Reason("recognised", with_until(params, until), evidence),),
            order=_order(clause.worth, self.stretch.ranks.get(host_grade, -1), until, ties),
            grade=term.grade,
            host_grade=host_grade,
            agreement=AgreementRef(text.agreement, text.version, text.hash),
        )

    def _not_mapped(self, promise: Promise) -> Reason:
        evidence = (f"term:{self.term.id}", *promise.evidence)
        return Reason("grade-not-mapped", self._params(grade=self.term.grade), evidence)

    def _denied(self, denial: Promise) -> Reason:
        params = self._params(
            grade=self.term.grade,
            version=str(denial.text.fact.version),
            clause=str(denial.clause.number),
        )
        return Reason("recognition-denied", params, (f"term:{self.term.id}", *denial.evidence))

    def _params(self, **more: str) -> dict[str, str]:
        return {"home": self.term.society, "host": self.ask.direction.host, **more}


def _own(term: TermFact, stretch: Stretch) -> Finding:
    params = with_until({"host": term.society, "grade": term.grade}, term.until)
    rank = stretch.ranks.get(term.grade, -1)
    return Finding(
        recognised=True,
        home=term.society,
        stage=GRANTED,
        reasons=(Reason("own-member", params, (f"term:{term.id}",)),),
        order=_order(OWN_WORTH, rank, term.until, ("", "", 0, 0, term.id)),
        grade=term.grade,
        host_grade=term.grade,
    )


def _no_term(home: str, terms: Sequence[TermFact], at: datetime) -> Reason:
    """Return why no term counts: suspended now, else the one that ended last, else the next."""
    paused = [term for term in terms if term.state == "suspended" and term.covers(at)]
    if paused:
        term = min(paused, key=lambda row: row.id)
        params = with_until({"home": home}, term.until)
        return Reason("term-suspended", params, (f"term:{term.id}",))
    ended = [(term.until, term.id, term) for term in terms if term.until and term.until <= at]
    if ended:
        until, identity, term = max(ended, key=lambda row: row[:2])
        # A term that was suspended and then ran out was not cut short.
        is_cut = term.by_officer and term.state == "active"
        hints = {ENDED_BY: "society"} if is_cut else {}
        params = with_until({"home": home}, until)
        return Reason("term-ended", params, (f"term:{identity}",), hints)
    term = min(terms, key=lambda row: (row.since, row.id))
    params = {"home": home, "since": str(instant(term.since))}
    return Reason("term-not-started", params, (f"term:{term.id}",))


def _not_covered(ask: Inquiry, stretch: Stretch) -> Reason:
    way = ask.direction
    texts: dict[str, Text] = {item.text.fact.id: item.text for item in stretch.promises}
    proof = sorted({key for text in texts.values() for key in text.evidence(way.home, way.host)})
    params = {"home": way.home, "host": way.host, "benefit": ask.benefit}
    return Reason("benefit-not-covered", params, tuple(proof))


def _circumstances(ask: Inquiry, term: TermFact) -> Circumstances:
    known = ask.known
    society = known.ground.societies.get(term.society)
    return Circumstances(
        term=term,
        host=ask.direction.host,
        terms=ask.terms,
        dues=known.dues.get((term.person, term.society), ()),
        consents=known.consents.get((term.person, term.society), ()),
        zone=society.zone if society else "UTC",
    )


def _refused(
    term: TermFact, stage: int, *reasons: Reason, recognised: bool | None = False
) -> Finding:
    return Finding(recognised, term.society, stage, reasons, (term.id,), term.grade)


def _order(
    worth: int, rank: int, until: datetime | None, ties: tuple[object, ...]
) -> tuple[object, ...]:
    """Return a key by which the best grant comes first: worth, rank, later end, fixed ties."""
    return (-worth, -rank, until is not None, -until.timestamp() if until else 0.0, *ties)


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    if one is None or other is None:
        return one or other
    return min(one, other)
