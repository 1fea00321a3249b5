"""Consortia: founding, charter, members, lead."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import aliased

from consortium.errors import CodeTaken, ConsortiumNotFound, NotAMember, OrganisationInvalid
from consortium.kernel.characters import is_one_line
from consortium.kernel.db import db
from consortium.kernel.errors import N_, UNPRINTABLE, FieldError, Forbidden
from consortium.kernel.principal import Principal
from consortium.kernel.unit_of_work import (
    UnitOfWork,
    current_unit_of_work,
    reading,
    transaction,
)
from consortium.models import CharterVersion, ConsortiumRow, OrganisationRow
from consortium.policies import may_govern, may_register
from consortium.rules import has_code_form, hash_charter
from consortium.services.organisations import refuse_foreign
from consortium.services.selects import select_members
from consortium.values import Charter, Consortium, ConsortiumKind

__all__ = [
    "Charter",
    "Consortium",
    "adopt_charter",
    "appoint",
    "find_consortium",
    "found_consortium",
    "get_charter",
    "get_consortium",
    "list_consortia",
]


@transaction
def found_consortium(
    principal: Principal,
    *,
    code: str,
    kind: str,
    name_zh: str,
    name_en: str,
    charter_zh: str,
    charter_en: str = "",
    kinds_admitted: Sequence[str] = (),
) -> Consortium:
    """Found a consortium with the first version of its charter; members are admitted next.

    Args:
        kind: consortium, cluster or alliance.
        kinds_admitted: kinds of organisations that may join; none means any.

    Raises:
        Forbidden: only the operator founds.
        OrganisationInvalid: code, kind, name or charter is wrong; all are listed.
        CodeTaken: another consortium has the code.
    """
    uow = current_unit_of_work()
    if not may_register(principal):
        raise Forbidden
    _check(code, kind, name_zh, charter_zh)
    taken = select(ConsortiumRow.id).where(ConsortiumRow.code == code)
    if uow.session.scalar(taken) is not None:
        raise CodeTaken(taken=code)
    row = uow.add(
        ConsortiumRow(
            code=code, kind=kind, name_zh=name_zh, name_en=name_en or name_zh, founded_at=uow.now
        )
    )
    uow.flush()
    charter = _add_charter(uow, row.id, 1, charter_zh, charter_en, kinds_admitted)
    uow.emit("consortium.consortium", code, describe_consortium(row, None, None, charter))
    uow.audit("consortium.consortium.founded", subject=code, detail={"kind": kind})
    return _view(row, None, None, 1)


@transaction
def adopt_charter(
    principal: Principal,
    consortium: str,
    *,
    text_zh: str,
    text_en: str = "",
    kinds_admitted: Sequence[str] = (),
) -> Charter:
    """Adopt the next version of the charter; earlier versions stay readable.

    Raises:
        Forbidden: only the secretariat.
        ConsortiumNotFound, NotOurs: there is none, or another node keeps it.
    """
    uow = current_unit_of_work()
    row = lock_consortium(uow, principal, consortium)
    number = _charter_number(row.id) + 1
    made = _add_charter(uow, row.id, number, text_zh, text_en, kinds_admitted)
    _publish(uow, row, made)
    uow.audit("consortium.charter.adopted", subject=consortium, detail={"hash": made.text_hash})
    return _charter(made)


@transaction
def appoint(
    principal: Principal,
    consortium: str,
    *,
    lead: str | None = None,
    legal_representative: str | None = None,
) -> Consortium:
    """Name the lead (牵头学会) or the member that signs and invoices; None leaves it as it is.

    Raises:
        Forbidden: only the secretariat.
        ConsortiumNotFound, NotOurs: there is none, or another node keeps it.
        NotAMember: the organisation is not a member now.
    """
    uow = current_unit_of_work()
    row = lock_consortium(uow, principal, consortium)
    if lead is not None:
        row.lead_id = _member_id(row, lead, uow.now)
    if legal_representative is not None:
        row.legal_representative_id = _member_id(row, legal_representative, uow.now)
    uow.flush()
    _publish(uow, row, _newest_charter(row.id))
    named = {"lead": lead, "legal_representative": legal_representative}
    uow.audit("consortium.consortium.appointed", subject=consortium, detail=named)
    return get_consortium(consortium)


def get_consortium(code: str) -> Consortium:
    """The consortium with a code.

    Raises:
        ConsortiumNotFound: there is none.
    """
    found = find_consortium(code)
    if found is None:
        raise ConsortiumNotFound(consortium=code)
    return found


@reading
def find_consortium(code: str) -> Consortium | None:
    """The consortium with a code, or None."""
    row = db.session.execute(_select().where(ConsortiumRow.code == code)).one_or_none()
    return _view(*row) if row is not None else None


@reading
def list_consortia(
    *, organisation: str | None = None, at: datetime | None = None
) -> list[Consortium]:
    """Consortia in the order of their codes, in one query.

    Args:
        organisation: only those of which the organisation is a member at `at`, which must then
            be given.
    """
    query = _select().order_by(ConsortiumRow.code)
    if organisation is not None and at is not None:
        members = select_members(at).subquery()
        query = query.join(members, members.c.consortium_id == ConsortiumRow.id)
        query = query.join(OrganisationRow, OrganisationRow.id == members.c.organisation_id)
        query = query.where(OrganisationRow.code == organisation)
    return [_view(*row) for row in db.session.execute(query)]


@reading
def get_charter(consortium: str, number: int | None = None) -> Charter:
    """A version of the charter, the newest if no number is given.

    Raises:
        ConsortiumNotFound: there is no such consortium or no such version.
    """
    query = (
        select(CharterVersion)
        .join(ConsortiumRow, ConsortiumRow.id == CharterVersion.consortium_id)
        .where(ConsortiumRow.code == consortium)
        .order_by(CharterVersion.number.desc())
        .limit(1)
    )
    if number is not None:
        query = query.where(CharterVersion.number == number)
    row = db.session.scalar(query)
    if row is None:
        raise ConsortiumNotFound(consortium=consortium)
    return _charter(row)


def lock_consortium(uow: UnitOfWork, principal: Principal, code: str) -> ConsortiumRow:
    """Lock a consortium of this node that the principal governs.

    Raises:
        Forbidden, ConsortiumNotFound, NotOurs: as their messages say.
    """
    if not may_govern(principal, code):
        raise Forbidden
    found = uow.session.scalar(select(ConsortiumRow.id).where(ConsortiumRow.code == code))
    if found is None:
        raise ConsortiumNotFound(consortium=code)
    row = uow.lock(ConsortiumRow, found)
    refuse_foreign(row.origin)
    return row


def describe_consortium(
    row: ConsortiumRow, lead: str | None, representative: str | None, charter: CharterVersion
) -> dict[str, Any]:
    """What peers are told of a consortium: public data only."""
    return {
        "code": row.code,
        "kind": row.kind,
        "name_zh": row.name_zh,
        "name_en": row.name_en,
        "lead": lead,
        "legal_representative": representative,
        "founded_at": row.founded_at.isoformat(),
        "charter": {
            "number": charter.number,
            "text_zh": charter.text_zh,
            "text_en": charter.text_en,
            "text_hash": charter.text_hash,
            "kinds_admitted": charter.kinds_admitted,
            "adopted_at": charter.adopted_at.isoformat(),
        },
    }


def _publish(uow: UnitOfWork, row: ConsortiumRow, charter: CharterVersion) -> None:
    codes = _codes([row.lead_id, row.legal_representative_id])
    lead = codes.get(row.lead_id)
    representative = codes.get(row.legal_representative_id)
    told = describe_consortium(row, lead, representative, charter)
    uow.emit("consortium.consortium", row.code, told)


def _codes(ids: Sequence[UUID | None]) -> dict[UUID | None, str]:
    query = select(OrganisationRow.id, OrganisationRow.code).where(OrganisationRow.id.in_(ids))
    return {row.id: row.code for row in db.session.execute(query)}


def _add_charter(
    uow: UnitOfWork,
    consortium_id: UUID,
    number: int,
    text_zh: str,
    text_en: str,
    kinds_admitted: Sequence[str],
) -> CharterVersion:
    made = uow.add(
        CharterVersion(
            consortium_id=consortium_id,
            number=number,
            text_zh=text_zh,
            text_en=text_en,
            text_hash=hash_charter(text_zh),
            kinds_admitted=list(kinds_admitted),
            adopted_at=uow.now,
        )
    )
    uow.flush()
    return made


def _check(code: str, kind: str, name_zh: str, charter_zh: str) -> None:
    faults = []
    if not has_code_form(code):
        message = N_("A code has 2 to 32 small letters, digits and hyphens, a letter first.")
        faults.append(FieldError("code-invalid", message, pointer="/code"))
    if kind not in [known.value for known in ConsortiumKind]:
        message = N_("The kind is one of: consortium, cluster, alliance.")
        faults.append(FieldError("kind-unknown", message, pointer="/kind"))
    if not name_zh.strip():
        faults.append(
            FieldError("name-missing", N_("The name is missing. Write it."), pointer="/name_zh")
        )
    elif not is_one_line(name_zh):
        faults.append(FieldError("text-unprintable", UNPRINTABLE, pointer="/name_zh"))
    if not charter_zh.strip():
        message = N_("The charter's text is missing. Paste it.")
        faults.append(FieldError("charter-missing", message, pointer="/charter_zh"))
    if faults:
        raise OrganisationInvalid(errors=faults)


def _member_id(row: ConsortiumRow, code: str, at: datetime) -> UUID:
    members = select_members(at).subquery()
    query = (
        select(OrganisationRow.id)
        .join(members, members.c.organisation_id == OrganisationRow.id)
        .where(OrganisationRow.code == code, members.c.consortium_id == row.id)
    )
    found = db.session.scalar(query)
    if found is None:
        raise NotAMember(organisation=code, consortium=row.code)
    return found


def _charter_number(consortium_id: UUID) -> int:
    query = select(func.max(CharterVersion.number))
    return db.session.scalar(query.where(CharterVersion.consortium_id == consortium_id)) or 0


def _newest_charter(consortium_id: UUID) -> CharterVersion:
    query = (
        select(CharterVersion)
        .where(CharterVersion.consortium_id == consortium_id)
        .order_by(CharterVersion.number.desc())
        .limit(1)
    )
    return db.session.scalars(query).one()


def _select() -> Select[ConsortiumRow, str, str, int]:
    lead, representative = aliased(OrganisationRow), aliased(OrganisationRow)
    newest = (
        select(func.max(CharterVersion.number))
        .where(CharterVersion.consortium_id == ConsortiumRow.id)
        .scalar_subquery()
    )
    return (
        select(ConsortiumRow, lead.code, representative.code, newest)
        .outerjoin(lead, lead.id == ConsortiumRow.lead_id)
        .outerjoin(representative, representative.id == ConsortiumRow.legal_representative_id)
    )


def _view(
    row: ConsortiumRow, lead: str | None, representative: str | None, charter: int | None
) -> Consortium:
    return Consortium(
        id=row.id,
        code=row.code,
        kind=row.kind,
        name_zh=row.name_zh,
        name_en=row.name_en,
        lead=lead,
        legal_representative=representative,
        charter_version=charter or 0,
        origin=row.origin,
    )


def _charter(row: CharterVersion) -> Charter:
    return Charter(
        number=row.number,
        text_zh=row.text_zh,
        text_en=row.text_en,
        text_hash=row.text_hash,
        adopted_at=row.adopted_at,
        kinds_admitted=tuple(row.kinds_admitted),
    )
