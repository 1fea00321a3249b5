"""Facts for decisions, loaded set-wise: a constant number of statements for any set of hosts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from consortium.kernel.db import db
from consortium.services import standing
from membership.rules.facts import Facts
from membership.services import fact_selects
from membership.services.fact_rows import Rows, read_rows
from membership.services.texts import read_text


@dataclass(frozen=True)
class Loaded:
    """Facts, when each became known (by `kind:id`), and what a replay has to load again."""

    facts: Facts
    recorded: dict[str, datetime | None]
    evidence: tuple[str, ...]


def load_facts(
    persons: Sequence[UUID], hosts: Sequence[str], *, known_at: datetime | None = None
) -> Loaded:
    """Load what decides whether these persons are recognised at these hosts.

    Four statements; a fifth and a sixth only when a clause asks for dues or consent.
    """
    as_of = known_at is not None
    asked: dict[str, Any] = {"persons": list(persons), "hosts": list(hosts), "known_at": known_at}
    terms = _read(fact_selects.terms_of_persons(as_of), **asked)
    asked["homes"] = sorted({row.society for row in terms})
    agreements = _read(fact_selects.agreements_between(as_of), **asked)
    kinds = _conditions_asked(agreements)
    rows = Rows(
        terms=terms,
        agreements=agreements,
        grades=_read(fact_selects.grades_of_hosts(as_of), **asked),
        standings=standing.list_standing_facts(
            [*asked["homes"], *asked["hosts"]], known_at=known_at
        ),
        dues=_read(fact_selects.dues_of_persons(as_of), **asked) if "paid" in kinds else (),
        consents=(
            _read(fact_selects.consents_of_persons(as_of), **asked) if "consent" in kinds else ()
        ),
        zones={row.society: row.time_zone for row in terms} if "seniority" in kinds else {},
    )
    return Loaded(*read_rows(rows))


def load_evidence(person: UUID, evidence: Sequence[str]) -> Loaded:
    """Load exactly the rows a kept decision was made from, superseded ones included.

    The person of each term is the one the decision was about, whoever holds the file by now.
    """
    ids: dict[str, list[UUID]] = {}
    places: dict[str, set[str]] = {"standing": set(), "society": set()}
    for item in evidence:
        kind, identity = item.split(":", 1)
        if kind in places:
            places[kind].add(identity)
        else:
            ids.setdefault(kind, []).append(UUID(identity))
    societies = sorted({item.split("@")[1] for item in places["standing"]})
    rows = Rows(
        terms=_by_ids("term", ids),
        agreements=_agreements_by_ids(ids),
        grades=_by_ids("grade", ids),
        standings=[
            row
            for row in (standing.list_standing_facts(societies) if societies else ())
            if f"{row.id}@{row.organisation}" in places["standing"]
        ],
        dues=_by_ids("dues", ids),
        consents=_by_ids("consent", ids),
        zones=dict(item.split("@", 1) for item in places["society"]),
        person=person,
    )
    return Loaded(*read_rows(rows))


def _read(statement: Any, **params: Any) -> Sequence[Any]:
    """Run a statement of columns on the session's connection, past the work the ORM would add."""
    db.session.flush()
    return db.session.connection().execute(statement, params).all()


def _conditions_asked(agreements: Sequence[Any]) -> set[str]:
    return {
        condition.kind
        for row in agreements
        if row.kind == "agreement_version"
        for clause in read_text(row.hash, row.content)[1]
        for condition in clause.conditions
    }


def _by_ids(kind: str, ids: dict[str, list[UUID]]) -> Sequence[Any]:
    return _read(fact_selects.by_ids(kind), ids=ids[kind]) if kind in ids else ()


def _agreements_by_ids(ids: dict[str, list[UUID]]) -> Sequence[Any]:
    wanted = {kind: ids.get(kind, []) for kind in fact_selects.AGREEMENT_KINDS}
    return _read(fact_selects.agreements_by_ids(), **wanted) if any(wanted.values()) else ()
