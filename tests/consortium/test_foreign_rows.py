"""What a peer says of rows and societies that are not its own is set apart and changes nothing."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from joserfc.jwk import ECKey

from consortium.kernel.clock import FixedClock, read_now
from consortium.kernel.db import db
from consortium.kernel.errors import ConsortiumError
from consortium.kernel.ids import new_id
from consortium.kernel.principal import SYSTEM
from consortium.kernel.unit_of_work import unit_of_work
from consortium.models import (
    ConsortiumMember,
    ConsortiumRow,
    OrganisationRow,
    OrganisationStanding,
    QuarantinedRecord,
)
from consortium.rules import hash_charter
from consortium.services import (
    consortia,
    intake,
    links,
    members,
    organisations,
    peers,
    selects,
    standing,
)

STANDING, MEMBER = "consortium.standing", "consortium.member"


class Neighbour:
    """A peer with a society and a consortium of its own, that may say anything."""

    def __init__(self, name: str, society: str, consortium: str) -> None:
        key = ECKey.generate_key("P-256", {"kid": name})
        jwks = {"keys": [key.as_dict(private=False)]}
        issuer = f"https://{name}.example"
        self.peer = peers.add_peer(SYSTEM, name=name, issuer=issuer, jwks=jwks)
        self.society, self.consortium = society, consortium
        self.version = 0
        assert self.tell("consortium.organisation", society, _organisation(society)) is None
        assert self.tell("consortium.consortium", consortium, _consortium(consortium)) is None

    def tell(self, topic: str, key: str, data: Any = None) -> str | None:
        """Tell one record, a deletion without data; the code under which it was set apart."""
        self.version += 1
        record = {
            "id": str(new_id()),
            "topic": topic,
            "key": key,
            "version": self.version,
            "op": "delete" if data is None else "upsert",
            "origin": self.peer.issuer,
            "at": "2026-01-01T00:00:00Z",
            "data": data or {},
        }
        with unit_of_work():
            intake.take_records(self.peer, [record], since=None)
        held = QuarantinedRecord
        why = sa.select(held.code).where(held.peer_id == self.peer.id, held.key == key)
        return db.session.scalar(why)

    def tell_row(self, topic: str, **data: Any) -> tuple[str, str | None]:
        """Tell a new row of a topic; its id, and the code under which it was set apart."""
        key = str(new_id())
        plain = {
            "organisation": self.society,
            "consortium": self.consortium,
            "since": read_now().isoformat(),
            "until": None,
            "supersedes": None,
        }
        if topic == STANDING:
            plain["standing"] = "expelled"
        return key, self.tell(topic, key, plain | data)


def _organisation(code: str) -> dict[str, Any]:
    return {"kind": "society", "name_zh": f"{code}学会", "name_en": code.title()}


def _consortium(code: str) -> dict[str, Any]:
    return {
        "code": code,
        "kind": "consortium",
        "name_zh": "联合体",
        "name_en": code.title(),
        "lead": None,
        "legal_representative": None,
        "founded_at": "2020-01-01T00:00:00+00:00",
        "charter": {
            "number": 1,
            "text_zh": "第一条",
            "text_en": "",
            "text_hash": hash_charter("第一条"),
            "kinds_admitted": [],
            "adopted_at": "2020-01-01T00:00:00+00:00",
        },
    }


@pytest.fixture
def north(register: None, clock: FixedClock) -> Neighbour:
    """Node north with the society astro and the consortium stars."""
    return Neighbour("north", "astro", "stars")


@pytest.fixture
def south(north: Neighbour) -> Neighbour:
    """Node south with the society bio and the consortium life."""
    return Neighbour("south", "bio", "life")


def _rows() -> list[Any]:
    found: list[Any] = []
    for model in (OrganisationStanding, ConsortiumMember):
        found.extend(db.session.execute(sa.select(model.__table__).order_by(model.id)).all())
    return found


def _members(consortium: str) -> list[str]:
    return [span.organisation for span in members.list_members(consortium, at=read_now())]


def _own_member_row() -> UUID:
    return next(s.id for s in members.list_members("demo", at=read_now()))


def _audited() -> list[tuple[str, str]]:
    told = "SELECT subject, detail FROM audit WHERE action = 'consortium.record.quarantined'"
    return [(row.subject, str(row.detail)) for row in db.session.execute(sa.text(told))]


def test_a_peer_does_not_end_a_suspension_of_ours(north: Neighbour) -> None:
    made = standing.suspend(SYSTEM, "math", consortium="demo")
    before = _rows()

    assert north.tell(STANDING, str(made.id)) == "not-ours"

    assert _rows() == before
    assert organisations.get_organisation("math").standing == "suspended"
    (audited,) = _audited()
    assert audited[0] == str(made.id)
    assert "not-ours" in audited[1]


def test_a_peer_does_not_remove_a_member_of_ours(north: Neighbour) -> None:
    before = _rows()

    assert north.tell(MEMBER, str(_own_member_row())) == "not-ours"

    assert _rows() == before
    assert _members("demo") == ["math", "phys"]


def test_a_peer_does_not_end_what_a_third_one_told(north: Neighbour, south: Neighbour) -> None:
    joined, _ = south.tell_row(MEMBER)
    expelled, why = south.tell_row(STANDING)
    assert why is None
    before = _rows()

    assert north.tell(MEMBER, joined) == "not-ours"
    assert north.tell(STANDING, expelled) == "not-ours"

    assert _rows() == before
    assert organisations.get_organisation("bio").standing == "expelled"
    assert _members("life") == ["bio"]


def test_a_peer_does_not_take_the_id_of_a_row_of_ours_for_its_own(north: Neighbour) -> None:
    made = standing.suspend(SYSTEM, "math", consortium="demo")
    data = {"organisation": "astro", "consortium": "stars", "standing": "expelled"}
    since = {"since": read_now().isoformat(), "until": None, "supersedes": None}
    before = _rows()

    assert north.tell(STANDING, str(made.id), data | since) == "not-ours"
    assert north.tell(MEMBER, str(_own_member_row()), data | since) == "not-ours"

    assert _rows() == before


def test_a_peers_row_supersedes_none_of_ours(north: Neighbour) -> None:
    made = standing.suspend(SYSTEM, "math", consortium="demo")
    assert north.tell_row(MEMBER)[1] is None
    before = _rows()

    assert north.tell_row(STANDING, supersedes=str(made.id))[1] == "not-ours"
    assert north.tell_row(MEMBER, supersedes=str(_own_member_row()))[1] == "not-ours"

    assert _rows() == before
    assert organisations.get_organisation("math").standing == "suspended"
    assert _members("demo") == ["math", "phys"]


def test_a_peers_row_supersedes_none_of_a_third_one(north: Neighbour, south: Neighbour) -> None:
    joined, _ = south.tell_row(MEMBER)
    expelled, _ = south.tell_row(STANDING)
    north.tell_row(MEMBER)
    before = _rows()

    assert north.tell_row(STANDING, supersedes=expelled)[1] == "not-ours"
    assert north.tell_row(MEMBER, supersedes=joined)[1] == "not-ours"

    assert _rows() == before


def test_a_row_supersedes_one_about_the_same_society_in_the_same_consortium(
    north: Neighbour,
) -> None:
    north.tell("consortium.organisation", "radio", _organisation("radio"))
    north.tell("consortium.consortium", "waves", _consortium("waves"))
    astro, _ = north.tell_row(MEMBER)
    north.tell_row(MEMBER, organisation="radio")
    north.tell_row(MEMBER, consortium="waves")
    expelled, why = north.tell_row(STANDING)
    assert why is None
    before = _rows()

    for other in ({"organisation": "radio"}, {"consortium": "waves"}):
        assert north.tell_row(MEMBER, **other, supersedes=astro)[1] == "record-refused"
        assert north.tell_row(STANDING, **other, supersedes=expelled)[1] == "record-refused"
    assert north.tell_row(STANDING, supersedes=str(new_id()))[1] == "record-refused"
    assert _rows() == before

    ended = read_now().isoformat()
    assert north.tell_row(STANDING, until=ended, supersedes=expelled)[1] is None
    assert organisations.get_organisation("astro").standing == "active"


def test_a_peer_deletes_what_it_has_told(north: Neighbour) -> None:
    joined, _ = north.tell_row(MEMBER)
    expelled, _ = north.tell_row(STANDING)
    assert organisations.get_organisation("astro").standing == "expelled"

    assert north.tell(STANDING, expelled) is None
    assert organisations.get_organisation("astro").standing == "active"
    assert north.tell(MEMBER, joined) is None
    assert _members("stars") == []


@pytest.mark.parametrize("society", ["math", "bio"])
@pytest.mark.parametrize("with_membership", [False, True])
def test_a_peer_expels_no_society_of_another_node(
    north: Neighbour, south: Neighbour, society: str, *, with_membership: bool
) -> None:
    if with_membership:
        # The word of the consortium alone: nobody at the society's node has agreed to it.
        assert north.tell_row(MEMBER, organisation=society)[1] is None

    for wanted in ("expelled", "suspended"):
        _, why = north.tell_row(STANDING, organisation=society, standing=wanted)
        assert why == "not-ours"

    assert organisations.get_organisation(society).standing == "active"
    assert standing.list_standing_facts([society]) == []
    assert standing.is_active_at(society, read_now())


def test_a_standing_waits_until_the_membership_has_come(north: Neighbour) -> None:
    key, why = north.tell_row(STANDING)
    assert why == "not-a-member"
    assert organisations.get_organisation("astro").standing == "active"

    north.tell_row(MEMBER, since=(read_now() + timedelta(days=1)).isoformat())
    with unit_of_work():
        assert intake.retry_quarantined(north.peer) == 0
    north.tell_row(MEMBER, since=(read_now() - timedelta(days=1)).isoformat())
    with unit_of_work():
        assert intake.retry_quarantined(north.peer) == 1

    assert organisations.get_organisation("astro").standing == "expelled"
    assert [str(fact.id) for fact in standing.list_standing_facts(["astro"])] == [key]


def test_what_an_earlier_version_took_of_a_foreign_society_counts_no_more(
    north: Neighbour,
) -> None:
    with unit_of_work() as uow:
        for society in ("math", "astro"):
            uow.add(
                OrganisationStanding(
                    organisation_id=_id(OrganisationRow, society),
                    consortium_id=_id(ConsortiumRow, "stars"),
                    standing="expelled",
                    since=uow.now,
                )
            )

    assert organisations.get_organisation("math").standing == "active"
    assert standing.is_active_at("math", read_now())
    facts = db.session.execute(selects.select_standing_facts())
    assert [row.code for row in facts] == ["astro"]
    every = db.session.execute(selects.select_standing_facts(every=True))
    assert sorted(row.code for row in every) == ["astro", "math"]
    assert organisations.get_organisation("astro").standing == "expelled"


def test_our_own_consortium_suspends_a_member_from_another_node(north: Neighbour) -> None:
    members.admit_member(SYSTEM, "astro", consortium="demo")

    standing.suspend(SYSTEM, "astro", consortium="demo")

    assert organisations.get_organisation("astro").standing == "suspended"


def test_of_a_foreign_consortium_its_own_node_alone_speaks(north: Neighbour) -> None:
    north.tell_row(MEMBER)
    for act in (standing.suspend, standing.expel, standing.restore):
        with pytest.raises(ConsortiumError) as refused:
            act(SYSTEM, "astro", consortium="stars")
        assert refused.value.code == "not-ours"
    assert consortia.get_consortium("stars").origin == north.peer.issuer


def test_the_operator_sees_what_was_set_apart_and_why(north: Neighbour) -> None:
    key = str(_own_member_row())
    north.tell(MEMBER, key)
    north.tell(MEMBER, key)

    (found,) = links.list_set_apart("north")

    assert (found.topic, found.key, found.code, found.attempts) == (MEMBER, key, "not-ours", 2)
    # Once for each reason, however often it is tried.
    assert len(_audited()) == 1


def _id(model: type[OrganisationRow] | type[ConsortiumRow], code: str) -> UUID:
    found = db.session.scalar(sa.select(model.id).where(model.code == code))
    assert found is not None
    return found
