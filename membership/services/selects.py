"""Selects that membership and the packages above it may run or join; columns are fixed."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, String, and_, column, or_, select, table
from sqlalchemy.orm import aliased

from consortium.kernel.db import Id
from consortium.kernel.member_numbers import fold_number
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


_OTHER = aliased(Member)


def is_numbered(number: Any, key: Any) -> ColumnElement[bool]:
    """Match the one file of a society that a number means, or none.

    Args:
        number: as somebody wrote it.
        key: its `fold_number`. Both may be bound parameters.

    Files of old may differ in spelling alone; of those each is meant by its own spelling only.
    """
    another = select(_OTHER.id).where(
        _OTHER.society_id == Member.society_id, _OTHER.number_key == key, _OTHER.id != Member.id
    )
    alone: ColumnElement[bool] = or_(Member.member_number == number, ~another.exists())
    return and_(Member.number_key == key, alone)


def member_by_number(society: str, number: str) -> Select[Member, MemberProfile]:
    """Select the file that a number means in a society, with its profile; at most one row."""
    return members(society).where(is_numbered(number, fold_number(number)))


def member_refs(society: str, member_ids: Sequence[UUID]) -> Select[UUID, str]:
    """Select (id, member_number) of those ids that are members of the society."""
    return (
        select(Member.id, Member.member_number)
        .join(ORGANISATION, ORGANISATION.c.id == Member.society_id)
        .where(ORGANISATION.c.code == society, Member.id.in_(member_ids))
    )


def person_by_member(society: Any, member_number: Any, number_key: Any) -> Select[UUID]:
    """Select the person behind `society:member_number`; all may be bound parameters."""
    return (
        select(Member.person_id)
        .join(ORGANISATION, ORGANISATION.c.id == Member.society_id)
        .where(ORGANISATION.c.code == society, is_numbered(member_number, number_key))
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
    "is_numbered",
    "live_terms",
    "member_by_number",
    "member_refs",
    "members",
    "memberships",
    "not_superseded",
    "person_by_member",
    "term_with_member",
]
