from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

import wsgi
from consortium.kernel import signing as keys
from consortium.kernel.clock import read_now
from consortium.kernel.db import db
from consortium.kernel.errors import NotFound
from consortium.kernel.feature import FeedRecord
from consortium.kernel.ids import new_id
from consortium.kernel.principal import ANONYMOUS
from consortium.kernel.public_halves import find_public_keys
from consortium.kernel.unit_of_work import unit_of_work
from consortium.services.mirrors import apply_organisation
from events.errors import ContentRefused, EventForeign, HostsUnproven
from events.models import Event, EventHost
from events.rules.content import hash_content, read_content
from events.services import drafts, hosting, mirrors, publication, reads, registrations, signing
from events.values import EventKind, EventState, HostRole
from tests.conftest import Databases, settings_for
from tests.events.worlds import House, officer, stranger
from tests.membership import houses

ORIGIN = "https://one.example"


@pytest.fixture
def other_node(databases: Databases, tmp_path: Path) -> Iterator[Flask]:
    url = databases.copy()
    made = wsgi.create_app(settings=settings_for(url, tmp_path / "other"))
    with at(made):
        learn("comp", "phys")
    yield made
    with made.app_context():
        db.session.remove()
        db.engine.dispose()
    databases.drop(url)


@contextmanager
def at(node: Flask) -> Iterator[None]:
    with node.app_context():
        yield
        db.session.remove()


def learn(*codes: str, origin: str = ORIGIN) -> None:
    """Let this node know societies of another one, as its feed tells them."""
    for code in codes:
        record = FeedRecord(
            id=new_id(),
            topic="consortium.organisation",
            key=code,
            version=1,
            op="upsert",
            data={"kind": "society", "name_zh": f"{code}学会", "name_en": code.title()},
            origin=origin,
            at=read_now(),
            observed_at=read_now(),
        )
        with unit_of_work():
            apply_organisation(record)


def apply(uid: str, version: int, data: Any, *, op: str = "upsert", origin: str = ORIGIN) -> bool:
    return mirrors.apply_record(
        origin=origin, key=uid, version=version, op=op, data=data, at=read_now()
    )


def test_an_event_keeps_uid_and_origin_at_another_node(house: House, other_node: Flask) -> None:
    made = house.publish()
    record = mirrors.describe_events([made.uid])[made.uid]
    with at(other_node):
        assert apply(made.uid, 1, record)
        (seen,), _more = reads.list_events()
        assert (seen.uid, seen.origin, seen.kind) == (made.uid, ORIGIN, EventKind.MIRRORED)
        whole = reads.get_event(ANONYMOUS, event_id=seen.id)
        assert whole.content == made.content
        assert [host.name.zh for host in whole.hosts] == ["comp学会", "phys学会"]
        assert whole.link == record["url"]


def test_a_repeated_record_changes_nothing(house: House, other_node: Flask) -> None:
    made = house.publish()
    publication.cancel_event(house.comp, event_id=made.id)
    record = mirrors.describe_events([made.uid])[made.uid]
    with at(other_node):
        assert [apply(made.uid, 2, record), apply(made.uid, 2, record)] == [True, False]
        (seen,), _more = reads.list_events()
        assert seen.state is EventState.CANCELLED


def test_a_record_of_a_restored_origin_counts_with_a_lower_version(
    house: House, other_node: Flask
) -> None:
    made = house.publish()
    first = mirrors.describe_events([made.uid])[made.uid]
    publication.cancel_event(house.comp, event_id=made.id)
    second = mirrors.describe_events([made.uid])[made.uid]
    with at(other_node):
        assert [apply(made.uid, 2, second), apply(made.uid, 1, first)] == [True, True]
        (seen,), _more = reads.list_events()
        assert seen.state is EventState.PUBLISHED


def test_a_tombstone_takes_the_mirror_away(house: House, other_node: Flask) -> None:
    made = house.publish()
    record = mirrors.describe_events([made.uid])[made.uid]
    with at(other_node):
        assert apply(made.uid, 1, {}, op="delete") is False
        apply(made.uid, 2, record)
        assert apply(made.uid, 3, {}, op="delete") is True
        assert reads.list_events() == ((), None)
        assert apply(made.uid, 4, record) is True
        assert len(reads.list_events()[0]) == 1


def test_a_mirror_is_read_only(house: House, other_node: Flask) -> None:
    made = house.publish()
    record = mirrors.describe_events([made.uid])[made.uid]
    with at(other_node):
        apply(made.uid, 1, record)
        (seen,), _more = reads.list_events()
        principal = stranger()
        for act in (
            lambda: publication.cancel_event(house.comp, event_id=seen.id),
            lambda: drafts.change_event(house.comp, event_id=seen.id, version=1, changes={}),
            lambda: registrations.register(
                principal, event_id=seen.id, person_id=principal.person_id
            ),
        ):
            with pytest.raises(EventForeign):
                act()


