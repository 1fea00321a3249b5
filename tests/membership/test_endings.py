"""Ending a term and taking that back: an ending adds nothing, and undoing leads to the start."""

from datetime import datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from consortium.kernel.clock import FixedClock
from consortium.kernel.principal import SYSTEM, Grant, Principal, acting_as
from consortium.kernel.unit_of_work import unit_of_work
from membership import values
from membership.api.recognitions import show_decision
from membership.claims import provide_recognitions
from membership.errors import TermEnded, TermUncorrected
from membership.rules.wording import word_reason
from membership.services import recognitions, terms
from tests.auth.browsing import csrf_of
from tests.conftest import Furnish
from tests.membership import houses


def furnish_member() -> values.Term:
    houses.register("math", "comp")
    houses.agree("math", "comp", houses.clause("math", "comp", {"senior": "fellow"}))
    return houses.join("math", "M0001")


@pytest.fixture
def term(furnish: Furnish) -> values.Term:
    """One member of math with one term without end."""
    return furnish(furnish_member)


def newest() -> values.Term:
    return terms.list_terms(SYSTEM, society="math", member_number="M0001")[-1]


def is_recognised(term: values.Term, at: datetime) -> bool | None:
    person_id = houses.person_of(term)
    return recognitions.decide_recognition(person_id, "comp", "member-price", at).recognised


def test_a_term_that_is_over_cannot_be_ended_again(term: values.Term, clock: FixedClock) -> None:
    last = clock.now() - timedelta(days=100)
    over = terms.correct_term(SYSTEM, term_id=term.id, until=last)
    for at in (None, last, last + timedelta(days=1)):
        with pytest.raises(TermEnded):
            terms.end_term(SYSTEM, term_id=over.id, at=at)
    assert newest().until == last
    assert is_recognised(term, clock.now() - timedelta(days=50)) is False


def test_a_withdrawn_term_cannot_be_ended(term: values.Term) -> None:
    void = terms.correct_term(SYSTEM, term_id=term.id, state="void")
    with pytest.raises(TermEnded):
        terms.end_term(SYSTEM, term_id=void.id)


def test_undoing_goes_back_and_never_forth(term: values.Term, clock: FixedClock) -> None:
    first = terms.correct_term(SYSTEM, term_id=term.id, until=clock.now() + timedelta(days=900))
    clock.advance(hours=1)
    sooner = terms.end_term(SYSTEM, term_id=first.id, at=clock.now() + timedelta(days=1))
    clock.advance(hours=1)
    terms.end_term(SYSTEM, term_id=sooner.id)
    seen = []
    for _ in range(3):
        clock.advance(hours=1)
        seen.append(terms.restore_term(SYSTEM, term_id=newest().id).until)
    assert seen == [sooner.until, first.until, term.until]
    with pytest.raises(TermUncorrected):
        terms.restore_term(SYSTEM, term_id=newest().id)


def test_what_was_undone_can_be_ended_and_undone_again(
    term: values.Term, clock: FixedClock
) -> None:
    for _ in range(3):
        clock.advance(hours=1)
        ended = terms.end_term(SYSTEM, term_id=newest().id)
        assert is_recognised(term, clock.now()) is False
        terms.restore_term(SYSTEM, term_id=ended.id)
        assert (newest().until, is_recognised(term, clock.now())) == (term.until, True)


def test_a_term_as_it_was_first_recorded_has_nothing_to_undo(term: values.Term) -> None:
    with pytest.raises(TermUncorrected):
        terms.restore_term(SYSTEM, term_id=term.id)


def renew(term: values.Term, clock: FixedClock) -> values.Term:
    """End the term in a month and open the next one the day after."""
    end = clock.now() + timedelta(days=30)
    terms.correct_term(SYSTEM, term_id=term.id, until=end)
    return terms.open_term(
        SYSTEM,
        society="math",
        member_id=term.member_id,
        class_code=term.class_code,
        grade_code=term.grade_code,
        since=end,
    )


