"""What experts agree to: per society and purpose, recorded, withdrawn with effect at once."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from consortium.kernel.clock import start_of_day
from consortium.kernel.db import db
from consortium.kernel.errors import N_, Forbidden
from consortium.kernel.ids import new_id
from consortium.kernel.principal import Principal
from consortium.kernel.search import remove_text
from consortium.kernel.unit_of_work import UnitOfWork, current_unit_of_work, transaction
from consortium.services.organisations import get_organisation_by_id, list_organisations
from think_tank.models import ExpertConsent, ExpertEvidence, ExpertRow
from think_tank.policies import may_import_experts
from think_tank.rules.expert_files import read_consents
from think_tank.rules.sheets import read_table
from think_tank.services.experts import KIND, find_society, index_usable
from think_tank.services.selects import select_consents
from think_tank.values import ConsentWish, ImportReport, Purpose, Refusal

COLUMNS = ("id", "society", "purpose", "given_at", "evidence")
OFFERED: tuple[Purpose, ...] = ("panel", "search", "publication")


@transaction
def import_consents(principal: Principal, content: bytes) -> ImportReport:
    """Record consents that societies hold already.

    Raises:
        TableUnreadable: the file is no table, or lacks one of its five columns.
        Forbidden: rows of a society that the principal does not keep.
    """
    uow = current_unit_of_work()
    table = read_table(content, required=COLUMNS)
    societies = {society.code: society for society in list_organisations()}
    finder = find_society(societies.values())
    wishes, refusals = read_consents(table, find_society=finder, now=uow.now)
    for code in {wish.society for wish in wishes}:
        if not may_import_experts(principal, code):
            raise Forbidden
    created = unchanged = 0
    experts = _by_reference(wishes)
    in_force = db.session.execute(select_consents(uow.now))
    held = {(consent.expert_id, consent.society_id, consent.purpose) for consent in in_force}
    given: list[ExpertRow] = []
    for wish in wishes:
        society = societies[wish.society]
        expert = _find_expert(experts, wish, society.id)
        if expert is None:
            refusals.append(_unknown(wish))
            continue
        key = (expert.id, society.id, wish.purpose)
        if key in held:
            unchanged += 1
            continue
        created += 1
        held.add(key)
        since = wish.given_at or start_of_day(wish.given_on or uow.now.date(), society.time_zone)
        record_consent(uow, key, min(since, uow.now), given_by="society", evidence=wish.evidence)
        given.append(expert)
    tell_consents(uow, principal, given)
    refused = tuple(sorted(refusals, key=lambda refusal: refusal.row))
    return ImportReport(None, len(table.rows), created, 0, unchanged, len(refused), refused)


def _by_reference(wishes: Sequence[ConsentWish]) -> dict[str, list[ExpertRow]]:
    names = sorted({wish.reference for wish in wishes})
    found: dict[str, list[ExpertRow]] = {}
    for start in range(0, len(names), 400):
        batch = ExpertRow.reference.in_(names[start : start + 400])
        query = select(ExpertRow).where(batch, ExpertRow.erased_at.is_(None))
        for row in db.session.scalars(query.order_by(ExpertRow.id)):
            found.setdefault(row.reference, []).append(row)
    return found


def _find_expert(
    experts: dict[str, list[ExpertRow]], wish: ConsentWish, society_id: UUID
) -> ExpertRow | None:
    """The society's own expert of that number, else the only one of the node that has it."""
    found = experts.get(wish.reference, [])
    own = [row for row in found if row.society_id == society_id]
    return own[0] if own else (found[0] if len(found) == 1 else None)


def _unknown(wish: ConsentWish) -> Refusal:
    message = N_("No expert has this id, or more than one society's expert has it.")
    place = wish.row.place("id")
    return Refusal(wish.row.number, place, "id", wish.reference, "expert-unknown", message)


def held_by(expert_id: UUID, now: datetime) -> Sequence[Any]:
    """An expert's consents in force: `expert_id, society_id, purpose, id`."""
    return db.session.execute(
        select_consents(now).where(ExpertConsent.expert_id == expert_id)
    ).all()


def record_consent(
    uow: UnitOfWork,
    key: tuple[UUID, UUID, str],
    since: datetime,
    *,
    given_by: str,
    evidence: str = "",
) -> None:
    """Record that one expert agrees to one society's use for one purpose."""
    expert_id, society_id, purpose = key
    note = None
    if evidence:
        note = uow.add(ExpertEvidence(id=new_id(), expert_id=expert_id, text=evidence))
        uow.flush()
    uow.add(
        ExpertConsent(
            expert_id=expert_id,
            society_id=society_id,
            purpose=purpose,
            since=since,
            given_by=given_by,
            evidence_id=note.id if note else None,
        )
    )


def tell_consents(uow: UnitOfWork, principal: Principal, rows: Sequence[ExpertRow]) -> None:
    """Index those who are found now, and tell that consents changed."""
    uow.flush()
    unique = {row.id: row for row in rows}
    index_usable(uow, list(unique.values()))
    for row in unique.values():
        uow.emit("think_tank.consent.given", str(row.id), {"expert": str(row.id)})
    if unique:
        detail = {"experts": len(unique)}
        uow.audit("think_tank.consent.given", detail=detail, principal=principal)


@transaction
def withdraw_consent(
    principal: Principal, *, expert_id: UUID, purposes: Sequence[str] = OFFERED
) -> int:
    """End consents now; from the next query on she is not found for these purposes.

    Only she herself, or the secretary of her society on her word.

    Returns:
        How many consents ended.
    """
    uow = current_unit_of_work()
    row = uow.lock(ExpertRow, expert_id)
    society = get_organisation_by_id(row.society_id)
    is_herself = row.person_id is not None and principal.person_id == row.person_id
    if not is_herself and not may_import_experts(principal, society.code):
        raise Forbidden
    return end_consents(uow, row, purposes, principal, "expert" if is_herself else "society")


def end_consents(
    uow: UnitOfWork, row: ExpertRow, purposes: Sequence[str], principal: Principal, by: str
) -> int:
    """End an expert's consents for some purposes; she is found no more if none is left."""
    held = [c for c in held_by(row.id, uow.now) if c.purpose in purposes]
    for consent in held:
        old = db.session.get_one(ExpertConsent, consent.id)
        uow.add(
            ExpertConsent(
                expert_id=row.id,
                society_id=old.society_id,
                purpose=old.purpose,
                since=old.since,
                until=uow.now,
                given_by=by,
                supersedes_id=old.id,
            )
        )
    uow.flush()
    left = {consent.purpose for consent in held_by(row.id, uow.now)}
    if not left & {"panel", "search"}:
        remove_text(KIND, str(row.id))
    if held:
        uow.emit("think_tank.consent.withdrawn", str(row.id), {"expert": str(row.id)}, op="delete")
        uow.audit("think_tank.consent.withdrawn", subject=str(row.id), principal=principal)
    return len(held)
