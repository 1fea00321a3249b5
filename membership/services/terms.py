"""Terms of membership: open, correct, end. Rows are never changed, only superseded."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select

from consortium.kernel.clock import read_now
from consortium.kernel.db import db
from consortium.kernel.ids import new_id
from consortium.kernel.principal import Principal
from consortium.kernel.unit_of_work import (
    UnitOfWork,
    current_unit_of_work,
    reading,
    transaction,
)
from membership import models, policies, values
from membership.errors import (
    MemberNotFound,
    TermEnded,
    TermNotFound,
    TermPeriodInvalid,
    TermStateUnknown,
    TermSuperseded,
    TermUncorrected,
)
from membership.services import catalogue, selects
from membership.services.members import term_value

TOPIC = "membership.member"
"""Topic of every change to a member's file or terms; key `society:member_number`."""


_SAID = ("class_code", "grade_code", "since", "until", "state", "by_officer")
"""The columns of a term that corrections change."""


def member_record(member: str, term: models.Term | values.Term) -> dict[str, Any]:
    """Return what the outbox may say of a member: codes, dates, no name and no person id."""
    society, number = member.split(":", 1)
    return {
        "society": society,
        "member_number": number,
        "term": str(term.id),
        "class": term.class_code,
        "grade": term.grade_code,
        "since": term.since.isoformat(),
        "until": None if term.until is None else term.until.isoformat(),
        "state": term.state,
    }


def _check(since: datetime, until: datetime | None, state: str) -> None:
    if state not in values.TERM_STATES:
        raise TermStateUnknown(state=state)
    if until is not None and until <= since and state != "void":
        raise TermPeriodInvalid


@transaction
def open_terms(
    principal: Principal, *, society: str, wishes: Sequence[values.TermWish]
) -> tuple[values.Term, ...]:
    """Open a term for each wish; all or nothing. Members and codes are checked set-wise.

    Raises:
        MemberNotFound: a member is not of this society, or the roster is not the principal's.
        GradeUnknown, ClassUnknown: a code is not in the society's catalogue.
        TermPeriodInvalid, TermStateUnknown: a term ends before it begins, or has a foreign state.
    """
    uow = current_unit_of_work()
    if not policies.may_keep_roster(principal, society):
        raise MemberNotFound
    refs = _refs(uow, society, [wish.member_id for wish in wishes])
    catalogue.require_codes(
        society,
        class_codes={wish.class_code for wish in wishes},
        grade_codes={wish.grade_code for wish in wishes},
        at=uow.now,
    )
    return tuple(_open(uow, society, refs, wish) for wish in wishes)


def _refs(uow: UnitOfWork, society: str, member_ids: Sequence[UUID]) -> dict[UUID, str]:
    """Map member ids of the society to `society:number`; 500 a statement (SQLite's limits)."""
    found: dict[UUID, str] = {}
    for start in range(0, len(member_ids), 500):
        chunk = member_ids[start : start + 500]
        for row in uow.session.execute(selects.member_refs(society, chunk)):
            found[row.id] = f"{society}:{row.member_number}"
    return found


def _open(
    uow: UnitOfWork, society: str, refs: dict[UUID, str], wish: values.TermWish
) -> values.Term:
    _check(wish.since, wish.until, wish.state)
    if wish.member_id not in refs:
        raise MemberNotFound
    row = uow.add(
        models.Term(
            id=new_id(),
            member_id=wish.member_id,
            class_code=wish.class_code,
            grade_code=wish.grade_code,
            since=wish.since,
            until=wish.until,
            state=wish.state,
        )
    )
    return _told(uow, society, refs[wish.member_id], row)


def _told(uow: UnitOfWork, society: str, ref: str, row: models.Term) -> values.Term:
    uow.emit(TOPIC, ref, member_record(ref, row), op="upsert")
    return term_value(row, society)


