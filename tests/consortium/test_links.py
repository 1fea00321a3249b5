"""Two nodes: signed pull, once each, tombstones, quarantine, a new epoch."""

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import requests
from flask import Flask
from sqlalchemy import func, select

from consortium.errors import (
    FeedUnusable,
    NotOurs,
    PeerIsSelf,
    PeerKeysInvalid,
    PeerSuspended,
    PeerUnreachable,
)
from consortium.kernel import signing
from consortium.kernel.clock import read_now
from consortium.kernel.db import db
from consortium.kernel.errors import Forbidden
from consortium.kernel.feature import Feature, Feed, FeedRecord
from consortium.kernel.outbox.sequencer import open_epoch
from consortium.kernel.principal import ANONYMOUS, SYSTEM
from consortium.kernel.unit_of_work import unit_of_work
from consortium.models import MirroredRecord, Peer, QuarantinedRecord
from consortium.services import consortia, feeds, links, members, organisations, peers, standing
from tests.conftest import Databases, settings_for
from tests.consortium.nodes import LOOPBACK, Node, acquaint, free_port, serving

NOTE = "guest.note"


class Notes:
    """A guest feature's mirror: what was applied, and which keys cannot be."""

    def __init__(self) -> None:
        self.held: dict[str, dict[str, Any]] = {}
        self.applied: list[tuple[str, int, str]] = []
        self.broken: set[str] = set()
        self.hidden: set[str] = set()
        self.withdrawn: set[str] = set()

    def apply(self, record: FeedRecord) -> None:
        """Take a note, or fail as told."""
        if record.key in self.broken:
            raise ValueError("broken")
        self.applied.append((record.key, record.version, record.op))
        if record.op == "delete":
            self.held.pop(record.key, None)
        else:
            self.held[record.key] = dict(record.data)

    def fill(self, keys: Any, recipient: str) -> dict[str, dict[str, Any] | None]:
        """Tell the recipient with each note, but for hidden and withdrawn ones."""
        return {
            key: None if key in self.withdrawn else {"for": recipient}
            for key in keys
            if key not in self.hidden
        }


@pytest.fixture
def notes() -> Notes:
    """The guest's mirror; both nodes share the object, only the reader applies."""
    return Notes()


@pytest.fixture
def nodes(
    databases: Databases, make_app: Callable[..., Flask], tmp_path: Path, notes: Notes
) -> Iterator[tuple[Node, Node]]:
    """Nodes north and south, running and acquainted."""
    guest = Feature(name="guest", feeds=(Feed(NOTE, "1.0", notes.apply, notes.fill),))
    with ExitStack() as stack:
        made = []
        for name in ("north", "south"):
            port, url = free_port(), databases.copy()
            stack.callback(databases.drop, url)
            home = settings_for(url, tmp_path / name)
            app = make_app(
                guest,
                database_url=url,
                data_dir=home.data_dir,
                issuer=f"http://localhost:{port}",
                http_allow=LOOPBACK,
                http_breaker_failures=1000,
                link_page_size=3,
            )
            stack.callback(_close, app)
            stack.enter_context(serving(app, port))
            made.append(Node(name, app, f"http://localhost:{port}"))
        north, south = made
        acquaint(north, south)
        yield north, south


def _close(app: Flask) -> None:
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def test_the_register_of_one_node_is_mirrored_by_the_other(nodes: tuple[Node, Node]) -> None:
    north, south = nodes
    with north.app.app_context():
        _found_register()
        standing.suspend(SYSTEM, "math", consortium="demo")
    north.settle()

    pulled = south.pull("north")

    assert sum(page.quarantined for page in pulled) == 0
    assert len(pulled) > 1
    with south.app.app_context():
        found = organisations.get_organisation("math")
        assert (found.origin, found.standing) == (north.issuer, "suspended")
        assert [o.code for o in organisations.search_organisations("数学")] == ["math"]
        assert [s.organisation for s in members.list_members("demo", at=read_now())] == ["math"]
        assert consortia.get_charter("demo").text_zh == "第一条"
        with pytest.raises(NotOurs):
            organisations.update_organisation(SYSTEM, "math", name_en="Ours")


def test_the_job_pulls_one_page_of_one_peer_at_a_time(
    nodes: tuple[Node, Node], notes: Notes
) -> None:
    north, south = nodes
    _tell(north, *[(f"k{number}", "upsert") for number in range(7)])
    with south.app.app_context():
        for name in ("away", "zero"):
            silent, keys = f"http://localhost:{free_port()}", signing.public_keys("node")
            peers.add_peer(SYSTEM, name=name, issuer=silent, jwks=keys)
        places, held = [links.pull_next_page(None)], [len(notes.held)]
        while places[-1] is not None:
            places.append(links.pull_next_page(places[-1]))
            held.append(len(notes.held))

    assert places == ["0 north", "1 north", "2 north", "0 zero", None]
    assert held == [0, 3, 6, 7, 7]


