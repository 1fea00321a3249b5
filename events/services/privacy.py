"""What events holds about a person: shown to her, and given up when she is erased."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import sqlalchemy as sa

from consortium.kernel.db import db
from consortium.kernel.principal import Principal
from consortium.kernel.unit_of_work import current_unit_of_work, transaction
from events.models import Event, Registration
from events.services.registrations import cancel_registration, list_registrations_of
from events.values import RegistrationStatus


def export_registrations(person_id: UUID) -> dict[str, Any]:
    """Give a person's registrations for her export."""
    return {
        "registrations": [
            {
                "id": str(each.id),
                "event": each.event_slug,
                "status": each.status.value,
                "mode": each.mode.value,
                "price": {"amount": each.price.amount, "currency": each.price.currency},
                "price_reason": each.price_reason.code,
                "created_at": each.created_at.isoformat(),
            }
            for each in list_registrations_of(person_id, limit=10_000)
        ]
    }


@transaction
def cancel_for_erased(person_id: UUID) -> int:
    """Give back the seats of a person who has been erased, at events still to come.

    Rows hold ids and codes only and stay, so that counts and prices remain provable.

    Returns:
        How many seats were given back.
    """
    uow = current_unit_of_work()
    coming = (
        sa.select(Registration.id)
        .join(Event, Event.id == Registration.event_id)
        .where(
            Registration.person_id == person_id,
            Registration.status != RegistrationStatus.CANCELLED,
            Event.ends_at > uow.now,
        )
    )
    ids = db.session.scalars(coming).all()
    for registration_id in ids:
        cancel_registration(Principal(person_id=person_id), registration_id=registration_id)
    return len(ids)


def erase_registrations(person_id: UUID) -> None:
    """Erase for `Feature.subject_data`: rows name nobody, so only future seats are given up."""
    cancel_for_erased(person_id)
