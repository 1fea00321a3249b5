"""Judge small questions by trying every panel; shares nothing with the solver or our checker."""

import hashlib
from collections.abc import Iterator
from fractions import Fraction
from itertools import combinations
from math import ceil, floor

from think_tank.values import Candidate, Question, Rule


def list_panels(
    question: Question, rules: tuple[Rule, ...] | None = None
) -> Iterator[tuple[Candidate, ...]]:
    """Every panel that keeps the hard ones of `rules` (default: the brief's) and all conflicts."""
    rules = question.brief.rules if rules is None else rules
    apart = {frozenset((pair.a, pair.b)) for pair in question.conflicts}
    people = [c for c in question.pool if c.id not in question.exclude]
    for panel in combinations(people, question.brief.seats):
        ids = {c.id for c in panel}
        clash = any(frozenset(two) in apart for two in combinations(sorted(ids), 2))
        kept = all(missed(rule, panel) == 0 for rule in rules if rule.hard)
        if question.keep <= ids and kept and not clash:
            yield panel


def missed(rule: Rule, panel: tuple[Candidate, ...]) -> int:
    """Seats by which a panel misses a rule whose condition is `eq` or `contains`."""
    cells = [c.fields[rule.of.field] for c in panel]
    value = rule.of.value
    count = sum(cell == value if rule.of.op == "eq" else value in cell.split(";") for cell in cells)
    bound = rule.value * (len(panel) if "share" in rule.kind else 1)
    return max(0, ceil(bound) - count if "min" in rule.kind else count - floor(bound))


def objective(question: Question, panel: tuple[Candidate, ...]) -> Fraction:
    """Scores less soft penalties."""
    penalty = sum(
        rule.weight * missed(rule, panel) for rule in question.brief.rules if not rule.hard
    )
    return sum((c.score for c in panel), Fraction(0)) - penalty


def best_panel(question: Question) -> tuple[Fraction, frozenset[str]] | None:
    """The best objective and the first panel in the order of sha256(seed|id) that has it."""

    def place(panel: tuple[Candidate, ...]) -> list[bytes]:
        seed = question.seed
        return sorted(hashlib.sha256(f"{seed}|{c.id}".encode()).digest() for c in panel)

    panels = [(-objective(question, panel), place(panel), panel) for panel in list_panels(question)]
    if not panels:
        return None
    worth, _, panel = min(panels, key=lambda found: found[:2])
    return -worth, frozenset(c.id for c in panel)
