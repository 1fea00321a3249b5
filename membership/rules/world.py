"""Worlds and questions as JSON: a row is a fact, and the schema says what it may hold.

`flask membership decide` reads them, so that a stranger can try the rules without a database.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from consortium.kernel.clock import EPOCH
from membership.rules.clauses import read_clause
from membership.rules.decision import Decision, read_instant
from membership.rules.facts import (
    AccessionFact,
    ConsentFact,
    DuesFact,
    EndingFact,
    Fact,
    Facts,
    GradeFact,
    Question,
    SignatureFact,
    SocietyFact,
    StandingFact,
    TermFact,
    VersionFact,
)

Row = Mapping[str, Any]


def read_world(rows: Iterable[Row]) -> Facts:
    """Return the facts of a world.

    A row without `id` gets one from its place, so equal worlds give equal decisions.

    >>> facts = read_world([{"kind": "term", "person": "p", "society": "math", "grade": "senior",
    ...                      "since": "2026-01-01T00:00:00Z"}])
    >>> facts.terms[0].grade, facts.terms[0].until
    ('senior', None)

    Raises:
        KeyError, ValueError: a row lacks a member or holds what is no instant.
    """
    found: dict[str, list[Any]] = defaultdict(list)
    for place, row in enumerate(rows, start=1):
        for fact in _READERS[row["kind"]](row, str(row.get("id", place))):
            found[_PARTS[type(fact)]].append(fact)
    return Facts(**{part: tuple(facts) for part, facts in found.items()})


def read_question(row: Row) -> Question:
    """Return a question; `known_at` may be missing."""
    return Question(
        person=row["person"],
        host=row["host"],
        benefit=row.get("benefit", "membership"),
        valid_at=read_instant(row["valid_at"]),
        known_at=_instant(row.get("known_at")),
    )


def write_decision(row: Row, question: Question, made: Decision, facts: Facts) -> dict[str, Any]:
    """Return an answer as a line: the question's own `id`, then the API's members.

    Ages are counted from `known_at`, or from `valid_at` where the question has none.
    """
    recorded = _recorded(facts)
    moment = question.known_at or question.valid_at
    content = made.as_content()
    for reason in content["reasons"]:
        reason["evidence"] = [
            {"id": key, "age_seconds": _age(recorded.get(key), moment)}
            for key in reason["evidence"]
        ]
    named = {"id": row["id"]} if "id" in row else {}
    return {**named, **content, "decision_hash": made.hash}


def _recorded(facts: Facts) -> dict[str, datetime | None]:
    """Return when each fact became known, by `kind:id`; made once for a world."""
    held = facts.views.get(EPOCH)
    if not isinstance(held, dict):
        held = {
            f"{kind}:{fact.id}": fact.recorded_at
            for part, kind in _KINDS.items()
            for fact in getattr(facts, part)
        }
        facts.views[EPOCH] = held
    return held


def _age(recorded_at: datetime | None, moment: datetime) -> int:
    return max(0, int((moment - recorded_at).total_seconds())) if recorded_at else 0


def _instant(text: Any) -> datetime | None:
    return None if text is None else read_instant(text)


def _dated(row: Row, identity: str) -> dict[str, Any]:
    return {
        "id": identity,
        "since": _instant(row.get("since")) or EPOCH,
        "until": _instant(row.get("until")),
        "recorded_at": _instant(row.get("recorded_at")),
        "supersedes": None if row.get("supersedes") is None else str(row["supersedes"]),
    }


def _society(row: Row, identity: str) -> Iterator[Fact]:
    yield SocietyFact(
        **_dated(row, identity),
        code=row["code"],
        zone=row.get("time_zone", "UTC"),
        observed_at=_instant(row.get("observed_at")),
    )


def _grade(row: Row, identity: str) -> Iterator[Fact]:
    yield GradeFact(
        **_dated(row, identity), society=row["society"], code=row["code"], rank=row.get("rank", 0)
    )


def _standing(row: Row, identity: str) -> Iterator[Fact]:
    yield StandingFact(**_dated(row, identity), society=row["society"], state=row["state"])


def _term(row: Row, identity: str) -> Iterator[Fact]:
    yield TermFact(
        **_dated(row, identity),
        person=row["person"],
        society=row["society"],
        class_code=row.get("class", ""),
        grade=row["grade"],
        state=row.get("state", "active"),
    )


def _dues(row: Row, identity: str) -> Iterator[Fact]:
    yield DuesFact(
        **_dated(row, identity),
        person=row["person"],
        society=row["society"],
        amount=row.get("amount", 0),
        currency=row.get("currency", ""),
        state=row.get("state", "active"),
    )


def _consent(row: Row, identity: str) -> Iterator[Fact]:
    yield ConsentFact(
        **_dated(row, identity),
        person=row["person"],
        society=row["society"],
        host=row["host"],
        purpose=row.get("purpose", "recognition"),
        state=row.get("state", "active"),
    )


def _version(row: Row, identity: str) -> Iterator[Fact]:
    """Yield a version with its signatures, accessions and ending, which a world writes inside."""
    dated = _dated(row, identity)
    clauses = tuple(read_clause(number, item) for number, item in enumerate(row["clauses"], 1))
    form = row.get("form", "bilateral")
    named = {side for clause in clauses for side in (clause.home, clause.host)} - {"*"}
    initiators = named if form == "bilateral" else set[str]()
    parties = frozenset(row.get("parties", initiators))
    agreement = str(row.get("agreement", identity))
    yield VersionFact(
        **dated,
        agreement=agreement,
        version=row.get("version", 1),
        hash=row.get("hash", ""),
        form=form,
        parties=parties,
        clauses=clauses,
    )
    base = {"recorded_at": dated["recorded_at"]}
    for code in row.get("signed_by", sorted(parties)):
        mark = f"{identity}/{code}"
        yield SignatureFact(mark, dated["since"], **base, version_id=identity, society=code)
    for item in row.get("accessions", ()):
        code = item["society"]
        # Every version of a text repeats its accessions; they are the agreement's, once each.
        mark = f"{agreement}/{code}/{item.get('since', '')}"
        joined = _dated(item, mark) | base
        yield AccessionFact(**joined, agreement=agreement, society=code)
    if row.get("ends_at") is not None:
        yield EndingFact(
            f"{identity}/ending", read_instant(row["ends_at"]), **base, agreement=agreement
        )


_READERS: dict[str, Callable[[Row, str], Iterator[Fact]]] = {
    "society": _society,
    "grade": _grade,
    "standing": _standing,
    "term": _term,
    "dues": _dues,
    "consent": _consent,
    "agreement_version": _version,
}
_PARTS: dict[type[Fact], str] = {
    SocietyFact: "societies",
    GradeFact: "grades",
    StandingFact: "standings",
    TermFact: "terms",
    DuesFact: "dues",
    ConsentFact: "consents",
    VersionFact: "versions",
    SignatureFact: "signatures",
    AccessionFact: "accessions",
    EndingFact: "endings",
}
_KINDS = {
    "grades": "grade",
    "standings": "standing",
    "terms": "term",
    "dues": "dues",
    "consents": "consent",
    "versions": "agreement_version",
    "signatures": "signature",
    "accessions": "accession",
    "endings": "ending",
}