@transaction
def open_term(
    principal: Principal,
    *,
    society: str,
    member_id: UUID,
    class_code: str,
    grade_code: str,
    since: datetime,
    until: datetime | None = None,
    state: str = "active",
) -> values.Term:
    """Open one term; see `open_terms` for the refusals."""
    uow = current_unit_of_work()
    wish = values.TermWish(
        member_id=member_id,
        class_code=class_code,
        grade_code=grade_code,
        since=since,
        until=until,
        state=state,
    )
    (made,) = open_terms(principal, society=society, wishes=[wish])
    uow.audit("membership.term.opened", subject=str(made.id), society=society)
    return made


@transaction
def correct_term(principal: Principal, *, term_id: UUID, **changes: Any) -> values.Term:
    """Replace the newest row of a term by one with `changes`; the old row stays as history.

    Args:
        principal: who keeps the roster.
        term_id: the row that counts now.
        changes: any of `class_code grade_code since until state`. A term that is suspended, voided
            or made to end earlier stays so whatever later rosters say (`by_officer`).

    Raises:
        TermNotFound: no such term, or not the principal's roster.
        TermSuperseded: the row has been corrected already.
        GradeUnknown, ClassUnknown, TermPeriodInvalid, TermStateUnknown: as for opening.
    """
    uow = current_unit_of_work()
    term, society, ref = _held(uow, principal, term_id)
    fields: dict[str, Any] = {
        "class_code": term.class_code,
        "grade_code": term.grade_code,
        "since": term.since,
        "until": term.until,
        "state": term.state,
        "by_officer": _is_closed(term, changes),
        **changes,
    }
    _check(fields["since"], fields["until"], fields["state"])
    if "class_code" in changes or "grade_code" in changes:
        catalogue.require_codes(
            society,
            class_codes=[fields["class_code"]],
            grade_codes=[fields["grade_code"]],
            at=uow.now,
        )
    row = uow.add(models.Term(id=new_id(), member_id=term.member_id, supersedes=term.id, **fields))
    made = _told(uow, society, ref, row)
    uow.audit(
        "membership.term.corrected",
        subject=str(made.id),
        society=society,
        detail={"supersedes": str(term.id), "fields": sorted(changes.keys() - {"by_officer"})},
    )
    return made


def _is_closed(term: models.Term, changes: Mapping[str, Any]) -> bool:
    """Whether an officer takes time from the term, by these changes or by earlier ones."""
    if changes.get("state", term.state) != "active":
        return True
    until = changes.get("until", term.until)
    if until == term.until and term.state == "active":
        return term.by_officer
    return until is not None and (term.until is None or until < term.until)


def _held(uow: UnitOfWork, principal: Principal, term_id: UUID) -> tuple[models.Term, str, str]:
    """Lock the term's member and return term, society code and member ref."""
    row = uow.session.execute(selects.term_with_member(term_id)).one_or_none()
    if row is None or not policies.may_keep_roster(principal, row.society):
        raise TermNotFound
    uow.lock(models.Member, row.Term.member_id)
    newer = select(models.Term.id).where(models.Term.supersedes == term_id)
    if uow.session.scalar(newer) is not None:
        raise TermSuperseded
    return row.Term, row.society, f"{row.society}:{row.member_number}"


@transaction
def end_term(principal: Principal, *, term_id: UUID, at: datetime | None = None) -> values.Term:
    """End a term at an instant, now unless told; one that has not begun becomes void.

    Raises:
        TermEnded: it is over by then, or withdrawn.
        TermNotFound, TermSuperseded: see `correct_term`.
    """
    uow = current_unit_of_work()
    end = at or uow.now
    term, _, _ = _held(uow, principal, term_id)
    if term.state == "void" or (term.until is not None and term.until <= end):
        raise TermEnded
    if end <= term.since:
        return correct_term(principal, term_id=term_id, state="void")
    return correct_term(principal, term_id=term_id, until=end)


@transaction
def end_membership(principal: Principal, *, society: str, member_number: str) -> values.Term:
    """End a member's term in force and withdraw every term of hers that has not begun.

    Returns:
        The term that was in force, else the first that was to begin.

    Raises:
        TermEnded: none of her terms counts now or later.
        MemberNotFound, TermNotFound: see `find_term_to_end`.
    """
    uow = current_unit_of_work()
    held = list_terms(principal, society=society, member_number=member_number)
    if not held:
        raise TermNotFound
    open_ones = [term for term in held if not term.is_over(uow.now)]
    if not open_ones:
        raise TermEnded
    ended = [end_term(principal, term_id=term.id) for term in open_ones]
    return ended[0]


