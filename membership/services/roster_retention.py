"""How long imports keep personal data, and what becomes of it when a person is erased."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select

from consortium.kernel.db import db
from consortium.kernel.unit_of_work import current_unit_of_work, reading, transaction
from membership import models
from membership.services.roster_imports import KEEP_DAYS


@transaction
def purge_lines(before: datetime, limit: int) -> int:
    """Delete lines of imports made before an instant, at most `limit`; undo is over for them.

    Files and reports go by themselves: the kernel deletes them on their day.
    """
    uow = current_unit_of_work()
    line = models.RosterImportLine
    old = uow.session.execute(
        select(line.import_id, line.member_id).where(line.made_at < before).limit(limit)
    ).all()
    for row in old:
        uow.execute(
            delete(line)
            .where(line.import_id == row.import_id, line.member_id == row.member_id)
            .execution_options(synchronize_session=False)
        )
    return len(old)


@reading
def export_lines(person_id: UUID) -> Mapping[str, Any]:
    """What imports keep of a person: her rows of the last 30 days, for her own export."""
    line, member = models.RosterImportLine, models.Member
    rows = db.session.execute(
        select(line.import_id, line.action, line.changes, line.made_at)
        .join(member, member.id == line.member_id)
        .where(member.person_id == person_id)
        .order_by(line.made_at)
    )
    return {
        "roster_imports": [
            {
                "import": str(row.import_id),
                "action": row.action,
                "changes": row.changes,
                "made_at": row.made_at.isoformat(),
                "kept_until": (row.made_at + timedelta(days=KEEP_DAYS)).isoformat(),
            }
            for row in rows
        ]
    }


@transaction
def erase_lines(person_id: UUID) -> None:
    """Delete what imports keep of a person; her rows can no longer be undone."""
    uow = current_unit_of_work()
    ours = select(models.Member.id).where(models.Member.person_id == person_id)
    uow.execute(
        delete(models.RosterImportLine)
        .where(models.RosterImportLine.member_id.in_(ours))
        .execution_options(synchronize_session=False)
    )
