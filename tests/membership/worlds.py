"""Small worlds of facts for the tests of the rules."""

from datetime import UTC, datetime, timedelta
from typing import Any

from membership.rules.facts import (
    Clause,
    Condition,
    DuesFact,
    Facts,
    GradeFact,
    Question,
    SignatureFact,
    SocietyFact,
    StandingFact,
    TermFact,
    VersionFact,
)

T0 = datetime(2026, 1, 1, tzinfo=UTC)
T1 = datetime(2027, 1, 1, tzinfo=UTC)
NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def term(identity: str = "t1", **fields: Any) -> TermFact:
    """Return a term of person p in math, grade senior, over 2026."""
    base: dict[str, Any] = {
        "since": T0,
        "until": T1,
        "person": "p",
        "society": "math",
        "class_code": "individual",
        "grade": "senior",
    }
    return TermFact(identity, **{**base, **fields})


def clause(number: int = 1, **fields: Any) -> Clause:
    """Return a clause math to comp: senior becomes fellow, for the member price."""
    base: dict[str, Any] = {
        "home": "math",
        "host": "comp",
        "benefits": frozenset({"member-price"}),
        "grades": (("senior", "fellow"),),
    }
    return Clause(number, **{**base, **fields})


def version(identity: str = "v1", **fields: Any) -> VersionFact:
    """Return version 1 of agreement a between math and comp, over 2025 to 2028."""
    base: dict[str, Any] = {
        "since": datetime(2025, 1, 1, tzinfo=UTC),
        "until": datetime(2028, 1, 1, tzinfo=UTC),
        "agreement": "a",
        "version": 1,
        "hash": "00",
        "parties": frozenset({"math", "comp"}),
        "clauses": (clause(),),
    }
    return VersionFact(identity, **{**base, **fields})


def signed(version_id: str = "v1", *societies: str) -> tuple[SignatureFact, ...]:
    """Return signatures of the societies, math and comp unless told."""
    return tuple(
        SignatureFact(f"s-{version_id}-{code}", T0, version_id=version_id, society=code)
        for code in societies or ("math", "comp")
    )


def world(**fields: Any) -> Facts:
    """Return the plain world: one term, one signed agreement; `fields` replace its tuples."""
    base: dict[str, Any] = {"terms": (term(),), "versions": (version(),), "signatures": signed()}
    return Facts(**{**base, **fields})


def ask(**fields: Any) -> Question:
    """Return the plain question: p at comp for the member price, at noon on 1 June 2026."""
    base: dict[str, Any] = {
        "person": "p",
        "host": "comp",
        "benefit": "member-price",
        "valid_at": NOON,
    }
    return Question(**{**base, **fields})


__all__ = [
    "NOON",
    "SECOND",
    "T0",
    "T1",
    "Condition",
    "DuesFact",
    "GradeFact",
    "SocietyFact",
    "StandingFact",
    "ask",
    "clause",
    "signed",
    "term",
    "version",
    "world",
]
