"""Two nodes with databases and keys of their own exchange a member and an event by signed pull."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from consortium.errors import FeedUnusable
from consortium.kernel import signing
from consortium.kernel.clock import read_now
from consortium.kernel.db import db
from consortium.kernel.principal import Principal
from consortium.kernel.unit_of_work import unit_of_work
from consortium.services import feeds, links
from events.rules.content import hash_content, read_content
from events.services import publication
from membership.services import consents
from tests.conftest import Databases, settings_for
from tests.consortium.nodes import LOOPBACK, Node, acquaint, free_port, serving
from tests.events.worlds import House, officer
from tests.membership import houses
from tests.stories.node import ROOT
from tests.stories.wire import Wire

PAGE = 3
KEY = "math:M001"
KEPT = ("organisation", "member_mirror", "event", "mirrored_record", "quarantined_record", "audit")


@dataclass(frozen=True)
class Pair:
    """North keeps a member and an event; south has a host society and reads north."""

    north: Node
    south: Node
    wire: Wire
    person: UUID
    uid: str
    event_id: UUID

    def consent(self, *, given: bool, member: str = KEY, person: UUID | None = None) -> None:
        """She lets south's society be told, or takes that back."""
        with self.north.app.app_context():
            herself = Principal(person_id=person or self.person)
            consents.set_recognition_consent(herself, member=member, host="mech", given=given)
        self.north.settle()

    def members(self) -> list[dict[str, Any]]:
        """What south keeps of north's members."""
        return select(self.south, "SELECT * FROM member_mirror WHERE NOT deleted ORDER BY key")

    def events(self) -> list[tuple[str, str, str]]:
        """What south keeps of north's events."""
        rows = select(self.south, "SELECT uid, state, origin FROM event ORDER BY uid")
        return [(row["uid"], row["state"], row["origin"]) for row in rows]

    def kept(self) -> dict[str, list[dict[str, Any]]]:
        """Every row of south that a pull could touch."""
        return {name: select(self.south, f"SELECT * FROM {name} ORDER BY id") for name in KEPT}


def select(node: Node, statement: str) -> list[dict[str, Any]]:
    with node.app.app_context():
        found = [dict(row) for row in db.session.execute(sa.text(statement)).mappings()]
        db.session.remove()
    return found


@pytest.fixture
def pair(databases: Databases, make_app: Callable[..., Flask], tmp_path: Path) -> Iterator[Pair]:
    with ExitStack() as stack:
        nodes, wires = [], []
        for name in ("north", "south"):
            port, url = free_port(), databases.copy()
            stack.callback(databases.drop, url)
            issuer = f"http://localhost:{port}"
            app = make_app(
                **(vars(settings_for(url, tmp_path / name)) | {
                    "issuer": issuer, "http_allow": LOOPBACK, "http_breaker_failures": 1000,
                    "link_page_size": PAGE,
                })
            )  # fmt: skip
            wires.append(Wire(app))
            stack.enter_context(serving(app, port))
            nodes.append(Node(name, app, issuer))
        north, south = nodes
        acquaint(north, south)
        with south.app.app_context():
            houses.register("mech")
        south.settle()
        north.pull("south")
        yield Pair(north, south, wires[0], *_found(north))


def _found(north: Node) -> tuple[UUID, str, UUID]:
    """A member of math, and an event that comp and phys have signed."""
    with north.app.app_context():
        houses.register("math", "comp", "phys")
        person = houses.person_of(houses.join("math", "M001", name="林知远"))
        house = House(comp=officer("comp"), phys=officer("phys", "secretary"))
        starts = read_now().replace(microsecond=0) + timedelta(days=90)
        made = house.publish(starts_at=starts, ends_at=starts + timedelta(days=2))
    north.settle()
    return person, made.uid, made.id


