"""Virtual institutes: founded for a term under a charter whose text is hashed."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import rfc8785
from sqlalchemy import func, select
from sqlalchemy.orm import aliased

from consortium.kernel.db import db
from consortium.kernel.errors import N_, FieldError, Forbidden
from consortium.kernel.ids import new_id
from consortium.kernel.principal import Principal
from consortium.kernel.search import index_text
from consortium.kernel.unit_of_work import UnitOfWork, current_unit_of_work, reading, transaction
from consortium.services.consortia import get_consortium, list_consortia
from think_tank.errors import InstituteInvalid, InstituteUnknown, SlugTaken
from think_tank.models import InstituteCharter, InstituteRow
from think_tank.policies import may_coordinate, may_found_institute
from think_tank.rules.institutes import list_wish_faults
from think_tank.values import Institute


@transaction
def found_institute(principal: Principal, **wish: Any) -> Institute:
    """Found an institute of a consortium.

    Args:
        wish: `slug, consortium, name_zh, name_en, charter_zh, charter_en, since, until`;
            `until` is excluded and may be None.

    Raises:
        InstituteInvalid: names each fault.
        SlugTaken: another institute has the address.
        Forbidden: only the consortium's coordinator or secretariat.
    """
    uow = current_unit_of_work()
    if not may_found_institute(principal, wish["consortium"]):
        raise Forbidden
    faults = list(list_wish_faults(wish))
    if faults:
        raise InstituteInvalid(errors=faults)
    consortium = get_consortium(wish["consortium"])
    if db.session.scalar(select(InstituteRow.id).where(InstituteRow.slug == wish["slug"])):
        fault = FieldError("slug-taken", N_("This address is taken."), pointer="/slug")
        raise SlugTaken(slug=wish["slug"], errors=[fault])
    row = InstituteRow(
        id=new_id(),
        slug=wish["slug"],
        consortium_id=consortium.id,
        name_zh=wish["name_zh"],
        name_en=wish["name_en"],
        since=wish["since"],
        until=wish.get("until"),
        founded_at=uow.now,
    )
    uow.add(row)
    uow.flush()
    charter = _add_charter(uow, row.id, wish)
    index_text("think_tank.institute", str(row.id), f"{row.name_zh} {row.name_en} {row.slug}")
    made = _view(row, charter, consortium.code)
    _tell(principal, made)
    return made


def _tell(principal: Principal, made: Institute) -> None:
    uow, key = current_unit_of_work(), str(made.id)
    told = {"institute": key, "consortium": made.consortium, "charter": made.charter_hash}
    uow.emit("think_tank.institute.founded", key, told)
    uow.audit("think_tank.institute.founded", subject=key, detail=told, principal=principal)
    uow.flush()


def _add_charter(uow: UnitOfWork, institute_id: UUID, wish: Mapping[str, Any]) -> InstituteCharter:
    return uow.add(
        InstituteCharter(
            institute_id=institute_id,
            number=1,
            text_zh=wish["charter_zh"],
            text_en=wish["charter_en"],
            text_hash=hash_charter(wish["charter_zh"], wish["charter_en"]),
        )
    )


def hash_charter(text_zh: str, text_en: str) -> str:
    """SHA-256 over both texts as RFC 8785 has them.

    >>> hash_charter("章程", "Charter")[:12]
    '0b0e86d9f1ea'
    """
    return hashlib.sha256(rfc8785.dumps({"zh": text_zh, "en": text_en})).hexdigest()


@reading
def get_institute(slug: str) -> Institute:
    """The institute at an address.

    Raises:
        InstituteUnknown: there is none.
    """
    found = _find(InstituteRow.slug == slug)
    if found is None:
        raise InstituteUnknown
    return found


@reading
def get_institute_by_id(institute_id: UUID) -> Institute:
    """The institute with an id.

    Raises:
        InstituteUnknown: there is none.
    """
    found = _find(InstituteRow.id == institute_id)
    if found is None:
        raise InstituteUnknown
    return found


@reading
def list_institutes() -> list[Institute]:
    """Every institute, in the order of their addresses; three queries."""
    rows = db.session.execute(_newest().order_by(InstituteRow.slug))
    codes = {consortium.id: consortium.code for consortium in list_consortia()}
    return [_view(row, charter, codes[row.consortium_id]) for row, charter in rows]


def require_coordinator(principal: Principal, institute: Institute) -> None:
    """Refuse whoever may not write briefs and seat panels here.

    Raises:
        Forbidden: a coordinator of the institute or of its consortium may.
    """
    if not is_coordinator(principal, institute):
        raise Forbidden


def is_coordinator(principal: Principal, institute: Institute) -> bool:
    """Whether the principal coordinates the institute."""
    return may_coordinate(principal, institute=str(institute.id), consortium=institute.consortium)


def is_in_term(institute: Institute, at: datetime) -> bool:
    """Whether the term covers an instant; its end is excluded."""
    return institute.since <= at and (institute.until is None or at < institute.until)


def _newest() -> Any:
    other = aliased(InstituteCharter)
    later = (
        select(func.max(other.number))
        .where(other.institute_id == InstituteRow.id)
        .correlate(InstituteRow)
        .scalar_subquery()
    )
    return select(InstituteRow, InstituteCharter).join(
        InstituteCharter,
        (InstituteCharter.institute_id == InstituteRow.id) & (InstituteCharter.number == later),
    )


def _find(condition: Any) -> Institute | None:
    found = db.session.execute(_newest().where(condition)).one_or_none()
    if found is None:
        return None
    row, charter = found
    codes = {consortium.id: consortium.code for consortium in list_consortia()}
    return _view(row, charter, codes[row.consortium_id])


def _view(row: InstituteRow, charter: InstituteCharter, consortium: str) -> Institute:
    return Institute(
        id=row.id,
        slug=row.slug,
        consortium=consortium,
        name_zh=row.name_zh,
        name_en=row.name_en,
        charter_zh=charter.text_zh,
        charter_en=charter.text_en,
        charter_hash=charter.text_hash,
        since=row.since,
        until=row.until,
    )