def test_the_command_tells_of_a_renewal_that_stays(
    app: Flask, term: values.Term, clock: FixedClock
) -> None:
    renew(term, clock)
    ended = app.test_cli_runner().invoke(
        args=["membership", "term", "end", "--member", "math:M0001", "--json"]
    )
    assert ended.exit_code == 0
    assert '"has_later_term": true' in ended.stdout or '"has_later_term":true' in ended.stdout
    assert is_recognised(term, clock.now() + timedelta(days=60)) is True


def test_the_whole_membership_ends_with_the_terms_to_come(
    app: Flask, term: values.Term, clock: FixedClock
) -> None:
    renew(term, clock)
    command = ["membership", "term", "end", "--member", "math:M0001", "--all", "--json"]
    assert app.test_cli_runner().invoke(args=command).exit_code == 0
    for days in (0, 60, 900):
        assert is_recognised(term, clock.now() + timedelta(days=days)) is False
    again = app.test_cli_runner().invoke(args=command)
    assert (again.exit_code, "term-ended" in again.stdout) == (1, True)


def end(client: FlaskClient, term: values.Term) -> None:
    form = {"csrf_token": csrf_of(client.get("/s/math/members?lang=en")), "term_id": str(term.id)}
    done = client.post("/s/math/members/terms", data={**form, "decision": "end"})
    assert done.status_code == 303


def test_the_page_names_the_other_term_and_withdraws_it(
    client: FlaskClient, term: values.Term, clock: FixedClock
) -> None:
    later = renew(term, clock)
    keeper = Principal(
        person_id=houses.person_of(term), grants=(Grant("secretary", "society", "math"),)
    )
    with acting_as(keeper):
        current = terms.list_terms(SYSTEM, society="math", member_number="M0001")[0]
        end(client, current)
        shown = client.get("/s/math/members?lang=en").text
        assert "She has another term." in shown
        assert ">Withdraw</button>" in shown
        end(client, later)
        assert ">Withdraw</button>" not in client.get("/s/math/members?lang=en").text
    assert is_recognised(term, clock.now() + timedelta(days=60)) is False


def kept(term: values.Term) -> values.RecognitionDecision:
    with unit_of_work() as uow:
        made = recognitions.decide_recognition(houses.person_of(term), "math", "membership")
        recognitions.record_decision(uow, made, purpose="test")
    return made


def test_who_ended_a_term_is_told_in_words_and_changes_no_decision(
    app: Flask, term: values.Term, clock: FixedClock
) -> None:
    terms.end_term(SYSTEM, term_id=term.id)
    cut = kept(term)
    assert (cut.reason.code, cut.reason.hints) == ("term-ended", {"ended_by": "society"})
    assert "ended_by" not in cut.canonical
    with app.test_request_context("/?lang=en"):
        said = show_decision(cut, clock.now())["reasons"][0]["text"]
        assert said == "math ended your membership on 2026-06-01. Ask its office."
        (told,) = provide_recognitions(houses.person_of(term), "math", clock.now())[
            "not_recognised"
        ]
        assert told["reason"] == "Math Society ended your membership on 2026-06-01. Ask its office."
    assert recognitions.replay_decisions(SYSTEM) == {"decisions": 1, "differences": []}


def test_who_lets_a_term_run_out_is_asked_to_renew(term: values.Term, clock: FixedClock) -> None:
    clock.advance(days=900)
    made = kept(term)
    assert (made.reason.code, made.reason.hints) == ("term-ended", {})
    assert word_reason(made.reason).endswith("Renew it there.")


def test_a_term_that_ran_out_while_suspended_was_not_ended_by_the_society(
    term: values.Term, clock: FixedClock
) -> None:
    terms.correct_term(SYSTEM, term_id=term.id, state="suspended")
    clock.advance(days=900)
    assert kept(term).reason.hints == {}


def test_undoing_the_ending_leaves_a_term_that_may_run_out(
    term: values.Term, clock: FixedClock
) -> None:
    ended = terms.end_term(SYSTEM, term_id=term.id)
    terms.restore_term(SYSTEM, term_id=ended.id)
    clock.advance(days=900)
    assert kept(term).reason.hints == {}
