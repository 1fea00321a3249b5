from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

from consortium.kernel.audit.models import AuditRow
from consortium.kernel.clock import FixedClock
from consortium.kernel.db import db
from consortium.kernel.errors import ConsortiumError, Forbidden, NotFound
from consortium.kernel.outbox.models import OutboxRow
from consortium.kernel.principal import ANONYMOUS, SYSTEM
from events.errors import (
    AlreadyRegistered,
    EventForeign,
    EventFull,
    ModeUnavailable,
    QuotaBelowTaken,
    RegistrationClosed,
)
from events.models import EventQuota, Registration
from events.services import (
    drafts,
    listings,
    prices,
    publication,
    reads,
    registrations,
    seats,
)
from events.services.privacy import cancel_for_erased, export_registrations
from events.values import EventKind, Mode, Money, Quota, RegistrationStatus
from membership.errors import PersonUnknown
from membership.services import recognitions
from tests.events.worlds import FULL, MEMBER, House, member, person_in, program, stranger


def taken(event_id: Any) -> list[int]:
    db.session.rollback()
    query = sa.select(EventQuota.taken).where(EventQuota.event_id == event_id)
    return list(db.session.scalars(query.order_by(EventQuota.position)))


def register(principal: Any, event_id: Any, **more: Any) -> Any:
    return registrations.register(
        principal, event_id=event_id, person_id=principal.person_id, **more
    )


def test_a_recognised_member_pays_the_member_price_and_is_told_why(house: House) -> None:
    made = house.publish()
    ticket = register(member("math"), made.id)
    assert (ticket.price, ticket.price_category) == (MEMBER, "member")
    reason = ticket.price_reason
    assert (reason.code, reason.host, reason.home) == ("recognised-by-host", "comp", "math")
    assert ticket.status is RegistrationStatus.AWAITING_PAYMENT


def test_a_hosts_own_member_pays_the_member_price(house: House) -> None:
    made = house.publish()
    reason = register(member("phys"), made.id).price_reason
    assert (reason.code, reason.host) == ("member-of-host", "phys")


def test_another_member_pays_the_full_price_and_is_told_why(house: House) -> None:
    made = house.publish()
    ticket = register(member("mech"), made.id)
    assert (ticket.price, ticket.price_category) == (FULL, "full")
    assert (ticket.price_reason.code, ticket.price_reason.home) == ("not-recognised", "mech")


def test_a_member_of_nothing_pays_the_full_price(house: House) -> None:
    made = house.publish()
    assert register(stranger(), made.id).price_reason.code == "not-a-member"


def test_one_price_for_all_asks_no_recognition(house: House) -> None:
    made = house.publish(prices={"full": Money(0, "CNY")})
    ticket = register(member("math"), made.id)
    assert ticket.status is RegistrationStatus.CONFIRMED
    assert (ticket.price_reason.code, ticket.price_reason.decision_id) == ("one-price", None)


def test_the_decision_behind_a_price_is_kept_and_replays(house: House) -> None:
    made = house.publish()
    for principal in (member("math"), member("mech")):
        assert register(principal, made.id).price_reason.decision_id is not None
    assert recognitions.replay_decisions(SYSTEM) == {"decisions": 2, "differences": []}


def test_the_quote_on_the_page_is_the_price_of_the_registration(house: House) -> None:
    made = house.publish()
    principal = member("math")
    quote = prices.quote_price(principal, event_id=made.id)
    ticket = register(principal, made.id)
    assert quote is not None
    assert (quote.price, quote.category) == (ticket.price, ticket.price_category)
    assert prices.quote_price(ANONYMOUS, event_id=made.id) is None


def test_a_term_that_ends_ends_the_member_price(house: House, clock: FixedClock) -> None:
    made = house.publish(ends_at=reads_end(), starts_at=reads_end() - timedelta(hours=1))
    principal = member("math")
    clock.advance(days=400)
    ticket = register(principal, made.id)
    assert (ticket.price, ticket.price_reason.detail) == (FULL, "term-ended")


def reads_end() -> Any:
    from tests.events.worlds import ENDS

    return ENDS + timedelta(days=500)


def test_the_last_seat_is_taken_once(house: House) -> None:
    made = house.publish(quotas=(Quota(None, Mode.ON_SITE, 1),))
    register(member("math"), made.id)
    with pytest.raises(EventFull):
        register(member("mech"), made.id)
    assert taken(made.id) == [1]


def test_a_cancelled_seat_can_be_taken_again_and_comes_back_once(house: House) -> None:
    made = house.publish(quotas=(Quota(None, Mode.ON_SITE, 1),))
    first, second = member("math"), member("mech")
    ticket = register(first, made.id)
    for _ in range(2):
        registrations.cancel_registration(first, registration_id=ticket.id)
    assert taken(made.id) == [0]
    register(second, made.id)
    with pytest.raises(EventFull):
        register(first, made.id)


