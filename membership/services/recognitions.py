"""Live recognition: is this person recognised at that host, as what, why, until when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from consortium.kernel.clock import read_now
from consortium.kernel.db import db
from consortium.kernel.errors import Forbidden
from consortium.kernel.outbox import sequencer
from consortium.kernel.principal import Principal
from consortium.kernel.unit_of_work import UnitOfWork, reading
from consortium.services import organisations
from membership import models, policies, values
from membership.errors import KnownAtAhead, PersonUnknown
from membership.rules import Decision, Question, decide, recognised_until
from membership.services import people_refs
from membership.services.facts import Loaded, load_evidence, load_facts, load_facts_of_member
from membership.services.selects import ORGANISATION

REPLAYED_A_PAGE = 500


@reading
def decide_recognition(
    person_id: UUID,
    host: str,
    benefit: str,
    at: datetime | None = None,
    *,
    known_at: datetime | None = None,
) -> values.RecognitionDecision:
    """Decide for one person and host, in at most six statements.

    Args:
        person_id: the person; one without any membership is simply not recognised.
        host: code of the host society.
        benefit: one of values.BENEFITS or a code that an agreement names.
        at: the instant asked about, now unless told.
        known_at: decide from what was known then (an as-of question).

    Raises:
        KnownAtAhead: `known_at` is later than the sequencer's watermark.
    """
    _check_known_at(known_at)
    loaded = load_facts([person_id], [host], known_at=known_at)
    question = Question(str(person_id), host, benefit, at or read_now(), known_at)
    return _value(person_id, question, loaded)


@reading
def decide_recognitions(
    person_id: UUID, hosts: Sequence[str], benefit: str, at: datetime | None = None
) -> tuple[values.RecognitionDecision, ...]:
    """Decide for several hosts at once, in the same number of statements, with `until` filled."""
    loaded = load_facts([person_id], hosts)
    moment = at or read_now()
    return tuple(
        _value(person_id, Question(str(person_id), host, benefit, moment), loaded, with_until=True)
        for host in hosts
    )


@reading
def decide_for_persons(
    person_ids: Sequence[UUID], host: str, benefit: str, at: datetime | None = None
) -> dict[UUID, values.RecognitionDecision]:
    """Decide for several persons at one host, in the same number of statements."""
    loaded = load_facts(person_ids, [host])
    moment = at or read_now()
    return {
        person_id: _value(person_id, Question(str(person_id), host, benefit, moment), loaded)
        for person_id in person_ids
    }


@reading
def ask_recognition(
    principal: Principal,
    *,
    person: str,
    host: str,
    benefit: str,
    valid_at: datetime | None = None,
    known_at: datetime | None = None,
) -> values.RecognitionDecision:
    """Answer a program's or officer's question about a person named from outside.

    Args:
        principal: a client of the home or host society, an officer of either, the person
            herself, or the operator.
        person: `society:member_number`, the calling client's subject, or `me`.
        host, benefit, valid_at, known_at: as for `decide_recognition`.

    Raises:
        PersonUnknown: no such person, or none that the caller may ask about.
        OrganisationNotFound: no such host.
        Forbidden: the caller belongs to neither society.
        KnownAtAhead: see `decide_recognition`.
    """
    home = person.split(":", 1)[0] if ":" in person else host
    allowed = policies.may_ask_recognition(principal, person_society=home, host=host)
    if not allowed and principal.person_id is None:
        raise Forbidden
    _check_known_at(known_at)
    person_id, loaded = _load(principal, person, host, known_at)
    if not allowed and principal.person_id != person_id:
        # The same answer as for a number that nobody has: a roster is not to be probed.
        raise PersonUnknown
    question = Question(str(person_id), host, benefit, valid_at or read_now(), known_at)
    made = _value(person_id, question, loaded)
    if made.reason.code in ("no-membership", "no-agreement"):
        organisations.get_organisation(host)
    return made


def _load(
    principal: Principal, person: str, host: str, known_at: datetime | None
) -> tuple[UUID, Loaded]:
    """Load facts by the person's outside name; a member's number costs no statement of its own."""
    if ":" in person:
        society, number = person.split(":", 1)
        found, loaded = load_facts_of_member(society, number, [host], known_at=known_at)
        return found or people_refs.resolve_person(person, principal), loaded
    person_id = people_refs.resolve_person(person, principal)
    return person_id, load_facts([person_id], [host], known_at=known_at)


def record_decision(uow: UnitOfWork, decision: values.RecognitionDecision, *, purpose: str) -> UUID:
    """Keep a decision that a write relies on, in the same transaction, with its evidence ids.

    Args:
        uow: the open unit of work of that write.
        decision: as `decide_recognition` gave it inside this unit of work.
        purpose: what relied on it, for instance `events.registration`.
    """
    host_id = uow.session.scalar(
        select(ORGANISATION.c.id).where(ORGANISATION.c.code == decision.host)
    )
    made = uow.add(
        models.RecognitionDecision(
            person_id=decision.person_id,
            host_id=host_id,
            benefit=decision.benefit,
            valid_at=decision.valid_at,
            known_at=decision.known_at,
            evidence=list(decision.evidence),
            answer=decision.canonical,
            decision_hash=decision.decision_hash,
            purpose=purpose,
            made_at=uow.now,
        )
    )
    uow.flush()
    return made.id


@dataclass(frozen=True)
class ReplayPage:
    """What one page of a replay found; `differences` are ids of decisions that came out anew."""

    decisions: int
    differences: tuple[UUID, ...]
    last: UUID | None


def replay_decisions(principal: Principal) -> dict[str, object]:
    """Recompute every kept decision from its evidence and compare the bytes.

    Raises:
        Forbidden: neither the system nor the operator asks.
    """
    if not policies.may_replay_decisions(principal):
        raise Forbidden
    decisions, differences, after = 0, list[UUID](), None
    while True:
        found = _replay_page(after)
        decisions += found.decisions
        differences += found.differences
        after = found.last
        if after is None:
            return {"decisions": decisions, "differences": differences}


@reading
def _replay_page(after: UUID | None) -> ReplayPage:
    model = models.RecognitionDecision
    statement = (
        select(model, ORGANISATION.c.code)
        .join(ORGANISATION, ORGANISATION.c.id == model.host_id)
        .order_by(model.id)
        .limit(REPLAYED_A_PAGE)
    )
    if after is not None:
        statement = statement.where(model.id > after)
    rows = db.session.execute(statement).all()
    differences = tuple(row.id for row, host in rows if _replay(row, host) != row.answer)
    last = rows[-1][0].id if len(rows) == REPLAYED_A_PAGE else None
    return ReplayPage(len(rows), differences, last)


def _replay(row: models.RecognitionDecision, host: str) -> str:
    loaded = load_evidence(row.person_id, row.evidence)
    question = Question(str(row.person_id), host, row.benefit, row.valid_at, row.known_at)
    return decide(question, loaded.facts).canonical.decode()


def _value(
    person_id: UUID, question: Question, loaded: Loaded, *, with_until: bool = False
) -> values.RecognitionDecision:
    made: Decision = decide(question, loaded.facts)
    return values.RecognitionDecision(
        person_id=person_id,
        host=made.host,
        benefit=made.benefit,
        valid_at=question.valid_at,
        known_at=question.known_at,
        recognised=made.recognised,
        home=made.home,
        grade=made.grade,
        host_grade=made.host_grade,
        reasons=made.reasons,
        agreement=made.agreement,
        next_change_at=made.next_change_at,
        decision_hash=made.hash,
        canonical=made.canonical.decode(),
        evidence=loaded.evidence,
        recorded=loaded.recorded,
        until=recognised_until(question, loaded.facts) if with_until else None,
    )


def _check_known_at(known_at: datetime | None) -> None:
    if known_at is None:
        return
    watermark = sequencer.known_until()
    if known_at > watermark:
        raise KnownAtAhead(watermark=watermark.isoformat())
