"""What an expert who has an account sees of herself, ends, takes along and has erased."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select, update

from consortium.kernel.clock import read_now
from consortium.kernel.db import db
from consortium.kernel.principal import SYSTEM
from consortium.kernel.unit_of_work import current_unit_of_work, reading, transaction
from consortium.services.organisations import get_organisations_by_id
from think_tank.models import ExpertConsent, ExpertDiscipline, ExpertEvidence, ExpertRow
from think_tank.services.consents import OFFERED, end_consents
from think_tank.services.selects import select_consents


@dataclass(frozen=True, slots=True)
class OwnEntry:
    """One society's entry of the reader in the pool, and what she has agreed to."""

    expert_id: UUID
    society_zh: str
    society_en: str
    purposes: tuple[str, ...]


@reading
def list_own(person_id: UUID) -> list[OwnEntry]:
    """The reader's entries in the pool."""
    rows = _rows_of(person_id)
    societies = get_organisations_by_id({row.society_id for row in rows})
    consents = select_consents(read_now()).where(
        ExpertConsent.expert_id.in_([row.id for row in rows])
    )
    held: dict[UUID, set[str]] = {}
    for consent in db.session.execute(consents):
        held.setdefault(consent.expert_id, set()).add(consent.purpose)
    return [
        OwnEntry(
            row.id,
            societies[row.society_id].name_zh,
            societies[row.society_id].name_en,
            tuple(purpose for purpose in OFFERED if purpose in held.get(row.id, ())),
        )
        for row in rows
    ]


def _rows_of(person_id: UUID) -> list[ExpertRow]:
    query = select(ExpertRow).where(ExpertRow.person_id == person_id, ExpertRow.erased_at.is_(None))
    return list(db.session.scalars(query.order_by(ExpertRow.id)))


@reading
def export_expert(person_id: UUID) -> Mapping[str, Any]:
    """Everything the pool holds about a person."""
    rows = _rows_of(person_id)
    consents = db.session.scalars(
        select(ExpertConsent)
        .where(ExpertConsent.expert_id.in_([row.id for row in rows]))
        .order_by(ExpertConsent.id)
    )
    return {
        "experts": [
            {
                "reference": row.reference, "name": row.name, "employer": row.employer,
                "title": row.title, "email": row.email, "disciplines": row.disciplines,
                "keywords": row.keywords, "biography": row.biography,
                "birth_date": row.birth_date.isoformat() if row.birth_date else None,
                "front_line": row.front_line, "front_line_source": row.front_line_source,
                "seniority": row.seniority, "observed_at": row.observed_at.isoformat(),
            }
            for row in rows
        ],
        "consents": [
            {
                "purpose": consent.purpose, "since": consent.since.isoformat(),
                "until": consent.until.isoformat() if consent.until else None,
            }
            for consent in consents
        ],
    }  # fmt: skip


@transaction
def erase_expert(person_id: UUID) -> None:
    """End a person's consents and empty her entries; the ids stay, so that panels can say so."""
    uow = current_unit_of_work()
    for row in _rows_of(person_id):
        end_consents(uow, row, OFFERED, SYSTEM, "expert")
        uow.execute(delete(ExpertDiscipline).where(ExpertDiscipline.expert_id == row.id))
        uow.execute(
            update(ExpertEvidence).where(ExpertEvidence.expert_id == row.id).values(text=None)
        )
        for name in ("name", "employer", "title", "email", "biography", "birth_date", "seniority"):
            setattr(row, name, None)
        row.front_line = row.front_line_source = row.front_line_on = None
        row.disciplines, row.keywords = [], []
        row.erased_at = uow.now
        uow.audit("think_tank.expert.erased", subject=str(row.id))
