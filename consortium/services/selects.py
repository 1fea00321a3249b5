"""Read-only selects with fixed columns, for upper packages to join in SQL.

The column lists are a promise, kept by a test.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, or_, select

from consortium.kernel.db import Change
from consortium.models import ConsortiumMember, ConsortiumRow, OrganisationRow, OrganisationStanding
from consortium.values import Standing


def _not_superseded(model: type[Any]) -> ColumnElement[bool]:
    """Match the rows of an append-only table that no later row replaces."""
    later = model.__table__.alias("later")
    return ~select(later.c.id).where(later.c.supersedes_id == model.id).exists()


# Built once: an alias copies every column of its table, and most requests ask for a standing.
_STANDING_COUNTS = _not_superseded(OrganisationStanding)
_MEMBER_COUNTS = _not_superseded(ConsortiumMember)


def counts_here() -> ColumnElement[bool]:
    """Match the standings that count here, where society and consortium are joined already.

    Another node speaks of its own societies alone. What it says of ours, or of a third node's,
    is not taken any more, and counts for nothing where an earlier version had taken it.
    """
    return or_(ConsortiumRow.origin.is_(None), ConsortiumRow.origin == OrganisationRow.origin)


def select_names() -> Select[UUID, str, str, str, str, str]:
    """Columns `id, code, name_zh, name_en, abbreviation, time_zone` of every organisation."""
    row = OrganisationRow
    return select(row.id, row.code, row.name_zh, row.name_en, row.abbreviation, row.time_zone)


def select_inactive(at: datetime) -> Select[UUID, str]:
    """Columns `organisation_id, standing` of the organisations that may not act at `at`."""
    row = OrganisationStanding
    return (
        select(row.organisation_id, row.standing)
        .join(OrganisationRow, OrganisationRow.id == row.organisation_id)
        .join(ConsortiumRow, ConsortiumRow.id == row.consortium_id)
        .where(
            row.standing != Standing.ACTIVE.value,
            row.since <= at,
            or_(row.until.is_(None), row.until > at),
            _STANDING_COUNTS,
            counts_here(),
        )
    )


def select_members(at: datetime) -> Select[UUID, str, UUID, datetime]:
    """Columns `consortium_id, consortium, organisation_id, since` of the members at `at`."""
    row = ConsortiumMember
    return (
        select(
            row.consortium_id,
            ConsortiumRow.code.label("consortium"),
            row.organisation_id,
            row.since,
        )
        .join(ConsortiumRow, ConsortiumRow.id == row.consortium_id)
        .where(
            row.since <= at,
            or_(row.until.is_(None), row.until > at),
            _MEMBER_COUNTS,
        )
    )


def select_standing_facts(
    *, every: bool = False
) -> Select[UUID, str, str, datetime, datetime | None, UUID | None, datetime | None]:
    """Columns `id, code, standing, since, until, supersedes, recorded_at` of recorded rows.

    Superseded rows are given too: an as-of answer needs them.

    Args:
        every: those that do not count, too: a decision of before is made again from its rows.
    """
    row = OrganisationStanding
    query = (
        select(
            row.id,
            OrganisationRow.code,
            row.standing,
            row.since,
            row.until,
            row.supersedes_id.label("supersedes"),
            Change.recorded_at,
        )
        .join(OrganisationRow, OrganisationRow.id == row.organisation_id)
        .join(Change, Change.id == row.change_id)
    )
    if every:
        return query
    query = query.join(ConsortiumRow, ConsortiumRow.id == row.consortium_id)
    return query.where(counts_here())
