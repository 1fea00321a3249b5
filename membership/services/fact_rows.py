"""From rows to facts, with the evidence names by which a replay finds the rows again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from consortium.kernel.clock import EPOCH
from membership.rules.facts import (
    AccessionFact,
    ConsentFact,
    DuesFact,
    EndingFact,
    Facts,
    GradeFact,
    SignatureFact,
    SocietyFact,
    StandingFact,
    TermFact,
    VersionFact,
)
from membership.services.texts import read_text


@dataclass(frozen=True)
class Rows:
    """What the statements gave; `person` replaces the holder of every file when it is set."""

    terms: Sequence[Any]
    societies: Sequence[Any]
    dues: Sequence[Any] = ()
    consents: Sequence[Any] = ()
    zones: Mapping[str, str] = field(default_factory=dict)
    person: UUID | None = None


Recorded = dict[str, datetime | None]


def read_rows(rows: Rows, *, shared: bool) -> tuple[Facts, Recorded, tuple[str, ...]]:
    """Return facts, when each became known, and the sorted evidence names.

    Args:
        rows: what the database gave now.
        shared: let equal rows about societies share one index, whoever asks. Not for as-of
            questions: an index is kept for each instant asked, and nobody would let go of them.
    """
    of_societies = _of_societies_once if shared else _of_societies
    ground, known = of_societies(tuple(rows.societies), tuple(sorted(rows.zones.items())))
    recorded = dict(known)
    for kind, found in (("term", rows.terms), ("dues", rows.dues), ("consent", rows.consents)):
        recorded.update((f"{kind}:{row.id}", row.recorded_at) for row in found)
    facts = ground.with_people(
        terms=tuple(_term(row, rows.person) for row in rows.terms),
        dues=tuple(_dues(row, rows.person) for row in rows.dues),
        consents=tuple(_consent(row, rows.person) for row in rows.consents),
    )
    zones = [f"society:{code}@{zone}" for code, zone in rows.zones.items()]
    return facts, recorded, tuple(sorted([*recorded, *zones]))


def _of_societies(
    rows: tuple[Any, ...], zones: tuple[tuple[str, str], ...]
) -> tuple[Facts, Recorded]:
    by_kind: dict[str, list[Any]] = {}
    for row in rows:
        by_kind.setdefault(row.kind, []).append(row)
    facts = Facts(
        societies=tuple(SocietyFact(code, EPOCH, code=code, zone=zone) for code, zone in zones),
        standings=tuple(
            StandingFact(**_dated(row), society=row.society, state=row.state)
            for row in by_kind.get("standing", ())
        ),
        grades=tuple(
            GradeFact(**_dated(row), society=row.society, code=row.state, rank=row.number)
            for row in by_kind.get("grade", ())
        ),
        versions=tuple(_version(row) for row in by_kind.get("agreement_version", ())),
        signatures=tuple(
            SignatureFact(**_dated(row), version_id=str(row.agreement_id), society=row.society)
            for row in by_kind.get("signature", ())
        ),
        accessions=tuple(
            AccessionFact(
                **_dated(row),
                agreement=str(row.agreement_id),
                society=row.society,
                state=row.state,
            )
            for row in by_kind.get("accession", ())
        ),
        endings=tuple(_ending(row) for row in by_kind.get("ending", ())),
    )
    return facts, {f"{row.kind}:{row.id}": row.recorded_at for row in rows}


# The key is the rows themselves as this transaction read them, so nothing can grow stale.
_of_societies_once = lru_cache(maxsize=512)(_of_societies)


def _dated(row: Any) -> dict[str, Any]:
    return {
        "id": str(row.id),
        "since": row.since,
        "until": row.until,
        "recorded_at": row.recorded_at,
        "supersedes": str(row.supersedes) if row.supersedes else None,
    }


def _term(row: Any, person: UUID | None) -> TermFact:
    return TermFact(
        **_dated(row),
        person=str(person or row.person_id),
        society=row.society,
        class_code=row.class_code,
        grade=row.grade_code,
        state=row.state,
        by_officer=row.by_officer,
    )


def _dues(row: Any, person: UUID | None) -> DuesFact:
    return DuesFact(
        **_dated(row),
        person=str(person or row.person_id),
        society=row.society,
        amount=row.amount,
        currency=row.currency,
        state=row.state,
    )


def _consent(row: Any, person: UUID | None) -> ConsentFact:
    return ConsentFact(
        **_dated(row),
        person=str(person or row.person_id),
        society=row.society,
        host=row.host,
        purpose=row.purpose,
        state=row.state,
    )


def _version(row: Any) -> VersionFact:
    parties, clauses = read_text(row.hash, row.content)
    return VersionFact(
        **_dated(row),
        agreement=str(row.agreement_id),
        version=row.number,
        hash=row.hash,
        form=row.form,
        parties=parties,
        clauses=clauses,
    )


def _ending(row: Any) -> EndingFact:
    revoked = row.since is None
    dated = _dated(row) | {"since": row.since or EPOCH}
    return EndingFact(
        **dated, agreement=str(row.agreement_id), state="revoked" if revoked else "active"
    )