def test_nobody_but_the_origin_changes_a_record(house: House, other_node: Flask) -> None:
    made = house.publish()
    record = mirrors.describe_events([made.uid])[made.uid]
    with pytest.raises(EventForeign):
        apply(made.uid, 99, record)
    with at(other_node):
        apply(made.uid, 1, record)
        with pytest.raises(EventForeign):
            apply(made.uid, 2, record, origin="https://evil.example")


BROKEN: list[dict[str, Any]] = [
    {"uid": "another@one.example"},
    {"content_hash": "0" * 64},
    {"content": {}},
    {"state": "draft"},
    {"state": "unheard-of"},
    {"url": "javascript:alert(1)"},
    {"sequence": "many"},
    {"slug": None},
    {"society": None},
    {"society": "math"},
]


def test_a_record_that_is_no_event_is_refused(house: House, other_node: Flask) -> None:
    made = house.publish()
    record = mirrors.describe_events([made.uid])[made.uid]
    with at(other_node):
        for change in BROKEN:
            with pytest.raises(ContentRefused):
                apply(made.uid, 1, {**record, **change})
        assert reads.list_events() == ((), None)


def test_drafts_are_not_described_and_no_record_names_a_person(house: House) -> None:
    draft = house.draft()
    made = house.publish(slug="shown")
    found = mirrors.describe_events([draft.uid, made.uid])
    assert list(found) == [made.uid]
    assert str(house.comp.person_id) not in str(found)
    assert len(found[made.uid]["signatures"]) == 2


def test_the_published_content_travels_while_a_change_is_signed(house: House) -> None:
    made = house.publish()
    drafts.change_event(
        house.comp, event_id=made.id, version=made.version, changes={"place": "Ningbo"}
    )
    record = mirrors.describe_events([made.uid])[made.uid]
    assert (record["state"], record["content"]["place"]) == ("changing", "Hangzhou")
    assert len(record["signatures"]) == 2


def change_hosts(record: dict[str, Any], *hosts: str) -> dict[str, Any]:
    """The record with other hosts, whole but for their signatures."""
    told = [{"society": code, "role": "co_organiser"} for code in hosts]
    content = {**record["content"], "hosts": told}
    content_hash = hash_content(read_content(content))
    return {**record, "content": content, "content_hash": content_hash, "society": hosts[0]}


def sign_again(record: dict[str, Any], **payload: Any) -> dict[str, Any]:
    """The record signed with the hosts' own keys, with something else in what they signed."""
    signatures = [
        {**each, "payload": {**each["payload"], **payload}} for each in record["signatures"]
    ]
    for each in signatures:
        each["jws"] = keys.sign_json(each["society"], each["payload"])
    return {**record, "signatures": signatures}


