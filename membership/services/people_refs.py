"""From a person's outside name to her id: `me`, `society:member_number`, or a client's subject."""

from uuid import UUID

from sqlalchemy import bindparam

from auth.services import subjects
from consortium.kernel.db import db
from consortium.kernel.member_numbers import fold_number
from consortium.kernel.principal import Principal
from consortium.kernel.unit_of_work import reading
from membership import policies
from membership.errors import PersonUnknown
from membership.models import Member
from membership.services import selects

# Built once: this is asked with every question of every program.
_PERSON = selects.person_by_member(
    bindparam("society"), bindparam("number"), bindparam("number_key")
).where(Member.erased_at.is_(None))


@reading
def resolve_person(ref: str, principal: Principal) -> UUID:
    """Return the person that a caller means.

    Args:
        ref: `me` for the session's person; `society:member_number`; or the subject under which
            the calling client knows her.
        principal: who calls. What it may then learn is for the caller's policy to say.

    Raises:
        PersonUnknown: nobody is named so.
    """
    found: UUID | None = None
    if ref == "me":
        found = principal.person_id
    elif ":" in ref:
        society, number = ref.split(":", 1)
        named = {"society": society, "number": number, "number_key": fold_number(number)}
        found = db.session.scalar(_PERSON, named)
    elif principal.client_id is not None:
        found = subjects.person_of_subject(principal.client_id, ref)
    if found is None:
        raise PersonUnknown
    return found


@reading
def may_see_person(principal: Principal, person_id: UUID) -> bool:
    """Tell whether the principal keeps a roster in which this person has a file."""
    rows = db.session.execute(selects.memberships([person_id]))
    return any(policies.may_keep_roster(principal, row.society) for row in rows)


@reading
def ref_of(person_id: UUID, society: str | None = None) -> str | None:
    """Return `society:member_number` of a person, of this society or her first, or None."""
    statement = selects.memberships([person_id]).order_by(Member.id)
    if society is not None:
        statement = statement.where(selects.ORGANISATION.c.code == society)
    row = db.session.execute(statement.limit(1)).one_or_none()
    return f"{row.society}:{row.member_number}" if row else None


@reading
def refs_of(person_ids: list[UUID]) -> dict[UUID, tuple[str, ...]]:
    """Return every `society:member_number` of several persons, in one statement."""
    found: dict[UUID, tuple[str, ...]] = {}
    statement = selects.memberships(person_ids).order_by(Member.id)
    for row in db.session.execute(statement):
        held = found.get(row.person_id, ())
        found[row.person_id] = (*held, f"{row.society}:{row.member_number}")
    return found
