"""Small random questions for hypothesis, dense in ties, conflicts and contradictions."""

from datetime import date
from fractions import Fraction

from hypothesis import strategies as st

from think_tank.values import KINDS, Brief, Candidate, Condition, ConflictPair, Question, Rule

ON = date(2026, 6, 1)
SOCIETIES = ("math", "phys", "comp")
CODES = ("A01", "A02", "F02")


@st.composite
def candidates(draw: st.DrawFn, number: int) -> Candidate:
    """A person with few possible scores and attributes, so that many are equal."""
    fields = {
        "society": draw(st.sampled_from(SOCIETIES)),
        "front_line": draw(st.sampled_from(("true", "false"))),
        "disciplines": ";".join(sorted(draw(st.sets(st.sampled_from(CODES), min_size=1)))),
    }
    score = draw(st.sampled_from((Fraction(1), Fraction(2), Fraction(5, 2), Fraction(7))))
    return Candidate(f"e{number}", score, fields)


@st.composite
def rules(draw: st.DrawFn, number: int, seats: int) -> Rule:
    """Any of the four kinds over the attributes above."""
    condition = draw(
        st.one_of(
            st.builds(Condition, st.just("society"), st.just("eq"), st.sampled_from(SOCIETIES)),
            st.builds(Condition, st.just("front_line"), st.just("eq"), st.just("true")),
            st.builds(
                Condition,
                st.just("disciplines"),
                st.just("contains"),
                st.sampled_from(CODES),
            ),
        )
    )
    kind = draw(st.sampled_from(KINDS))
    share = st.fractions(0, 1, max_denominator=4)
    value = draw(share if "share" in kind else st.integers(0, seats).map(Fraction))
    return Rule(
        f"r{number}", kind, condition, value, hard=draw(st.booleans()),
        weight=Fraction(draw(st.integers(0, 3)), draw(st.sampled_from((1, 2)))),
        pinned=draw(st.booleans()), written=str(value),
    )  # fmt: skip


@st.composite
def questions(draw: st.DrawFn) -> Question:
    """A question that trying every panel can still answer."""
    people = draw(st.integers(3, 9))
    seats = draw(st.integers(1, min(4, people)))
    pool = [draw(candidates(n)) for n in range(people)]
    brief = Brief(seats, tuple(draw(rules(n, seats)) for n in range(draw(st.integers(0, 5)))), ON)
    names = [c.id for c in pool]
    two = st.lists(st.sampled_from(names), min_size=2, max_size=2, unique=True)
    pairs = [ConflictPair(a, b) for a, b in draw(st.lists(two, max_size=6))]
    keep = frozenset(draw(st.lists(st.sampled_from(names), max_size=1)))
    exclude = frozenset(draw(st.lists(st.sampled_from(names), max_size=1))) - keep
    seed = draw(st.sampled_from(("0", "plum", "2026")))
    return Question(brief, pool, pairs, seed=seed, keep=keep, exclude=exclude)
