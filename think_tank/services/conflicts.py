"""Conflicts of interest between experts (回避), as the coordinator's office records them."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import select

from consortium.kernel.db import db
from consortium.kernel.errors import Forbidden
from consortium.kernel.principal import Principal
from consortium.kernel.unit_of_work import current_unit_of_work, transaction
from consortium.services.selects import select_names
from think_tank.errors import ExpertUnknown
from think_tank.models import ExpertConflict, ExpertRow
from think_tank.policies import may_record_conflicts
from think_tank.rules.expert_files import find_references
from think_tank.rules.pools import read_conflicts


@transaction
def import_conflicts(principal: Principal, content: bytes) -> dict[str, int]:
    """Record pairs who may not sit together: `a,b,kind,since,until`, days included.

    Experts are named `society:number`, or by the number alone where only one has it. A pair of
    one kind is recorded once; later files change its days.

    Raises:
        ExpertUnknown: names every id that is nobody's, or several experts'.
        ConflictsInvalid, TableUnreadable: as their messages say.
        Forbidden: only the operator and coordinators.
    """
    uow = current_unit_of_work()
    if not may_record_conflicts(principal):
        raise Forbidden
    pairs, unknown = find_references(read_conflicts(content), _known())
    if unknown:
        raise ExpertUnknown(ids=", ".join(unknown[:50]))
    present = {
        (str(row.a_id), str(row.b_id), row.kind): row
        for row in db.session.scalars(select(ExpertConflict))
    }
    counts = {"created": 0, "updated": 0, "unchanged": 0}
    for a, b, pair in pairs:
        until = pair.until + timedelta(days=1) if pair.until else None
        row = present.get((a, b, pair.kind))
        if row is None:
            made = ExpertConflict(
                a_id=UUID(a), b_id=UUID(b), kind=pair.kind, since=pair.since, until=until
            )
            present[(a, b, pair.kind)] = uow.add(made)
            counts["created"] += 1
        elif (row.since, row.until) == (pair.since, until):
            counts["unchanged"] += 1
        else:
            row.since, row.until = pair.since, until
            counts["updated"] += 1
    uow.audit("think_tank.conflicts.imported", detail=dict(counts), principal=principal)
    return {"read": len(pairs), **counts}


def _known() -> dict[str, list[str]]:
    names = select_names().subquery()
    query = select(names.c.code, ExpertRow.reference, ExpertRow.id).join(
        names, names.c.id == ExpertRow.society_id
    )
    known: dict[str, list[str]] = {}
    for code, reference, expert_id in db.session.execute(query):
        known.setdefault(reference, []).append(str(expert_id))
        known[f"{code}:{reference}"] = [str(expert_id)]
    return known
