"""The register of organisations."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from consortium.errors import (
    CodeTaken,
    NotOurs,
    OrganisationNotFound,
    UsccTaken,
)
from consortium.kernel.clock import read_now
from consortium.kernel.db import db
from consortium.kernel.errors import FieldError, Forbidden
from consortium.kernel.principal import Principal
from consortium.kernel.search import index_text, search_ids
from consortium.kernel.signing import ensure_key
from consortium.kernel.unit_of_work import (
    UnitOfWork,
    current_unit_of_work,
    reading,
    transaction,
)
from consortium.models import BranchRow, OrganisationRow
from consortium.policies import may_keep_branches, may_register
from consortium.rules import suggest_partners
from consortium.services.selects import select_members
from consortium.services.standing import read_standings
from consortium.services.wishes import check_branch, check_wish
from consortium.values import Branch, Organisation, OrganisationWish

SEARCH_KIND = "consortium.organisation"

__all__ = [
    "Branch",
    "Organisation",
    "OrganisationWish",
    "add_branch",
    "find_organisation",
    "get_organisation",
    "get_organisation_by_id",
    "get_organisations_by_id",
    "list_branches",
    "list_organisations",
    "list_suggested_partners",
    "register_organisation",
    "search_organisations",
    "update_organisation",
]


@transaction
def register_organisation(principal: Principal, **wish: Any) -> Organisation:
    """Register an organisation of this node and make its signing key.

    Args:
        wish: the members of `OrganisationWish`; `code`, `name_zh` and `name_en` at least.

    Raises:
        Forbidden: only the operator registers.
        OrganisationInvalid: a code, check digit, zone or discipline is wrong; all are listed.
        CodeTaken, UsccTaken: another organisation has it.
    """
    uow = current_unit_of_work()
    if not may_register(principal):
        raise Forbidden
    wanted = check_wish(OrganisationWish(**wish))
    _refuse_taken(wanted, but=None)
    values = _columns(wanted)
    row = uow.add(OrganisationRow(**values, origin=None, registered_at=uow.now))
    uow.flush()
    ensure_key(row.code)
    _publish(uow, row)
    uow.audit("consortium.organisation.registered", subject=row.code, society=row.code)
    return view_organisation(row, {})


@transaction
def update_organisation(principal: Principal, code: str, **changes: Any) -> Organisation:
    """Correct an organisation of this node; its code stays what it is.

    Raises:
        Forbidden: only the operator corrects.
        OrganisationNotFound: there is none.
        NotOurs: another node keeps it.
        OrganisationInvalid, UsccTaken: as at registration.
    """
    uow = current_unit_of_work()
    if not may_register(principal):
        raise Forbidden
    row = lock_organisation(uow, code)
    refuse_foreign(row.origin)
    held = {name: getattr(row, name) for name in _names()}
    wanted = check_wish(OrganisationWish(**{**held, **changes, "code": row.code}))
    _refuse_taken(wanted, but=row.id)
    changed = sorted(n for n, value in _columns(wanted).items() if getattr(row, n) != value)
    for name in changed:
        setattr(row, name, _columns(wanted)[name])
    if changed:
        uow.flush()
        _publish(uow, row)
        detail = {"changed": changed}
        uow.audit("consortium.organisation.changed", subject=code, society=code, detail=detail)
    return view_organisation(row, read_standings([row.id], at=uow.now))


@transaction
def add_branch(
    principal: Principal, organisation: str, *, code: str, name_zh: str, name_en: str = ""
) -> Branch:
    """Add a branch; it has no legal personality and signs nothing.

    Raises:
        Forbidden: only the society's own officers.
        OrganisationNotFound, OrganisationInvalid, CodeTaken: as their messages say.
    """
    uow = current_unit_of_work()
    if not may_keep_branches(principal, organisation):
        raise Forbidden
    row = lock_organisation(uow, organisation)
    refuse_foreign(row.origin)
    check_branch(code, name_zh)
    taken = select(BranchRow.id).where(BranchRow.organisation_id == row.id, BranchRow.code == code)
    if uow.session.scalar(taken) is not None:
        raise CodeTaken(taken=code)
    made = uow.add(
        BranchRow(organisation_id=row.id, code=code, name_zh=name_zh, name_en=name_en or name_zh)
    )
    uow.flush()
    uow.audit(
        "consortium.branch.added",
        subject=str(made.id),
        society=organisation,
        detail={"branch": code},
    )
    return Branch(made.id, organisation, code, made.name_zh, made.name_en)


def get_organisation(code: str) -> Organisation:
    """The organisation with a code, with its standing now.

    Raises:
        OrganisationNotFound: there is none.
    """
    found = find_organisation(code)
    if found is None:
        raise OrganisationNotFound(organisation=code)
    return found


@reading
def find_organisation(code: str) -> Organisation | None:
    """The organisation with a code, or None."""
    return _first(select(OrganisationRow).where(OrganisationRow.code == code))


@reading
def get_organisation_by_id(organisation_id: UUID) -> Organisation:
    """The organisation with an id.

    Raises:
        OrganisationNotFound: there is none.
    """
    found = _first(select(OrganisationRow).where(OrganisationRow.id == organisation_id))
    if found is None:
        raise OrganisationNotFound(organisation=str(organisation_id))
    return found


@reading
def get_organisations_by_id(ids: Collection[UUID]) -> dict[UUID, Organisation]:
    """Organisations by id in two queries; unknown ids are left out."""
    if not ids:
        return {}
    query = select(OrganisationRow).where(OrganisationRow.id.in_(set(ids)))
    return {found.id: found for found in _view_all(db.session.scalars(query))}


@reading
def list_organisations(
    consortium: str | None = None,
    *,
    after: str | None = None,
    limit: int | None = None,
    is_home: bool | None = None,
    at: datetime | None = None,
) -> list[Organisation]:
    """Organisations in the order of their codes, in two queries.

    Args:
        consortium: only the members of the consortium with this code, at `at`.
        after: only codes after this one, for the next page.
        limit: at most so many; None gives all.
        is_home: True for those of this node, False for mirrored ones, None for both.
        at: the instant of membership and standing; now if None.
    """
    instant = at or read_now()
    query = select(OrganisationRow).where(OrganisationRow.withdrawn_at.is_(None))
    query = query.order_by(OrganisationRow.code).limit(limit)
    if consortium is not None:
        members = select_members(instant).subquery()
        query = query.join(members, members.c.organisation_id == OrganisationRow.id)
        query = query.where(members.c.consortium == consortium)
    if after is not None:
        query = query.where(OrganisationRow.code > after)
    if is_home is not None:
        origin = OrganisationRow.origin
        query = query.where(origin.is_(None) if is_home else origin.is_not(None))
    return _view_all(db.session.scalars(query), at=instant)


@reading
def list_branches(organisation: str) -> list[Branch]:
    """Branches of an organisation in the order of their codes."""
    query = (
        select(BranchRow)
        .join(OrganisationRow, OrganisationRow.id == BranchRow.organisation_id)
        .where(OrganisationRow.code == organisation)
        .order_by(BranchRow.code)
    )
    return [
        Branch(row.id, organisation, row.code, row.name_zh, row.name_en)
        for row in db.session.scalars(query)
    ]


@reading
def list_suggested_partners(code: str) -> list[tuple[str, int]]:
    """Codes of organisations that share disciplines with one, and how many they share."""
    rows = db.session.execute(select(OrganisationRow.code, OrganisationRow.disciplines)).all()
    own: list[str] = next((row.disciplines for row in rows if row.code == code), [])
    return suggest_partners(own, [(r.code, r.disciplines) for r in rows if r.code != code])


@reading
def search_organisations(query: str, *, limit: int = 50) -> list[Organisation]:
    """Organisations whose names or code hold every part of the question, closest first."""
    ids = [UUID(found) for found in search_ids(SEARCH_KIND, query, limit)]
    by_id = get_organisations_by_id(ids)
    return [by_id[found] for found in ids if found in by_id]


def lock_organisation(uow: UnitOfWork, code: str) -> OrganisationRow:
    """Lock an organisation by its code.

    Raises:
        OrganisationNotFound: there is none.
    """
    query = select(OrganisationRow.id).where(OrganisationRow.code == code)
    found = uow.session.scalar(query)
    if found is None:
        raise OrganisationNotFound(organisation=code)
    return uow.lock(OrganisationRow, found)


def refuse_foreign(origin: str | None) -> None:
    """Refuse to change what another node keeps.

    Raises:
        NotOurs: the record has an origin.
    """
    if origin is not None:
        raise NotOurs(origin=origin)


def describe_organisation(row: OrganisationRow) -> dict[str, Any]:
    """What peers are told of an organisation: public data only."""
    return {**{name: getattr(row, name) for name in _names()}, "disciplines": row.disciplines}


def index_organisation(row: OrganisationRow) -> None:
    """Let an organisation be found by its names and code."""
    index_text(
        SEARCH_KIND,
        str(row.id),
        f"{row.name_zh} {row.name_en} {row.abbreviation} {row.code}",
    )


def view_organisation(row: OrganisationRow, standings: dict[UUID, str]) -> Organisation:
    """A row as a value, with the standing found for it."""
    values = {name: getattr(row, name) for name in _names()} | {
        "disciplines": tuple(row.disciplines)
    }
    standing = standings.get(row.id, "active")
    return Organisation(id=row.id, origin=row.origin, standing=standing, **values)


def _view_all(rows: Iterable[OrganisationRow], *, at: datetime | None = None) -> list[Organisation]:
    found: Sequence[OrganisationRow] = list(rows)
    standings = read_standings([row.id for row in found], at=at or read_now())
    return [view_organisation(row, standings) for row in found]


def _first(query: Any) -> Organisation | None:
    return next(iter(_view_all(db.session.scalars(query))), None)


def _names() -> list[str]:
    return [field.name for field in fields(OrganisationWish)]


def _columns(wish: OrganisationWish) -> dict[str, Any]:
    return asdict(wish) | {"disciplines": list(wish.disciplines)}


def _publish(uow: UnitOfWork, row: OrganisationRow) -> None:
    index_organisation(row)
    uow.emit("consortium.organisation", row.code, describe_organisation(row))


def _refuse_taken(wish: OrganisationWish, *, but: UUID | None) -> None:
    session = current_unit_of_work().session
    row = OrganisationRow
    holder = session.scalar(select(row.id).where(row.code == wish.code))
    if holder is not None and holder != but:
        raise CodeTaken(
            taken=wish.code,
            errors=[
                FieldError(
                    "code-taken", CodeTaken.message, pointer="/code", params={"taken": wish.code}
                )
            ],
        )
    if wish.uscc is None:
        return
    other = session.execute(select(row.id, row.code).where(row.uscc == wish.uscc)).one_or_none()
    if other is not None and other.id != but:
        raise UsccTaken(organisation=other.code)