def test_her_consent_decides_whether_she_travels_and_the_event_travels_anyway(pair: Pair) -> None:
    pair.south.pull("north")
    assert pair.members() == []
    assert pair.events() == [(pair.uid, "published", pair.north.issuer)]
    assert "林知远" not in "".join(pair.wire.told)

    pair.consent(given=True)
    pair.south.pull("north")

    (she,) = pair.members()
    assert (she["key"], she["name"], she["grade_code"]) == (KEY, "林知远", "senior")
    assert she["origin"] == pair.north.issuer
    # Ids of persons never leave their node.
    assert str(pair.person) not in "".join(pair.wire.told)


def test_a_withdrawn_consent_deletes_her_at_the_other_node(pair: Pair) -> None:
    pair.consent(given=True)
    pair.south.pull("north")
    assert len(pair.members()) == 1

    pair.consent(given=False)
    pair.south.pull("north")

    assert pair.members() == []
    (left,) = select(pair.south, "SELECT name, subject, member_number FROM member_mirror")
    assert set(left.values()) == {None}
    assert pair.events() == [(pair.uid, "published", pair.north.issuer)]


def test_a_cancelled_event_is_cancelled_at_the_other_node(pair: Pair) -> None:
    pair.south.pull("north")
    with pair.north.app.app_context():
        publication.cancel_event(officer("comp"), event_id=pair.event_id)
    pair.north.settle()

    pair.south.pull("north")

    assert pair.events() == [(pair.uid, "cancelled", pair.north.issuer)]


def test_pulling_again_changes_nothing_even_from_the_beginning(pair: Pair) -> None:
    pair.consent(given=True)
    pair.south.pull("north")
    before = pair.kept()

    pair.south.pull("north")
    assert pair.kept() == before

    with pair.south.app.app_context(), unit_of_work() as uow:
        uow.execute(sa.text("UPDATE link SET cursor = NULL"))
    pulled = pair.south.pull("north")

    assert len(pulled) > 1
    assert sum(page.taken for page in pulled) == 0
    assert pair.kept() == before


def _change_a_name(page: dict[str, Any]) -> None:
    for record in page["records"]:
        if record["topic"] == "membership.member":
            record["data"]["grade"] = "fellow"


def _drop_a_record(page: dict[str, Any]) -> None:
    page["records"] = page["records"][:-1]


def _skip_ahead(page: dict[str, Any]) -> None:
    page["next"] = page["head"]


def _redirect(page: dict[str, Any]) -> None:
    page["seal"]["recipient"] = "https://elsewhere.example"
    page["signature"] = page["signature"][:-6] + "AAAAAA"


@pytest.mark.parametrize("bend", [_change_a_name, _drop_a_record, _skip_ahead, _redirect])
def test_a_tampered_page_is_refused_and_nothing_is_taken(
    pair: Pair, bend: Callable[[dict[str, Any]], None]
) -> None:
    pair.south.pull("north")
    pair.consent(given=True)
    before = pair.kept()
    if bend is _skip_ahead:
        # There has to be something ahead.
        with pair.south.app.app_context(), unit_of_work() as uow:
            uow.execute(sa.text("UPDATE link SET cursor = NULL"))
    pair.wire.bend = bend

    with pytest.raises(FeedUnusable):
        pair.south.pull("north")

    assert pair.kept() == before
    pair.wire.bend = None
    pair.south.pull("north")
    assert [she["grade_code"] for she in pair.members()] == ["senior"]


def test_a_page_signed_with_a_foreign_key_is_refused(pair: Pair) -> None:
    before = pair.kept()

    def sign_as_south(page: dict[str, Any]) -> None:
        with pair.south.app.app_context():
            page["signature"] = signing.sign_json(signing.NODE, page["seal"])

    pair.wire.bend = sign_as_south
    with pytest.raises(FeedUnusable):
        pair.south.pull("north")

    assert pair.kept() == before
    with pair.south.app.app_context():
        assert links.list_links()[0].state == "failing"


