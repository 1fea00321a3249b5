from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from consortium.kernel.api import VersionMismatch
from consortium.kernel.clock import FixedClock
from consortium.kernel.errors import ConsortiumError, Forbidden, NotFound
from consortium.kernel.principal import ANONYMOUS
from consortium.kernel.signing import verify_json
from consortium.services import organisations
from events.errors import (
    ContentChanged,
    ContentRefused,
    EventForeign,
    EventSettled,
    HostAnswered,
    HostInvitedAlready,
    SignaturesMissing,
    SlugTaken,
    StepUpRequired,
)
from events.services import drafts, hosting, publication, reads, signing
from events.values import EventState, HostRole, Mode, Money, Quota, Text
from tests.events.worlds import House, officer, program, stranger, wish


def test_an_event_is_published_only_when_every_host_has_signed(house: House) -> None:
    made = house.draft()
    with pytest.raises(SignaturesMissing) as refused:
        publication.publish_event(house.comp, event_id=made.id)
    assert refused.value.extra == {"missing": ["comp", "phys"]}

    signing.sign_event(house.comp, event_id=made.id, society="comp")
    with pytest.raises(SignaturesMissing) as refused:
        publication.publish_event(house.comp, event_id=made.id)
    assert refused.value.extra == {"missing": ["phys"]}

    signed = signing.sign_event(house.phys, event_id=made.id, society="phys")
    assert signed.state is EventState.SIGNING
    assert publication.publish_event(house.comp, event_id=made.id).state is EventState.PUBLISHED


def test_nothing_shows_as_a_hosts_before_all_have_signed(house: House) -> None:
    made = house.draft()
    with pytest.raises(NotFound):
        reads.get_event(ANONYMOUS, event_id=made.id)
    with pytest.raises(NotFound):
        reads.get_event(officer("math"), event_id=made.id)
    assert reads.list_events(host="phys") == ((), None)

    house.sign(made.id)
    publication.publish_event(house.comp, event_id=made.id)
    shown = reads.get_event(ANONYMOUS, event_id=made.id)
    assert [(host.society, host.role.value) for host in shown.hosts] == [
        ("comp", "organiser"),
        ("phys", "co_organiser"),
    ]
    assert [event.id for event in reads.list_events(host="phys")[0]] == [made.id]


def test_a_new_host_of_a_published_event_is_not_shown_before_it_signs(house: House) -> None:
    made = house.publish()
    hosting.invite_host(house.comp, event_id=made.id, society="math", role=HostRole.MEDIA)
    hosting.accept_hosting(officer("math"), event_id=made.id, society="math")
    shown = reads.get_event(ANONYMOUS, event_id=made.id)
    assert (shown.state, [host.society for host in shown.hosts]) == (
        EventState.CHANGING,
        ["comp", "phys"],
    )
    assert reads.list_events(host="math") == ((), None)


CHANGES: dict[str, Any] = {
    "title": Text("大会", "Congress"),
    "starts_at": wish().starts_at + timedelta(hours=1),
    "ends_at": wish().ends_at + timedelta(hours=1),
    "time_zone": "Asia/Taipei",
    "mode": Mode.HYBRID,
    "place": "Ningbo",
    "prices": {"full": Money(1, "CNY")},
    "quotas": (Quota(None, Mode.ON_SITE, 4),),
    "split": {"comp": "1/2", "phys": "1/2"},
}


def test_a_change_of_each_listed_field_voids_signatures_and_names_who_is_missing(
    house: House,
) -> None:
    made = house.publish()
    for name, value in CHANGES.items():
        changed = drafts.change_event(
            house.comp, event_id=made.id, version=made.version, changes={name: value}
        )
        assert (changed.state, changed.missing) == (EventState.CHANGING, ("comp", "phys")), name
        with pytest.raises(SignaturesMissing):
            publication.publish_event(house.comp, event_id=made.id)
        shown = reads.get_event(ANONYMOUS, event_id=made.id)
        assert (shown.content, shown.content_hash) == (made.content, made.content_hash)
        assert reads.list_revisions(house.comp, event_id=made.id)[0].changed == (name,)

        house.sign(made.id)
        again = publication.publish_event(house.comp, event_id=made.id)
        assert (again.state, again.sequence) == (EventState.PUBLISHED, made.sequence + 1)
        made = reads.get_event(ANONYMOUS, event_id=made.id)
        assert made.content == changed.content


