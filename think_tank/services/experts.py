"""Experts enter the pool from files of their societies; they wait there until they consent."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select, tuple_

from consortium.kernel.db import db
from consortium.kernel.errors import Forbidden
from consortium.kernel.ids import new_id
from consortium.kernel.principal import Principal
from consortium.kernel.search import index_texts
from consortium.kernel.unit_of_work import UnitOfWork, current_unit_of_work, reading, transaction
from consortium.services.disciplines import find_discipline
from consortium.services.organisations import find_organisation, list_organisations
from consortium.values import Organisation
from think_tank.errors import ExpertUnknown
from think_tank.models import ExpertDiscipline, ExpertImport, ExpertRow
from think_tank.policies import may_import_experts
from think_tank.rules.expert_files import list_unknown_columns, read_experts
from think_tank.rules.sheets import read_table
from think_tank.services.selects import select_usable
from think_tank.values import ExpertWish, ImportReport

KIND = "think_tank.expert"
REQUIRED = ("id", "name", "society")
BATCH = 400


def find_society(societies: Iterable[Organisation]) -> Callable[[str], str | None]:
    """A finder of society codes by what stands in a cell: code, abbreviation or a full name."""
    known: dict[str, str] = {}
    for society in societies:
        names = (society.code, society.abbreviation, society.name_zh, society.name_en)
        known.update({name.casefold(): society.code for name in names if name})
    return lambda cell: known.get(cell.strip().casefold())


@transaction
def import_experts(principal: Principal, content: bytes) -> ImportReport:
    """Take a file of experts; each row is created, updated, left or refused with its cell.

    Nobody is found before she has consented. A second import of the same file changes nothing.

    Raises:
        TableUnreadable: the file is no table, or lacks `id`, `name` or `society`.
        Forbidden: rows of a society that the principal does not keep.
    """
    uow = current_unit_of_work()
    table = read_table(content, required=REQUIRED)
    societies = {society.code: society for society in list_organisations()}
    wishes, refusals = read_experts(
        table,
        find_society=find_society(societies.values()),
        is_code=lambda code: find_discipline(code) is not None,
        today=uow.now.date(),
    )
    for code in {wish.society for wish in wishes}:
        if not may_import_experts(principal, code):
            raise Forbidden
    digest = hashlib.sha256(content).hexdigest()
    made = uow.add(
        ExpertImport(
            id=new_id(), sha256=digest, read=len(table.rows), refused=len(refusals), at=uow.now
        )
    )
    uow.flush()
    counts = _take(uow, wishes, {c: s.id for c, s in societies.items()}, made.id)
    told = {"read": len(table.rows), "refused": len(refusals), **counts}
    action = "think_tank.experts.imported"
    uow.audit(action, subject=str(made.id), detail=told, principal=principal)
    return ImportReport(
        import_id=made.id,
        read=len(table.rows),
        refused=len(refusals),
        refusals=tuple(refusals),
        ignored=tuple(list_unknown_columns(table)),
        **counts,
    )


def _take(
    uow: UnitOfWork, wishes: Sequence[ExpertWish], societies: dict[str, UUID], import_id: UUID
) -> dict[str, int]:
    present = _find_rows(wishes, societies)
    counts = {"created": 0, "updated": 0, "unchanged": 0}
    touched: list[ExpertRow] = []
    for wish in wishes:
        row = present.get((societies[wish.society], wish.reference))
        values = _values(wish, uow.now)
        if row is None:
            society = societies[wish.society]
            row = ExpertRow(id=new_id(), society_id=society, reference=wish.reference, **values)
            uow.add(row)
            counts["created"] += 1
        elif row.erased_at is not None or not _differs(row, values):
            counts["unchanged"] += 1
            continue
        else:
            for name, value in values.items():
                setattr(row, name, value)
            counts["updated"] += 1
        row.import_id, row.observed_at = import_id, uow.now
        touched.append(row)
    uow.flush()
    _file_disciplines(uow, touched)
    index_usable(uow, touched)
    return counts


def _find_rows(
    wishes: Sequence[ExpertWish], societies: dict[str, UUID]
) -> dict[tuple[UUID, str], ExpertRow]:
    keys = [(societies[wish.society], wish.reference) for wish in wishes]
    found: dict[tuple[UUID, str], ExpertRow] = {}
    for start in range(0, len(keys), BATCH):
        pair = tuple_(ExpertRow.society_id, ExpertRow.reference)
        query = select(ExpertRow).where(pair.in_(keys[start : start + BATCH]))
        found.update({(row.society_id, row.reference): row for row in db.session.scalars(query)})
    return found


def _values(wish: ExpertWish, now: datetime) -> dict[str, Any]:
    known = wish.front_line is not None
    return {
        "name": wish.name,
        "employer": wish.employer or None,
        "title": wish.title or None,
        "email": wish.email or None,
        "disciplines": list(wish.disciplines),
        "keywords": list(wish.keywords),
        "biography": wish.biography or None,
        "birth_date": wish.birth_date,
        "front_line": wish.front_line,
        "front_line_source": (wish.front_line_source or wish.society) if known else None,
        "front_line_on": now.date() if known else None,
        "seniority": wish.seniority or None,
    }


def _differs(row: ExpertRow, values: dict[str, Any]) -> bool:
    # The day on which a society told us changes with each import; alone it is no news.
    return any(
        getattr(row, name) != value for name, value in values.items() if name != "front_line_on"
    )


def _file_disciplines(uow: UnitOfWork, rows: Sequence[ExpertRow]) -> None:
    ids = [row.id for row in rows]
    for start in range(0, len(ids), BATCH):
        batch = ids[start : start + BATCH]
        uow.execute(delete(ExpertDiscipline).where(ExpertDiscipline.expert_id.in_(batch)))
    filed = [{"expert_id": row.id, "code": code} for row in rows for code in widen(row.disciplines)]
    if filed:
        uow.execute(insert(ExpertDiscipline), filed)


def widen(codes: Iterable[str]) -> list[str]:
    """Codes and all above them, each once, in order: a rule on A01 counts A0101 too."""
    wide: list[str] = []
    for code in codes:
        found = find_discipline(code)
        wide += [code, *(found.parents if found else ())]
    return list(dict.fromkeys(wide))


@reading
def get_expert_id(name: str) -> UUID:
    """The expert whom a society lists as `society:number`.

    Raises:
        ExpertUnknown: there is none.
    """
    code, _, reference = name.partition(":")
    society = find_organisation(code)
    query = select(ExpertRow.id).where(
        ExpertRow.society_id == (society.id if society else None),
        ExpertRow.reference == reference,
    )
    found = db.session.scalar(query)
    if found is None:
        raise ExpertUnknown(ids=name)
    return found


def index_usable(uow: UnitOfWork, rows: Sequence[ExpertRow]) -> None:
    """Let those be found who have consented; the others have no words in the index."""
    usable = set(db.session.scalars(select_usable(uow.now, ("panel", "search"))))
    index_texts(KIND, [(str(row.id), words_of(row)) for row in rows if row.id in usable])


def words_of(row: ExpertRow) -> str:
    """All words by which an expert is found."""
    return " ".join(text for text in texts_of(row).values() if text)


def texts_of(row: ExpertRow) -> dict[str, str]:
    """The searchable text of each field; disciplines with their names in both languages."""
    found = [found for code in row.disciplines if (found := find_discipline(code))]
    named = [f"{one.code} {one.name('zh')} {one.name('en')}" for one in found]
    return {
        "name": row.name or "",
        "disciplines": "; ".join(named),
        "keywords": "; ".join(row.keywords),
        "biography": row.biography or "",
        "employer": row.employer or "",
        "title": row.title or "",
    }
