"""Facts as known at an instant: superseded and unknown rows left out, the rest indexed."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from membership.rules.facts import (
    AccessionFact,
    Clause,
    ConsentFact,
    DuesFact,
    EndingFact,
    Fact,
    Facts,
    GradeFact,
    SignatureFact,
    SocietyFact,
    StandingFact,
    TermFact,
    VersionFact,
)

F = TypeVar("F", bound=Fact)
K = TypeVar("K", bound=Hashable)


def live(rows: Iterable[F], known_at: datetime | None) -> list[F]:
    """Return the rows that count, once each and by id.

    >>> from datetime import UTC
    >>> day = datetime(2026, 1, 1, tzinfo=UTC)
    >>> old, new = Fact("a", day, recorded_at=day), Fact("b", day, supersedes="a")
    >>> [row.id for row in live([new, old], None)]
    ['b']
    >>> [row.id for row in live([new, old], day)]
    ['a']
    """
    known = {
        row.id: row
        for row in rows
        if known_at is None or (row.recorded_at is not None and row.recorded_at <= known_at)
    }
    replaced = {row.supersedes for row in known.values()}
    return [known[key] for key in sorted(known) if key not in replaced]


@dataclass(frozen=True, slots=True)
class Text:
    """A version with everything that bears on its being in force.

    Attributes:
        signed: every party named in the text has signed it.
        joined: for a multilateral text, each party's accessions.
        proof: ids of version, signatures and ending.
    """

    fact: VersionFact
    signed: bool
    ends_at: datetime | None
    joined: dict[str, tuple[AccessionFact, ...]]
    proof: tuple[str, ...]

    @property
    def clauses(self) -> tuple[Clause, ...]:
        """The version's clauses."""
        return self.fact.clauses

    def evidence(self, home: str, host: str) -> tuple[str, ...]:
        """Name the rows that put the text in force between two societies, and no others'."""
        rows = (*self.joined.get(home, ()), *self.joined.get(host, ()))
        return (*self.proof, *sorted({f"accession:{row.id}" for row in rows}))

    def boundaries(self, home: str, host: str) -> Iterator[datetime | None]:
        """Yield the instants at which the text may come into or go out of force."""
        yield from (self.fact.since, self.ends_at)
        for society in (home, host):
            for row in self.joined.get(society, ()):
                yield from (row.since, row.until)

    def status(self, at: datetime, home: str, host: str) -> str:
        """Say `in-force`, or which stage fails: `unsigned`, `not-started` or `ended`."""
        if not self.signed:
            return "unsigned"
        if at < self.fact.since:
            return "not-started"
        if self.ends_at is not None and at >= self.ends_at:
            return "ended"
        if self.fact.form == "multilateral":
            return self._acceded(at, home, host)
        return "in-force"

    def _acceded(self, at: datetime, home: str, host: str) -> str:
        for society in (home, host):
            rows = self.joined.get(society, ())
            if not any(row.covers(at) for row in rows):
                return "ended" if any(row.since <= at for row in rows) else "not-started"
        return "in-force"


class Ground:
    """Indexes over what concerns societies: agreements, catalogues, standing; no person in it."""

    def __init__(self, facts: Facts, known_at: datetime | None) -> None:
        """Index the facts as known at `known_at` (None: all of them)."""
        self.standings: dict[str, list[StandingFact]] = defaultdict(list)
        self.grades: dict[str, dict[str, list[GradeFact]]] = defaultdict(lambda: defaultdict(list))
        self.societies: dict[str, SocietyFact] = {}
        for standing in live(facts.standings, known_at):
            self.standings[standing.society].append(standing)
        for grade in live(facts.grades, known_at):
            self.grades[grade.society][grade.code].append(grade)
        for society in live(facts.societies, known_at):
            self.societies[society.code] = society
        self._agreements = _agreements(facts, known_at)
        self.directions: dict[tuple[str, str], object] = {}

    def agreements(self, home: str, host: str) -> tuple[tuple[Text, ...], ...]:
        """Return each agreement with a clause in this direction, its newest version first."""
        return tuple(
            texts for texts in self._agreements if any(_directs(text, home, host) for text in texts)
        )

    def standing(self, society: str, at: datetime) -> StandingFact | None:
        """Return the worst standing in force, or None when nothing was recorded (active)."""
        order = {"expelled": 2, "suspended": 1}
        found = [row for row in self.standings.get(society, ()) if row.covers(at)]
        return max(found, key=lambda row: (order.get(row.state, 0), row.id), default=None)

    def rank(self, society: str, grade: str, at: datetime) -> int:
        """Return the grade's rank, -1 if the catalogue does not hold it then."""
        rows = self.grades.get(society, {}).get(grade, ())
        return max((row.rank for row in rows if row.covers(at)), default=-1)

    def grade_rows(self, society: str) -> Iterator[GradeFact]:
        """Yield the rows of a society's catalogue."""
        for rows in self.grades.get(society, {}).values():
            yield from rows


