"""People, the roles they hold, and the names under which programs know them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from consortium.kernel.db import Id, Instant, Model
from consortium.kernel.ids import new_id


class Person(Model):
    """A human being. The id stays for ever; the names are erasable and then None."""

    __tablename__ = "person"

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=new_id)
    name: Mapped[str | None] = mapped_column(String(120))
    name_latin: Mapped[str | None] = mapped_column(String(120))
    is_demo: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(Instant)
    erased_at: Mapped[datetime | None] = mapped_column(Instant)


class RoleGrant(Model):
    """A dated role over one place; `key` is a code, an id, or "" for the node."""

    __tablename__ = "role_grant"
    __table_args__ = (Index("ix_role_grant_place", "kind", "key"),)

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=new_id)
    person_id: Mapped[UUID] = mapped_column(Id, ForeignKey("person.id"), index=True)
    role: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(16))
    key: Mapped[str] = mapped_column(String(64), default="")
    since: Mapped[datetime] = mapped_column(Instant)
    until: Mapped[datetime | None] = mapped_column(Instant)
    granted_by: Mapped[UUID | None] = mapped_column(Id, ForeignKey("person.id"), index=True)


class Subject(Model):
    """A person's name inside one sector, as ID tokens and the API say it; never reused."""

    __tablename__ = "subject"
    __table_args__ = (UniqueConstraint("sector", "sub"),)

    person_id: Mapped[UUID] = mapped_column(Id, ForeignKey("person.id"), primary_key=True)
    sector: Mapped[str] = mapped_column(String(80), primary_key=True)
    sub: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(Instant)
