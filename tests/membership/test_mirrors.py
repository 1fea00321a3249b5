"""Members across nodes: consent decides what leaves, versions decide what stays."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from consortium.errors import RecordRefused
from consortium.kernel.clock import FixedClock
from consortium.kernel.db import db
from consortium.kernel.errors import ConsortiumError
from consortium.kernel.feature import FeedRecord
from consortium.kernel.ids import new_id
from consortium.kernel.principal import Principal
from consortium.kernel.unit_of_work import unit_of_work
from membership import values
from membership.feeds import FEEDS
from membership.services import consents, mirrors
from tests.membership import houses

PEER = "https://peer.example"


@pytest.fixture
def term(app: Flask, clock: FixedClock) -> values.Term:
    houses.register("math", "comp")
    # A host that lives at the peer, as its feed of organisations would have recorded it.
    _move("comp", PEER)
    return houses.join("math", "M001")


def describe(recipient: str = PEER) -> Any:
    return mirrors.describe_members(["math:M001", "math:M404", "odd"], recipient=recipient)


def test_nothing_leaves_before_consent_and_a_withdrawal_makes_a_tombstone(
    term: values.Term, clock: FixedClock
) -> None:
    herself = Principal(person_id=houses.person_of(term))
    assert describe() == {}
    consents.set_recognition_consent(herself, member="math:M001", host="comp", given=True)
    assert [(key, told["grade"]) for key, told in describe().items()] == [("math:M001", "senior")]
    assert describe("https://stranger.example") == {}
    clock.advance(seconds=1)
    consents.set_recognition_consent(herself, member="math:M001", host="comp", given=False)
    assert describe() == {"math:M001": None}


def test_a_peer_gets_a_subject_and_no_person_id(term: values.Term) -> None:
    person = houses.person_of(term)
    consents.set_recognition_consent(
        Principal(person_id=person), member="math:M001", host="comp", given=True
    )
    told = describe()["math:M001"] or {}
    assert str(person) not in str(told)
    assert told["subject"]


@pytest.fixture
def phys(app: Flask) -> None:
    """A society that lives at the peer."""
    houses.register("phys")
    _move("phys", PEER)


def _move(society: str, origin: str) -> None:
    with unit_of_work() as uow:
        told = {"o": origin, "s": society}
        uow.execute(sa.text("UPDATE organisation SET origin = :o WHERE code = :s"), told)


def record(version: int, op: str = "upsert", **data: Any) -> FeedRecord:
    at = datetime.fromisoformat("2026-06-01T00:00:00+00:00")
    base = {
        "society": "phys",
        "member_number": "P1",
        "subject": "s",
        "class": "individual",
        "grade": "senior",
        "state": "active",
        "since": "2026-01-01T00:00:00Z",
        "until": None,
        "name": "王五",
    }
    return FeedRecord(
        id=new_id(),
        topic="membership.member",
        key="phys:P1",
        version=version,
        op=op,
        data=base | data,
        origin=PEER,
        at=at,
        observed_at=at + timedelta(seconds=version),
    )


def take(*records: FeedRecord) -> Any:
    (feed,) = FEEDS
    for item in records:
        with unit_of_work():
            feed.apply(item)
    return mirrors.find_mirror(PEER, "phys:P1")


def test_repeated_and_late_records_change_nothing(phys: None) -> None:
    told = take(record(2, grade="fellow"), record(1), record(2, grade="ordinary"))
    assert (told["version"], told["grade_code"], told["name"]) == (2, "fellow", "王五")


def test_a_tombstone_clears_what_is_personal_and_outlives_late_records(phys: None) -> None:
    assert take(record(1), record(3, "delete"), record(2)) is None
    row = db.session.execute(sa.text("SELECT name, subject, version FROM member_mirror")).one()
    assert tuple(row) == (None, None, 3)


def test_order_of_arrival_does_not_matter(phys: None) -> None:
    forwards = take(record(1), record(2, grade="fellow"))
    with unit_of_work() as uow:
        uow.execute(sa.text("DELETE FROM member_mirror"))
    backwards = take(record(2, grade="fellow"), record(1))
    assert {**forwards, "observed_at": None} == {**backwards, "observed_at": None}


def test_a_peer_tells_of_members_of_its_own_societies_alone(phys: None) -> None:
    houses.register("math", "bio")
    _move("bio", "https://third.example")
    for society, code in (
        ("math", "not-ours"),
        ("bio", "not-ours"),
        ("none", "organisation-not-found"),
    ):
        with pytest.raises(ConsortiumError) as refused, unit_of_work():
            mirrors.apply_member(replace(record(1, society=society), key=f"{society}:P1"))
        assert refused.value.code == code
    with pytest.raises(RecordRefused):
        take(record(1, member_number="P2"))
    assert db.session.scalar(sa.text("SELECT count(*) FROM member_mirror")) == 0