def bend(record: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Records of which some host has not signed the content, by what is wrong with them."""
    comp, phys = record["signatures"]
    stranger_key = {"keys": {**record["keys"], "phys": record["keys"]["comp"]}}
    relabelled = {**comp, "society": "phys", "payload": {**comp["payload"], "society": "phys"}}
    return {
        "no signatures": {**record, "signatures": []},
        "signatures that are none": {**record, "signatures": "comp"},
        "one host has not signed": {**record, "signatures": [comp]},
        "a signature of another host": {**record, "signatures": [comp, relabelled]},
        "a signature over another text": {**record, "signatures": [comp, {**phys, "jws": "a..b"}]},
        "another society's key": record | stranger_key,
        "no keys": {name: value for name, value in record.items() if name != "keys"},
        "keys that are none": {**record, "keys": ["comp"]},
        "another content": sign_again(record, content_hash="0" * 64),
        "another event": sign_again(record, event_uid="another@one.example"),
        "something else": sign_again(record, type="agreement"),
    }


def test_an_event_without_every_hosts_signature_is_not_taken(
    house: House, other_node: Flask
) -> None:
    made = house.publish()
    record = dict(mirrors.describe_events([made.uid])[made.uid])
    bent = bend(record)
    with at(other_node):
        for wrong in bent.values():
            with pytest.raises(HostsUnproven):
                apply(made.uid, 1, wrong)
        assert db.session.scalars(sa.select(Event)).all() == []
        assert apply(made.uid, 1, record)


def test_no_record_shows_a_society_of_ours_or_of_a_third_node_as_host(
    house: House, other_node: Flask
) -> None:
    made = house.publish()
    record = dict(mirrors.describe_events([made.uid])[made.uid])
    with at(other_node):
        houses.register("math")
        learn("bio", origin="https://third.example")
        for host in ("math", "bio", "unheard-of"):
            claimed = change_hosts(record, "comp", host)
            claimed["keys"] = {**record["keys"], host: record["keys"]["comp"]}
            with pytest.raises(HostsUnproven) as refused:
                apply(made.uid, 1, claimed)
            assert host in str(refused.value)
        # Nor with a signature by our own key over something else of ours.
        claimed = change_hosts(record, "math")
        ours = {"society": "math", "payload": {"society": "math"}}
        claimed["signatures"] = [{**ours, "jws": keys.sign_json("math", ours["payload"])}]
        claimed["keys"] = find_public_keys(["math"])
        with pytest.raises(HostsUnproven):
            apply(made.uid, 1, claimed)
        assert reads.list_events() == ((), None)


def test_a_change_needs_new_signatures_and_the_last_proven_content_stays(
    house: House, other_node: Flask
) -> None:
    made = house.publish()
    record = dict(mirrors.describe_events([made.uid])[made.uid])
    with at(other_node):
        apply(made.uid, 1, record)
        with pytest.raises(HostsUnproven):
            apply(made.uid, 2, change_hosts(record, "phys", "comp"))
        (seen,), _more = reads.list_events()
        whole = reads.get_event(ANONYMOUS, event_id=seen.id)
        assert [host.society for host in whole.hosts] == ["comp", "phys"]


def test_a_cancellation_is_taken_after_a_host_has_revoked_its_key(
    house: House, other_node: Flask
) -> None:
    made = house.publish()
    record = mirrors.describe_events([made.uid])[made.uid]
    keys.revoke_key(keys.society_key("phys").kid)
    publication.cancel_event(house.comp, event_id=made.id)
    cancelled = mirrors.describe_events([made.uid])[made.uid]
    with at(other_node):
        with pytest.raises(HostsUnproven):
            apply(made.uid, 1, cancelled)
        apply(made.uid, 1, record)
        assert apply(made.uid, 2, cancelled)
        (seen,), _more = reads.list_events()
        assert seen.state is EventState.CANCELLED


def test_hosts_of_a_mirror_that_an_earlier_version_took_are_shown_once_they_are_proven(
    house: House, other_node: Flask
) -> None:
    made = house.publish()
    record = mirrors.describe_events([made.uid])[made.uid]
    with at(other_node):
        apply(made.uid, 1, record)
        with unit_of_work() as uow:
            uow.execute(sa.delete(EventHost))
        (seen,), _more = reads.list_events()
        assert reads.get_event(ANONYMOUS, event_id=seen.id).hosts == ()
        assert reads.list_events(host="comp") == ((), None)

        assert apply(made.uid, 2, record)
        hosts = reads.get_event(ANONYMOUS, event_id=seen.id).hosts
        assert [(host.society, host.signed) for host in hosts] == [("comp", True), ("phys", True)]


def test_an_office_in_a_society_of_the_same_name_opens_no_mirror(
    house: House, other_node: Flask
) -> None:
    made = house.publish()
    record = mirrors.describe_events([made.uid])[made.uid]
    with at(other_node):
        apply(made.uid, 1, record)
        (seen,), _more = reads.list_events()
        whole = reads.get_event(officer("comp"), event_id=seen.id)
        assert (whole.may_manage, [host.signed for host in whole.hosts]) == (False, [True, True])
        apply(made.uid, 2, {}, op="delete")
        with pytest.raises(NotFound):
            reads.get_event(officer("comp"), event_id=seen.id)


def _publish_changed_hosts(house: House) -> tuple[Any, Any]:
    """A published event of comp and phys, and the same after mech has come in place of phys."""
    made = house.publish()
    first = mirrors.describe_events([made.uid])[made.uid]
    hosting.decline_hosting(house.phys, event_id=made.id, society="phys")
    hosting.invite_host(house.comp, event_id=made.id, society="mech", role=HostRole.CO_ORGANISER)
    signing.sign_event(house.comp, event_id=made.id, society="comp")
    signing.sign_event(officer("mech"), event_id=made.id, society="mech")
    publication.publish_event(house.comp, event_id=made.id)
    return first, mirrors.describe_events([made.uid])[made.uid]


def test_mirrored_events_are_found_by_their_hosts(house: House, other_node: Flask) -> None:
    first, second = _publish_changed_hosts(house)
    uid = first["uid"]

    def found() -> list[str]:
        hosts = ("comp", "phys", "mech", "math")
        return [host for host in hosts if reads.list_events(host=host)[0]]

    with at(other_node):
        learn("mech")
        apply(uid, 1, first)
        assert found() == ["comp", "phys"]
        apply(uid, 2, second)
        assert found() == ["comp", "mech"]
        apply(uid, 3, {}, op="delete")
        assert found() == []


def test_mirrored_events_of_a_host_are_paged(house: House, other_node: Flask) -> None:
    made = [house.publish(slug=f"congress-{number}") for number in range(3)]
    records = mirrors.describe_events([event.uid for event in made])
    with at(other_node):
        for uid, record in records.items():
            apply(uid, 1, record)
        client = other_node.test_client()
        asked, seen = "/api/v1/events?host=phys&limit=2", []
        while asked:
            page = client.get(asked).get_json()
            seen.append([event["slug"] for event in page["items"]])
            asked = page["next"]
        assert [len(page) for page in seen] == [2, 1]
        assert sorted(slug for page in seen for slug in page) == [
            "congress-0",
            "congress-1",
            "congress-2",
        ]
        assert client.get("/api/v1/events?host=math").get_json()["items"] == []
