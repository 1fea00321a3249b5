"""Multilateral agreements: a society accedes, and withdraws, alone."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from consortium.kernel.errors import Forbidden
from consortium.kernel.principal import Principal
from consortium.kernel.signing import canonical_bytes, sign_json
from consortium.kernel.unit_of_work import current_unit_of_work, transaction
from membership import models, policies, values
from membership.errors import AlreadySigned, NotAParty, PartiesInvalid
from membership.rules import instant
from membership.services.agreement_register import get_agreement
from membership.services.seals import open_agreement, seal_payload, society_id, tell
from membership.services.selects import not_superseded


@transaction
def accede(
    principal: Principal, *, agreement_id: UUID, society: str, since: datetime | None = None
) -> values.Agreement:
    """Let a society join a multilateral agreement, in the newest text, from an instant on.

    Raises:
        AgreementNotFound, AgreementLapsed: see messages.
        PartiesInvalid: the agreement is not multilateral or has no text.
        AlreadySigned: the society is in it.
        Forbidden: the principal is not this society's secretary.
    """
    uow = current_unit_of_work()
    agreement = open_agreement(uow, agreement_id)
    if agreement.form != "multilateral" or not agreement.versions:
        raise PartiesInvalid
    if not policies.may_sign_agreement(principal, society):
        raise Forbidden
    start = since or uow.now
    if any(item.society == society and item.until is None for item in agreement.accessions):
        raise AlreadySigned(society=society)
    newest = agreement.versions[-1]
    payload = seal_payload(principal, uow, society, "secretary") | {
        "agreement": str(agreement_id),
        "version": newest.version,
        "hash": newest.hash,
        "since": instant(start),
    }
    uow.add(
        models.Accession(
            agreement_id=agreement_id,
            society_id=society_id(society),
            since=start,
            until=None,
            signer_id=principal.person_id,
            payload=canonical_bytes(payload).decode(),
            jws=sign_json(society, payload),
        )
    )
    tell(uow, agreement_id, "acceded", society, version=newest.version)
    uow.flush()
    return get_agreement(agreement_id)


@transaction
def withdraw(
    principal: Principal, *, agreement_id: UUID, society: str, at: datetime | None = None
) -> values.Agreement:
    """Let one society leave a multilateral agreement; the others stay.

    Raises:
        AgreementNotFound: see message.
        NotAParty: the society has not acceded, or the principal does not act for it.
    """
    uow = current_unit_of_work()
    uow.lock(models.Agreement, agreement_id)
    model = models.Accession
    row = uow.session.scalar(
        select(model).where(
            model.agreement_id == agreement_id,
            model.society_id == society_id(society),
            model.until.is_(None),
            not_superseded(model),
        )
    )
    if row is None or not policies.may_draft_agreement(principal, society):
        raise NotAParty(society=society)
    uow.add(
        model(
            agreement_id=agreement_id,
            society_id=row.society_id,
            since=row.since,
            until=max(at or uow.now, row.since),
            signer_id=principal.person_id,
            payload=row.payload,
            jws=row.jws,
            supersedes=row.id,
        )
    )
    tell(uow, agreement_id, "withdrawn", society)
    uow.flush()
    return get_agreement(agreement_id)
