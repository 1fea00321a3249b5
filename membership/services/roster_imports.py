"""Roster imports: a dry run that is kept, then apply, all or nothing; undo is next door."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from io import BytesIO
from uuid import UUID

from sqlalchemy import func, select

from consortium.errors import OrganisationNotFound
from consortium.kernel.clock import read_now
from consortium.kernel.db import db
from consortium.kernel.errors import NotFound
from consortium.kernel.files import delete_file, open_file, store_file
from consortium.kernel.ids import new_id
from consortium.kernel.principal import Principal
from consortium.kernel.unit_of_work import (
    UnitOfWork,
    current_unit_of_work,
    reading,
    transaction,
    unit_of_work,
)
from consortium.services import organisations
from consortium.services.organisations import Organisation
from membership import models, policies
from membership.roster.errors import (
    ImportAllRefused,
    ImportApplied,
    ImportExpired,
    ImportNotFound,
    RosterNotFound,
)
from membership.roster.plan import Plan, plan_roster
from membership.roster.read import read_roster
from membership.roster.undated import require_dated
from membership.roster.values import Roster
from membership.services import roster_state, selects
from membership.services.roster_reports import Report, load_report, make_report
from membership.services.roster_writing import write_plan

KEEP_DAYS = 30
"""How long the file, its report and the means to undo are kept."""

Mapped = Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class ImportLine:
    """One import in a society's list, newest first."""

    id: UUID
    file_name: str
    state: str
    counts: Mapping[str, int]
    made_at: datetime
    applied_at: datetime | None
    undone_at: datetime | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class _Wish:
    """What is to be recorded with the file."""

    society: str
    data: bytes
    file_name: str
    mapping: Mapped
    apply: bool
    is_demo: bool


def import_roster(
    principal: Principal,
    *,
    society: str,
    data: bytes,
    file_name: str,
    mapping: Mapped | None = None,
    sheet: str | None = None,
    apply: bool = False,
    is_demo: bool = False,
) -> Report:
    """Read a roster and keep the result; with `apply` also write it, all or nothing.

    Args:
        principal: who keeps the roster.
        society: code of the society.
        data: the file's bytes, of any supported kind.
        file_name: as the user calls it; it decides nothing.
        mapping: columns chosen by the user, from a name or letter to a field or None.
        sheet: the sheet chosen by the user; without it, the one most like a roster.
        apply: write at once, as the command's --apply does.
        is_demo: mark new persons as part of the demonstration.

    Raises:
        RosterNotFound: not the principal's roster; an audit row tells of the attempt.
        DatesUnclear: to be applied, and a column of dates is not explained.
        ConsortiumError: the file cannot be read (`membership.roster.errors`).
    """
    require_keeper(principal, society)
    vocabulary = roster_state.read_vocabulary(society, now=read_now())
    roster = read_roster(data, vocabulary=vocabulary, mapping=mapping, sheet=sheet)
    if apply:
        require_dated(roster)
    wish = _Wish(society, data, file_name[-255:], dict(mapping or {}), apply, is_demo)
    return _record(principal, wish, roster)


def require_keeper(principal: Principal, society: str) -> None:
    """Refuse anybody but the society's own officers with 404, and note that they tried.

    Raises:
        RosterNotFound: not the principal's roster, or no such society.
    """
    known = organisations.find_organisation(society) is not None
    if known and policies.may_keep_roster(principal, society):
        return
    # In a transaction of its own: the refusal rolls back whatever else is open.
    with unit_of_work() as uow:
        uow.audit(
            "membership.roster.denied",
            subject=society[:40],
            society=society if known else None,
            principal=principal,
        )
    raise RosterNotFound


@transaction
def _record(principal: Principal, wish: _Wish, roster: Roster) -> Report:
    uow = current_unit_of_work()
    society = lock_roster(uow, wish.society)
    plan = _plan(society, roster, uow.now, is_draft=not wish.apply)
    made = new_id()
    report = make_report(
        roster,
        plan,
        import_id=made,
        society=society.code,
        file_name=wish.file_name,
        state="applied" if wish.apply else "read",
    )
    expires = uow.now + timedelta(days=KEEP_DAYS)
    row = models.RosterImport(
        id=made,
        society_id=society.id,
        file_id=store_file(
            BytesIO(wish.data),
            purpose="membership.roster",
            owner_society=society.code,
            delete_after=expires,
        ),
        report_id=_store_report(report, expires),
        file_name=wish.file_name,
        sha256=hashlib.sha256(wish.data).hexdigest(),
        mapping=dict(wish.mapping),
        counts=report.counts,
        made_by=principal.person_id,
        made_at=uow.now,
    )
    uow.add(row)
    uow.flush()
    uow.audit("membership.roster.read", subject=str(made), society=society.code)
    if wish.apply:
        _write(uow, principal, society, row, plan, is_demo=wish.is_demo)
    return report


def _store_report(report: Report, expires: datetime) -> UUID:
    return store_file(
        report.dump(),
        purpose="membership.roster-report",
        owner_society=report.society,
        delete_after=expires,
    )


def lock_roster(uow: UnitOfWork, code: str) -> Organisation:
    """Let one import of a society write at a time; reads and other societies go on."""
    society = organisations.get_organisation(code)
    table = selects.ORGANISATION
    uow.execute(select(table.c.id).where(table.c.id == society.id).with_for_update(key_share=True))
    return society


def _plan(society: Organisation, roster: Roster, now: datetime, *, is_draft: bool = False) -> Plan:
    known = roster_state.list_known(society)
    if is_draft and not known:
        # Numbers that are compared with nobody's and not stored need no digests.
        values = {name: cells for name, cells in roster.values.items() if name != "national_id"}
        roster = replace(roster, values=values)
    return plan_roster(
        roster,
        known,
        defaults=roster_state.read_defaults(society.code, now=now),
        digests=roster_state.digests_of(society.code),
    )


