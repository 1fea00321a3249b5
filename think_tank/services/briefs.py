"""Briefs: written once, hashed, and never changed."""

import hashlib
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import rfc8785
from sqlalchemy import func, select

from consortium.kernel.db import db
from consortium.kernel.errors import N_, FieldError, NotFound
from consortium.kernel.principal import Principal
from consortium.kernel.unit_of_work import current_unit_of_work, reading, transaction
from think_tank.errors import BriefInvalid
from think_tank.models import BriefRow, InstituteRow
from think_tank.rules.briefs import parse_brief
from think_tank.services.institutes import (
    get_institute,
    get_institute_by_id,
    is_coordinator,
    require_coordinator,
)
from think_tank.values import DISCLOSURES, POOL_COLUMNS, Brief, BriefRecord


@transaction
def write_brief(
    principal: Principal,
    *,
    institute: str,
    title_zh: str,
    title_en: str,
    brief: Mapping[str, Any],
    disclosure: str = "confidential",
) -> BriefRecord:
    """Write a brief for an institute.

    Args:
        disclosure: `public`, `after_review` or `confidential` (公开, 评审后公开, 保密).

    Raises:
        BriefInvalid: names each place at fault.
        Forbidden: only the coordinator.
    """
    uow = current_unit_of_work()
    found = get_institute(institute)
    require_coordinator(principal, found)
    _check(title_zh, title_en, disclosure)
    # A brief is never changed afterwards, so a rule under a misspelt name would be lost for good.
    _require_columns(parse_brief(brief, today=uow.now.date(), is_strict=True))
    brief_hash = _hash(brief)
    # The institute is locked, so that two briefs do not get one number.
    uow.lock(InstituteRow, found.id)
    row = uow.add(
        BriefRow(
            institute_id=found.id,
            number=_next_number(found.id),
            title_zh=title_zh,
            title_en=title_en,
            brief=dict(brief),
            brief_hash=brief_hash,
            disclosure=disclosure,
            state="open",
            written_at=uow.now,
        )
    )
    uow.flush()
    _tell(principal, row)
    return view_brief(row, found.slug)


def _require_columns(brief: Brief) -> None:
    """Refuse a rule about what no expert's entry has: a brief is never changed afterwards."""
    faults = [
        FieldError(
            "field-unknown",
            N_("No entry of the pool has this column. Use one of %(known)s."),
            pointer=f"/rules/{place}/of/field",
            params={"known": ", ".join(POOL_COLUMNS)},
        )
        for place, rule in enumerate(brief.rules)
        if rule.of.field not in POOL_COLUMNS
    ]
    if faults:
        raise BriefInvalid(errors=faults)


def _tell(principal: Principal, row: BriefRow) -> None:
    told = {"institute": str(row.institute_id), "brief": str(row.id), "hash": row.brief_hash}
    current_unit_of_work().audit(
        "think_tank.brief.written", subject=str(row.id), detail=told, principal=principal
    )


def _next_number(institute_id: UUID) -> int:
    numbers = select(func.max(BriefRow.number)).where(BriefRow.institute_id == institute_id)
    return (db.session.scalar(numbers) or 0) + 1


def _hash(brief: Mapping[str, Any]) -> str:
    """SHA-256 over the brief as RFC 8785 has it."""
    try:
        return hashlib.sha256(rfc8785.dumps(dict(brief))).hexdigest()
    except rfc8785.CanonicalizationError as fault:
        message = N_("A number is out of range.")
        raise BriefInvalid(errors=[FieldError("out-of-range", message, pointer="")]) from fault


def _check(title_zh: str, title_en: str, disclosure: str) -> None:
    faults = [
        FieldError("title-missing", N_("Write it in Chinese and in English."), pointer=pointer)
        for pointer, title in (("/title/zh", title_zh), ("/title/en", title_en))
        if not 0 < len(title.strip()) <= 200
    ]
    if disclosure not in DISCLOSURES:
        message = N_("Use one of %(known)s.")
        known = {"known": ", ".join(DISCLOSURES)}
        faults.append(
            FieldError("disclosure-unknown", message, pointer="/disclosure", params=known)
        )
    if faults:
        raise BriefInvalid(errors=faults)


@reading
def get_brief(principal: Principal, *, institute: str, number: int) -> BriefRecord:
    """A brief of an institute by its number.

    Raises:
        NotFound: there is none, or the principal does not coordinate the institute.
    """
    found = get_institute(institute)
    row = db.session.scalar(
        select(BriefRow).where(BriefRow.institute_id == found.id, BriefRow.number == number)
    )
    if row is None or not is_coordinator(principal, found):
        raise NotFound
    return view_brief(row, found.slug)


@reading
def get_brief_by_id(principal: Principal, brief_id: UUID) -> BriefRecord:
    """A brief by its id.

    Raises:
        NotFound: there is none, or the principal does not coordinate the institute.
    """
    row = db.session.get(BriefRow, brief_id)
    if row is None:
        raise NotFound
    found = get_institute_by_id(row.institute_id)
    if not is_coordinator(principal, found):
        raise NotFound
    return view_brief(row, found.slug)


@reading
def list_briefs(principal: Principal, *, institute: str) -> list[BriefRecord]:
    """An institute's briefs, newest first; none for those who do not coordinate it."""
    found = get_institute(institute)
    if not is_coordinator(principal, found):
        return []
    rows = db.session.scalars(
        select(BriefRow).where(BriefRow.institute_id == found.id).order_by(BriefRow.number.desc())
    )
    return [view_brief(row, found.slug) for row in rows]


def view_brief(row: BriefRow, institute: str) -> BriefRecord:
    """A row as a value."""
    return BriefRecord(
        id=row.id,
        number=row.number,
        institute=institute,
        title_zh=row.title_zh,
        title_en=row.title_en,
        brief=row.brief,
        brief_hash=row.brief_hash,
        disclosure=row.disclosure,
        state=row.state,
        written_at=row.written_at,
    )
