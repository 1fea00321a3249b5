"""Dated roles over places."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from auth import models
from auth.errors import (
    GrantForbidden,
    GrantNotFound,
    LastOperator,
    PersonNotFound,
    PlaceUnknown,
    RoleHeldLonger,
    RoleUnknown,
)
from auth.policies import may_grant_role
from auth.rules.access import find_covering, kind_of_role, outlasts
from auth.values import PLACES, ROLE_KINDS, RoleGrant
from consortium.errors import PeriodInvalid
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
        The grant; the one she has already if that covers the wished period.

    Raises:
        RoleUnknown, PlaceUnknown: no such role, or a place is missing.
        GrantForbidden: the principal does not run the place.
        PersonNotFound: unknown or erased.
        PeriodInvalid: it would end before it begins, or has ended already.
        RoleHeldLonger: she has it for longer, so that the wished end would end nothing.
    """
    place = _read_place(role, kind, key)
    if not may_grant_role(principal, kind=place, key=key):
        raise GrantForbidden
    uow = current_unit_of_work()
    person = uow.session.get(models.Person, person_id, with_for_update=True)
    if person is None or person.erased_at is not None:
        raise PersonNotFound
    begins = since or uow.now
    if until is not None and until <= max(begins, uow.now):
        raise PeriodInvalid
    known = [_as_value(row) for row in _list_standing(person_id, role, place, key)]
    held = find_covering(known, since=begins, until=until)
    if held is not None:
        if until is not None and outlasts(held.until, until):
            raise RoleHeldLonger(role=role)
        return held
    row = uow.add(
        models.RoleGrant(
            person_id=person_id,
            role=role,
            kind=place,
            key=key,
            since=begins,
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
    period = {
        "since": row.since.isoformat(),
        "until": row.until.isoformat() if row.until else None,
    }
    told = {**place, **period}
    uow.emit(topic, str(row.id), {"person_id": str(row.person_id), **told})
    society = row.key if row.kind == "society" else None
    uow.audit(topic, subject=str(row.person_id), society=society, detail=told, principal=principal)


@transaction
def end_grant(principal: Principal, *, grant_id: UUID, until: datetime | None = None) -> RoleGrant:
    """End a role; one that ends before that stays as it is.

    Args:
        until: excluded; None for now.

    Raises:
        GrantForbidden: the principal does not run the place.
        GrantNotFound: no such grant.
        LastOperator: nobody would run the node any more.
        PeriodInvalid: the end lies in the past.
    """
    uow = current_unit_of_work()
    row = uow.session.get(models.RoleGrant, grant_id)
    if row is None:
        raise GrantNotFound
    if not may_grant_role(principal, kind=row.kind, key=row.key):
        raise GrantForbidden
    return _end(principal, [grant_id], row.role, row.kind, until)[0]


@transaction
def end_role(
    principal: Principal,
    *,
    person_id: UUID,
    role: str,
    kind: str | None = None,
    key: str = "",
    until: datetime | None = None,
) -> list[RoleGrant]:
    """End every grant of a role that a person holds over a place, or will hold.

    Args:
        kind, key, until: as for `grant_role` and `end_grant`.

    Returns:
        The grants that have ended by it, in the order in which they begin.

    Raises:
        RoleUnknown, PlaceUnknown: no such role, or a place is missing.
        GrantForbidden: the principal does not run the place.
        GrantNotFound: she does not hold it there, or not so long.
        LastOperator: nobody would run the node any more.
        PeriodInvalid: the end lies in the past.
    """
    place = _read_place(role, kind, key)
    if not may_grant_role(principal, kind=place, key=key):
        raise GrantForbidden
    now = current_unit_of_work().now
    standing = _list_standing(person_id, role, place, key)
    ids = [row.id for row in standing if outlasts(row.until, until or now)]
    if not ids:
        raise GrantNotFound
    return _end(principal, ids, role, place, until)


def _end(
    principal: Principal, ids: Sequence[UUID], role: str, kind: str, until: datetime | None
) -> list[RoleGrant]:
    uow = current_unit_of_work()
    if until is not None and until < uow.now:
        raise PeriodInvalid
    end = until or uow.now
    is_of_node = (role, kind) == ("operator", "node")
    if is_of_node:
        _lock_operators()
    rows = [uow.lock(models.RoleGrant, grant_id) for grant_id in ids]
    ending = [row for row in rows if outlasts(row.until, end)]
    held_until = [row.until for row in ending]
    for row in ending:
        # One that has not begun becomes an empty period: it never counts.
        row.until = max(end, row.since)
        _tell("auth.grant.ended", row, principal)
    uow.flush()
    if ending and is_of_node and not _is_run(end, held_until):
        raise LastOperator
    return [_as_value(row) for row in rows]


def _lock_operators() -> None:
    """Let those who end operators take turns, so that two cannot end each other."""
    grants = models.RoleGrant
    current_unit_of_work().execute(
        sa.select(grants.id)
        .where(grants.role == "operator", grants.kind == "node")
        .order_by(grants.id)
        .with_for_update()
    )


def _is_run(at: datetime, held_until: Sequence[datetime | None]) -> bool:
    """Whether an operator who can sign in is in office at an instant, and for as long.

    Asked by periods, not by the present: on PostgreSQL a transaction that waited for its turn is
    stamped earlier than the one it waited for, and would find that one's operator in office still.

    Args:
        held_until: when the grants that end now would have ended; None: never.
    """
    grants, rows = models.RoleGrant, models.Account
    bounds = [until for until in held_until if until is not None]
    as_long: list[sa.ColumnElement[bool]] = [grants.until.is_(None)]
    if len(bounds) == len(held_until):
        as_long.append(grants.until >= max(bounds))
    found = db.session.scalar(
        sa.select(grants.id)
        .join(rows, rows.person_id == grants.person_id)
        .where(
            grants.role == "operator",
            grants.kind == "node",
            in_force(at),
            sa.or_(*as_long),
            rows.disabled_at.is_(None),
            sa.or_(rows.password_hash.is_not(None), rows.mobile.is_not(None)),
        )
        .limit(1)
    )
    return found is not None


@reading
def get_grant(grant_id: UUID) -> RoleGrant:
    """One grant, ended or not.

    Raises:
        GrantNotFound: there is none.
    """
    row = db.session.get(models.RoleGrant, grant_id)
    if row is None:
        raise GrantNotFound
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


def _list_standing(person_id: UUID, role: str, kind: str, key: str) -> list[models.RoleGrant]:
    """Her grants of a role over a place that are in force or will be, the first to begin first."""
    grants = models.RoleGrant
    now = current_unit_of_work().now
    return list(
        db.session.scalars(
            sa.select(grants)
            .where(
                grants.person_id == person_id,
                grants.role == role,
                grants.kind == kind,
                grants.key == key,
                sa.or_(
                    grants.until.is_(None), sa.and_(grants.until > now, grants.until > grants.since)
                ),
            )
            .order_by(grants.since, grants.id)
        )
    )


def _as_value(row: models.RoleGrant) -> RoleGrant:
    return RoleGrant(row.id, row.person_id, row.role, row.kind, row.key, row.since, row.until)
