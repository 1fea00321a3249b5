"""What drafting, signing and acceding share: the lock, the sealed payload, the news."""

from typing import Any
from uuid import UUID

from consortium.kernel.principal import Principal
from consortium.kernel.unit_of_work import UnitOfWork
from consortium.services import organisations
from membership import models, values
from membership.errors import AgreementLapsed, AgreementNotFound
from membership.rules import instant
from membership.services.agreement_register import get_agreement

TOPIC = "membership.agreement"


def open_agreement(uow: UnitOfWork, agreement_id: UUID) -> values.Agreement:
    """Lock an agreement that has not ended."""
    if uow.session.get(models.Agreement, agreement_id) is None:
        raise AgreementNotFound
    uow.lock(models.Agreement, agreement_id)
    found = get_agreement(agreement_id)
    if found.ends_at is not None and found.ends_at <= uow.now:
        raise AgreementLapsed(until=instant(found.ends_at))
    return found


def society_id(society: str) -> UUID:
    """Return the id of a society.

    Raises:
        OrganisationNotFound: the register does not have it.
    """
    return organisations.get_organisation(society).id


def tell(uow: UnitOfWork, agreement_id: UUID, verb: str, society: str, **detail: Any) -> None:
    """Put a change of an agreement into outbox and audit."""
    uow.emit(TOPIC, str(agreement_id), {"change": verb, "society": society, **detail})
    uow.audit(
        f"membership.agreement.{verb}",
        subject=str(agreement_id),
        society=society,
        detail=detail,
    )


def seal_payload(
    principal: Principal, uow: UnitOfWork, society: str, office: str
) -> dict[str, Any]:
    """Return what every seal says besides what it seals; no name, no person id."""
    return {
        "society": society,
        "office": office,
        "acr": principal.acr,
        "auth_time": instant(principal.auth_time),
        "signed_at": instant(uow.now),
    }
