"""Facts for decisions, loaded set-wise: a constant number of statements for any set of hosts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from consortium.kernel.member_numbers import fold_number
from consortium.kernel.rows import fetch_rows
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

    Two statements; a third and a fourth only when a clause asks for dues or consent.
    """
    select = fact_selects.terms_of_persons(known_at is not None)
    terms = fetch_rows(select, persons=list(persons), known_at=known_at)
    return _complete(terms, hosts, known_at)


def load_facts_of_member(
    society: str, number: str, hosts: Sequence[str], *, known_at: datetime | None = None
) -> tuple[UUID | None, Loaded]:
    """Load the same for `society:number`; the person is None when she has no term anywhere."""
    select = fact_selects.terms_of_member(known_at is not None)
    named = {"society": society, "number": number, "number_key": fold_number(number)}
    terms = fetch_rows(select, **named, known_at=known_at)
    return (terms[0].person_id if terms else None), _complete(terms, hosts, known_at)


def _complete(terms: Sequence[Any], hosts: Sequence[str], known_at: datetime | None) -> Loaded:
    as_of = known_at is not None
    homes = sorted({row.society for row in terms})
    societies = fetch_rows(
        fact_selects.between_societies(as_of),
        home_ids=list({row.society_id for row in terms}),
        hosts=list(hosts),
        societies=sorted({*homes, *hosts}),
        known_at=known_at,
    )
    asked = _conditions_asked(societies)
    of_persons = {"persons": list({row.person_id for row in terms}), "known_at": known_at}
    rows = Rows(
        terms=terms,
        societies=societies,
        dues=_if("paid" in asked, fact_selects.dues_of_persons, as_of, of_persons),
        consents=_if("consent" in asked, fact_selects.consents_of_persons, as_of, of_persons),
        zones={row.society: row.time_zone for row in terms} if "seniority" in asked else {},
    )
    return Loaded(*read_rows(rows, shared=not as_of))


def _if(
    asked: bool, select: Callable[[bool], Any], as_of: bool, params: dict[str, Any]
) -> Sequence[Any]:
    return fetch_rows(select(as_of), **params) if asked else ()


def _conditions_asked(societies: Sequence[Any]) -> set[str]:
    return {
        condition.kind
        for row in societies
        if row.kind == "agreement_version"
        for clause in read_text(row.hash, row.content)[1]
        for condition in clause.conditions
    }


def load_evidence(person: UUID, evidence: Sequence[str]) -> Loaded:
    """Load exactly the rows a kept decision was made from, superseded ones included.

    The person of each term is the one the decision was about, whoever holds the file by now.
    """
    ids: dict[str, list[UUID]] = {kind: [] for kind in fact_selects.SOCIETY_KINDS}
    zones: dict[str, str] = {}
    for item in evidence:
        kind, identity = item.split(":", 1)
        if kind == "society":
            code, zone = identity.split("@", 1)
            zones[code] = zone
        else:
            ids.setdefault(kind, []).append(UUID(identity))
    of_societies = {kind: ids[kind] for kind in fact_selects.SOCIETY_KINDS}
    rows = Rows(
        terms=_personal("term", ids),
        societies=fetch_rows(fact_selects.societies_by_ids(), **of_societies),
        dues=_personal("dues", ids),
        consents=_personal("consent", ids),
        zones=zones,
        person=person,
    )
    return Loaded(*read_rows(rows, shared=False))


def _personal(kind: str, ids: dict[str, list[UUID]]) -> Sequence[Any]:
    return fetch_rows(fact_selects.personal_by_ids(kind), ids=ids[kind]) if kind in ids else ()
