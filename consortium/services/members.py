"""Which organisations belong to a consortium, since when and until when."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from consortium.errors import (
    AlreadyMember,
    KindNotAdmitted,
    NotAMember,
    OrganisationNotFound,
    PeriodInvalid,
)
from consortium.kernel.db import Change, db
from consortium.kernel.principal import Principal
from consortium.kernel.unit_of_work import (
    UnitOfWork,
    current_unit_of_work,
    reading,
    transaction,
)
from consortium.models import ConsortiumMember, ConsortiumRow, OrganisationRow
from consortium.rules import admits, select_live, select_members
from consortium.services.consortia import get_charter, lock_consortium
from consortium.values import MemberSpan


@transaction
def admit_member(
    principal: Principal, organisation: str, *, consortium: str, since: datetime | None = None
) -> MemberSpan:
    """Admit an organisation whose kind the charter allows.

    Args:
        since: start of the membership; now if None, and earlier for one that is entered late.

    Raises:
        Forbidden, ConsortiumNotFound, NotOurs, OrganisationNotFound: as their messages say.
        AlreadyMember: it is a member then, or will be.
        KindNotAdmitted: the charter does not admit such organisations.
    """
    uow = current_unit_of_work()
    body = lock_consortium(uow, principal, consortium)
    row = _find(organisation)
    charter = get_charter(consortium)
    if not admits(charter.kinds_admitted, row.kind):
        raise KindNotAdmitted(version=charter.number, consortium=consortium, kind=row.kind)
    begins = since or uow.now
    held = select_live(_spans(body.id, row.id))
    if any(span.until is None or span.until > begins for span in held):
        raise AlreadyMember(organisation=organisation, consortium=consortium)
    made = uow.add(ConsortiumMember(consortium_id=body.id, organisation_id=row.id, since=begins))
    uow.flush()
    span = _span_of(made, organisation, consortium)
    _tell(uow, span, action="admitted")
    return span


@transaction
def end_membership(
    principal: Principal, organisation: str, *, consortium: str, until: datetime | None = None
) -> MemberSpan:
    """End a membership, now or at a later instant.

    Raises:
        Forbidden, ConsortiumNotFound, NotOurs, OrganisationNotFound: as their messages say.
        NotAMember: it is no member, or its end is set already.
        PeriodInvalid: `until` lies before the membership began.
    """
    uow = current_unit_of_work()
    body = lock_consortium(uow, principal, consortium)
    row = _find(organisation)
    ends = until or uow.now
    open_spans = [span for span in select_live(_spans(body.id, row.id)) if span.until is None]
    if not open_spans:
        raise NotAMember(organisation=organisation, consortium=consortium)
    held = open_spans[0]
    if ends < held.since:
        raise PeriodInvalid
    made = uow.add(
        ConsortiumMember(
            consortium_id=body.id,
            organisation_id=row.id,
            since=held.since,
            until=ends,
            supersedes_id=held.id,
        )
    )
    uow.flush()
    span = _span_of(made, organisation, consortium)
    _tell(uow, span, action="ended")
    return span


@reading
def list_members(
    consortium: str, *, at: datetime, known_at: datetime | None = None
) -> list[MemberSpan]:
    """The members at an instant in the order in which they joined, in one query."""
    query = _select().where(ConsortiumRow.code == consortium)
    spans = [MemberSpan(*row) for row in db.session.execute(query)]
    return select_members(spans, at=at, known_at=known_at)


def describe_span(span: MemberSpan) -> dict[str, Any]:
    """What peers are told of a row, as the feed carries it."""
    return {
        "organisation": span.organisation,
        "consortium": span.consortium,
        "since": span.since.isoformat(),
        "until": span.until.isoformat() if span.until else None,
        "supersedes": str(span.supersedes) if span.supersedes else None,
    }


def _find(code: str) -> OrganisationRow:
    row = db.session.scalar(select(OrganisationRow).where(OrganisationRow.code == code))
    if row is None:
        raise OrganisationNotFound(organisation=code)
    return row


def _spans(consortium_id: UUID, organisation_id: UUID) -> list[MemberSpan]:
    query = _select().where(
        ConsortiumMember.consortium_id == consortium_id,
        ConsortiumMember.organisation_id == organisation_id,
    )
    return [MemberSpan(*row) for row in db.session.execute(query)]


def _select() -> Select[UUID, str, str, datetime, datetime | None, datetime | None, UUID | None]:
    row = ConsortiumMember
    return (
        select(
            row.id,
            OrganisationRow.code,
            ConsortiumRow.code,
            row.since,
            row.until,
            Change.recorded_at,
            row.supersedes_id,
        )
        .join(OrganisationRow, OrganisationRow.id == row.organisation_id)
        .join(ConsortiumRow, ConsortiumRow.id == row.consortium_id)
        .join(Change, Change.id == row.change_id)
        .order_by(row.id)
    )


def _tell(uow: UnitOfWork, span: MemberSpan, *, action: str) -> None:
    uow.emit("consortium.member", str(span.id), describe_span(span))
    uow.audit(
        f"consortium.member.{action}",
        subject=str(span.id),
        society=span.organisation,
        detail={"consortium": span.consortium},
    )


def _span_of(made: ConsortiumMember, organisation: str, consortium: str) -> MemberSpan:
    return MemberSpan(
        made.id, organisation, consortium, made.since, made.until, None, made.supersedes_id
    )