def test_nobody_holds_two_seats_of_one_event(house: House) -> None:
    made = house.publish()
    principal = member("math")
    ticket = register(principal, made.id)
    with pytest.raises(AlreadyRegistered) as refused:
        register(principal, made.id)
    assert refused.value.extra == {"registration": str(ticket.id)}
    registrations.cancel_registration(principal, registration_id=ticket.id)
    assert register(principal, made.id).id != ticket.id
    assert taken(made.id) == [1]


def test_a_refused_registration_leaves_nothing_behind(house: House) -> None:
    made = house.publish(quotas=(Quota(None, Mode.ON_SITE, 0),))
    principal = member("math")
    before = counts()
    with pytest.raises(EventFull):
        register(principal, made.id)
    assert counts() == before


def counts() -> tuple[int, ...]:
    db.session.rollback()
    from membership.models import RecognitionDecision

    tables = (Registration, OutboxRow, AuditRow, RecognitionDecision)
    return tuple(db.session.scalar(sa.select(sa.func.count()).select_from(t)) or 0 for t in tables)


def test_a_registration_writes_news_and_audit_without_naming_the_person(house: House) -> None:
    made = house.publish()
    principal = member("math")
    ticket = register(principal, made.id)
    registrations.cancel_registration(principal, registration_id=ticket.id)
    db.session.rollback()
    news = db.session.scalars(
        sa.select(OutboxRow)
        .where(OutboxRow.topic.startswith("events.registration"))
        .order_by(OutboxRow.position)
    ).all()
    assert [(row.topic, row.op, row.key) for row in news] == [
        ("events.registration.made", "upsert", str(ticket.id)),
        ("events.registration.cancelled", "delete", str(ticket.id)),
    ]
    assert str(principal.person_id) not in str([row.data for row in news])
    actions = db.session.scalars(
        sa.select(AuditRow.action).where(AuditRow.subject == str(ticket.id))
    ).all()
    assert sorted(actions) == ["events.registration.cancelled", "events.registration.made"]


def test_a_hosts_quota_is_for_its_own_members_and_comes_before_the_pool(house: House) -> None:
    quotas = (Quota(None, Mode.ON_SITE, 1), Quota("phys", Mode.ON_SITE, 1))
    made = house.publish(quotas=quotas)
    assert register(member("phys", "P-1"), made.id).host == "phys"
    assert register(member("phys", "P-2"), made.id).host is None
    with pytest.raises(EventFull):
        register(member("math"), made.id, host="phys")
    assert taken(made.id) == [1, 1]


def test_a_quota_that_is_due_goes_to_the_pool_once(house: House, clock: FixedClock) -> None:
    due = clock.now() + timedelta(days=1)
    quotas = (Quota(None, Mode.ON_SITE, 1), Quota("phys", Mode.ON_SITE, 5, due))
    made = house.publish(quotas=quotas)
    register(member("phys"), made.id)
    assert seats.release_quotas() == 0
    clock.advance(days=1)
    assert (seats.release_quotas(), seats.release_quotas()) == (1, 0)
    found = seats.list_seats(ANONYMOUS, event_id=made.id)
    assert [(c.host, c.quota, c.added, c.released, c.taken, c.free) for c in found] == [
        (None, 1, 4, 0, 0, 5),
        ("phys", 5, 0, 4, 1, 0),
    ]


def test_a_seat_given_back_after_the_release_goes_to_the_pool_too(
    house: House, clock: FixedClock
) -> None:
    due = clock.now() + timedelta(days=1)
    made = house.publish(quotas=(Quota(None, Mode.ON_SITE, 0), Quota("phys", Mode.ON_SITE, 1, due)))
    principal = member("phys")
    ticket = register(principal, made.id)
    clock.advance(days=2)
    assert seats.release_quotas() == 0
    registrations.cancel_registration(principal, registration_id=ticket.id)
    assert seats.release_quotas() == 1
    assert register(member("math"), made.id).host is None


def test_on_site_and_online_seats_are_apart(house: House) -> None:
    quotas = (Quota(None, Mode.ON_SITE, 1), Quota(None, Mode.ONLINE, 1))
    made = house.publish(mode=Mode.HYBRID, quotas=quotas)
    with pytest.raises(ModeUnavailable):
        register(stranger(), made.id)
    register(stranger(), made.id, mode=Mode.ONLINE)
    with pytest.raises(EventFull):
        register(stranger(), made.id, mode=Mode.ONLINE)
    register(stranger(), made.id, mode=Mode.ON_SITE)
    assert taken(made.id) == [1, 1]


