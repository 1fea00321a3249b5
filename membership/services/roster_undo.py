"""Undoing an import: what it made goes, what it changed goes back, what others did stays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, delete, select, update

from auth.services import selects as auth_selects
from auth.services.unclaimed import withdraw_persons
from consortium.kernel.errors import N_
from consortium.kernel.member_numbers import fold_number
from consortium.kernel.principal import Principal
from consortium.kernel.unit_of_work import UnitOfWork, current_unit_of_work, transaction
from consortium.services.organisations import Organisation
from membership import models
from membership.roster.changes import encode_changes
from membership.roster.errors import ImportExpired, ImportNotApplied
from membership.roster.periods import TERM_FIELDS
from membership.roster.plan import Known
from membership.roster.unwinding import Line, Unwound, unwind
from membership.services import roster_state
from membership.services.roster_imports import KEEP_DAYS, find_own, lock_roster
from membership.services.roster_undo_terms import Chains, encode_steps, void_all
from membership.services.roster_writing import (
    PROFILE_COLUMNS,
    Writer,
    chunks,
    follow_names,
    table_of,
)
from membership.services.terms import TOPIC

HELD: Final = N_("Held by a later import, which you would have to undo too: %(untouched)s.")


@dataclass(frozen=True, slots=True)
class Undone:
    """What an undo did, in members: taken off the roster, set back, left because of later acts.

    `held_by` names the later imports, in the order they were made, that hold the untouched.
    """

    import_id: UUID
    removed: int
    restored: int
    kept: int
    untouched: int
    held_by: tuple[UUID, ...] = ()


@dataclass(slots=True)
class _Work:
    """What is to be written, gathered member by member."""

    profiles: list[tuple[UUID, dict[str, object]]] = field(default_factory=list)
    files: list[dict[str, object]] = field(default_factory=list)
    terms: list[tuple[Known, list[dict[str, Any]]]] = field(default_factory=list)
    removed: list[Known] = field(default_factory=list)
    kept: int = 0
    untouched: int = 0


def undo_import(principal: Principal, *, import_id: UUID) -> Undone:
    """Undo an applied import; later imports that touched the same members stay in force.

    Nothing a person did herself is lost: an account, a consent or a changed field stays.

    Raises:
        ImportNotFound: none of that id, or not the principal's roster.
        ImportNotApplied: never applied, or undone already.
        ImportExpired: applied more than 30 days ago.
    """
    found = find_own(principal, import_id)
    return _undo(principal, import_id, found.society)


@transaction
def _undo(principal: Principal, import_id: UUID, code: str) -> Undone:
    uow = current_unit_of_work()
    society = lock_roster(uow, code)
    row = uow.lock(models.RosterImport, import_id)
    if row.state != "applied" or row.applied_at is None or row.position is None:
        raise ImportNotApplied
    if row.applied_at + timedelta(days=KEEP_DAYS) <= uow.now:
        raise ImportExpired
    known = {one.member_id: one for one in roster_state.list_known(society)}
    chains = Chains(uow, import_id, roster_state.holder(society.time_zone))
    lines = _lines(uow, import_id, chains, known)
    later = _later_lines(uow, row, chains, known)
    attached = _attached(uow, import_id)
    work, writer = _Work(), Writer(uow, society)
    heirs: dict[tuple[UUID, UUID], Line] = {}
    held_by: dict[UUID, None] = {}
    for member_id, line in lines.items():
        member = known[member_id]
        behind = later.get(member_id, [])
        current = {**member.values, **chains.values_of(line)}
        unwound = unwind(line, [one for _, one in behind], current)
        for place in unwound.heirs:
            heirs[behind[place][0], member_id] = behind[place][1]
        _gather_terms(work, member, line, unwound, chains, writer)
        before = work.untouched
        _gather(work, member, unwound, known, is_attached=member.person_id in attached)
        if work.untouched > before:
            held_by |= dict.fromkeys(import_id for import_id, _ in behind)
    _write(uow, principal, society, work, writer)
    _write_heirs(uow, heirs)
    uow.execute(
        delete(models.RosterImportLine)
        .where(models.RosterImportLine.import_id == import_id)
        .execution_options(synchronize_session=False)
    )
    row.state, row.undone_at = "undone", uow.now
    undone = _sum_up(import_id, lines, work, sorted(held_by))
    detail = {"removed": undone.removed, "restored": undone.restored, "kept": undone.kept}
    uow.audit("membership.roster.undone", subject=str(import_id), society=code, detail=detail)
    return undone


def _sum_up(
    import_id: UUID, lines: Mapping[UUID, Line], work: _Work, held_by: Sequence[UUID]
) -> Undone:
    removed, kept, untouched = len(work.removed), work.kept, work.untouched
    restored = len(lines) - removed - kept - untouched
    return Undone(import_id, removed, restored, kept, untouched, tuple(held_by))


_LINE: Final = (
    models.RosterImportLine.member_id,
    models.RosterImportLine.action,
    models.RosterImportLine.asserted,
    models.RosterImportLine.changes,
    models.RosterImportLine.term_id,
    models.RosterImportLine.steps,
)


def _lines(
    uow: UnitOfWork, import_id: UUID, chains: Chains, known: Mapping[UUID, Known]
) -> dict[UUID, Line]:
    rows = uow.session.execute(select(*_LINE).where(models.RosterImportLine.import_id == import_id))
    return {row.member_id: chains.read_line(row, known[row.member_id]) for row in rows}


def _later_lines(
    uow: UnitOfWork, this: models.RosterImport, chains: Chains, known: Mapping[UUID, Known]
) -> dict[UUID, list[tuple[UUID, Line]]]:
    """Lines of later imports in force about the same members, by member, in order."""
    table, imports = models.RosterImportLine, models.RosterImport
    ours = select(table.member_id).where(table.import_id == this.id)
    rows = uow.session.execute(
        select(table.import_id, *_LINE)
        .join(imports, imports.id == table.import_id)
        .where(
            imports.society_id == this.society_id,
            imports.state == "applied",
            imports.position > this.position,
            table.member_id.in_(ours),
        )
        .order_by(imports.position)
    )
    found: dict[UUID, list[tuple[UUID, Line]]] = {}
    for row in rows:
        line = chains.read_line(row, known[row.member_id])
        found.setdefault(row.member_id, []).append((row.import_id, line))
    return found


def _attached(uow: UnitOfWork, import_id: UUID) -> set[UUID]:
    """Persons of the import who have an account or gave a consent: their files stay."""
    line, member = models.RosterImportLine, models.Member
    ours = (
        select(member.person_id)
        .join(line, line.member_id == member.id)
        .where(line.import_id == import_id)
    )
    accounts = auth_selects.accounts().subquery()
    consent = models.RecognitionConsent
    signed_up = select(accounts.c.person_id).where(accounts.c.person_id.in_(ours))
    consented = (
        select(member.person_id)
        .join(consent, consent.member_id == member.id)
        .join(line, line.member_id == member.id)
        .where(line.import_id == import_id)
    )
    return {*uow.session.scalars(signed_up), *uow.session.scalars(consented)}


def _gather_terms(
    work: _Work, member: Known, line: Line, unwound: Unwound, chains: Chains, writer: Writer
) -> None:
    """Note which rows take back what was done to a member's terms, unless others did more."""
    if member.is_withdrawn:
        return
    if unwound.is_removed and not all(chains.is_ours(line, term) for term in member.live):
        unwound.is_removed, unwound.kept = False, ["since"]
        return
    if unwound.reverts and not chains.is_untouched(line):
        unwound.reverts = unwound.is_removed = False
        unwound.kept += TERM_FIELDS
        return
    if unwound.is_removed:
        rows = void_all(writer, member)
    elif unwound.reverts:
        rows = chains.revert(line, writer, member.member_id)
    else:
        rows = chains.restore(line, unwound.restore, writer, member.member_id)
    if rows:
        work.terms.append((member, rows))


