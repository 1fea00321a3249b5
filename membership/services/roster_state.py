"""A society's roster as it stands: what the reader must know, and every member on file."""

import hmac
from collections.abc import Callable, Collection
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import Select, and_, func, or_, select

from consortium.kernel import crypto
from consortium.kernel.clock import last_day
from consortium.kernel.db import db
from consortium.kernel.unit_of_work import reading
from consortium.services import organisations
from consortium.services.organisations import Organisation
from membership import models
from membership.roster.numbers import decide_width
from membership.roster.periods import Held
from membership.roster.plan import Defaults, Known
from membership.roster.values import OPEN_END, Vocabulary
from membership.services import catalogue, selects

USUAL_CLASSES = ("individual", "personal", "regular")
"""The class of a member whose roster names none, when the society has several."""

_PROFILE = (
    "name",
    "name_latin",
    "email",
    "mobile",
    "employer",
    "title",
    "birth_date",
    "gender",
    "orcid",
)


@reading
def read_vocabulary(society: str, *, now: datetime) -> Vocabulary:
    """Return the society's grades, classes and width of member numbers for the reader."""
    found = organisations.get_organisation(society)
    grades = catalogue.list_grades(society, at=now)
    classes = catalogue.list_classes(society, at=now)
    return Vocabulary(
        today=_today(found, now),
        grades={one.code: (one.name_zh, one.name_en, *one.synonyms) for one in grades},
        classes={one.code: (one.name_zh, one.name_en, *one.synonyms) for one in classes},
        branches={
            one.code: (one.name_zh, one.name_en) for one in organisations.list_branches(society)
        },
        number_width=_number_width(found.id),
    )


def _today(society: Organisation, now: datetime) -> date:
    return now.astimezone(ZoneInfo(society.time_zone)).date()


def _number_width(society_id: UUID) -> int | None:
    """The one length of the society's all-digit numbers; None where they have none.

    All of them are weighed as those of a file are (`measure_width`), counted where they lie.
    """
    number = models.Member.member_number
    is_padded = and_(number.like("0%"), func.length(number) > 1)
    counts = db.session.execute(
        select(func.length(number), func.count(), func.count().filter(is_padded))
        # Nothing is left of a number that is all digits; both databases know this function.
        .where(models.Member.society_id == society_id, func.ltrim(number, "0123456789") == "")
        .group_by(func.length(number))
    )
    return decide_width({width: (alike, padded) for width, alike, padded in counts})


def read_defaults(society: str, *, now: datetime) -> Defaults:
    """Return what a new member gets where her row is silent: usual class, lowest grade, today."""
    found = organisations.get_organisation(society)
    grades = catalogue.list_grades(society, at=now)
    codes = [one.code for one in catalogue.list_classes(society, at=now)]
    usual = [code for code in USUAL_CLASSES if code in codes] or codes
    return Defaults(
        class_code=usual[0] if usual else None,
        grade_code=grades[0].code if grades else None,
        since=_today(found, now),
        now=now,
    )


def digests_of(society: str) -> Callable[[str], tuple[str, ...]]:
    """Return the function that digests identity numbers for one society.

    Each society has a purpose of its own, so that digests of two societies never compare equal.
    """
    purpose = f"membership.national-id.{society}"
    # The keys of crypto.digest, derived once for a whole roster.
    keys = [crypto.derive_key(one, f"digest/{purpose}") for one in crypto.secrets_in_use()]
    return lambda number: tuple(hmac.digest(key, number.encode(), "sha256").hex() for key in keys)


HELD_COLUMNS: Final[tuple[Any, ...]] = (
    models.Term.id,
    models.Term.class_code,
    models.Term.grade_code,
    models.Term.since,
    models.Term.until,
    models.Term.state,
    models.Term.by_officer,
    models.Term.supersedes,
)
"""What `holder` takes of a term, in its order."""


def list_known(society: Organisation) -> Collection[Known]:
    """Return every member on file with profile and live terms, by one statement."""
    hold = holder(society.time_zone)
    found: dict[UUID, Known] = {}
    for row in db.session.execute(_members_with_terms(society)):
        member_id, person_id, number, branch, erased_at, has_profile, digest, *rest = row
        term, profile = rest[: len(HELD_COLUMNS)], rest[len(HELD_COLUMNS) :]
        before = found.get(member_id)
        # Rows come in the order of the terms.
        terms = before.terms if before else ()
        values: dict[str, object] = dict(zip(_PROFILE, profile, strict=True))
        values |= {"member_number": number, "branch": branch, "national_id": digest}
        found[member_id] = Known(
            member_id=member_id,
            person_id=person_id,
            is_withdrawn=erased_at is not None or not has_profile,
            terms=terms if term[0] is None else (*terms, hold(*term)),
            values=values,
        )
    return found.values()


def holder(zone: str) -> Callable[..., Held]:
    """Return the function that makes a term's row a value with its civil days in a zone."""
    first, last = days_of(zone)

    def hold(
        term_id: UUID,
        class_code: str,
        grade_code: str,
        since: datetime,
        until: datetime | None,
        state: str,
        by_officer: bool,
        *_rest: object,
    ) -> Held:
        end = OPEN_END if until is None else last(until)
        days = first(since), end
        return Held(term_id, class_code, grade_code, *days, since, until, state, by_officer)

    return hold


def _members_with_terms(society: Organisation) -> Select[*tuple[Any, ...]]:
    member, profile, term = models.Member, models.MemberProfile, models.Term
    is_live = selects.not_superseded(term)
    counts = or_(term.state != "void", term.by_officer)
    return (
        select(
            member.id,
            member.person_id,
            member.member_number,
            member.branch,
            member.erased_at,
            profile.member_id.is_not(None),
            profile.national_id_digest,
            *HELD_COLUMNS,
            *(getattr(profile, name) for name in _PROFILE),
        )
        .outerjoin(profile, profile.member_id == member.id)
        .outerjoin(term, and_(term.member_id == member.id, counts, is_live))
        .where(member.society_id == society.id)
        .order_by(term.since, term.id)
    )


def days_of(zone: str) -> tuple[Callable[[datetime], date], Callable[[datetime], date]]:
    """Return two functions from instants to civil days in a zone: first day, and last day.

    A roster has few distinct days and many rows, hence the memory.
    """
    place = ZoneInfo(zone)

    @lru_cache(maxsize=20_000)
    def first(since: datetime) -> date:
        return since.astimezone(place).date()

    @lru_cache(maxsize=20_000)
    def last(until: datetime) -> date:
        return last_day(until, zone)

    return first, last