def test_a_restoration_reaches_the_mirror(nodes: tuple[Node, Node]) -> None:
    north, south = nodes
    with north.app.app_context():
        _found_register()
        standing.suspend(SYSTEM, "math", consortium="demo")
    north.settle()
    south.pull("north")
    with north.app.app_context():
        standing.restore(SYSTEM, "math", consortium="demo")
    north.settle()

    south.pull("north")

    with south.app.app_context():
        assert organisations.get_organisation("math").standing == "active"
        assert len(standing.list_standing_facts(["math"])) == 2


def test_each_record_is_applied_once_in_its_newest_version(
    nodes: tuple[Node, Node], notes: Notes
) -> None:
    north, south = nodes
    _tell(north, *[(f"k{number}", "upsert") for number in range(7)])
    south.pull("north")
    south.pull("north")
    _tell(north, ("k1", "upsert"), ("k2", "delete"))

    south.pull("north")

    assert sorted(notes.held) == ["k0", "k1", "k3", "k4", "k5", "k6"]
    assert [key for key, _, _ in notes.applied] == [f"k{n}" for n in range(7)] + ["k1", "k2"]
    assert notes.held["k0"] == {"for": south.issuer}


def test_what_a_reader_may_not_see_any_more_travels_as_a_tombstone(
    nodes: tuple[Node, Node], notes: Notes
) -> None:
    north, south = nodes
    notes.withdrawn.add("k1")
    _tell(north, ("k0", "upsert"), ("k1", "upsert"))

    south.pull("north")

    assert [(key, op) for key, _, op in notes.applied] == [("k0", "upsert"), ("k1", "delete")]


def test_of_what_a_reader_never_saw_it_learns_nothing(
    nodes: tuple[Node, Node], notes: Notes
) -> None:
    north, south = nodes
    notes.hidden |= {"k1", "k2"}
    _tell(north, ("k0", "upsert"), ("k1", "upsert"), ("k2", "delete"), ("k3", "upsert"))

    south.pull("north")

    assert [(key, op) for key, _, op in notes.applied] == [("k0", "upsert"), ("k3", "upsert")]


def test_a_bad_record_is_set_apart_and_taken_when_it_can_be(
    nodes: tuple[Node, Node], notes: Notes
) -> None:
    north, south = nodes
    notes.broken.add("k1")
    _tell(north, ("k0", "upsert"), ("k1", "upsert"), ("k2", "upsert"))

    pulled = south.pull("north")

    assert (sum(p.taken for p in pulled), sum(p.quarantined for p in pulled)) == (2, 1)
    assert sorted(notes.held) == ["k0", "k2"]
    with south.app.app_context():
        (state,) = links.list_links()
        assert (state.state, state.quarantined) == ("ok", 1)
        sealed = db.session.scalar(select(QuarantinedRecord.sealed))
        assert sealed is not None and '"k1"' not in sealed

    notes.broken.clear()
    south.pull("north")

    assert sorted(notes.held) == ["k0", "k1", "k2"]
    with south.app.app_context():
        assert db.session.scalar(select(func.count()).select_from(QuarantinedRecord)) == 0


def test_after_a_restore_of_the_origin_everything_is_read_again_and_the_rest_deleted(
    nodes: tuple[Node, Node], notes: Notes
) -> None:
    north, south = nodes
    _tell(north, ("k0", "upsert"), ("k1", "upsert"))
    south.pull("north")
    with south.app.app_context(), unit_of_work() as uow:
        # As if the origin had told of it after the backup was made, in a version since reused.
        uow.add(
            MirroredRecord(
                origin=north.issuer,
                topic=NOTE,
                key="lost",
                version=10_000,
                op="upsert",
                observed_at=uow.now,
            )
        )
    notes.held["lost"] = {}
    with north.app.app_context():
        open_epoch()

    south.pull("north")

    assert sorted(notes.held) == ["k0", "k1"]
    assert [key for key, _, _ in notes.applied] == ["k0", "k1", "k0", "k1", "lost"]


