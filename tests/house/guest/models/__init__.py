"""Tables of the visitors' book."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from consortium.kernel.db import Id, Instant, Model, Position, Recorded
from consortium.kernel.ids import new_id


class GuestVisit(Recorded, Model):
    """Somebody came."""

    __tablename__ = "guest_visit"

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=new_id)
    visitor: Mapped[str] = mapped_column(sa.String(64))
    at: Mapped[datetime] = mapped_column(Instant)


class GuestEcho(Model):
    """What the handler heard. Nothing here keeps a second echo out: it must show."""

    __tablename__ = "guest_echo"
    __table_args__ = {"sqlite_autoincrement": True}

    position: Mapped[int] = mapped_column(Position, primary_key=True, autoincrement=True)
    message_id: Mapped[UUID] = mapped_column(Id, index=True)
    topic: Mapped[str] = mapped_column(sa.String(120))
    key: Mapped[str] = mapped_column(sa.String(255))


class GuestTally(Model):
    """How many had come when the job ran."""

    __tablename__ = "guest_tally"

    slot: Mapped[datetime] = mapped_column(Instant, primary_key=True)
    visits: Mapped[int] = mapped_column(sa.Integer)
