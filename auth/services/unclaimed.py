"""People whom somebody recorded and who never claimed their record: it can be taken back."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa

from auth import models
from consortium.kernel.principal import Principal
from consortium.kernel.unit_of_work import current_unit_of_work, transaction

_CHUNK = 500


@transaction
def withdraw_persons(principal: Principal, *, person_ids: Sequence[UUID]) -> int:
    """Take back the records of people without account and without role; others stay.

    The names go and the id stays, as with an erasure (DESIGN 4.12): rows may rest on it.

    Returns:
        How many records were taken back.
    """
    uow = current_unit_of_work()
    people = models.Person
    held = [
        sa.select(table.person_id).where(table.person_id == people.id).exists()
        for table in (models.Account, models.RoleGrant)
    ]
    count = 0
    for start in range(0, len(person_ids), _CHUNK):
        result = uow.execute(
            sa.update(people)
            .where(
                people.id.in_(person_ids[start : start + _CHUNK]),
                people.erased_at.is_(None),
                ~sa.or_(*held),
            )
            .values(name=None, name_latin=None, erased_at=uow.now)
            .execution_options(synchronize_session=False)
        )
        count += result.rowcount
    uow.audit("auth.person.withdrawn", detail={"count": count}, principal=principal)
    return count