def test_a_change_back_and_forth_still_needs_new_signatures(house: House) -> None:
    made = house.draft()
    signed = house.sign(made.id)
    other = drafts.change_event(
        house.comp, event_id=made.id, version=signed.version, changes={"place": "Ningbo"}
    )
    back = drafts.change_event(
        house.comp, event_id=made.id, version=other.version, changes={"place": "Hangzhou"}
    )
    assert back.content_hash == signed.content_hash
    assert (back.state, back.missing) == (EventState.DRAFT, ("comp", "phys"))


def test_a_change_that_changes_nothing_voids_nothing(house: House) -> None:
    made = house.publish()
    same = drafts.change_event(
        house.comp, event_id=made.id, version=made.version, changes={"place": "Hangzhou"}
    )
    assert (same.state, same.version, same.missing) == (EventState.PUBLISHED, made.version, ())


def test_a_declining_host_leaves_the_content_and_voids_signatures(house: House) -> None:
    made = house.draft()
    house.sign(made.id)
    hosting.decline_hosting(house.phys, event_id=made.id, society="phys")
    seen = reads.get_event(house.comp, event_id=made.id)
    assert [host.society for host in seen.content.hosts] == ["comp"]
    assert (seen.state, seen.missing) == (EventState.DRAFT, ("comp",))
    again = hosting.invite_host(
        house.comp, event_id=made.id, society="phys", role=HostRole.SUPPORTER
    )
    assert [(host.society, host.role.value) for host in again.content.hosts] == [
        ("comp", "organiser"),
        ("phys", "supporter"),
    ]


def test_a_host_that_declined_cannot_sign_and_the_leader_cannot_withdraw(house: House) -> None:
    made = house.draft()
    hosting.decline_hosting(house.phys, event_id=made.id, society="phys")
    # It may not even see the draft any more.
    with pytest.raises(NotFound):
        signing.sign_event(house.phys, event_id=made.id, society="phys")
    both = replace(house.phys, grants=house.phys.grants + house.comp.grants)
    with pytest.raises(HostAnswered):
        signing.sign_event(both, event_id=made.id, society="phys")
    with pytest.raises(EventSettled):
        hosting.decline_hosting(house.comp, event_id=made.id, society="comp")


def test_a_signature_verifies_with_the_societys_key_and_no_other(house: House) -> None:
    made = house.publish()
    found = {row.society: row for row in signing.list_signatures(ANONYMOUS, event_id=made.id)}
    assert sorted(found) == ["comp", "phys"]
    row = found["phys"]
    assert row.payload["content_hash"] == made.content_hash
    assert row.payload["event_uid"] == made.uid
    assert row.payload["office"] == "secretary"
    assert verify_json("phys", row.payload, row.jws) is not None
    assert verify_json("comp", row.payload, row.jws) is None
    assert verify_json("phys", {**row.payload, "society": "math"}, row.jws) is None


def test_signing_twice_keeps_one_signature(house: House) -> None:
    made = house.draft()
    first = house.sign(made.id)
    again = signing.sign_event(house.phys, event_id=made.id, society="phys")
    assert again.version == first.version
    assert len(signing.list_signatures(house.comp, event_id=made.id)) == 2


