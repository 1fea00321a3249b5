"""The catalogue of classes and grades of each society."""

import re
from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, select

from consortium.kernel.db import Instant, db
from consortium.kernel.errors import Forbidden
from consortium.kernel.principal import Principal
from consortium.kernel.rows import fetch_rows
from consortium.kernel.unit_of_work import current_unit_of_work, reading, transaction
from consortium.services import organisations
from membership import models, policies, values
from membership.errors import CatalogueInvalid, ClassUnknown, GradeUnknown
from membership.services import selects

Entry = models.Grade | models.MembershipClass
_CODE = re.compile(r"[a-z][a-z0-9-]{0,39}", re.ASCII)


def _live(model: type[Entry], society_id: UUID, at: datetime) -> list[Entry]:
    statement = (
        select(model)
        .where(
            model.society_id == society_id,
            selects.covering(model, at),
            selects.not_superseded(model),
        )
        .order_by(model.code)
    )
    return list(db.session.scalars(statement))


@reading
def list_grades(society: str, *, at: datetime) -> tuple[values.Grade, ...]:
    """List a society's grades at an instant, lowest rank first."""
    found = organisations.get_organisation(society)
    rows = [row for row in _live(models.Grade, found.id, at) if isinstance(row, models.Grade)]
    return tuple(
        values.Grade(
            id=row.id,
            society=found.code,
            code=row.code,
            name_zh=row.name_zh,
            name_en=row.name_en,
            rank=row.rank,
            synonyms=tuple(row.synonyms),
        )
        for row in sorted(rows, key=lambda row: (row.rank, row.code))
    )


@reading
def list_classes(society: str, *, at: datetime) -> tuple[values.MembershipClass, ...]:
    """List a society's membership classes at an instant, by code."""
    found = organisations.get_organisation(society)
    return tuple(
        values.MembershipClass(
            id=row.id,
            society=found.code,
            code=row.code,
            name_zh=row.name_zh,
            name_en=row.name_en,
            synonyms=tuple(row.synonyms),
        )
        for row in _live(models.MembershipClass, found.id, at)
    )


@reading
def grade_names(societies: Iterable[str], *, at: datetime) -> dict[tuple[str, str], values.Grade]:
    """Return the grades of several societies by (society, code), in one statement."""
    rows = fetch_rows(_grades_query(), codes=sorted(societies), at=at)
    return {
        (row.society, row.code): values.Grade(
            id=row.id,
            society=row.society,
            code=row.code,
            name_zh=row.name_zh,
            name_en=row.name_en,
            rank=row.rank,
        )
        for row in rows
    }


@cache
def _grades_query() -> Select[*tuple[Any, ...]]:
    """Built once: every sign-in at a site and every answer asks it."""
    return selects.grades_at(bindparam("codes", expanding=True), bindparam("at", type_=Instant))


def require_codes(
    society: str,
    *,
    class_codes: Iterable[str],
    grade_codes: Iterable[str],
    at: datetime,
) -> None:
    """Refuse codes that the society's catalogue does not hold.

    Raises:
        GradeUnknown: some grade is not in the catalogue at `at`.
        ClassUnknown: some class is not.
    """
    grades = {grade.code for grade in list_grades(society, at=at)}
    for code in sorted(set(grade_codes) - grades):
        raise GradeUnknown(society=society, grade=code, known=", ".join(sorted(grades)))
    classes = {item.code for item in list_classes(society, at=at)}
    for code in sorted(set(class_codes) - classes):
        raise ClassUnknown(society=society, code=code, known=", ".join(sorted(classes)))


@transaction
def add_grade(
    principal: Principal,
    *,
    society: str,
    code: str,
    name_zh: str,
    name_en: str,
    rank: int,
    synonyms: Iterable[str] = (),
    since: datetime | None = None,
) -> UUID:
    """Add a grade to a society's catalogue, or replace the row of the same code.

    Raises:
        Forbidden: the principal keeps no roster there.
        CatalogueInvalid: the code or a name cannot be used.
    """
    uow = current_unit_of_work()
    if not policies.may_keep_roster(principal, society):
        raise Forbidden
    if not (_CODE.fullmatch(code) and name_zh.strip() and name_en.strip()):
        raise CatalogueInvalid
    found = organisations.get_organisation(society)
    start = since or uow.now
    old = [row for row in _live(models.Grade, found.id, start) if row.code == code]
    made = uow.add(
        models.Grade(
            society_id=found.id,
            code=code,
            name_zh=name_zh,
            name_en=name_en,
            rank=rank,
            synonyms=list(synonyms),
            since=start,
            supersedes=old[0].id if old else None,
        )
    )
    uow.audit("membership.grade.added", subject=str(made.id), society=society)
    return made.id


@transaction
def add_class(
    principal: Principal,
    *,
    society: str,
    code: str,
    name_zh: str,
    name_en: str,
    synonyms: Iterable[str] = (),
    since: datetime | None = None,
) -> UUID:
    """Add a membership class to a society's catalogue, or replace the row of the same code.

    Raises:
        Forbidden: the principal keeps no roster there.
        CatalogueInvalid: the code or a name cannot be used.
    """
    uow = current_unit_of_work()
    if not policies.may_keep_roster(principal, society):
        raise Forbidden
    if not (_CODE.fullmatch(code) and name_zh.strip() and name_en.strip()):
        raise CatalogueInvalid
    found = organisations.get_organisation(society)
    start = since or uow.now
    old = [row for row in _live(models.MembershipClass, found.id, start) if row.code == code]
    made = uow.add(
        models.MembershipClass(
            society_id=found.id,
            code=code,
            name_zh=name_zh,
            name_en=name_en,
            synonyms=list(synonyms),
            since=start,
            supersedes=old[0].id if old else None,
        )
    )
    uow.audit("membership.class.added", subject=str(made.id), society=society)
    return made.id