def test_a_page_signed_by_somebody_else_is_refused(
    nodes: tuple[Node, Node], notes: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    north, south = nodes
    _tell(north, ("k0", "upsert"))

    def altered(*args: Any, **kwargs: Any) -> dict[str, Any]:
        page = served(*args, **kwargs)
        page["records"][0]["data"] = {"for": "changed"}
        return page

    served = feeds.serve_feed
    with monkeypatch.context() as patched:
        patched.setattr(feeds, "serve_feed", altered)
        with pytest.raises(FeedUnusable):
            south.pull("north")

    assert notes.applied == []
    with south.app.app_context():
        (state,) = links.list_links()
        assert state.state == "failing"
        assert json.loads(state.fault or "")["why"] == "signature"
    south.pull("north")
    with south.app.app_context():
        assert links.list_links()[0].state == "ok"


def test_a_peers_new_key_is_learned_unless_it_is_pinned(nodes: tuple[Node, Node]) -> None:
    north, south = nodes
    _tell(north, ("k0", "upsert"))
    with north.app.app_context():
        signing.revoke_key(signing.node_key().kid)

    south.pull("north")

    with south.app.app_context():
        held = peers.get_peer("north")
        with unit_of_work() as uow:
            row = uow.session.get(Peer, held.id)
            assert row is not None
            row.is_pinned = True
    with north.app.app_context():
        signing.revoke_key(signing.node_key().kid)
    with pytest.raises(FeedUnusable):
        south.pull("north")


def test_only_an_active_peer_is_answered(nodes: tuple[Node, Node]) -> None:
    north, south = nodes
    with north.app.app_context():
        peers.set_peer_state(SYSTEM, "south", "suspended")

    with pytest.raises(PeerUnreachable):
        south.pull("north")
    assert requests.get(f"{north.issuer}/api/v1/feed", timeout=5).status_code == 401
    with south.app.app_context():
        peers.set_peer_state(SYSTEM, "north", "suspended")
        assert links.list_links()[0].state == "paused"
    with pytest.raises(PeerSuspended):
        south.pull("north")


def test_a_proof_for_one_node_opens_no_other(nodes: tuple[Node, Node]) -> None:
    north, south = nodes
    with south.app.app_context():
        right = peers.prove_ourselves(north.issuer)
        foreign = peers.prove_ourselves("https://elsewhere.example")
        typeless = signing.sign_jwt("node", "ES256", {"iss": south.issuer, "aud": north.issuer})

    with north.app.app_context():
        now = read_now()
        assert peers.find_prover(right, now=now) is not None
        for wrong in (foreign, typeless, right[:-4] + "AAAA", "", "a.b.c", right + "."):
            assert peers.find_prover(wrong, now=now) is None


def test_a_peer_is_added_by_the_operator_with_a_key_set(nodes: tuple[Node, Node]) -> None:
    north, _ = nodes
    with north.app.app_context():
        with pytest.raises(Forbidden):
            peers.add_peer(ANONYMOUS, name="east", issuer="https://east.example")
        for wrong in ({}, {"keys": []}, {"keys": [{"kty": "oct", "k": "AA"}]}):
            with pytest.raises(PeerKeysInvalid):
                peers.add_peer(SYSTEM, name="east", issuer="https://east.example", jwks=wrong)
        with pytest.raises(PeerIsSelf):
            peers.add_peer(SYSTEM, name="east", issuer=north.issuer, jwks=signing.public_keys())
        with pytest.raises(PeerUnreachable):
            peers.add_peer(SYSTEM, name="east", issuer="https://10.0.0.1")
        peers.remove_peer(SYSTEM, "south")
        assert peers.list_peers() == []


def test_an_organisation_whose_code_is_taken_is_set_apart(nodes: tuple[Node, Node]) -> None:
    _, south = nodes
    for node in nodes:
        with node.app.app_context():
            organisations.register_organisation(
                SYSTEM, code="math", name_zh="数学会", name_en=node.name
            )
        node.settle()

    (pulled,) = south.pull("north")

    assert pulled.quarantined == 1
    with south.app.app_context():
        assert organisations.get_organisation("math").name_en == "south"
        assert db.session.scalar(select(QuarantinedRecord.code)) == "code-taken"


def _found_register() -> None:
    organisations.register_organisation(SYSTEM, code="math", name_zh="数学会", name_en="Maths")
    consortia.found_consortium(
        SYSTEM,
        code="demo",
        kind="consortium",
        name_zh="联合体",
        name_en="Consortium",
        charter_zh="第一条",
    )
    members.admit_member(SYSTEM, "math", consortium="demo")
    consortia.appoint(SYSTEM, "demo", lead="math")


def _tell(node: Node, *told: tuple[str, str]) -> None:
    with node.app.app_context():
        for key, op in told:
            with unit_of_work() as uow:
                uow.emit(NOTE, key, {"raw": key}, op=op)
    node.settle()
