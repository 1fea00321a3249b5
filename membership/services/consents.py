"""A person's consent that her home society tells a host about her membership (单独同意)."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from consortium.kernel.errors import Forbidden
from consortium.kernel.ids import new_id
from consortium.kernel.principal import Principal
from consortium.kernel.unit_of_work import UnitOfWork, current_unit_of_work, transaction
from consortium.services import organisations
from membership import models
from membership.errors import MemberNotFound
from membership.services import selects
from membership.services.terms import TOPIC
from membership.values import CONSENT_PURPOSE_RECOGNITION


@transaction
def set_recognition_consent(principal: Principal, *, member: str, host: str, given: bool) -> UUID:
    """Give or withdraw consent; append-only, from now on.

    Args:
        principal: the member herself.
        member: `society:member_number`.
        host: code of the society that is to be told.
        given: True to consent, False to withdraw.

    Raises:
        MemberNotFound: no such member.
        Forbidden: somebody else asks.
    """
    uow = current_unit_of_work()
    society, _, number = member.partition(":")
    row = uow.session.execute(selects.member_by_number(society, number)).one_or_none()
    if row is None:
        raise MemberNotFound
    if row.Member.person_id != principal.person_id:
        raise Forbidden
    uow.lock(models.Member, row.Member.id)
    host_id = organisations.get_organisation(host).id
    held = _held(uow, row.Member.id, host_id)
    if held is not None and given:
        return held.id
    made = _next(row.Member.id, host_id, uow.now, held, given=given)
    uow.add(made)
    number = row.Member.member_number
    record = {"society": society, "member_number": number, "consent": given}
    uow.emit(TOPIC, f"{society}:{number}", record)
    uow.audit(
        "membership.consent.given" if given else "membership.consent.withdrawn",
        subject=str(row.Member.id),
        society=society,
        detail={"host": host},
    )
    return made.id


def _held(uow: UnitOfWork, member_id: UUID, host_id: UUID) -> models.RecognitionConsent | None:
    model = models.RecognitionConsent
    return uow.session.scalar(
        select(model).where(
            model.member_id == member_id,
            model.host_id == host_id,
            model.until.is_(None),
            model.state == "active",
            selects.not_superseded(model),
        )
    )


def _next(
    member_id: UUID,
    host_id: UUID,
    now: datetime,
    held: models.RecognitionConsent | None,
    *,
    given: bool,
) -> models.RecognitionConsent:
    """Return the row that says it from now on; a consent that never lasted becomes void."""
    made = models.RecognitionConsent(
        id=new_id(),
        member_id=member_id,
        host_id=host_id,
        purpose=CONSENT_PURPOSE_RECOGNITION,
        since=now,
        until=None,
        state="active" if given else "void",
    )
    if held is not None:
        made.since, made.until, made.supersedes = held.since, now, held.id
        made.state = "active" if now > held.since else "void"
    return made
