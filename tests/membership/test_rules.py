"""Recognition as pure decisions: plain cases, edges, refusals."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from membership.rules import decide, recognised_until
from membership.rules.facts import (
    AccessionFact,
    Condition,
    ConsentFact,
    EndingFact,
    Facts,
    VersionFact,
)
from membership.rules.wording import word_reason
from membership.values import AgreementRef
from tests.membership.worlds import (
    NOON,
    SECOND,
    T0,
    T1,
    DuesFact,
    GradeFact,
    SocietyFact,
    StandingFact,
    ask,
    clause,
    signed,
    term,
    version,
    world,
)


def code(facts: Facts, **question: object) -> str:
    return decide(ask(**question), facts).reasons[0].code


def standing(society: str, state: str, until: datetime | None = None) -> tuple[StandingFact, ...]:
    return (StandingFact("x", T0, until, society=society, state=state),)


def clause_only(**fields: object) -> tuple[VersionFact, ...]:
    return (version(clauses=(clause(**fields),)),)


def test_a_member_is_recognised_in_the_grade_the_agreement_maps_to() -> None:
    made = decide(ask(), world())
    assert (made.recognised, made.home, made.grade, made.host_grade) == (
        True,
        "math",
        "senior",
        "fellow",
    )
    assert made.reasons[0].code == "recognised"
    assert made.reasons[0].params["until"] == "2027-01-01T00:00:00Z"
    assert made.reasons[0].evidence == (
        "term:t1",
        "agreement_version:v1",
        "signature:s-v1-comp",
        "signature:s-v1-math",
    )
    assert made.agreement == AgreementRef("a", 1, "00")
    assert made.next_change_at == T1


@pytest.mark.parametrize(
    ("offset", "expected"),
    [(-SECOND, "term-not-started"), (timedelta(0), "recognised"), (SECOND, "recognised")],
)
def test_a_term_counts_from_its_first_instant(offset: timedelta, expected: str) -> None:
    assert code(world(), valid_at=T0 + offset) == expected


@pytest.mark.parametrize(
    ("offset", "expected"),
    [(-SECOND, "recognised"), (timedelta(0), "term-ended"), (SECOND, "term-ended")],
)
def test_a_term_does_not_count_at_its_end(offset: timedelta, expected: str) -> None:
    assert code(world(), valid_at=T1 + offset) == expected


def test_a_future_term_activates_by_itself_and_is_announced() -> None:
    made = decide(ask(valid_at=T0 - 2 * SECOND), world())
    assert (made.recognised, made.next_change_at) == (False, T0)


def test_a_contract_renewed_the_next_instant_leaves_no_gap() -> None:
    first = version(until=NOON)
    second = version("v2", agreement="b", since=NOON)
    facts = world(versions=(first, second), signatures=signed("v1") + signed("v2"))
    assert [decide(ask(valid_at=NOON + d), facts).recognised for d in (-SECOND, 0 * SECOND)] == [
        True,
        True,
    ]


def test_an_early_renewal_loses_no_day() -> None:
    facts = world(terms=(term(), term("t2", since=T1, until=T1.replace(year=2028))))
    assert recognised_until(ask(), facts) == version().until


def test_recognition_is_never_chained() -> None:
    onward = version(
        "v2",
        agreement="b",
        parties=frozenset({"comp", "phys"}),
        clauses=(clause(home="comp", host="phys", grades=(("fellow", "fellow"),)),),
    )
    facts = world(versions=(version(), onward), signatures=signed() + signed("v2", "comp", "phys"))
    assert decide(ask(host="phys"), facts).reasons[0].code == "no-agreement"


def test_an_agreement_in_the_other_direction_alone_is_not_denied() -> None:
    only = version(clauses=(clause(home="comp", host="math"),))
    (why,) = decide(ask(), world(versions=(only,))).reasons
    assert (why.code, word_reason(why)) == (
        "no-agreement",
        "No agreement says that comp recognises members of math.",
    )


def test_a_member_of_the_host_needs_no_agreement() -> None:
    made = decide(ask(host="math"), world(versions=()))
    assert (made.recognised, made.host_grade, made.agreement) == (True, "senior", None)


def test_the_best_grade_counts_alone() -> None:
    low = version("v2", agreement="b", clauses=(clause(grades=(("senior", "ordinary"),)),))
    facts = world(
        versions=(low, version()),
        signatures=signed() + signed("v2"),
        grades=(
            GradeFact("g1", T0, society="comp", code="ordinary", rank=1),
            GradeFact("g2", T0, society="comp", code="fellow", rank=3),
        ),
    )
    assert decide(ask(), facts).host_grade == "fellow"


def test_worth_is_never_added_up() -> None:
    tenth = clause(1, worth=10)
    fifth = clause(2, worth=20)
    made = decide(ask(), world(versions=(version(clauses=(tenth, fifth)),)))
    assert made.reasons[0].params["worth"] == "20"


def test_a_newer_version_silences_the_older_one() -> None:
    newer = version(
        "v2", version=2, since=NOON, clauses=(clause(grades=(("senior", "ordinary"),)),)
    )
    facts = world(versions=(version(), newer), signatures=signed() + signed("v2"))
    assert decide(ask(valid_at=NOON - SECOND), facts).host_grade == "fellow"
    assert decide(ask(valid_at=NOON), facts).host_grade == "ordinary"


def test_a_newer_version_without_the_clause_ends_recognition() -> None:
    newer = version("v2", version=2, since=NOON, clauses=(clause(home="comp", host="math"),))
    facts = world(versions=(version(), newer), signatures=signed() + signed("v2"))
    assert decide(ask(), facts).recognised is False


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"terms": ()}, "no-membership"),
        ({"terms": (term(state="void"),)}, "no-membership"),
        ({"terms": (term(state="suspended"),)}, "term-suspended"),
        ({"terms": (term(grade="student"),)}, "grade-not-mapped"),
        ({"versions": ()}, "no-agreement"),
        ({"signatures": signed("v1", "math")}, "agreement-unsigned"),
        ({"versions": (version(until=NOON),)}, "agreement-ended"),
        ({"versions": (version(since=NOON + SECOND),)}, "agreement-not-started"),
        ({"endings": (EndingFact("e", NOON, agreement="a"),)}, "agreement-ended"),
        ({"endings": (EndingFact("e", NOON, agreement="a", state="revoked"),)}, "recognised"),
        ({"endings": (EndingFact("e", NOON + SECOND, agreement="a"),)}, "recognised"),
        ({"standings": standing("math", "expelled")}, "home-expelled"),
        ({"standings": standing("comp", "suspended")}, "host-suspended"),
        ({"standings": standing("comp", "suspended", until=NOON)}, "recognised"),
        ({"versions": clause_only(benefits=frozenset({"library"}))}, "benefit-not-covered"),
        ({"versions": clause_only(effect="deny")}, "recognition-denied"),
    ],
)
def test_the_first_stage_that_fails_gives_the_reason(
    change: dict[str, object], expected: str
) -> None:
    assert code(world(**change)) == expected


def test_a_denial_outweighs_grants_up_to_its_priority() -> None:
    deny = clause(1, effect="deny", priority=1)
    weak, strong = clause(2), clause(3, priority=2)
    assert code(world(versions=(version(clauses=(deny, weak)),))) == "recognition-denied"
    assert code(world(versions=(version(clauses=(deny, weak, strong)),))) == "recognised"


def test_members_of_a_suspended_society_stay_where_a_clause_keeps_them() -> None:
    standing = StandingFact("x", T0, society="math", state="suspended")
    keeps = version(clauses=(clause(if_home_suspended="keep"),))
    assert code(world(standings=(standing,))) == "home-suspended"
    assert code(world(standings=(standing,), versions=(keeps,))) == "recognised"


def test_dues_are_asked_only_where_a_clause_asks() -> None:
    paying = version(clauses=(clause(conditions=(Condition("paid", amount=100, currency="CNY"),)),))
    dues = DuesFact("d", T0, NOON, person="p", society="math", amount=100, currency="CNY")
    assert code(world(versions=(paying,))) == "dues-unpaid"
    assert code(world(versions=(paying,), dues=(dues,))) == "dues-unpaid"
    made = decide(ask(valid_at=NOON - SECOND), world(versions=(paying,), dues=(dues,)))
    assert (made.recognised, made.next_change_at) == (True, NOON)
    assert "dues:d" in made.reasons[0].evidence


def test_seniority_counts_unbroken_terms_in_the_home_zone() -> None:
    senior = version(clauses=(clause(conditions=(Condition("seniority", months=12),)),))
    before = term("t0", since=datetime(2025, 3, 31, 16, tzinfo=UTC), until=T0)
    shanghai = SocietyFact("s", T0, code="math", zone="Asia/Shanghai")
    facts = world(versions=(senior,), terms=(before, term()), societies=(shanghai,))
    turn = datetime(2026, 3, 31, 16, tzinfo=UTC)
    assert code(facts, valid_at=turn - SECOND) == "seniority-short"
    assert decide(ask(valid_at=turn - SECOND), facts).next_change_at == turn
    assert code(facts, valid_at=turn) == "recognised"
    gap = replace(before, until=T0 - SECOND)
    assert code(replace(facts, terms=(gap, term())), valid_at=turn) == "seniority-short"


def test_class_and_consent_conditions() -> None:
    both = (Condition("class", one_of=("individual",)), Condition("consent"))
    facts = world(versions=(version(clauses=(clause(conditions=both),)),))
    given = ConsentFact("k", T0, person="p", society="math", host="comp")
    assert code(facts) == "consent-missing"
    assert code(replace(facts, consents=(given,))) == "recognised"
    unit = term(class_code="unit")
    assert code(replace(facts, consents=(given,), terms=(unit,))) == "class-excluded"


def test_old_news_makes_the_answer_unknown_at_the_limit() -> None:
    fresh = version(clauses=(clause(max_staleness_seconds=60),))
    heard = SocietyFact("s", T0, code="math", observed_at=NOON)
    facts = world(versions=(fresh,), societies=(heard,))
    limit = NOON + timedelta(seconds=60)
    before, at = (decide(ask(valid_at=limit + d), facts) for d in (-SECOND, 0 * SECOND))
    assert (before.recognised, before.next_change_at) == (True, limit)
    assert (at.recognised, at.reasons[0].code) == (None, "facts-stale")


def test_a_refusal_outweighs_old_news() -> None:
    stale = clause(max_staleness_seconds=60, conditions=(Condition("paid"),))
    heard = SocietyFact("s", T0, code="math", observed_at=T0)
    assert code(world(versions=(version(clauses=(stale,)),), societies=(heard,))) == "dues-unpaid"


def test_a_condition_of_a_later_edition_is_unknown() -> None:
    later = version(clauses=(clause(conditions=(Condition("moon-phase"),)),))
    made = decide(ask(), world(versions=(later,)))
    assert (made.recognised, made.reasons[0].code) == (None, "condition-unknown")


def test_a_correction_replaces_and_an_as_of_question_still_sees_the_old_row() -> None:
    early, late = T0, NOON
    first = term(recorded_at=early)
    second = term("t2", until=T0 + SECOND, supersedes="t1", recorded_at=late)
    facts = Facts(
        terms=(second, first),
        versions=(version(recorded_at=T0),),
        signatures=tuple(replace(row, recorded_at=T0) for row in signed()),
    )
    assert code(facts) == "term-ended"
    assert code(facts, known_at=late - SECOND) == "recognised"
    assert code(facts, known_at=late) == "term-ended"


def test_a_row_not_yet_recorded_is_in_no_as_of_answer() -> None:
    assert code(world(), known_at=T1) == "no-membership"
    assert code(world()) == "recognised"


def test_accession_and_withdrawal_of_one_society_alone() -> None:
    joint = version(
        form="multilateral",
        parties=frozenset(),
        clauses=(clause(home="*", host="*", grades=(("*", "ordinary"),)),),
    )
    joined = (
        AccessionFact("a1", T0, agreement="a", society="math"),
        AccessionFact("a2", T0, NOON, agreement="a", society="comp"),
        AccessionFact("a3", T0, agreement="a", society="phys"),
    )
    facts = world(versions=(joint,), signatures=(), accessions=joined)
    assert code(facts, valid_at=NOON - SECOND) == "recognised"
    assert code(facts) == "agreement-ended"
    assert decide(ask(host="phys"), facts).host_grade == "ordinary"
    assert code(facts, host="mech") == "no-agreement"


def test_the_hash_covers_the_answer_and_not_its_age() -> None:
    recorded = term(recorded_at=NOON)
    assert decide(ask(), world()).hash == decide(ask(), world(terms=(recorded,))).hash
    assert decide(ask(), world()).hash != decide(ask(valid_at=T1), world()).hash