def test_a_signature_needs_the_content_that_the_officer_read(house: House) -> None:
    made = house.draft()
    drafts.change_event(
        house.comp, event_id=made.id, version=made.version, changes={"place": "Ningbo"}
    )
    with pytest.raises(ContentChanged):
        signing.sign_event(
            house.phys, event_id=made.id, society="phys", content_hash=made.content_hash
        )


def test_a_signature_needs_a_fresh_sign_in(house: House, clock: FixedClock) -> None:
    made = house.draft()
    clock.advance(hours=2)
    with pytest.raises(StepUpRequired):
        signing.sign_event(house.comp, event_id=made.id, society="comp")


def test_a_change_names_the_version_it_was_made_from(house: House) -> None:
    made = house.draft()
    with pytest.raises(VersionMismatch):
        drafts.change_event(
            house.comp, event_id=made.id, version=made.version - 1, changes={"place": "X"}
        )


def test_cancellation_takes_effect_at_once_and_stays(house: House) -> None:
    made = house.publish()
    cancelled = publication.cancel_event(house.comp, event_id=made.id)
    assert (cancelled.state, cancelled.sequence) == (EventState.CANCELLED, made.sequence + 1)
    assert reads.get_event(ANONYMOUS, event_id=made.id).state is EventState.CANCELLED
    with pytest.raises(EventSettled):
        drafts.change_event(
            house.comp, event_id=made.id, version=cancelled.version, changes={"place": "X"}
        )
    with pytest.raises(EventSettled):
        publication.publish_event(house.comp, event_id=made.id)


def test_a_cancelled_draft_stays_hidden(house: House) -> None:
    made = house.draft()
    publication.cancel_event(house.comp, event_id=made.id)
    with pytest.raises(NotFound):
        reads.get_event(ANONYMOUS, event_id=made.id)


def test_a_postponed_event_gets_new_dates_by_new_signatures(house: House) -> None:
    made = house.publish()
    postponed = publication.postpone_event(house.comp, event_id=made.id)
    later = drafts.change_event(
        house.comp,
        event_id=made.id,
        version=postponed.version,
        changes={"ends_at": wish().ends_at + timedelta(days=30)},
    )
    assert (later.state, later.missing) == (EventState.POSTPONED, ("comp", "phys"))
    house.sign(made.id)
    assert publication.publish_event(house.comp, event_id=made.id).state is EventState.PUBLISHED


def test_quotas_and_shares_of_societies_that_do_not_host_are_refused(house: House) -> None:
    made = house.draft(quotas=(Quota("mech", Mode.ON_SITE, 1),), split={"mech": "1"})
    with pytest.raises(ContentRefused) as refused:
        house.sign(made.id)
    assert [fault.pointer for fault in refused.value.errors] == ["/quotas/0/host", "/split/mech"]


def test_an_address_is_taken_once(house: House) -> None:
    first = drafts.create_event(house.comp, wish(slug="congress"))
    assert first.slug == "congress"
    with pytest.raises(SlugTaken):
        drafts.create_event(house.comp, wish(slug="congress"))
    free = [drafts.create_event(house.comp, wish()).slug for _ in range(2)]
    assert free[0] == "joint-congress"
    assert free[1].startswith("joint-congress-")


