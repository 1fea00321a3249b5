"""The pool as a brief and as a search see it: those who have consented, and no one else."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select

from consortium.kernel.clock import read_now
from consortium.kernel.db import db
from consortium.kernel.errors import Forbidden
from consortium.kernel.principal import Principal
from consortium.kernel.search import fold, search_ids
from consortium.kernel.unit_of_work import reading
from consortium.services.disciplines import find_discipline
from consortium.services.organisations import get_organisations_by_id
from consortium.services.selects import select_members
from think_tank.models import ExpertConflict, ExpertDiscipline, ExpertRow
from think_tank.policies import may_search_experts
from think_tank.rules.fits import list_matches, rank_fit
from think_tank.services.experts import KIND, texts_of, widen
from think_tank.services.selects import select_consents, select_usable
from think_tank.values import Candidate, ConflictPair, Expert

MOST_FOUND = 5000
FLAGS = {True: "true", False: "false", None: ""}


@dataclass(frozen=True)
class Pool:
    """A brief's pool at one instant. `ids` leads from a candidate to her row."""

    candidates: Sequence[Candidate]
    conflicts: Sequence[ConflictPair]
    ids: Mapping[str, UUID]
    digest: str


@dataclass(frozen=True, slots=True)
class PoolCounts:
    """How many may be drawn, and how many still wait for their own consent (待授权)."""

    ready: int
    pending: int


@reading
def read_pool(consortium: str, brief: Mapping[str, Any], at: datetime) -> Pool:
    """The experts of a consortium who have consented to panels and are available.

    Disciplines are widened: who has A010101 is counted by rules on A01 and A0101 too.
    """
    usable = select_usable(at, ("panel",), consortium)
    query = select(ExpertRow).where(ExpertRow.id.in_(usable), ExpertRow.is_available)
    rows = list(db.session.scalars(query.order_by(ExpertRow.society_id, ExpertRow.reference)))
    societies = get_organisations_by_id({row.society_id for row in rows})
    names = {row.id: f"{societies[row.society_id].code}:{row.reference}" for row in rows}
    wanted = brief.get("fit") or {}
    candidates = [
        _candidate(row, names[row.id], societies[row.society_id].code, wanted) for row in rows
    ]
    conflicts = _read_conflicts(names)
    return Pool(
        candidates,
        conflicts,
        {name: expert_id for expert_id, name in names.items()},
        _digest(candidates, conflicts),
    )


def _candidate(row: ExpertRow, name: str, society: str, wanted: Mapping[str, Any]) -> Candidate:
    text = " ".join([*row.keywords, row.biography or ""])
    fields = {
        "society": society,
        "employer": row.employer or "",
        "title": row.title or "",
        "birth_date": row.birth_date.isoformat() if row.birth_date else "",
        "front_line": FLAGS[row.front_line],
        "seniority": row.seniority or "",
        "disciplines": ";".join(widen(row.disciplines)),
        "keywords": ";".join(row.keywords),
    }
    fit = rank_fit(row.disciplines, text, wanted, ancestors=_above, fold=fold)
    return Candidate(name, fit, fields, str(row.person_id or ""))


def _above(code: str) -> Sequence[str]:
    found = find_discipline(code)
    return found.parents if found else ()


def _read_conflicts(names: Mapping[UUID, str]) -> list[ConflictPair]:
    rows = db.session.scalars(select(ExpertConflict).order_by(ExpertConflict.id))
    return [
        # The table's end is excluded, a pair's last day is included.
        ConflictPair(
            names[row.a_id],
            names[row.b_id],
            row.kind,
            row.since,
            row.until - timedelta(days=1) if row.until else None,
        )
        for row in rows
        if row.a_id in names and row.b_id in names
    ]


def _digest(candidates: Iterable[Candidate], conflicts: Iterable[ConflictPair]) -> str:
    """SHA-256 over the pool in its order: two runs with one digest saw the same people."""
    people = [[c.id, str(c.score), c.person, sorted(c.fields.items())] for c in candidates]
    pairs = [[p.a, p.b, p.kind, str(p.since), str(p.until)] for p in conflicts]
    text = json.dumps([people, pairs], ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@reading
def count_pool(consortium: str) -> PoolCounts:
    """How many experts of a consortium may be drawn now, and how many wait."""
    now = read_now()
    ready = db.session.scalar(
        select(func.count()).select_from(select_usable(now, ("panel",), consortium).subquery())
    )
    consenting = select(select_consents(now).subquery().c.expert_id)
    members = select_members(now).subquery()
    inside = select(members.c.organisation_id).where(members.c.consortium == consortium)
    waiting = select(func.count()).where(
        ExpertRow.erased_at.is_(None),
        ExpertRow.id.not_in(consenting),
        ExpertRow.society_id.in_(inside),
    )
    return PoolCounts(ready or 0, db.session.scalar(waiting) or 0)


@reading
def search_experts(
    principal: Principal,
    *,
    query: str = "",
    discipline: str = "",
    after: str | None = None,
    limit: int = 50,
) -> tuple[list[Expert], str | None]:
    """Experts who have agreed to be found, with what the question matched.

    Args:
        query: Chinese from two characters, traditional or simplified, or beginnings of words;
            "" lists everyone.
        discipline: a code; those below it count.
        after: where the page before ended.

    Returns:
        A page, and where the next begins.

    Raises:
        Forbidden: the principal is no coordinator, secretary or society's program.
    """
    if not may_search_experts(principal):
        raise Forbidden
    chosen = _select_found(query, discipline)
    if after is not None:
        chosen = chosen.where(ExpertRow.id > UUID(after))
    rows = list(db.session.scalars(chosen.order_by(ExpertRow.id).limit(limit + 1)))
    shown = rows[:limit]
    societies = get_organisations_by_id({row.society_id for row in shown})
    experts = [_view(row, societies[row.society_id].code, query, discipline) for row in shown]
    return experts, str(shown[-1].id) if len(rows) > limit else None


def _select_found(query: str, discipline: str) -> Select[ExpertRow]:
    usable = select_usable(read_now(), ("panel", "search"))
    chosen = select(ExpertRow).where(ExpertRow.id.in_(usable))
    if discipline:
        wanted = ExpertDiscipline.code == discipline.strip().upper()
        chosen = chosen.where(ExpertRow.id.in_(select(ExpertDiscipline.expert_id).where(wanted)))
    if query.strip():
        found = [UUID(name) for name in search_ids(KIND, query, limit=MOST_FOUND)]
        chosen = chosen.where(ExpertRow.id.in_(found))
    return chosen


def _view(row: ExpertRow, society: str, query: str, discipline: str) -> Expert:
    asked = f"{query} {discipline}".strip()
    return Expert(
        id=f"{society}:{row.reference}",
        name=row.name or "",
        society=society,
        employer=row.employer or "",
        title=row.title or "",
        disciplines=tuple(row.disciplines),
        keywords=tuple(row.keywords),
        front_line=row.front_line,
        seniority=row.seniority or "",
        matched=tuple(list_matches(asked, texts_of(row), fold)),
    )
