"""Visits: recorded, listed, counted, echoed."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from consortium.kernel.db import db
from consortium.kernel.feature import Message
from consortium.kernel.principal import Principal
from consortium.kernel.unit_of_work import current_unit_of_work, reading, transaction
from tests.house.guest.errors import VisitorUnwelcome
from tests.house.guest.models import GuestEcho, GuestTally, GuestVisit

UNWELCOME = "nobody"


@dataclass(frozen=True)
class Visit:
    """A visit as others see it."""

    id: UUID
    visitor: str
    at: datetime


@transaction
def record_visit(principal: Principal, *, visitor: str) -> Visit:
    """Write a visitor into the book.

    Raises:
        VisitorUnwelcome: she is on the list.
    """
    uow = current_unit_of_work()
    if visitor == UNWELCOME:
        raise VisitorUnwelcome
    made = uow.add(GuestVisit(visitor=visitor, at=uow.now))
    uow.flush()
    uow.emit("guest.visit.recorded", str(made.id), {"visitor": visitor})
    uow.audit("guest.visit.recorded", subject=str(made.id), principal=principal)
    return Visit(made.id, made.visitor, made.at)


@reading
def list_visits(*, limit: int = 50) -> list[Visit]:
    """The newest visits first."""
    query = sa.select(GuestVisit).order_by(GuestVisit.id.desc()).limit(limit)
    return [Visit(row.id, row.visitor, row.at) for row in db.session.scalars(query)]


@transaction
def echo(message: Message) -> None:
    """Remember what was heard."""
    uow = current_unit_of_work()
    uow.add(GuestEcho(message_id=message.id, topic=message.topic, key=message.key))


@transaction
def tally(slot: datetime) -> None:
    """Count the visits of all time for a slot."""
    uow = current_unit_of_work()
    count = uow.session.scalar(sa.select(sa.func.count()).select_from(GuestVisit)) or 0
    uow.add(GuestTally(slot=slot, visits=count))


@reading
def list_tallies() -> list[int]:
    """The tallies, oldest first."""
    return list(db.session.scalars(sa.select(GuestTally.visits).order_by(GuestTally.slot)))


@reading
def list_echoes() -> list[str]:
    """The keys that were heard, in order."""
    return list(db.session.scalars(sa.select(GuestEcho.key).order_by(GuestEcho.position)))
