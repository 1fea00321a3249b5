"""Read-only selects: who may be used for what, decided in SQL at the instant of the question."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, or_, select

from consortium.services.selects import select_inactive, select_members
from think_tank.models import ExpertConsent, ExpertRow

_LATER = ExpertConsent.__table__.alias("later")
_COUNTS = ~select(_LATER.c.id).where(_LATER.c.supersedes_id == ExpertConsent.id).exists()


def select_consents(at: datetime) -> Select[UUID, UUID, str, UUID]:
    """Columns `expert_id, society_id, purpose, id` of the consents in force."""
    row = ExpertConsent
    return select(row.expert_id, row.society_id, row.purpose, row.id).where(
        row.since <= at,
        or_(row.until.is_(None), row.until > at),
        _COUNTS,
    )


def select_usable(
    at: datetime, purposes: Collection[str], consortium: str | None = None
) -> Select[UUID]:
    """Column `id` of experts who have agreed to one of the purposes.

    Their society must be active, and a member of the consortium if one is given.
    """
    consents = select_consents(at).subquery()
    inactive = select_inactive(at).subquery()
    query = select(ExpertRow.id).where(
        ExpertRow.erased_at.is_(None),
        ExpertRow.id.in_(select(consents.c.expert_id).where(consents.c.purpose.in_(purposes))),
        ExpertRow.society_id.not_in(select(inactive.c.organisation_id)),
    )
    if consortium is not None:
        members = select_members(at).subquery()
        inside = select(members.c.organisation_id).where(members.c.consortium == consortium)
        query = query.where(ExpertRow.society_id.in_(inside))
    return query
