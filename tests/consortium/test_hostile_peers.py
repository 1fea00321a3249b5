"""Peers that sign what no node would: each stops its own link at most, and no other."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from flask import Flask
from joserfc import jws
from joserfc.jwk import ECKey
from sqlalchemy import select

from consortium.errors import FeedUnusable, PeerUnreachable
from consortium.kernel.clock import FixedClock, read_now
from consortium.kernel.db import db
from consortium.kernel.feature import Feature, Feed, FeedRecord
from consortium.kernel.ids import new_id
from consortium.kernel.principal import SYSTEM
from consortium.kernel.settings import current_settings
from consortium.kernel.signing import canonical_bytes
from consortium.models import Link, QuarantinedRecord
from consortium.services import intake, links, peers
from consortium.services.feeds import sealed_part
from tests.consortium.nodes import LOOPBACK

NOTE = "guest.note"


class FalsePeer:
    """Another node as this one sees it: an address, a key, and whatever pages it likes."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.key = ECKey.generate_key("P-256", {"kid": name})
        self.body: bytes | None = None
        self.records: list[Any] = []
        self.changes: dict[str, Any] = {}
        self.sealed_at: datetime | None = None
        peer = self

        class Door(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = peer.body or json.dumps(peer.page()).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self.issuer = f"http://localhost:{self.server.server_port}"
        self.recipient = current_settings().issuer
        jwks = {"keys": [self.key.as_dict(private=False)]}
        peers.add_peer(SYSTEM, name=name, issuer=self.issuer, jwks=jwks)

    def note(self, key: str, /, **more: Any) -> dict[str, Any]:
        """A record that any node takes, but for what is said otherwise."""
        return {
            "id": str(new_id()),
            "topic": NOTE,
            "key": key,
            "version": 1,
            "op": "upsert",
            "origin": self.issuer,
            "seq": 1,
            "at": "2026-01-01T00:00:00Z",
            "data": {},
        } | more

    def page(self) -> dict[str, Any]:
        """What it answers: signed as it should be."""
        told = {"records": self.records, "next": "end", "head": "end"} | self.changes
        seal = sealed_part(
            told,
            issuer=self.issuer,
            recipient=self.recipient,
            cursor=None,
            at=self.sealed_at or read_now(),
        )
        compact = jws.serialize_compact(
            {"alg": "ES256", "kid": self.name}, canonical_bytes(seal), self.key
        )
        return {**told, "seal": seal, "signature": jws.detach_content(compact)}

    @property
    def state(self) -> tuple[str, str | None]:
        """How its link stands, and why."""
        found = next(link for link in links.list_links() if link.peer == self.name)
        return found.state, json.loads(found.fault)["why"] if found.fault else None


@pytest.fixture
def applied() -> list[str]:
    """Keys of the notes that were taken."""
    return []


@pytest.fixture
def reader(make_app: Callable[..., Flask], applied: list[str]) -> Iterator[Flask]:
    """A node that mirrors notes."""

    def apply(record: FeedRecord) -> None:
        if record.key == "strange":
            raise OverflowError
        applied.append(record.key)

    guest = Feature(name="guest", feeds=(Feed(NOTE, "1.0", apply),))
    app = make_app(guest, http_allow=LOOPBACK, http_breaker_failures=1000)
    with app.app_context():
        yield app


@pytest.fixture
def false_peers(reader: Flask) -> Iterator[tuple[FalsePeer, FalsePeer]]:
    """Peers bad and good, read in this order."""
    with ExitStack() as stack:
        made = [FalsePeer("bad"), FalsePeer("good")]
        for peer in made:
            thread = threading.Thread(
                target=peer.server.serve_forever, kwargs={"poll_interval": 0.01}
            )
            thread.start()
            stack.callback(peer.server.server_close)
            stack.callback(thread.join)
            stack.callback(peer.server.shutdown)
        bad, good = made
        good.records = [good.note("good")]
        yield bad, good


@pytest.fixture
def bad(false_peers: tuple[FalsePeer, FalsePeer]) -> FalsePeer:
    """The first of them."""
    return false_peers[0]


def _run_job() -> None:
    place = links.pull_next_page(None)
    while place is not None:
        place = links.pull_next_page(place)


def test_an_answer_nested_without_end_stops_its_own_link_alone(
    false_peers: tuple[FalsePeer, FalsePeer], applied: list[str]
) -> None:
    bad, good = false_peers
    bad.body = b'{"records": ' + b"[" * 200_000

    _run_job()

    assert bad.state == ("failing", "RecursionError")
    assert (good.state, applied) == (("ok", None), ["good"])


def test_a_fault_that_nobody_thought_of_stops_its_own_link_alone(
    false_peers: tuple[FalsePeer, FalsePeer],
    applied: list[str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    bad, good = false_peers
    fetched = links.fetch_page

    def fetch(peer: peers.PeerFacts, cursor: str | None) -> Any:
        return 1 / 0 if peer.name == "bad" else fetched(peer, cursor)

    monkeypatch.setattr(links, "fetch_page", fetch)

    _run_job()

    assert bad.state == ("failing", "ZeroDivisionError")
    assert (good.state, applied) == (("ok", None), ["good"])
    assert "link-page-failed" in caplog.text


BAD_RECORDS: dict[str, dict[str, Any]] = {
    "a version in words": {"version": "99999999999999999999"},
    "a version that is no whole number": {"version": 1e30},
    "a version below the first": {"version": -1},
    "a key with NUL": {"key": "a\x00b"},
    "a key without end": {"key": "k" * 1000},
    "a key that is none": {"key": ["a"]},
    "a topic with NUL": {"topic": NOTE + "\x00"},
    "an origin with NUL": {"origin": "http://\x00"},
    "an op that is none": {"op": ["upsert"]},
    "a text with NUL": {"data": {"names": [{"zh": "数\x00学"}]}},
    "a name with NUL": {"data": {"a\x00": 1}},
    "data that are none": {"data": []},
    "an instant that is none": {"at": "yesterday"},
    "what its feature cannot take": {"key": "strange"},
}


@pytest.mark.parametrize("told_of", BAD_RECORDS)
def test_a_bad_record_is_set_apart_and_the_page_goes_on(
    false_peers: tuple[FalsePeer, FalsePeer], applied: list[str], told_of: str
) -> None:
    bad, good = false_peers
    bad.records = [bad.note("a"), bad.note("b", **BAD_RECORDS[told_of]), bad.note("c")]

    _run_job()

    assert applied == ["a", "c", "good"]
    assert (bad.state, good.state) == (("ok", None), ("ok", None))
    assert [link.quarantined for link in links.list_links()] == [1, 0]


def test_bad_records_that_look_alike_when_stored_are_kept_each(bad: FalsePeer) -> None:
    keys = ["a\x00", "a\x00\x00", "k" * 300, "k" * 301]
    bad.records = [bad.note(key) for key in keys]

    _run_job()

    assert len(set(db.session.scalars(select(QuarantinedRecord.key)))) == 4


def test_a_fault_of_our_own_database_blames_no_record(
    bad: FalsePeer, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad.records = [bad.note("a")]

    def lose_the_disk(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(intake, "_take", lose_the_disk)
        _run_job()

    # Nothing is held against the peer, and the page is taken later.
    assert bad.state == ("never", None)
    _run_job()
    assert (bad.state, links.list_links()[0].quarantined) == (("ok", None), 0)


@pytest.mark.parametrize(
    ("age", "why"),
    [
        (timedelta(days=9000), "stale"),
        (timedelta(seconds=301), "stale"),
        (timedelta(seconds=-301), "ahead"),
    ],
)
def test_a_page_that_was_not_signed_just_now_is_refused(
    bad: FalsePeer, applied: list[str], clock: FixedClock, age: timedelta, why: str
) -> None:
    bad.records, bad.sealed_at = [bad.note("a")], clock.now() - age

    with pytest.raises(FeedUnusable):
        links.pull_link("bad")

    assert (bad.state, applied) == (("failing", why), [])
    assert links.list_links()[0].last_good_at is None


@pytest.mark.parametrize("seconds", [300, -300])
def test_clocks_of_nodes_may_differ_a_little(
    bad: FalsePeer, applied: list[str], clock: FixedClock, seconds: int
) -> None:
    bad.records, bad.sealed_at = [bad.note("a")], clock.now() - timedelta(seconds=seconds)

    links.pull_link("bad")

    assert (bad.state, applied) == (("ok", None), ["a"])


@pytest.mark.parametrize("place", ["next", "head"])
@pytest.mark.parametrize("cursor", [None, 7, "", "a\x00", "ä", "a b", "c" * 100_000])
def test_a_cursor_that_cannot_go_back_in_an_address_is_refused(
    bad: FalsePeer, applied: list[str], place: str, cursor: object
) -> None:
    bad.records, bad.changes = [bad.note("a")], {place: cursor}

    with pytest.raises(FeedUnusable):
        links.pull_link("bad")

    assert (bad.state, applied) == (("failing", "malformed"), [])
    assert db.session.scalars(select(Link.cursor)).all() == [None, None]


@pytest.mark.parametrize("records", [None, {}, "ab", [1], [["a", 1]]])
def test_a_page_without_a_list_of_records_is_refused(bad: FalsePeer, records: object) -> None:
    bad.body = json.dumps(bad.page() | {"records": records}).encode()

    with pytest.raises(FeedUnusable):
        links.pull_link("bad")

    assert bad.state == ("failing", "malformed")


def test_a_key_set_nested_without_end_is_refused(bad: FalsePeer) -> None:
    bad.body = b"[" * 200_000

    with pytest.raises(PeerUnreachable):
        peers.fetch_keys(bad.issuer)