def test_a_node_cannot_tell_of_a_third_ones_records(pair: Pair) -> None:
    def speak_for_another(page: dict[str, Any]) -> None:
        for record in page["records"]:
            record["origin"] = "https://third.example"
        page["seal"]["digests"] = [feeds.digest_record(record) for record in page["records"]]
        with pair.north.app.app_context():
            page["signature"] = signing.sign_json(signing.NODE, page["seal"])

    pair.wire.bend = speak_for_another
    pulled = pair.south.pull("north")

    assert sum(page.taken for page in pulled) == 0
    assert sum(page.quarantined for page in pulled) > 0
    assert (pair.members(), pair.events()) == ([], [])


def test_a_node_cannot_make_a_society_of_ours_the_host_of_its_event(pair: Pair) -> None:
    def claim(page: dict[str, Any]) -> None:
        for record in page["records"]:
            if record["topic"] != "events.event":
                continue
            told = record["data"]
            told["content"]["hosts"][1]["society"] = "mech"
            told["content_hash"] = hash_content(read_content(told["content"]))
            told["keys"]["mech"] = told["keys"]["comp"]
            for signature, society in zip(told["signatures"], ("comp", "mech"), strict=True):
                payload = {"society": society, "content_hash": told["content_hash"]}
                signature["society"], signature["payload"] = (
                    society,
                    signature["payload"] | payload,
                )
                with pair.north.app.app_context():
                    signature["jws"] = signing.sign_json("comp", signature["payload"])
        page["seal"]["digests"] = [feeds.digest_record(record) for record in page["records"]]
        with pair.north.app.app_context():
            page["signature"] = signing.sign_json(signing.NODE, page["seal"])

    pair.wire.bend = claim
    pair.south.pull("north")

    assert pair.events() == []
    with pair.south.app.app_context():
        (apart,) = links.list_set_apart("north")
    assert (apart.topic, apart.key, apart.code) == ("events.event", pair.uid, "hosts-unproven")

    pair.wire.bend = None
    with pair.north.app.app_context():
        publication.postpone_event(officer("comp"), event_id=pair.event_id)
    pair.north.settle()
    pair.south.pull("north")
    assert pair.events() == [(pair.uid, "postponed", pair.north.issuer)]


def test_a_kill_between_pages_loses_nothing_and_doubles_nothing(pair: Pair) -> None:
    pair.consent(given=True)
    with pair.north.app.app_context():
        joined = [houses.join("math", f"M1{number:02}") for number in range(12)]
        people = [houses.person_of(term) for term in joined]
    for number, person in enumerate(people):
        pair.consent(given=True, member=f"math:M1{number:02}", person=person)
    started: list[subprocess.Popen[bytes]] = []

    def kill_at_the_third_page(asked: int) -> None:
        if asked == 3:
            started[0].send_signal(signal.SIGKILL)
            started[0].wait(10)

    pair.wire.before = kill_at_the_third_page
    started.append(_start_pulling(pair.south))
    assert started[0].wait(120) == -signal.SIGKILL

    taken = {row["key"] for row in select(pair.south, "SELECT key FROM mirrored_record")}
    assert 0 < len(taken) <= 2 * PAGE
    pair.south.pull("north")

    assert [she["key"] for she in pair.members()] == [KEY, *(f"math:M1{n:02}" for n in range(12))]
    assert pair.events() == [(pair.uid, "published", pair.north.issuer)]
    mirrored = "SELECT id FROM audit WHERE action = 'events.event.mirrored'"
    assert len(select(pair.south, mirrored)) == 1


def _start_pulling(node: Node) -> subprocess.Popen[bytes]:
    """`flask consortium link run north` in a process of its own."""
    told = node.app.extensions["consortium.settings"]
    environment = {
        "FLASK_APP": "wsgi",
        "CONSORTIUM_DATABASE_URL": told.database_url,
        "CONSORTIUM_DATA_DIR": str(told.data_dir),
        "CONSORTIUM_ISSUER": told.issuer,
        "CONSORTIUM_HTTP_ALLOW": ",".join(str(network) for network in LOOPBACK),
        "CONSORTIUM_LINK_PAGE_SIZE": str(PAGE),
    }
    return subprocess.Popen(
        [sys.executable, "-m", "flask", "consortium", "link", "run", "north"],
        cwd=ROOT,
        env=os.environ | environment,
    )