def test_registration_opens_with_publication_and_closes_with_the_event(
    house: House, clock: FixedClock
) -> None:
    draft = house.draft()
    with pytest.raises(NotFound):
        register(stranger(), draft.id)
    made = house.publish()
    clock.at = made.content.ends_at
    with pytest.raises(RegistrationClosed):
        register(stranger(), made.id)


@pytest.mark.parametrize("act", [publication.cancel_event, publication.postpone_event])
def test_a_cancelled_or_postponed_event_takes_nobody_but_keeps_places(
    house: House, act: Any
) -> None:
    made = house.publish()
    principal = stranger()
    ticket = register(principal, made.id)
    act(house.comp, event_id=made.id)
    with pytest.raises(RegistrationClosed):
        register(stranger(), made.id)
    found = registrations.get_registration(principal, registration_id=ticket.id)
    assert found.status is RegistrationStatus.AWAITING_PAYMENT


def test_while_a_change_is_signed_the_published_price_holds(house: House) -> None:
    made = house.publish()
    drafts.change_event(
        house.comp,
        event_id=made.id,
        version=made.version,
        changes={"prices": {"full": Money(9, "CNY")}},
    )
    assert register(stranger(), made.id).price == FULL


def test_a_quota_cannot_shrink_below_what_is_taken(house: House) -> None:
    made = house.publish()
    register(stranger(), made.id)
    changed = drafts.change_event(
        house.comp,
        event_id=made.id,
        version=made.version,
        changes={"quotas": (Quota(None, Mode.ON_SITE, 0),)},
    )
    house.sign(made.id)
    with pytest.raises(QuotaBelowTaken):
        publication.publish_event(house.comp, event_id=made.id)
    assert reads.get_event(ANONYMOUS, event_id=made.id).content_hash != changed.content_hash
    assert taken(made.id) == [1]


REGISTRARS: list[tuple[Any, Any]] = [
    (lambda p: replace(stranger(), person_id=p), None),
    (lambda p: stranger(), PersonUnknown),
    (lambda p: ANONYMOUS, PersonUnknown),
    (lambda p: program("math", "api"), None),
    (lambda p: program("math", "feed:read"), PersonUnknown),
    (lambda p: program("comp", "api"), PersonUnknown),
    (lambda p: replace(program("comp", "api"), person_id=p), None),
    (lambda p: replace(program("comp"), person_id=p), Forbidden),
    (lambda p: replace(program("math", "api"), person_id=uuid4()), PersonUnknown),
]


def test_who_may_register_a_member_of_math(house: House) -> None:
    made = house.publish(quotas=(Quota(None, Mode.ON_SITE, len(REGISTRARS)),))
    for number, (actor, verdict) in enumerate(REGISTRARS):
        person = person_in("math", f"M-{number}")
        found: type[Exception] | None = None
        try:
            registrations.register(actor(person), event_id=made.id, person_id=person)
        except ConsortiumError as refusal:
            found = type(refusal)
        assert found is verdict, number


def test_an_officer_of_a_host_registers_nobody_else(house: House) -> None:
    made = house.publish()
    with pytest.raises(PersonUnknown):
        registrations.register(house.comp, event_id=made.id, person_id=person_in("comp"))


def test_a_registration_is_seen_and_cancelled_by_her_and_by_who_leads(house: House) -> None:
    made = house.publish()
    principal = member("math")
    ticket = register(principal, made.id)
    for other in (stranger(), house.phys, ANONYMOUS, program("comp")):
        with pytest.raises(NotFound):
            registrations.get_registration(other, registration_id=ticket.id)
        with pytest.raises(NotFound):
            registrations.cancel_registration(other, registration_id=ticket.id)
        with pytest.raises(NotFound):
            registrations.list_registrations(other, event_id=made.id)
    assert registrations.list_registrations(house.comp, event_id=made.id)[0] == (ticket,)
    registrations.cancel_registration(house.comp, registration_id=ticket.id)
    assert registrations.find_registration(principal, event_id=made.id) is None


def test_nobody_registers_for_a_listed_conference(house: House) -> None:
    line = (
        '{"title":"FSE","description":"Fast","dblp":"fse","confs":[{"year":2026,"id":"fse26",'
        '"link":"https://fse.example/","date":"October 5-9, 2026","place":"Rome"}]}'
    )
    listings.import_conferences(SYSTEM, text=line, society="comp")
    (listed,), _more = reads.list_events(kinds=(EventKind.LISTED,))
    with pytest.raises(EventForeign):
        register(stranger(), listed.id)


def test_an_erased_person_gives_her_coming_seats_back(house: House) -> None:
    made = house.publish()
    principal = member("math")
    register(principal, made.id)
    assert len(export_registrations(principal.person_id)["registrations"]) == 1
    assert (cancel_for_erased(principal.person_id), taken(made.id)) == (1, [0])
    assert cancel_for_erased(principal.person_id) == 0
