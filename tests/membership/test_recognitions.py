"""Live recognition on a database: facts change, the next answer changes, undoing restores it."""

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa

from consortium.kernel.clock import FixedClock
from consortium.kernel.db import db
from consortium.kernel.errors import Forbidden
from consortium.kernel.outbox.sequencer import find_position, number_committed
from consortium.kernel.principal import SYSTEM, Grant, Principal
from consortium.kernel.unit_of_work import unit_of_work
from consortium.models import ConsortiumRow, OrganisationStanding
from consortium.services import consortia, organisations, standing
from consortium.services import members as consortium_members
from membership import models, values
from membership.errors import KnownAtAhead, NotYourEnding, PersonUnknown
from membership.services import (
    accessions,
    agreement_register,
    agreements,
    consents,
    people_refs,
    recognitions,
    terms,
)
from tests.conftest import Furnish
from tests.membership import houses
from tests.membership.statements import count_statements

HOSTS = ("comp", "phys", "mech")


def ask(term: values.Term, host: str = "comp", **more: object) -> values.RecognitionDecision:
    return recognitions.decide_recognition(houses.person_of(term), host, "member-price", **more)


def one_member() -> values.Term:
    houses.register("math", "comp", "phys", "mech")
    houses.agree("math", "comp", houses.clause("math", "comp", {"senior": "fellow"}))
    houses.agree("math", "phys", houses.clause("math", "phys", {"senior": "ordinary"}))
    return houses.join("math", "M001")


@pytest.fixture
def term(furnish: Furnish, clock: FixedClock) -> values.Term:
    return furnish(one_member)


def test_a_member_is_recognised_in_different_grades(term: values.Term) -> None:
    made = [ask(term, host) for host in HOSTS]
    assert [(item.recognised, item.host_grade) for item in made] == [
        (True, "fellow"),
        (True, "ordinary"),
        (False, None),
    ]


def test_ending_a_term_changes_the_next_answer_and_undoing_restores_it(
    term: values.Term, clock: FixedClock
) -> None:
    clock.advance(hours=1)
    ended = terms.end_term(SYSTEM, term_id=term.id)
    assert ask(term).reason.code == "term-ended"
    terms.restore_term(SYSTEM, term_id=ended.id)
    assert ask(term).recognised is True


def test_a_term_that_has_not_begun_becomes_void_when_ended(
    term: values.Term, clock: FixedClock
) -> None:
    later = terms.correct_term(SYSTEM, term_id=term.id, since=clock.now() + timedelta(days=1))
    assert ask(term).reason.code == "term-not-started"
    terms.end_term(SYSTEM, term_id=later.id)
    assert ask(term).reason.code == "no-membership"


def test_ending_an_agreement_changes_the_next_answer_and_undoing_restores_it(
    term: values.Term,
) -> None:
    (found,), _ = agreement_register.list_agreements(society="comp")
    agreements.end_agreement(houses.secretary("comp"), agreement_id=found.id)
    assert ask(term).reason.code == "agreement-ended"
    with pytest.raises(NotYourEnding):
        agreements.restore_agreement(houses.secretary("math"), agreement_id=found.id)
    assert ask(term).reason.code == "agreement-ended"
    agreements.restore_agreement(houses.secretary("comp"), agreement_id=found.id)
    assert ask(term).recognised is True


def test_suspending_a_society_changes_the_next_answer_and_undoing_restores_it(
    term: values.Term, clock: FixedClock
) -> None:
    consortia.found_consortium(
        SYSTEM,
        code="demo",
        kind="consortium",
        name_zh="示范学会联合体",
        name_en="Demonstration Consortium",
        charter_zh="章程",
    )
    consortium_members.admit_member(SYSTEM, "math", consortium="demo")
    clock.advance(hours=1)
    standing.suspend(SYSTEM, "math", consortium="demo")
    assert ask(term).reason.code == "home-suspended"
    clock.advance(hours=1)
    standing.restore(SYSTEM, "math", consortium="demo")
    assert ask(term).recognised is True


def test_an_unsigned_agreement_has_no_effect(term: values.Term) -> None:
    houses.agree(
        "math", "mech", houses.clause("math", "mech", {"senior": "senior"}), signed_by=("math",)
    )
    assert ask(term, "mech").reason.code == "agreement-unsigned"


def test_an_amendment_counts_once_both_have_signed(term: values.Term) -> None:
    (found,), _ = agreement_register.list_agreements(society="comp")
    second = agreements.add_version(
        houses.secretary("math"),
        agreement_id=found.id,
        since=houses.T0,
        until=None,
        clauses=[houses.clause("math", "comp", {"senior": "ordinary"})],
    )
    assert ask(term).host_grade == "fellow"
    for code in ("math", "comp"):
        agreements.sign_version(
            houses.secretary(code), agreement_id=found.id, version=second.version, society=code
        )
    made = ask(term)
    assert (made.host_grade, made.agreement) == (
        "ordinary",
        values.AgreementRef(str(found.id), 2, second.hash),
    )


def test_a_consent_condition_is_asked_for_and_withdrawn(
    term: values.Term, clock: FixedClock
) -> None:
    houses.agree(
        "math",
        "mech",
        houses.clause("math", "mech", {"senior": "senior"}, conditions=[{"kind": "consent"}]),
    )
    person = Principal(person_id=houses.person_of(term))
    assert ask(term, "mech").reason.code == "consent-missing"
    consents.set_recognition_consent(person, member="math:M001", host="mech", given=True)
    assert ask(term, "mech").recognised is True
    clock.advance(seconds=1)
    consents.set_recognition_consent(person, member="math:M001", host="mech", given=False)
    assert ask(term, "mech").reason.code == "consent-missing"


