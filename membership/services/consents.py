"""A person's consent that her home society tells a host about her membership (单独同意)."""

from uuid import UUID

from sqlalchemy import select

from consortium.kernel.errors import Forbidden
from consortium.kernel.ids import new_id
from consortium.kernel.principal import Principal
from consortium.kernel.unit_of_work import current_unit_of_work, transaction
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
    row = uow.session.execute(
        selects.members(society).where(models.Member.member_number == number)
    ).one_or_none()
    if row is None:
        raise MemberNotFound
    if row.Member.person_id != principal.person_id:
        raise Forbidden
    uow.lock(models.Member, row.Member.id)
    model = models.RecognitionConsent
    host_id = organisations.get_organisation(host).id
    held = uow.session.scalar(
        select(model).where(
            model.member_id == row.Member.id,
            model.host_id == host_id,
            model.until.is_(None),
            selects.not_superseded(model),
        )
    )
    if held is not None and given:
        return held.id
    made = model(
        id=new_id(),
        member_id=row.Member.id,
        host_id=host_id,
        purpose=CONSENT_PURPOSE_RECOGNITION,
        since=uow.now,
        until=None,
    )
    if held is not None:
        made.since, made.until, made.supersedes = held.since, uow.now, held.id
        made.state = "active" if uow.now > held.since else "void"
    elif not given:
        made.state = "void"
    uow.add(made)
    uow.emit(TOPIC, member, {"society": society, "member_number": number, "consent": given})
    uow.audit(
        "membership.consent.given" if given else "membership.consent.withdrawn",
        subject=str(row.Member.id),
        society=society,
        detail={"host": host},
    )
    return made.id