FAULTS = [
    ({"title": Text("", " ")}, "title-missing"),
    ({"ends_at": wish().starts_at}, "ends-before-start"),
    ({"time_zone": "Mars/Base"}, "time-zone-unknown"),
    ({"time_zone": "../etc"}, "time-zone-unknown"),
    ({"prices": {"member": Money(1, "CNY")}}, "full-price-missing"),
    ({"prices": {"full": Money(-1, "CNY")}}, "price-amount"),
    ({"prices": {"full": Money(1, "CNY"), "member": Money(1, "USD")}}, "price-currency"),
    ({"quotas": (Quota(None, Mode.ONLINE, 1),)}, "mode-unavailable"),
    ({"quotas": (Quota(None, Mode.ON_SITE, -1),)}, "quota-seats"),
    ({"quotas": (Quota(None, Mode.ON_SITE, 1),) * 2}, "quota-twice"),
    ({"prices": {"full": Money(100, "CNY"), "member": Money(101, "CNY")}}, "price-above-full"),
    ({"prices": {"full": Money(1, "ZZZ")}}, "currency-unknown"),
    ({"prices": {"full": Money(1, "XXX")}}, "currency-unknown"),
    ({"title": Text("大会", "Con\u202egress")}, "text-unprintable"),
    ({"place": "Hall A\nSUMMARY:x"}, "text-unprintable"),
    ({"quotas": (Quota("nobody", Mode.ON_SITE, 1),)}, "host-unknown"),
    ({"split": {"nobody": "1"}}, "host-unknown"),
    ({"split": {"comp": "1/3"}}, "shares-not-whole"),
    ({"split": {"comp": "half"}}, "share-unreadable"),
    ({"slug": "A B"}, "slug-unusable"),
]


def test_a_fault_in_the_content_is_named(house: House) -> None:
    for changes, code in FAULTS:
        with pytest.raises(ContentRefused) as refused:
            drafts.create_event(house.comp, wish(**changes))
        assert code in [fault.code for fault in refused.value.errors], changes


CREATORS = [
    (lambda: officer("comp"), None),
    (lambda: officer("comp", "secretary"), None),
    (lambda: officer("phys"), Forbidden),
    (lambda: officer("comp", "society_admin"), Forbidden),
    (stranger, Forbidden),
    (lambda: program("comp", "api"), None),
    (lambda: program("comp", "feed:read"), Forbidden),
    (lambda: program("phys", "api"), Forbidden),
    (lambda: ANONYMOUS, Forbidden),
    # A member's token at comp's own client gives her no office.
    (lambda: replace(program("comp", "api"), person_id=stranger().person_id), Forbidden),
]


def test_who_may_create_an_event_of_comp(house: House) -> None:
    assert [outcome(drafts.create_event, actor(), wish()) for actor, _ in CREATORS] == [
        verdict for _, verdict in CREATORS
    ]


def outcome(act: Any, *args: Any, **kwargs: Any) -> type[Exception] | None:
    try:
        act(*args, **kwargs)
    except ConsortiumError as refusal:
        return type(refusal)
    return None


SIGNERS = [
    (lambda: officer("phys"), None),
    (lambda: officer("phys", "secretary"), None),
    (lambda: officer("comp"), Forbidden),
    (lambda: officer("math"), NotFound),
    (stranger, NotFound),
    (lambda: ANONYMOUS, NotFound),
    (lambda: program("phys", "api"), Forbidden),
    (
        lambda: replace(officer("phys"), client_id="c", scopes=frozenset({"api"})),
        Forbidden,
    ),
]


def test_who_may_sign_for_phys(house: House) -> None:
    found = []
    for actor, _verdict in SIGNERS:
        made = house.draft()
        found.append(outcome(signing.sign_event, actor(), event_id=made.id, society="phys"))
    assert found == [verdict for _, verdict in SIGNERS]


def test_only_the_leading_society_manages_the_event(house: House) -> None:
    made = house.publish()
    for act in (publication.cancel_event, publication.postpone_event):
        with pytest.raises(Forbidden):
            act(house.phys, event_id=made.id)
    with pytest.raises(Forbidden):
        hosting.invite_host(house.phys, event_id=made.id, society="math", role=HostRole.GUIDE)
    with pytest.raises(HostInvitedAlready):
        hosting.invite_host(house.comp, event_id=made.id, society="phys", role=HostRole.GUIDE)


def test_the_register_names_the_hosts(house: House) -> None:
    made = house.publish()
    shown = reads.get_event(ANONYMOUS, event_id=made.id)
    assert [host.name.en for host in shown.hosts] == [
        organisations.get_organisation(code).name_en for code in ("comp", "phys")
    ]
    assert EventForeign.code == "event-foreign"
