"""The names with which decisions are said: societies and grades in the reader's language."""

from datetime import datetime
from functools import cache

from sqlalchemy import Select, bindparam, select

from consortium.kernel.db import db, fetch_rows
from consortium.kernel.unit_of_work import reading
from consortium.services.selects import select_names
from membership import values
from membership.services import catalogue


@reading
def read_names(
    decision: values.RecognitionDecision, *, at: datetime, lang: str
) -> tuple[dict[str, str], dict[tuple[str, str], str]]:
    """Return society names by code and grade names by (society, code), in two statements."""
    codes = {decision.host, *([decision.home] if decision.home else [])}
    codes.update(
        why.params[side]
        for why in decision.reasons
        for side in ("home", "host", "society")
        if side in why.params
    )
    chinese = lang.startswith("zh")
    rows = fetch_rows(_names_query(), codes=sorted(codes))
    names = {row.code: row.name_zh if chinese else row.name_en for row in rows}
    found = catalogue.grade_names(sorted(codes), at=at)
    return names, {key: grade.name(lang) for key, grade in found.items()}


@cache
def _names_query() -> Select[str, str, str]:
    """Built once: every sign-in at a site and every answer asks it."""
    known = select_names().subquery()
    return select(known.c.code, known.c.name_zh, known.c.name_en).where(
        known.c.code.in_(bindparam("codes", expanding=True))
    )


@reading
def read_society_names(*, lang: str) -> dict[str, str]:
    """Return every society's name by code, in one statement."""
    known = select_names().subquery()
    rows = db.session.execute(select(known.c.code, known.c.name_zh, known.c.name_en))
    chinese = lang.startswith("zh")
    return {row.code: row.name_zh if chinese else row.name_en for row in rows}