def test_one_text_for_many_each_society_joins_and_leaves_alone(
    term: values.Term, clock: FixedClock
) -> None:
    made = agreements.create_agreement(
        houses.secretary("math"),
        form="multilateral",
        title_zh="联合体会员互认协议",
        title_en="Consortium recognition agreement",
        parties=["math"],
    )
    sealed = agreements.add_version(
        houses.secretary("math"),
        agreement_id=made.id,
        since=houses.T0,
        until=None,
        clauses=[houses.clause("*", "*", {"*": "ordinary"})],
    )
    agreements.sign_version(
        houses.secretary("math"), agreement_id=made.id, version=sealed.version, society="math"
    )
    for code in ("math", "mech"):
        accessions.accede(houses.secretary(code), agreement_id=made.id, society=code)
    assert ask(term, "mech").host_grade == "ordinary"
    clock.advance(seconds=1)
    accessions.withdraw(houses.secretary("mech"), agreement_id=made.id, society="mech")
    assert ask(term, "mech").reason.code == "agreement-ended"


def test_an_as_of_question_sees_what_was_known_then(term: values.Term, clock: FixedClock) -> None:
    number_committed()
    before = find_position().watermark
    clock.advance(hours=1)
    at = clock.now()
    terms.end_term(SYSTEM, term_id=term.id)
    clock.advance(hours=1)
    number_committed()
    after = find_position().watermark
    assert ask(term, at=at, known_at=before).recognised is True
    assert ask(term, at=at, known_at=after).reason.code == "term-ended"
    with pytest.raises(KnownAtAhead):
        ask(term, known_at=after + timedelta(seconds=1))


def test_kept_decisions_replay_byte_for_byte_after_corrections(
    term: values.Term, clock: FixedClock
) -> None:
    for host in HOSTS:
        with unit_of_work() as uow:
            recognitions.record_decision(uow, ask(term, host), purpose="test")
    clock.advance(hours=1)
    terms.end_term(SYSTEM, term_id=term.id)
    (found,), _ = agreement_register.list_agreements(society="comp")
    agreements.end_agreement(houses.secretary("comp"), agreement_id=found.id)
    assert recognitions.replay_decisions(SYSTEM) == {"decisions": 3, "differences": []}


def test_a_tampered_decision_is_a_difference(term: values.Term) -> None:
    with unit_of_work() as uow:
        kept = recognitions.record_decision(uow, ask(term), purpose="test")
    with unit_of_work() as uow:
        changed = json.dumps({**json.loads(ask(term).canonical), "host_grade": "ordinary"})
        uow.execute(sa.update(models.RecognitionDecision).values(answer=changed))
    assert recognitions.replay_decisions(SYSTEM) == {"decisions": 1, "differences": [kept]}


def test_the_number_of_statements_does_not_grow_with_the_hosts(term: values.Term) -> None:
    person = houses.person_of(term)
    with count_statements() as one:
        recognitions.decide_recognitions(person, ["comp"], "membership")
    with count_statements() as three:
        recognitions.decide_recognitions(person, HOSTS, "membership")
    assert (len(one), len(three)) == (2, 2)


def test_a_persons_names_lead_to_her(term: values.Term) -> None:
    person = houses.person_of(term)
    herself = Principal(person_id=person)
    assert people_refs.resolve_person("math:M001", SYSTEM) == person
    assert people_refs.resolve_person("me", herself) == person
    assert people_refs.ref_of(person) == "math:M001"
    with pytest.raises(PersonUnknown):
        people_refs.resolve_person("math:M002", SYSTEM)


def program(society: str, scope: str = "api") -> Principal:
    return Principal(client_id="c", society=society, scopes=frozenset({scope}))


@pytest.mark.parametrize(
    ("principal", "answered"),
    [
        (program("comp"), True),
        (program("math"), True),
        (program("mech"), False),
        (program("comp", "feed:read"), False),
        (Principal(client_id="c"), False),
        (Principal(grants=(Grant("operator", "node"),)), True),
        (Principal(grants=(Grant("organiser", "society", "comp"),)), True),
        (Principal(grants=(Grant("organiser", "society", "phys"),)), False),
    ],
)
def test_who_may_ask_about_a_member(
    term: values.Term, principal: Principal, answered: bool
) -> None:
    def asked() -> bool | None:
        return recognitions.ask_recognition(
            principal, person="math:M001", host="comp", benefit="member-price"
        ).recognised

    if answered:
        assert asked() is True
    else:
        with pytest.raises((PersonUnknown, Forbidden)):
            asked()


def test_facts_are_never_changed_in_place(term: values.Term, clock: FixedClock) -> None:
    clock.advance(hours=1)
    ended = terms.end_term(SYSTEM, term_id=term.id)
    rows = db.session.scalars(sa.select(models.Term).order_by(models.Term.id)).all()
    assert [(row.id, row.until, row.supersedes) for row in rows] == [
        (term.id, term.until, None),
        (ended.id, ended.until, term.id),
    ]
    assert organisations.get_organisation("math").standing == "active"


def test_a_foreign_consortium_takes_nothing_from_members_of_ours(
    term: values.Term, clock: FixedClock
) -> None:
    society = organisations.get_organisation("math").id
    with unit_of_work() as uow:
        # As an earlier version took it from a peer.
        body = uow.add(
            ConsortiumRow(
                code="far",
                kind="consortium",
                name_zh="远",
                name_en="Far",
                origin="https://far.example",
                founded_at=uow.now,
            )
        )
        uow.flush()
        uow.add(
            OrganisationStanding(
                organisation_id=society,
                consortium_id=body.id,
                standing="expelled",
                since=uow.now,
            )
        )
    clock.advance(hours=1)

    assert ask(term).recognised is True