class Known:
    """Indexes over the live facts; built once for each `known_at` and shared by all questions."""

    def __init__(self, facts: Facts, known_at: datetime | None) -> None:
        """Index the facts as known at `known_at` (None: all of them)."""
        self.ground = _ground(facts, known_at)
        self.terms: dict[str, list[TermFact]] = defaultdict(list)
        self.dues: dict[tuple[str, str], list[DuesFact]] = defaultdict(list)
        self.consents: dict[tuple[str, str], list[ConsentFact]] = defaultdict(list)
        for term in live(facts.terms, known_at):
            if term.state != "void":
                self.terms[term.person].append(term)
        self._homes: dict[str, tuple[tuple[str, tuple[TermFact, ...]], ...]] = {}
        for paid in live(facts.dues, known_at):
            if paid.state == "active":
                self.dues[paid.person, paid.society].append(paid)
        for consent in live(facts.consents, known_at):
            if consent.state == "active":
                self.consents[consent.person, consent.society].append(consent)

    def homes(self, person: str) -> tuple[tuple[str, tuple[TermFact, ...]], ...]:
        """Return the societies in which the person ever had a term, by code, with those terms."""
        found = self._homes.get(person)
        if found is None:
            held = _grouped(self.terms.get(person, ()), lambda term: term.society)
            found = tuple((home, tuple(held[home])) for home in sorted(held))
            self._homes[person] = found
        return found


def view(facts: Facts, known_at: datetime | None) -> Known:
    """Return the index of the facts as known at an instant, building it at the first question."""
    found = facts.views.get(known_at)
    if not isinstance(found, Known):
        found = Known(facts, known_at)
        facts.views[known_at] = found
    return found


def _ground(facts: Facts, known_at: datetime | None) -> Ground:
    found = facts.grounds.get(known_at)
    if not isinstance(found, Ground):
        found = Ground(facts, known_at)
        facts.grounds[known_at] = found
    return found


def _directs(text: Text, home: str, host: str) -> bool:
    multilateral = text.fact.form == "multilateral"
    parties = text.joined.keys() if multilateral else text.fact.parties
    return {home, host} <= parties and any(clause.directs(home, host) for clause in text.clauses)


def _grouped(rows: Iterable[F], key: Callable[[F], K]) -> dict[K, list[F]]:
    found: dict[K, list[F]] = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return found


def _agreements(facts: Facts, known_at: datetime | None) -> tuple[tuple[Text, ...], ...]:
    signatures = _grouped(live(facts.signatures, known_at), lambda row: row.version_id)
    endings = _grouped(live(facts.endings, known_at), lambda row: row.agreement)
    accessions = _grouped(live(facts.accessions, known_at), lambda row: row.agreement)
    versions = _grouped(live(facts.versions, known_at), lambda row: row.agreement)
    made = []
    for agreement in sorted(versions):
        ended = [row for row in endings.get(agreement, ()) if row.state == "active"]
        ending = min(ended, key=lambda row: (row.since, row.id), default=None)
        joined = _grouped(
            (row for row in accessions.get(agreement, ()) if row.state == "active"),
            lambda row: row.society,
        )
        made.append(
            tuple(
                _text(fact, signatures.get(fact.id, []), ending, joined)
                for fact in sorted(versions[agreement], key=lambda row: (-row.version, row.id))
            )
        )
    return tuple(made)


def _text(
    fact: VersionFact,
    signatures: list[SignatureFact],
    ending: EndingFact | None,
    joined: dict[str, list[AccessionFact]],
) -> Text:
    limits = [end for end in (fact.until, ending.since if ending else None) if end is not None]
    proof = [f"agreement_version:{fact.id}"]
    proof += sorted(f"signature:{row.id}" for row in signatures if row.society in fact.parties)
    proof += [f"ending:{ending.id}"] if ending else []
    signed_by = {row.society for row in signatures}
    return Text(
        fact=fact,
        signed=fact.parties <= signed_by,
        ends_at=min(limits, default=None),
        joined={code: tuple(rows) for code, rows in joined.items()},
        proof=tuple(proof),
    )
