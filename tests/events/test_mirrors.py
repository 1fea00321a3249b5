from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

import wsgi
from consortium.kernel.clock import read_now
from consortium.kernel.db import db
from consortium.kernel.principal import ANONYMOUS
from events.errors import ContentRefused, EventForeign
from events.services import drafts, mirrors, publication, reads, registrations
from events.values import EventKind, EventState
from tests.conftest import Databases, settings_for
from tests.events.worlds import House, stranger

ORIGIN = "https://one.example"


@pytest.fixture
def other_node(databases: Databases, tmp_path: Path) -> Iterator[Flask]:
    url = databases.copy()
    made = wsgi.create_app(settings=settings_for(url, tmp_path / "other"))
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
