"""Recognition's laws, tried on random small worlds."""

from dataclasses import fields, replace
from datetime import datetime, timedelta
from random import Random

import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from membership.rules import Facts, decide
from membership.rules.facts import (
    AccessionFact,
    Clause,
    Condition,
    ConsentFact,
    EndingFact,
)
from membership.values import Reason
from tests.membership.worlds import (
    NOON,
    SECOND,
    T0,
    DuesFact,
    GradeFact,
    SocietyFact,
    StandingFact,
    ask,
    signed,
    term,
    version,
    world,
)

SOCIETIES = ("math", "phys", "comp", "mech")
GRADES = ("ordinary", "senior", "fellow")
days = st.integers(0, 40).map(lambda n: T0 + timedelta(days=n))
codes = st.sampled_from(SOCIETIES)


@st.composite
def periods(draw: st.DrawFn) -> tuple[datetime, datetime | None]:
    since = draw(days)
    length = draw(st.none() | st.integers(1, 30))
    return since, None if length is None else since + timedelta(days=length)


@st.composite
def clauses(draw: st.DrawFn, number: int) -> Clause:
    kinds = st.sampled_from(
        (
            Condition("paid"),
            Condition("seniority", months=1),
            Condition("consent"),
            Condition("class", one_of=("individual",)),
        )
    )
    return Clause(
        number,
        draw(st.sampled_from((*SOCIETIES, "*"))),
        draw(st.sampled_from((*SOCIETIES, "*"))),
        frozenset({draw(st.sampled_from(("member-price", "library", "*")))}),
        tuple(
            (grade, draw(st.sampled_from(GRADES)))
            for grade in draw(st.sets(st.sampled_from(GRADES)))
        ),
        conditions=tuple(draw(st.lists(kinds, max_size=1))),
        effect=draw(st.sampled_from(("grant", "grant", "grant", "deny"))),
        worth=draw(st.sampled_from((100, 10))),
        priority=draw(st.integers(0, 1)),
        max_staleness_seconds=draw(st.sampled_from((None, None, 86_400 * 20))),
        if_home_suspended=draw(st.sampled_from(("stop", "keep"))),
    )


@st.composite
def worlds(draw: st.DrawFn) -> Facts:
    def rows(most: int) -> range:
        return range(draw(st.integers(0, most)))

    terms = []
    for n in rows(4):
        since, until = draw(periods())
        terms.append(
            term(
                f"t{n}",
                since=since,
                until=until,
                society=draw(codes),
                grade=draw(st.sampled_from(GRADES)),
                state=draw(st.sampled_from(("active", "active", "active", "suspended", "void"))),
                supersedes=f"t{n - 1}" if n and draw(st.booleans()) else None,
            )
        )
    versions, signatures, accessions = [], [], []
    for n in rows(4):
        since, until = draw(periods())
        made = version(
            f"v{n}",
            since=since,
            until=until,
            agreement=f"a{n % 3}",
            version=n + 1,
            form=draw(st.sampled_from(("bilateral", "multilateral"))),
            parties=frozenset(draw(st.sets(codes, min_size=2, max_size=2))),
            clauses=tuple(draw(clauses(i)) for i in range(draw(st.integers(1, 2)))),
        )
        versions.append(made)
        signatures += signed(made.id, *(sorted(made.parties)[draw(st.sampled_from((0, 0, 1))) :]))
    for n in rows(4):
        since, until = draw(periods())
        accessions.append(
            AccessionFact(f"j{n}", since, until, agreement=f"a{n % 3}", society=draw(codes))
        )
    endings = [EndingFact(f"e{n}", draw(days), agreement="a0") for n in rows(1)]
    standings, dues, consents = [], [], []
    for n in rows(2):
        since, until = draw(periods())
        state = draw(st.sampled_from(("suspended", "expelled", "active")))
        standings.append(StandingFact(f"x{n}", since, until, society=draw(codes), state=state))
    for n in rows(2):
        since, until = draw(periods())
        dues.append(DuesFact(f"d{n}", since, until, person="p", society=draw(codes)))
    for n in rows(2):
        since, until = draw(periods())
        consents.append(
            ConsentFact(f"k{n}", since, until, person="p", society=draw(codes), host="*")
        )
    return world(
        terms=tuple(terms),
        versions=tuple(versions),
        signatures=tuple(signatures),
        accessions=tuple(accessions),
        endings=tuple(endings),
        standings=tuple(standings),
        dues=tuple(dues),
        consents=tuple(consents),
        grades=tuple(
            GradeFact(f"g{n}", T0, society="comp", code=grade, rank=n)
            for n, grade in enumerate(GRADES)
        ),
        societies=(SocietyFact("s", T0, code="math", observed_at=draw(st.none() | days)),),
    )


