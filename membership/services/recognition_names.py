"""The names with which decisions are said: societies and grades in the reader's language."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from functools import cache

from sqlalchemy import Select, bindparam, select

from consortium.kernel.db import db
from consortium.kernel.rows import fetch_rows
from consortium.kernel.unit_of_work import reading
from consortium.services.selects import select_names
from membership import values
from membership.rules.wording import DEFAULT_ZONE, word_reason
from membership.services import catalogue


@reading
def read_names(
    decision: values.RecognitionDecision, *, at: datetime, lang: str
) -> tuple[dict[str, str], dict[tuple[str, str], str]]:
    """Return society names by code and grade names by (society, code), in two statements."""
    codes = {decision.host, *([decision.home] if decision.home else [])}
    rows = fetch_rows(_names_query(), codes=sorted(codes | _codes_in(decision.reasons)))
    chinese = lang.startswith("zh")
    names = {row.code: row.name_zh if chinese else row.name_en for row in rows}
    return names, _read_grades(codes | _codes_in(decision.reasons), at, lang)


@reading
def word_reasons(
    reasons: Sequence[values.Reason],
    translate: Callable[[str], str],
    *,
    at: datetime,
    lang: str,
) -> tuple[str, ...]:
    """Say reasons of several decisions, each in a sentence with names; two statements in all.

    Args:
        translate: from English msgid to the reader's language.
        at: when the grades had the names to use.
        lang: the reader's language.

    Days are those of the home society's zone.
    """
    codes = _codes_in(reasons)
    rows = fetch_rows(_names_query(), codes=sorted(codes)) if codes else []
    chinese = lang.startswith("zh")
    names = {row.code: row.name_zh if chinese else row.name_en for row in rows}
    zones = {row.code: row.time_zone for row in rows}
    grades = _read_grades(codes, at, lang) if codes else {}
    return tuple(
        word_reason(
            why,
            translate,
            names=names,
            grades=grades,
            zone=zones.get(why.params.get("home", ""), DEFAULT_ZONE),
        )
        for why in reasons
    )


def _codes_in(reasons: Collection[values.Reason]) -> set[str]:
    sides = ("home", "host", "society")
    return {why.params[side] for why in reasons for side in sides if side in why.params}


def _read_grades(codes: Collection[str], at: datetime, lang: str) -> dict[tuple[str, str], str]:
    found = catalogue.grade_names(sorted(codes), at=at)
    return {key: grade.name(lang) for key, grade in found.items()}


@cache
def _names_query() -> Select[str, str, str, str]:
    """Built once: every sign-in at a site and every answer asks it."""
    known = select_names().subquery()
    columns = (known.c.code, known.c.name_zh, known.c.name_en, known.c.time_zone)
    return select(*columns).where(known.c.code.in_(bindparam("codes", expanding=True)))


@reading
def read_society_names(*, lang: str) -> dict[str, str]:
    """Return every society's name by code, in one statement."""
    known = select_names().subquery()
    rows = db.session.execute(select(known.c.code, known.c.name_zh, known.c.name_en))
    chinese = lang.startswith("zh")
    return {row.code: row.name_zh if chinese else row.name_en for row in rows}
