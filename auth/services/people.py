"""People: their record exists before, and without, any credential.

Who may record or rename whom is the calling package's policy: a roster, an expert list and a
sign-up each have their own.
"""

from collections.abc import Collection, Sequence
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from auth import models
from auth.errors import PersonNotFound
from auth.values import Person, PersonWish
from consortium.kernel.db import db
from consortium.kernel.ids import new_id
from consortium.kernel.principal import Principal
from consortium.kernel.rows import fetch_rows
from consortium.kernel.unit_of_work import current_unit_of_work, reading, transaction

_UNCHANGED: Any = object()


@transaction
def create_person(
    principal: Principal, *, name: str, name_latin: str | None = None, is_demo: bool = False
) -> Person:
    """Record a person without a credential."""
    wish = PersonWish(name=name, name_latin=name_latin, is_demo=is_demo)
    made = create_persons(principal, [wish])[0]
    return Person(made, name, name_latin, is_demo)


@transaction
def create_persons(principal: Principal, wishes: Sequence[PersonWish]) -> list[UUID]:
    """Record many people at once, as a roster import does.

    Returns:
        Their ids in the order of the wishes.
    """
    uow = current_unit_of_work()
    ids = [new_id() for _ in wishes]
    rows = [
        {
            "id": made, "name": wish.name, "name_latin": wish.name_latin,
            "is_demo": wish.is_demo, "created_at": uow.now,
        }
        for made, wish in zip(ids, wishes, strict=True)
    ]  # fmt: skip
    # By its table: the identity map would double the time of a whole roster.
    uow.insert_rows(db.metadata.tables["person"], rows)
    return ids


@transaction
def update_person(
    principal: Principal,
    *,
    person_id: UUID,
    name: str = _UNCHANGED,
    name_latin: str | None = _UNCHANGED,
) -> Person:
    """Correct a person's names; what is not given stays.

    Raises:
        PersonNotFound: unknown or erased.
    """
    uow = current_unit_of_work()
    person = uow.session.get(models.Person, person_id, with_for_update=True)
    if person is None or person.erased_at is not None:
        raise PersonNotFound
    if name is not _UNCHANGED:
        person.name = name
    if name_latin is not _UNCHANGED:
        person.name_latin = name_latin
    return _as_value(person)


@transaction
def erase_person(principal: Principal, *, person_id: UUID) -> None:
    """Erase what auth knows of a person: names, addresses, password, sign-ins, consents.

    The id stays, so that what rests on it can say "erased" (DESIGN 4.12).

    Raises:
        PersonNotFound: unknown or already erased.
    """
    uow = current_unit_of_work()
    person = uow.session.get(models.Person, person_id, with_for_update=True)
    if person is None or person.erased_at is not None:
        raise PersonNotFound
    person.name = person.name_latin = None
    person.erased_at = uow.now
    for gone in (models.Account, models.ClientConsent):
        uow.execute(sa.delete(gone).where(gone.person_id == person_id))
    _end_everything(person_id)
    uow.emit("auth.person.erased", str(person_id), {"person_id": str(person_id)}, op="delete")
    uow.audit("auth.person.erased", subject=str(person_id), principal=principal)


def _end_everything(person_id: UUID) -> None:
    """End her sign-ins, tokens and roles, and forget unused codes."""
    uow = current_unit_of_work()
    uow.execute(sa.delete(models.OneTimeCode).where(models.OneTimeCode.person_id == person_id))
    columns: tuple[tuple[Any, Any], ...] = (
        (models.SignInSession, models.SignInSession.ended_at),
        (models.AccessToken, models.AccessToken.revoked_at),
        (models.RoleGrant, models.RoleGrant.until),
    )
    for table, column in columns:
        still = sa.or_(column.is_(None), column > uow.now)
        uow.execute(
            sa.update(table).where(table.person_id == person_id, still).values({column: uow.now})
        )


@reading
def find_person(person_id: UUID) -> Person | None:
    """A person, erased ones included, or None."""
    rows = fetch_rows(_person_query(), person_id=person_id)
    return Person(*rows[0]) if rows else None


@cache
def _person_query() -> sa.Select[*tuple[Any, ...]]:
    people = models.Person
    return sa.select(
        people.id, people.name, people.name_latin, people.is_demo, people.erased_at
    ).where(people.id == sa.bindparam("person_id"))


@reading
def get_person(person_id: UUID) -> Person:
    """A person, erased ones included.

    Raises:
        PersonNotFound: no such id.
    """
    person = find_person(person_id)
    if person is None:
        raise PersonNotFound
    return person


@reading
def names_of(person_ids: Collection[UUID]) -> dict[UUID, str]:
    """Names by id in one query; the unknown and the erased are left out."""
    if not person_ids:
        return {}
    rows = db.session.execute(
        sa.select(models.Person.id, models.Person.name).where(
            models.Person.id.in_(set(person_ids)), models.Person.name.is_not(None)
        )
    )
    return {row.id: row.name for row in rows if row.name}


def _as_value(person: models.Person) -> Person:
    return Person(person.id, person.name, person.name_latin, person.is_demo, person.erased_at)