@transaction
def restore_term(principal: Principal, *, term_id: UUID) -> values.Term:
    """Undo the newest correction of a term: a new row with what stood before it.

    Undone once more, it goes one correction further back, and never forth again.

    Raises:
        TermNotFound: no such term.
        TermUncorrected: nothing was ever corrected, or everything is undone.
        TermSuperseded: the row has been corrected already.
    """
    uow = current_unit_of_work()
    term, _, _ = _held(uow, principal, term_id)
    standing = _corrections(uow, term)
    if len(standing) == 1:
        raise TermUncorrected
    return correct_term(principal, term_id=term_id, **standing[-2])


def _corrections(uow: UnitOfWork, term: models.Term) -> list[dict[str, Any]]:
    """What the rows of a term have said, oldest first, without what was undone again."""
    rows = uow.session.scalars(select(models.Term).where(models.Term.member_id == term.member_id))
    known = {row.id: row for row in rows}
    history = [term]
    while history[-1].supersedes is not None:
        history.append(known[history[-1].supersedes])
    standing: list[dict[str, Any]] = []
    for row in reversed(history):
        said = {name: getattr(row, name) for name in _SAID}
        if said in standing[-2:-1]:
            # It says again what stood before the last one: that one was undone.
            standing.pop()
        elif said not in standing[-1:]:
            standing.append(said)
    return standing


@reading
def has_later_term(principal: Principal, ended: values.Term) -> bool:
    """Whether a member whose term was ended has another one that counts now or later.

    Raises:
        MemberNotFound: see `list_terms`.
    """
    number = db.session.scalar(
        select(models.Member.member_number).where(models.Member.id == ended.member_id)
    )
    held = list_terms(principal, society=ended.society, member_number=number or "")
    return any(term.id != ended.id and not term.is_over(read_now()) for term in held)


@reading
def find_term_to_end(principal: Principal, *, society: str, member_number: str) -> UUID:
    """Find the term that ending a membership means: the one in force, else the newest.

    Raises:
        MemberNotFound: see `list_terms`.
        TermNotFound: she has no term that could end.
    """
    held = list_terms(principal, society=society, member_number=member_number)
    live = [term for term in held if term.state != "void"]
    in_force = [term for term in live if term.covers(read_now())]
    if not live:
        raise TermNotFound
    return (in_force or live)[-1].id


@reading
def find_term_to_restore(principal: Principal, *, society: str, member_number: str) -> UUID:
    """Find the term that an officer has closed last, else the one that was corrected last.

    Raises:
        MemberNotFound: see `list_terms`.
        TermNotFound: she has no term.
    """
    ids = [term.id for term in list_terms(principal, society=society, member_number=member_number)]
    rows = db.session.execute(
        select(models.Term.id)
        .where(models.Term.id.in_(ids))
        .order_by(models.Term.by_officer, models.Term.supersedes.is_not(None), models.Term.id)
    ).all()
    if not rows:
        raise TermNotFound
    found: UUID = rows[-1].id
    return found


@reading
def list_terms(
    principal: Principal, *, society: str, member_number: str
) -> tuple[values.Term, ...]:
    """List a member's live terms, oldest first, to her secretary and to herself.

    Raises:
        MemberNotFound: no such member, or none the principal may see.
    """
    member = db.session.execute(selects.member_by_number(society, member_number)).one_or_none()
    if member is None or not (
        policies.may_keep_roster(principal, society)
        or member.Member.person_id == principal.person_id
    ):
        raise MemberNotFound
    rows = db.session.scalars(
        selects.live_terms()
        .where(models.Term.member_id == member.Member.id)
        .order_by(models.Term.since, models.Term.id)
    )
    return tuple(term_value(row, society) for row in rows)