def _write(
    uow: UnitOfWork,
    principal: Principal,
    society: Organisation,
    row: models.RosterImport,
    plan: Plan,
    *,
    is_demo: bool = False,
) -> None:
    write_plan(uow, principal, society, plan, import_id=row.id, is_demo=is_demo)
    last = uow.session.scalar(
        select(func.max(models.RosterImport.position)).where(
            models.RosterImport.society_id == society.id
        )
    )
    row.state, row.applied_at, row.position = "applied", uow.now, (last or 0) + 1
    detail = {name: plan.count(name) for name in ("create", "update", "unchanged", "refused")}
    uow.audit("membership.roster.applied", subject=str(row.id), society=society.code, detail=detail)


def apply_import(principal: Principal, *, import_id: UUID) -> Report:
    """Apply an import that was read: the file is read again against the roster as it is now.

    Raises:
        ImportNotFound: none of that id, or not the principal's roster.
        ImportApplied: it has been applied or undone already.
        ImportExpired: its file has been deleted.
        DatesUnclear: a column of dates is not explained.
        ImportAllRefused: no row of it can be taken.
    """
    found = find_own(principal, import_id)
    data = _open(found.file_id)
    vocabulary = roster_state.read_vocabulary(found.society, now=read_now())
    sheet = load_report(_open(found.report_id)).sheet
    roster = read_roster(data, vocabulary=vocabulary, mapping=found.mapping, sheet=sheet)
    require_dated(roster)
    return _apply(principal, import_id, found.society, roster)


@transaction
def _apply(principal: Principal, import_id: UUID, code: str, roster: Roster) -> Report:
    uow = current_unit_of_work()
    society = lock_roster(uow, code)
    row = uow.lock(models.RosterImport, import_id)
    if row.state != "read":
        raise ImportApplied
    plan = _plan(society, roster, uow.now)
    if not plan.planned and plan.refused:
        raise ImportAllRefused
    report = make_report(
        roster,
        plan,
        import_id=row.id,
        society=code,
        file_name=row.file_name,
        state="applied",
    )
    delete_file(row.report_id)
    row.report_id = _store_report(report, row.made_at + timedelta(days=KEEP_DAYS))
    row.counts = report.counts
    _write(uow, principal, society, row, plan)
    return report


def remap_import(
    principal: Principal, *, import_id: UUID, mapping: Mapped, sheet: str | None = None
) -> Report:
    """Read an import's file again with other columns; the result is an import of its own.

    Args:
        principal: who keeps the roster.
        import_id: the import whose file is read.
        mapping: the columns.
        sheet: another sheet than the one that was read.

    Raises:
        ImportNotFound, ImportExpired: as for `apply_import`.
        SheetUnknown: there is no such sheet.
        MappingInvalid: the mapping names no column of the file, or no field.
    """
    found = find_own(principal, import_id)
    return import_roster(
        principal,
        society=found.society,
        data=_open(found.file_id),
        file_name=found.file_name,
        mapping=mapping,
        sheet=sheet or load_report(_open(found.report_id)).sheet,
    )


def _open(file_id: UUID) -> bytes:
    try:
        with open_file(file_id) as stream:
            return stream.read()
    except NotFound as error:
        raise ImportExpired from error


@dataclass(frozen=True, slots=True)
class Own:
    """An import that the principal may see."""

    id: UUID
    society: str
    file_id: UUID
    report_id: UUID
    file_name: str
    mapping: Mapped
    state: str


def find_own(principal: Principal, import_id: UUID) -> Own:
    """Find an import of a roster that the principal keeps.

    Raises:
        ImportNotFound: none of that id, or another society's; the latter is noted.
    """
    found = _find(import_id)
    if found is None:
        raise ImportNotFound
    try:
        require_keeper(principal, found.society)
    except (RosterNotFound, OrganisationNotFound) as error:
        raise ImportNotFound from error
    return found


@reading
def _find(import_id: UUID) -> Own | None:
    row = db.session.get(models.RosterImport, import_id)
    if row is None:
        return None
    society = organisations.get_organisation_by_id(row.society_id)
    return Own(
        id=row.id,
        society=society.code,
        file_id=row.file_id,
        report_id=row.report_id,
        file_name=row.file_name,
        mapping=row.mapping,
        state=row.state,
    )


def get_import(principal: Principal, *, society: str, import_id: UUID) -> Report:
    """Return the report of an import as it stands.

    Raises:
        ImportNotFound: none of that id in this society, or not the principal's roster.
        ImportExpired: its report has been deleted.
    """
    found = find_own(principal, import_id)
    if found.society != society:
        raise ImportNotFound
    return load_report(_open(found.report_id)).in_state(found.state)


@reading
def _list(society: str, limit: int) -> tuple[ImportLine, ...]:
    table = models.RosterImport
    rows = db.session.scalars(
        select(table)
        .where(table.society_id == organisations.get_organisation(society).id)
        .order_by(table.made_at.desc(), table.id.desc())
        .limit(limit)
    )
    return tuple(
        ImportLine(
            id=row.id,
            file_name=row.file_name,
            state=row.state,
            counts=row.counts,
            made_at=row.made_at,
            applied_at=row.applied_at,
            undone_at=row.undone_at,
            expires_at=row.made_at + timedelta(days=KEEP_DAYS),
        )
        for row in rows
    )


def list_imports(principal: Principal, *, society: str, limit: int = 20) -> tuple[ImportLine, ...]:
    """List a society's latest imports, newest first.

    Raises:
        RosterNotFound: not the principal's roster.
    """
    require_keeper(principal, society)
    return _list(society, limit)
