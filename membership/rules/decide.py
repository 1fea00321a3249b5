"""Is a person recognised? One pure function over dated facts.

The rules, numbered as in docs/recognition.md:

1. Recognition is direct, from a home society to a host; nothing is ever chained.
2. A member of the host itself is recognised by her own term, without an agreement.
3. Of each agreement only the highest version in force speaks.
4. A home society is asked in this order: agreement, standing of both, term, benefit, grade,
   conditions, freshness; the first stage that fails gives the reason.
5. A false condition outweighs an unknown one, an unknown one outweighs a true one.
6. A deny outweighs every grant of the same direction up to its own priority.
7. Of several grants the best counts alone: worth, rank of the host grade, end, then fixed ties.
8. A grant by any home society outweighs an unknown, an unknown outweighs a refusal.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from membership.rules.decision import Decision
from membership.rules.facts import Facts, Question
from membership.rules.findings import Finding, Inquiry, boundaries, find
from membership.rules.known import Known, view
from membership.rules.regime import direction
from membership.values import Reason

MAX_RENEWALS = 50


def decide(question: Question, facts: Facts) -> Decision:
    """Decide whether and as what a person is recognised, and until when that answer stands.

    Args:
        question: person, host, benefit, the instant asked about, and optionally as known when.
        facts: dated rows in any order; those of other persons and societies do not matter.

    Returns:
        The decision. `next_change_at` is the first instant after `valid_at` at which it differs.

    >>> from datetime import UTC
    >>> from membership.rules.facts import Clause, SignatureFact, TermFact, VersionFact
    >>> day = datetime(2026, 1, 1, tzinfo=UTC)
    >>> clause = Clause(1, "math", "comp", frozenset({"library"}), (("senior", "fellow"),))
    >>> facts = Facts(
    ...     terms=(TermFact("t", day, day.replace(year=2027), person="p", society="math",
    ...                     grade="senior"),),
    ...     versions=(VersionFact("v", day, agreement="a", hash="00", clauses=(clause,),
    ...                           parties=frozenset({"math", "comp"})),),
    ...     signatures=(SignatureFact("s1", day, version_id="v", society="math"),
    ...                 SignatureFact("s2", day, version_id="v", society="comp")))
    >>> made = decide(Question("p", "comp", "library", day), facts)
    >>> made.recognised, made.host_grade, made.next_change_at.year
    (True, 'fellow', 2027)
    >>> decide(Question("p", "comp", "library", day.replace(year=2027)), facts).reasons[0].code
    'term-ended'
    """
    known = view(facts, question.known_at)
    inquiries = _inquiries(known, question)
    answer = _answer(question, inquiries, question.valid_at)
    points = {point for ask in inquiries for point in boundaries(ask, question.valid_at)}
    for point in sorted(points):
        if _answer(question, inquiries, point) != answer:
            return _decision(question, answer, point)
    return _decision(question, answer, None)


def recognised_until(question: Question, facts: Facts) -> datetime | None:
    """Return the end of an unbroken recognition at one host grade, through its renewals.

    None when it is open, when the person is not recognised, or when MAX_RENEWALS changes follow
    each other without one.
    """
    first = made = decide(question, facts)
    for _ in range(MAX_RENEWALS):
        point = made.next_change_at
        if point is None or not first.recognised:
            return None
        made = decide(replace(question, valid_at=point), facts)
        if not made.recognised or made.host_grade != first.host_grade:
            return point
    return None


Answer = tuple[Finding, tuple[Reason, ...]]
"""The deciding finding, and the reasons of all that count."""


def _inquiries(known: Known, question: Question) -> list[Inquiry]:
    """Return one inquiry for each society in which the person ever had a term, by code."""
    return [
        Inquiry(known, direction(known.ground, home, question.host), question.benefit, terms)
        for home, terms in known.homes(question.person)
    ]


def _answer(question: Question, inquiries: Sequence[Inquiry], at: datetime) -> Answer:
    findings = [finding for ask in inquiries for finding in find(ask, at)]
    granted = [finding for finding in findings if finding.recognised]
    if granted:
        best = granted[0] if len(granted) == 1 else min(granted, key=_order)
        return best, best.reasons
    if not findings:
        none = Finding(False, "", 0, (Reason("no-membership", {"host": question.host}),))
        return none, none.reasons
    unknown = [finding for finding in findings if finding.recognised is None]
    ranked = sorted(unknown or findings, key=_closeness)
    reasons: list[Reason] = []
    for why in (why for finding in ranked for why in finding.reasons):
        if why not in reasons:
            reasons.append(why)
    return ranked[0], tuple(reasons)


def _order(finding: Finding) -> tuple[object, ...]:
    return finding.order


def _closeness(finding: Finding) -> tuple[object, ...]:
    """Put the refusal that came closest to a grant first; ties by society, term and code."""
    codes = tuple(why.code for why in finding.reasons)
    return (-finding.stage, finding.home, finding.order, codes)


def _decision(question: Question, answer: Answer, next_change_at: datetime | None) -> Decision:
    finding, reasons = answer
    return Decision(
        host=question.host,
        benefit=question.benefit,
        recognised=finding.recognised,
        home=finding.home or None,
        grade=finding.grade,
        host_grade=finding.host_grade,
        reasons=reasons,
        agreement=finding.agreement,
        next_change_at=next_change_at,
    )