def _gather(
    work: _Work,
    member: Known,
    unwound: Unwound,
    known: Mapping[UUID, Known],
    *,
    is_attached: bool,
) -> None:
    """Note what is to be written for one member beside her terms."""
    if member.is_withdrawn:
        work.untouched += 1
        return
    if unwound.is_removed:
        if is_attached:
            work.kept += 1
        else:
            work.removed.append(member)
        return
    restore = dict(unwound.restore)
    if _is_taken(restore.get("member_number"), member, known):
        del restore["member_number"]
    if not restore and not unwound.reverts:
        work.kept += bool(unwound.kept)
        work.untouched += not unwound.kept
        return
    profile = {name: value for name, value in restore.items() if name in PROFILE_COLUMNS}
    if profile:
        work.profiles.append((member.member_id, profile))
    if not restore.keys().isdisjoint(("member_number", "branch")):
        work.files.append(_file_row(member, restore))


def _is_taken(number: object, member: Known, known: Mapping[UUID, Known]) -> bool:
    if number is None:
        return False
    key = fold_number(str(number))
    return any(
        fold_number(str(one.values["member_number"])) == key and one.member_id != member.member_id
        for one in known.values()
    )


def _file_row(member: Known, restore: Mapping[str, object]) -> dict[str, object]:
    return {
        "_member": member.member_id,
        "member_number": restore.get("member_number") or member.values["member_number"],
        "branch": restore.get("branch", member.values.get("branch")),
    }


