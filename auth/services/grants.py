"""Dated roles over places."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from auth import models
from auth.errors import GrantForbidden, PersonNotFound, PlaceUnknown, RoleUnknown
from auth.policies import may_grant_role
from auth.rules.access import kind_of_role
from auth.values import PLACES, ROLE_KINDS, RoleGrant
from consortium.kernel.clock import read_now
from consortium.kernel.db import db
from consortium.kernel.principal import Principal
from consortium.kernel.unit_of_work import current_unit_of_work, reading, transaction


@transaction
def grant_role(
    principal: Principal,
    *,
    person_id: UUID,
    role: str,
    kind: str | None = None,
    key: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
) -> RoleGrant:
    """Give a person a role.

    Args:
        kind: the place's kind; None for the role's usual one.
        key: society or consortium code, object id, or "" for the node.
        since: None for now.
        until: excluded; None for no end.

    Returns:
        The grant; the one in force if she holds the same role already.

    Raises:
        RoleUnknown, PlaceUnknown: no such role, or a place is missing.
        GrantForbidden: the principal does not run the place.
        PersonNotFound: unknown or erased.
    """
    place = _read_place(role, kind, key)
    if not may_grant_role(principal, kind=place, key=key):
        raise GrantForbidden
    uow = current_unit_of_work()
    person = uow.session.get(models.Person, person_id, with_for_update=True)
    if person is None or person.erased_at is not None:
        raise PersonNotFound
    held = _find_in_force(person_id, role, place, key, uow.now)
    if held is not None and since is None and until is None:
        return _as_value(held)
    row = uow.add(
        models.RoleGrant(
            person_id=person_id,
            role=role,
            kind=place,
            key=key,
            since=since or uow.now,
            until=until,
            granted_by=principal.person_id,
        )
    )
    uow.flush()
    _tell("auth.grant.made", row, principal)
    return _as_value(row)


def _read_place(role: str, kind: str | None, key: str) -> str:
    place = kind or kind_of_role(role)
    if place is None:
        raise RoleUnknown(role=role, roles=", ".join(ROLE_KINDS))
    if place not in PLACES or (place != "node") != bool(key):
        raise PlaceUnknown(role=role, kind=place)
    return place


def _tell(topic: str, row: models.RoleGrant, principal: Principal) -> None:
    uow = current_unit_of_work()
    place = {"role": row.role, "kind": row.kind, "key": row.key}
    uow.emit(topic, str(row.id), {"person_id": str(row.person_id), **place})
    society = row.key if row.kind == "society" else None
    uow.audit(topic, subject=str(row.person_id), society=society, detail=place, principal=principal)


@transaction
def end_grant(principal: Principal, *, grant_id: UUID) -> RoleGrant:
    """End a role now; one that has ended stays as it is.

    Raises:
        GrantForbidden: the principal does not run the place.
        NotFound: no such grant.
    """
    uow = current_unit_of_work()
    row = uow.lock(models.RoleGrant, grant_id)
    if not may_grant_role(principal, kind=row.kind, key=row.key):
        raise GrantForbidden
    if row.until is None or row.until > uow.now:
        row.until = uow.now
        _tell("auth.grant.ended", row, principal)
    return _as_value(row)


@reading
def list_grants(person_id: UUID) -> list[RoleGrant]:
    """Every grant of a person, ended ones too, oldest first."""
    rows = db.session.scalars(
        sa.select(models.RoleGrant)
        .where(models.RoleGrant.person_id == person_id)
        .order_by(models.RoleGrant.since, models.RoleGrant.id)
    )
    return [_as_value(row) for row in rows]


@reading
def list_holders(role: str, kind: str, key: str = "") -> list[UUID]:
    """Who holds a role over a place now, longest first, each once."""
    rows = db.session.scalars(
        sa.select(models.RoleGrant.person_id)
        .where(
            models.RoleGrant.role == role,
            models.RoleGrant.kind == kind,
            models.RoleGrant.key == key,
            in_force(read_now()),
        )
        .order_by(models.RoleGrant.since, models.RoleGrant.id)
    )
    return list(dict.fromkeys(rows))


def in_force(now: datetime) -> sa.ColumnElement[bool]:
    """The condition under which a grant counts at an instant."""
    until = models.RoleGrant.until
    return sa.and_(models.RoleGrant.since <= now, sa.or_(until.is_(None), until > now))


def _find_in_force(
    person_id: UUID, role: str, kind: str, key: str, now: datetime
) -> models.RoleGrant | None:
    grants = models.RoleGrant
    return db.session.scalar(
        sa.select(grants)
        .where(
            grants.person_id == person_id,
            grants.role == role,
            grants.kind == kind,
            grants.key == key,
            in_force(now),
        )
        .limit(1)
    )


def _as_value(row: models.RoleGrant) -> RoleGrant:
    return RoleGrant(row.id, row.person_id, row.role, row.kind, row.key, row.since, row.until)
