"""Refusals that say what is the matter: by name, in words, with what to do next."""

from typing import Any

import pytest
from flask.testing import FlaskClient

from consortium.kernel.clock import FixedClock
from consortium.kernel.errors import ConsortiumError
from consortium.kernel.principal import Grant, Principal
from events.errors import (
    CancellationLate,
    ContentRefused,
    EventCancelled,
    EventOver,
    EventPostponed,
    EventSettled,
    HostInvitedAlready,
    HostLeads,
    NotAHost,
    RegistrationByAnother,
)
from events.services import drafts, hosting, publication, registrations, signing
from events.values import EventView, HostRole, Mode, Quota, RegistrationStatus
from membership.errors import PersonUnknown
from tests.events.test_api import EVENT, Caller
from tests.events.test_pages import FORM, Reader
from tests.events.worlds import House, member, officer, person_in, stranger


def register(principal: Principal, event: EventView, **more: Any) -> Any:
    assert principal.person_id is not None
    return registrations.register(
        principal, event_id=event.id, person_id=principal.person_id, **more
    )


def told(refused: pytest.ExceptionInfo[ConsortiumError]) -> str:
    """What the refusal says, in English with the names that the reader would see."""
    return refused.value.text()


def test_whoever_registers_too_late_is_told_why(house: House, clock: FixedClock) -> None:
    made, put_off, off = (house.publish(slug=slug) for slug in ("held", "later", "never"))
    publication.postpone_event(house.comp, event_id=put_off.id)
    publication.cancel_event(house.comp, event_id=off.id)
    clock.at = made.content.ends_at
    for event, refusal in ((made, EventOver), (put_off, EventPostponed), (off, EventCancelled)):
        with pytest.raises(refusal) as refused:
            register(stranger(), event)
        assert (refused.value.status, refused.value.code) == (409, "registration-closed")
    assert EventOver().text().startswith("This event has ended.")


def test_what_was_held_keeps_its_registrations(house: House, clock: FixedClock) -> None:
    made = house.publish()
    stays, goes = member("math"), stranger()
    ticket, gone = register(stays, made), register(goes, made)
    registrations.cancel_registration(goes, registration_id=gone.id)
    clock.at = made.content.ends_at
    for principal in (stays, house.comp):
        with pytest.raises(CancellationLate):
            registrations.cancel_registration(principal, registration_id=ticket.id)
    found = registrations.get_registration(stays, registration_id=ticket.id)
    assert found.status is RegistrationStatus.AWAITING_PAYMENT
    registrations.cancel_registration(goes, registration_id=gone.id)


def test_a_place_at_a_postponed_event_is_given_back_after_its_old_dates(
    house: House, clock: FixedClock
) -> None:
    made = house.publish()
    principal = member("math")
    ticket = register(principal, made)
    publication.postpone_event(house.comp, event_id=made.id)
    clock.at = made.content.ends_at
    registrations.cancel_registration(principal, registration_id=ticket.id)
    assert registrations.find_registration(principal, event_id=made.id) is None


def test_pages_of_a_past_event_offer_neither_to_register_nor_to_cancel(
    house: House, client: FlaskClient, clock: FixedClock
) -> None:
    made = house.publish()
    principal = member("math")
    ticket = register(principal, made)
    clock.at = made.content.ends_at
    page = Reader(client, stranger()).open(f"/events/{made.slug}?lang=en")
    assert page.told("data-state") == ["over"]
    assert "This event has ended." in page.html
    page = Reader(client, principal).open(f"/events/{made.slug}/registrations/{ticket.id}")
    assert not [path for path in page.told("action") if path.endswith("/cancellation")]


def test_a_society_that_is_no_host_is_named(house: House) -> None:
    made = house.publish()
    with pytest.raises(NotAHost) as refused:
        register(member("math"), made, host="mech")
    assert told(refused) == (
        "mech学会 does not host this event. Leave the host out, or name one of: comp学会、phys学会."
    )
    assert register(member("math", "M-2"), made, host="phys").host is None


def test_the_leader_is_not_invited_and_hosts_are_named(house: House) -> None:
    made = house.draft()
    for society, refusal, words in (
        ("comp", HostLeads, "comp学会 leads this event, so it hosts it already."),
        ("phys", HostInvitedAlready, "phys学会 was invited already."),
    ):
        with pytest.raises(refusal) as refused:
            hosting.invite_host(house.comp, event_id=made.id, society=society, role=HostRole.GUIDE)
        assert refused.value.code == "host-invited-already"
        assert told(refused).startswith(words)


def test_a_secretary_is_told_that_members_register_themselves(house: House) -> None:
    made = house.publish()
    person = person_in("math", "M-1")
    for actor, refusal in (
        (officer("math", "secretary"), RegistrationByAnother),
        (officer("comp", "secretary"), PersonUnknown),
        (officer("math", "organiser"), PersonUnknown),
        (Principal(grants=(Grant("secretary", "society", "math"),)), RegistrationByAnother),
    ):
        with pytest.raises(refusal) as refused:
            registrations.register(actor, event_id=made.id, person_id=person)
        assert refused.value.status == (403 if refusal is RegistrationByAnother else 404)


def test_nobody_accepts_to_host_what_is_cancelled(house: House) -> None:
    made = house.draft()
    publication.cancel_event(house.comp, event_id=made.id)
    for society, actor in (("phys", house.phys), ("comp", house.comp)):
        with pytest.raises(EventSettled):
            hosting.accept_hosting(actor, event_id=made.id, society=society)


def test_an_event_without_seats_is_neither_signed_nor_changed_to(house: House) -> None:
    bare = house.draft(quotas=())
    with pytest.raises(ContentRefused) as refused:
        signing.sign_event(house.comp, event_id=bare.id, society="comp")
    assert [fault.pointer for fault in refused.value.errors] == ["/quotas"]
    made = house.publish()
    with pytest.raises(ContentRefused):
        drafts.change_event(
            house.comp, event_id=made.id, version=made.version, changes={"quotas": ()}
        )
    seats = {"quotas": (Quota(None, Mode.ON_SITE, 5),)}
    drafts.change_event(house.comp, event_id=bare.id, version=bare.version, changes=seats)
    house.sign(bare.id)
    assert publication.publish_event(house.comp, event_id=bare.id).is_public


def test_an_empty_list_of_seats_is_refused_where_it_is_written(
    house: House, client: FlaskClient
) -> None:
    comp = Caller(client, house.comp)
    refused = comp("POST", "", EVENT | {"quotas": []})
    assert refused.status_code == 422
    (fault,) = refused.json["errors"]
    assert (fault["pointer"], fault["message"].split(".")[0]) == (
        "/quotas",
        "The event has no seats",
    )
    left_out = {name: value for name, value in EVENT.items() if name != "quotas"}
    made = comp("POST", "", left_out)
    assert made.status_code == 201
    path, tag = f"/{made.json['id']}", made.headers["ETag"]
    assert comp("PATCH", path, {"quotas": []}, If_Match=tag).status_code == 422


def test_a_form_without_seats_is_shown_again(house: House, client: FlaskClient) -> None:
    desk = Reader(client, house.comp).open("/desk/events/new")
    desk.send("/desk/events", **FORM | {"seats.on_site": "", "mode": "hybrid"})
    assert desk.status == 422
    assert desk.told("data-code") == ["event-content", "seats-missing"]
    assert "#f-seats.on_site" in desk.html
