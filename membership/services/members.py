"""Member files: make, find, list."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select

from consortium.kernel.db import db
from consortium.kernel.ids import new_id
from consortium.kernel.member_numbers import fold_number
from consortium.kernel.principal import Principal
from consortium.kernel.unit_of_work import current_unit_of_work, reading, transaction
from consortium.services import organisations
from membership import models, policies, values
from membership.errors import MemberNotFound, MemberNumberTaken
from membership.services import selects

PROFILE_FIELDS = (
    "name",
    "name_latin",
    "employer",
    "title",
    "email",
    "mobile",
    "birth_date",
    "gender",
    "orcid",
)


def _value(member: models.Member, profile: models.MemberProfile | None, code: str) -> values.Member:
    return values.Member(
        id=member.id,
        society=code,
        person_id=member.person_id,
        member_number=member.member_number,
        branch=member.branch,
        **({name: getattr(profile, name) for name in PROFILE_FIELDS} if profile else {}),
    )


@transaction
def add_member(
    principal: Principal,
    *,
    society: str,
    person_id: UUID,
    member_number: str,
    branch: str | None = None,
    **profile: object,
) -> values.Member:
    """Open a member file for a person.

    Args:
        principal: who keeps the roster.
        society: code of the society.
        person_id: the person, who need not have an account yet.
        member_number: unique inside the society, in whatever spelling.
        branch: code of the branch, if she belongs to one.
        profile: any of PROFILE_FIELDS and `national_id_digest`.

    Raises:
        MemberNotFound: the principal may not keep this roster.
        MemberNumberTaken: the number is in use.
    """
    uow = current_unit_of_work()
    if not policies.may_keep_roster(principal, society):
        raise MemberNotFound
    found = organisations.get_organisation(society)
    taken = select(models.Member.id).where(
        models.Member.society_id == found.id,
        models.Member.number_key == fold_number(member_number),
    )
    if uow.session.scalar(taken) is not None:
        raise MemberNumberTaken(number=member_number)
    member = models.Member(
        id=new_id(),
        society_id=found.id,
        person_id=person_id,
        member_number=member_number,
        branch=branch,
        created_at=uow.now,
    )
    uow.add(member)
    uow.flush()
    row = uow.add(models.MemberProfile(member_id=member.id, **profile))
    uow.audit("membership.member.added", subject=str(member.id), society=society)
    return _value(member, row, society)


@reading
def get_member(principal: Principal, *, society: str, member_number: str) -> values.Member:
    """Return a member's file to those who keep it, and to the member herself.

    Raises:
        MemberNotFound: no such member, or none the principal may see.
    """
    row = db.session.execute(selects.member_by_number(society, member_number)).one_or_none()
    if row is None or not (
        policies.may_keep_roster(principal, society) or row.Member.person_id == principal.person_id
    ):
        raise MemberNotFound
    return _value(row.Member, row.MemberProfile, society)


@reading
def list_members(
    principal: Principal,
    *,
    society: str,
    after: str | None = None,
    limit: int = 50,
) -> tuple[tuple[values.MemberLine, ...], str | None]:
    """Page through a society's members by member number, each with her terms.

    Files that were taken back or erased hold nobody and are not listed.

    Returns:
        The lines, and the member number to continue after (None: no more).

    Raises:
        MemberNotFound: the principal may not see this roster.
    """
    if not policies.may_keep_roster(principal, society):
        raise MemberNotFound
    statement = (
        selects.members(society)
        .where(models.Member.erased_at.is_(None))
        .order_by(models.Member.member_number)
        .limit(limit + 1)
    )
    if after is not None:
        statement = statement.where(models.Member.member_number > after)
    rows = db.session.execute(statement).all()
    page, more = rows[:limit], len(rows) > limit
    terms = list_live_terms([row.Member.id for row in page], society)
    lines = tuple(_line(row, terms, society) for row in page)
    return lines, (page[-1].Member.member_number if more else None)


def _line(
    row: Row[models.Member, models.MemberProfile],
    terms: dict[UUID, tuple[values.Term, ...]],
    society: str,
) -> values.MemberLine:
    member = _value(row.Member, row.MemberProfile, society)
    return values.MemberLine(member=member, terms=terms.get(member.id, ()))


def list_live_terms(
    member_ids: Sequence[UUID], society: str
) -> dict[UUID, tuple[values.Term, ...]]:
    """Return each member's terms that count, oldest first, in one statement."""
    rows = db.session.scalars(
        selects.live_terms()
        .where(models.Term.member_id.in_(member_ids), models.Term.state != "void")
        .order_by(models.Term.since, models.Term.id)
    )
    found: dict[UUID, tuple[values.Term, ...]] = {}
    for row in rows:
        found[row.member_id] = (*found.get(row.member_id, ()), term_value(row, society))
    return found


def term_value(row: models.Term | Row[*tuple[Any, ...]], society: str) -> values.Term:
    """Return the frozen value of a term row, or of its `selects.TERM_COLUMNS`."""
    return values.Term(
        id=row.id,
        member_id=row.member_id,
        society=society,
        class_code=row.class_code,
        grade_code=row.grade_code,
        since=row.since,
        until=row.until,
        state=row.state,
        supersedes=row.supersedes,
    )
