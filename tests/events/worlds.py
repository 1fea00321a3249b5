"""Societies, officers, members and events for tests of events, all made by services."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from auth.services import people
from consortium.kernel.clock import read_now
from consortium.kernel.principal import SYSTEM, Grant, Principal
from events.services import drafts, hosting, publication, signing
from events.values import EventView, EventWish, HostRole, Mode, Money, Quota, Text
from tests.membership import houses

STARTS = datetime(2026, 9, 1, 1, 0, tzinfo=UTC)
ENDS = datetime(2026, 9, 3, 9, 30, tzinfo=UTC)
FULL, MEMBER = Money(200_000, "CNY"), Money(120_000, "CNY")


def officer(society: str, role: str = "organiser") -> Principal:
    """An officer of a society who has just signed in."""
    person = people.create_person(SYSTEM, name="王主办")
    return Principal(
        person_id=person.id,
        grants=(Grant(role, "society", society),),
        acr="urn:society-consortium:acr:single-factor",
        auth_time=read_now(),
    )


def program(society: str, *scopes: str) -> Principal:
    """A client of a society."""
    return Principal(client_id=f"client-{society}", society=society, scopes=frozenset(scopes))


def member(society: str, number: str = "M-1") -> Principal:
    """A member of a society, signed in."""
    return Principal(person_id=person_in(society, number), auth_time=read_now())


def person_in(society: str, number: str = "M-1") -> UUID:
    """The person behind a new member file with a term over 2026."""
    houses.join(society, number)
    return _person(society, number)


def _person(society: str, number: str) -> UUID:
    from membership.services import members

    return members.get_member(SYSTEM, society=society, member_number=number).person_id


def stranger() -> Principal:
    """Somebody signed in who is a member of nothing."""
    return Principal(person_id=people.create_person(SYSTEM, name="陌生人").id)


def wish(**changes: Any) -> EventWish:
    """A congress of two days and three seats."""
    plain = EventWish(
        title=Text("联合大会", "Joint Congress"),
        starts_at=STARTS,
        ends_at=ENDS,
        time_zone="Asia/Shanghai",
        mode=Mode.ON_SITE,
        place="Hangzhou",
        prices={"full": FULL, "member": MEMBER},
        quotas=(Quota(None, Mode.ON_SITE, 3),),
        society="comp",
    )
    return replace(plain, **changes)


@dataclass(frozen=True)
class House:
    """Four societies; comp and phys have an organiser, math is recognised at comp."""

    comp: Principal
    phys: Principal

    def draft(self, **changes: Any) -> EventView:
        """A draft of comp to which phys is invited."""
        made = drafts.create_event(self.comp, wish(**changes))
        return hosting.invite_host(
            self.comp, event_id=made.id, society="phys", role=HostRole.CO_ORGANISER
        )

    def sign(self, event_id: UUID) -> EventView:
        """Both hosts sign."""
        signing.sign_event(self.comp, event_id=event_id, society="comp")
        return signing.sign_event(self.phys, event_id=event_id, society="phys")

    def publish(self, **changes: Any) -> EventView:
        """A published event of comp and phys."""
        made = self.draft(**changes)
        self.sign(made.id)
        return publication.publish_event(self.comp, event_id=made.id)


def build_house() -> House:
    """Make the societies and the agreement by which comp recognises math."""
    houses.register("comp", "phys", "math", "mech")
    houses.agree("math", "comp", houses.clause("math", "comp", {"senior": "senior"}))
    return House(comp=officer("comp"), phys=officer("phys", "secretary"))