@settings(max_examples=300, deadline=None)
@given(worlds(), days)
def test_the_answer_is_constant_until_it_says_it_changes(facts: Facts, at: datetime) -> None:
    made = decide(ask(valid_at=at), facts)
    end = made.next_change_at or at + timedelta(days=400)
    for inside in (at + (end - at) / 3, at + (end - at) / 2, end - SECOND):
        if at <= inside < end:
            assert decide(ask(valid_at=inside), facts).hash == made.hash
    if made.next_change_at is not None:
        after = decide(ask(valid_at=made.next_change_at), facts)
        assert replace(after, next_change_at=None) != replace(made, next_change_at=None)


@settings(max_examples=200, deadline=None)
@given(worlds(), days, st.randoms(use_true_random=False))
def test_order_and_repetition_of_facts_never_matter(
    facts: Facts, at: datetime, random: Random
) -> None:
    shuffled = {}
    for part in fields(Facts):
        rows = [*getattr(facts, part.name), *getattr(facts, part.name)[:1]]
        random.shuffle(rows)
        shuffled[part.name] = tuple(rows)
    question = ask(valid_at=at)
    assert decide(question, Facts(**shuffled)).canonical == decide(question, facts).canonical


@settings(max_examples=200, deadline=None)
@given(worlds(), days)
def test_an_unrelated_society_changes_nothing(facts: Facts, at: datetime) -> None:
    stranger = term("t-other", person="q", society="chem")
    text = version(
        "v-other",
        agreement="z",
        parties=frozenset({"chem", "comp"}),
        clauses=(Clause(1, "chem", "comp", frozenset({"*"}), (("senior", "fellow"),)),),
    )
    more = replace(
        facts,
        terms=(stranger, *facts.terms),
        versions=(text, *facts.versions),
        signatures=(*signed("v-other", "chem", "comp"), *facts.signatures),
        standings=(StandingFact("x-o", NOON, society="chem", state="expelled"), *facts.standings),
        accessions=(AccessionFact("j-o", T0, agreement="a1", society="chem"), *facts.accessions),
        grades=(GradeFact("g-o", T0, society="chem", code="senior", rank=9), *facts.grades),
    )
    question = ask(valid_at=at)
    assert decide(question, more).canonical == decide(question, facts).canonical


@settings(max_examples=200, deadline=None)
@given(worlds(), days)
def test_a_grant_always_rests_on_a_direct_term_or_agreement(facts: Facts, at: datetime) -> None:
    made = decide(ask(valid_at=at), facts)
    if made.recognised:
        cited = {key.split(":", 1)[1] for why in made.reasons for key in why.evidence}
        homes = {row.society for row in facts.terms if row.id in cited}
        assert homes == {made.home}
        assert (made.agreement is None) == (made.home == "comp")


@settings(max_examples=60, deadline=None)
@given(worlds(), days)
def test_facts_that_share_their_indexes_answer_like_fresh_ones(facts: Facts, at: datetime) -> None:
    ground = replace(facts, terms=(), dues=(), consents=())
    for own in ((), facts.terms[:1], facts.terms):
        people = {"terms": own, "dues": facts.dues, "consents": facts.consents}
        question = ask(valid_at=at)
        fresh = decide(question, replace(facts, **people))
        assert decide(question, ground.with_people(**people)) == fresh


@settings(max_examples=60, deadline=None)
@given(worlds(), days, st.text(st.characters(exclude_categories=["Cs"])))
def test_the_bytes_of_an_answer_are_those_of_rfc_8785(
    facts: Facts, at: datetime, text: str
) -> None:
    made = decide(ask(valid_at=at), facts)
    odd = replace(made, grade=text, reasons=(Reason(text, {"host": text, "a": text}, (text,)),))
    for answer in (made, odd):
        assert answer.canonical == rfc8785.dumps(answer.as_content())
