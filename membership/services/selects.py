"""Selects that membership and the packages above it may run or join; columns are fixed."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, String, column, or_, select, table

from consortium.kernel.db import Id
from membership.models import Grade, Member, MemberProfile, Term

ORGANISATION = table(
    "organisation",
    column("id", Id),
    column("code", String),
    column("time_zone", String),
    column("origin", String),
)
"""The register by name: the columns that foreign keys, references and zones need."""


TERM_COLUMNS = (
    Term.id,
    Term.member_id,
    Term.class_code,
    Term.grade_code,
    Term.since,
    Term.until,
    Term.state,
    Term.supersedes,
)
"""The columns of a term as `members.term_value` reads them."""


# By table, built at first use: an alias copies every column, and most questions ask for one.
_counting: dict[type[Any], ColumnElement[bool]] = {}


def not_superseded(model: type[Any]) -> ColumnElement[bool]:
    """Match the rows of an append-only table that no newer row replaces."""
    if model not in _counting:
        newer = model.__table__.alias("newer")
        _counting[model] = ~select(newer.c.id).where(newer.c.supersedes == model.id).exists()
    return _counting[model]


def covering(model: type[Any], at: Any) -> ColumnElement[bool]:
    """Match the rows whose half-open period holds the instant."""
    ends: ColumnElement[bool] = or_(model.until.is_(None), model.until > at)
    starts: ColumnElement[bool] = model.since <= at
    return starts & ends


def members(society: str) -> Select[Member, MemberProfile]:
    """Select the files of one society with their profiles (None once erased)."""
    return (
        select(Member, MemberProfile)
        .join(ORGANISATION, ORGANISATION.c.id == Member.society_id)
        .outerjoin(MemberProfile, MemberProfile.member_id == Member.id)
        .where(ORGANISATION.c.code == society)
    )


def member_refs(society: str, member_ids: Sequence[UUID]) -> Select[UUID, str]:
    """Select (id, member_number) of those ids that are members of the society."""
    return (
        select(Member.id, Member.member_number)
        .join(ORGANISATION, ORGANISATION.c.id == Member.society_id)
        .where(ORGANISATION.c.code == society, Member.id.in_(member_ids))
    )


def person_by_member(society: Any, member_number: Any) -> Select[UUID]:
    """Select the person behind `society:member_number`; both may be bound parameters."""
    return (
        select(Member.person_id)
        .join(ORGANISATION, ORGANISATION.c.id == Member.society_id)
        .where(ORGANISATION.c.code == society, Member.member_number == member_number)
    )


def memberships(person_ids: Sequence[UUID]) -> Select[UUID, str, str]:
    """Select (person_id, society, member_number) of persons, for names in lists above."""
    return (
        select(Member.person_id, ORGANISATION.c.code.label("society"), Member.member_number)
        .join(ORGANISATION, ORGANISATION.c.id == Member.society_id)
        .where(Member.person_id.in_(person_ids), Member.erased_at.is_(None))
    )


def live_terms() -> Select[Term]:
    """Select the term rows that count, of every member."""
    return select(Term).where(not_superseded(Term))


def term_with_member(term_id: UUID) -> Select[Term, str, str]:
    """Select one term with its society's code and the member number."""
    return (
        select(Term, ORGANISATION.c.code.label("society"), Member.member_number)
        .join(Member, Member.id == Term.member_id)
        .join(ORGANISATION, ORGANISATION.c.id == Member.society_id)
        .where(Term.id == term_id)
    )


def grades_at(societies: Any, at: Any) -> Select[*tuple[Any, ...]]:
    """Select the grades in force of several societies: id, society, code, names, rank.

    Both may be bound parameters, the societies an expanding one.
    """
    return (
        select(
            Grade.id,
            ORGANISATION.c.code.label("society"),
            Grade.code,
            Grade.name_zh,
            Grade.name_en,
            Grade.rank,
        )
        .join(ORGANISATION, ORGANISATION.c.id == Grade.society_id)
        .where(
            ORGANISATION.c.code.in_(societies),
            covering(Grade, at),
            not_superseded(Grade),
        )
    )


__all__ = [
    "ORGANISATION",
    "TERM_COLUMNS",
    "covering",
    "grades_at",
    "live_terms",
    "member_refs",
    "members",
    "memberships",
    "not_superseded",
    "person_by_member",
    "term_with_member",
]