def _write(
    uow: UnitOfWork,
    principal: Principal,
    society: Organisation,
    work: _Work,
    writer: Writer,
) -> None:
    follow_names(uow, principal, work.profiles)
    writer.update_profiles(work.profiles)
    writer.update_members(work.files)
    numbers = {row["_member"]: str(row["member_number"]) for row in work.files}
    gone = {one.member_id for one in work.removed}
    for member, rows in work.terms:
        if member.member_id not in gone:
            number = numbers.get(member.member_id, str(member.values["member_number"]))
            writer.tell_newest(number, rows, member.live)
    writer.insert(models.Term, [row for _, rows in work.terms for row in rows])
    _remove(uow, principal, society, work.removed)


def _remove(
    uow: UnitOfWork, principal: Principal, society: Organisation, removed: Sequence[Known]
) -> None:
    """Erase the profiles of files that nobody uses, and take the persons' records back."""
    for chunk in chunks([one.member_id for one in removed]):
        uow.execute(
            delete(models.MemberProfile)
            .where(models.MemberProfile.member_id.in_(chunk))
            .execution_options(synchronize_session=False)
        )
        uow.execute(
            update(models.Member)
            .where(models.Member.id.in_(chunk))
            .values(erased_at=uow.now)
            .execution_options(synchronize_session=False)
        )
    if removed:
        withdraw_persons(principal, person_ids=[one.person_id for one in removed])
    for one in removed:
        number = str(one.values["member_number"])
        record = {"society": society.code, "member_number": number}
        uow.emit(TOPIC, f"{society.code}:{number}", record, op="delete")


def _write_heirs(uow: UnitOfWork, heirs: Mapping[tuple[UUID, UUID], Line]) -> None:
    """Keep what later imports have inherited, so that undoing them leads back past this one."""
    if not heirs:
        return
    table = table_of(models.RosterImportLine)
    rows = [
        {
            "_import": import_id,
            "_member": member_id,
            "action": line.action,
            "changes": encode_changes(line.changes),
            "term_id": line.term_id,
            "steps": encode_steps(line),
        }
        for (import_id, member_id), line in heirs.items()
    ]
    uow.execute(
        update(table)
        .where(table.c.import_id == bindparam("_import"), table.c.member_id == bindparam("_member"))
        .values({name: bindparam(name) for name in ("action", "changes", "term_id", "steps")}),
        rows,
    )
