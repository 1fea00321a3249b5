"""Standing: suspend, restore, expel; with effect at the next request."""

from collections.abc import Collection, Sequence
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import Select, bindparam, select

from consortium.errors import (
    ConsortiumNotFound,
    NotAMember,
    NotOurs,
    OrganisationNotFound,
    PeriodInvalid,
    StandingUnchanged,
)
from consortium.kernel.db import Change, Instant, db
from consortium.kernel.errors import Forbidden
from consortium.kernel.principal import Principal
from consortium.kernel.rows import fetch_rows
from consortium.kernel.unit_of_work import (
    UnitOfWork,
    current_unit_of_work,
    reading,
    transaction,
)
from consortium.models import ConsortiumRow, OrganisationRow, OrganisationStanding
from consortium.policies import may_govern
from consortium.rules import decide_standing, select_live
from consortium.services.selects import counts_here, select_inactive, select_members
from consortium.values import Standing, StandingFact


def suspend(
    principal: Principal,
    organisation: str,
    *,
    consortium: str,
    until: datetime | None = None,
    document: str | None = None,
) -> StandingFact:
    """Suspend a member from now on.

    Args:
        until: instant at which it is active again by itself; None until it is restored.
        document: number of the decision.
    """
    return _change(
        principal, organisation, consortium, Standing.SUSPENDED, until=until, document=document
    )


def expel(
    principal: Principal, organisation: str, *, consortium: str, document: str | None = None
) -> StandingFact:
    """Expel a member from now on; its membership rows stay, its standing ends its rights."""
    return _change(principal, organisation, consortium, Standing.EXPELLED, document=document)


@transaction
def restore(
    principal: Principal, organisation: str, *, consortium: str, document: str | None = None
) -> StandingFact:
    """Take suspension and expulsion back from now on.

    Raises:
        Forbidden, OrganisationNotFound, ConsortiumNotFound, NotOurs: as for `suspend`.
        StandingUnchanged: it is active.
    """
    uow = current_unit_of_work()
    row, body = _lock(uow, principal, organisation, consortium)
    open_facts = [
        fact
        for fact in select_live(_facts_of(row.id, body.id))
        if fact.until is None or fact.until > uow.now
    ]
    if not open_facts:
        raise StandingUnchanged(
            organisation=organisation, standing=Standing.ACTIVE.value, consortium=consortium
        )
    for fact in open_facts:
        made = uow.add(
            OrganisationStanding(
                organisation_id=row.id,
                consortium_id=body.id,
                standing=fact.standing,
                since=min(fact.since, uow.now),
                until=uow.now,
                document=document,
                supersedes_id=fact.id,
            )
        )
        uow.flush()
        last = _fact_of(made, organisation, consortium)
        _tell(uow, last, action="restored", document=document)
    return last


def list_standing_facts(
    codes: Collection[str],
    *,
    valid_at: datetime | None = None,
    known_at: datetime | None = None,
) -> list[StandingFact]:
    """Every recorded row that counts about the standing of some organisations, in one query.

    A row counts where its consortium is of this node, or of the society's own node.

    An organisation without a row that covers an instant is active then. Superseded rows are
    given too, since an as-of answer needs them; `supersedes` tells which they are.

    Args:
        codes: of organisations.
        valid_at: only live rows whose period had not ended by then; None gives all rows.
        known_at: leave out what was recorded later, or is not stamped yet; None gives all.
    """
    found = _list_facts(tuple(sorted(set(codes))), known_at)
    if valid_at is None:
        return found
    # Superseded rows go before ended ones: an ending is itself a row that supersedes.
    live = select_live(found)
    return [fact for fact in live if fact.until is None or fact.until > valid_at]


@reading
def is_active_at(organisation: str, at: datetime, *, known_at: datetime | None = None) -> bool:
    """Whether an organisation was in good standing in every consortium at an instant."""
    facts = list_standing_facts([organisation])
    return decide_standing(facts, at=at, known_at=known_at) == Standing.ACTIVE.value


def read_standings(ids: Sequence[UUID], *, at: datetime) -> dict[UUID, str]:
    """The worst standing that counts by organisation id, without the active ones. One query."""
    if not ids:
        return {}
    found: dict[UUID, str] = {}
    for organisation_id, standing in fetch_rows(_inactive_of_ids(), ids=list(ids), at=at):
        if found.get(organisation_id) != Standing.EXPELLED.value:
            found[organisation_id] = standing
    return found


@cache
def _inactive_of_ids() -> Select[UUID, str]:
    """The inactive among `:ids` at `:at`; built once, because most requests ask it."""
    ids: Any = bindparam("ids", expanding=True)
    at: Any = bindparam("at", type_=Instant)
    return select_inactive(at).where(OrganisationStanding.organisation_id.in_(ids))


@transaction
def _change(
    principal: Principal,
    organisation: str,
    consortium: str,
    standing: Standing,
    *,
    until: datetime | None = None,
    document: str | None = None,
) -> StandingFact:
    """Record a worse standing from now on.

    Raises:
        Forbidden: only the consortium's secretariat.
        OrganisationNotFound, ConsortiumNotFound, NotOurs, NotAMember: as their messages say.
        StandingUnchanged: it stands so already.
        PeriodInvalid: `until` has passed.
    """
    uow = current_unit_of_work()
    row, body = _lock(uow, principal, organisation, consortium)
    if until is not None and until <= uow.now:
        raise PeriodInvalid
    if not is_member(row.id, body.id, uow.now):
        raise NotAMember(organisation=organisation, consortium=consortium)
    held = decide_standing(_facts_of(row.id, body.id), at=uow.now)
    if held in (standing.value, Standing.EXPELLED.value):
        raise StandingUnchanged(organisation=organisation, standing=held, consortium=consortium)
    made = uow.add(
        OrganisationStanding(
            organisation_id=row.id,
            consortium_id=body.id,
            standing=standing.value,
            since=uow.now,
            until=until,
            document=document,
        )
    )
    uow.flush()
    fact = _fact_of(made, organisation, consortium)
    _tell(uow, fact, action=standing.value, document=document)
    return fact


def _lock(
    uow: UnitOfWork, principal: Principal, organisation: str, consortium: str
) -> tuple[OrganisationRow, ConsortiumRow]:
    if not may_govern(principal, consortium):
        raise Forbidden
    body = uow.session.scalar(select(ConsortiumRow).where(ConsortiumRow.code == consortium))
    if body is None:
        raise ConsortiumNotFound(consortium=consortium)
    if body.origin is not None:
        # What is said of a consortium its own node says; here it would contradict the mirror.
        raise NotOurs(origin=body.origin)
    # The organisation is the aggregate's root: two decisions about it follow one another.
    found = uow.session.scalar(
        select(OrganisationRow).where(OrganisationRow.code == organisation).with_for_update()
    )
    if found is None:
        raise OrganisationNotFound(organisation=organisation)
    return found, body


def is_member(organisation_id: UUID, consortium_id: UUID, at: datetime) -> bool:
    """Whether an organisation belongs to a consortium at an instant; asked in an open unit."""
    members = select_members(at).subquery()
    query = select(members.c.since).where(
        members.c.organisation_id == organisation_id, members.c.consortium_id == consortium_id
    )
    return db.session.execute(query).first() is not None


def _facts_of(organisation_id: UUID, consortium_id: UUID) -> list[StandingFact]:
    query = _select_facts().where(
        OrganisationStanding.organisation_id == organisation_id,
        OrganisationStanding.consortium_id == consortium_id,
    )
    return [StandingFact(*row) for row in db.session.execute(query)]


@reading
def _list_facts(codes: tuple[str, ...], known_at: datetime | None) -> list[StandingFact]:
    if not codes:
        return []
    query = _select_of_codes(known_at is not None)
    asked = {"codes": codes, "known_at": known_at}
    return [StandingFact(*row) for row in db.session.execute(query, asked)]


@cache
def _select_of_codes(as_of: bool) -> Select[*tuple[Any, ...]]:
    """Facts of `:codes`; built once, because every recognition asks for them."""
    codes: Any = bindparam("codes", expanding=True)
    query = _select_facts().where(OrganisationRow.code.in_(codes), counts_here())
    known_at = bindparam("known_at", type_=Instant)
    return query.where(Change.recorded_at <= known_at) if as_of else query


def _select_facts() -> Select[
    UUID, str, str, str, datetime, datetime | None, datetime | None, UUID | None
]:
    row = OrganisationStanding
    return (
        select(
            row.id,
            OrganisationRow.code,
            ConsortiumRow.code,
            row.standing,
            row.since,
            row.until,
            Change.recorded_at,
            row.supersedes_id,
        )
        .join(OrganisationRow, OrganisationRow.id == row.organisation_id)
        .join(ConsortiumRow, ConsortiumRow.id == row.consortium_id)
        .join(Change, Change.id == row.change_id)
        .order_by(row.id)
    )


def describe_standing(fact: StandingFact) -> dict[str, Any]:
    """What peers are told of a row, as the feed carries it."""
    return {
        "organisation": fact.organisation,
        "consortium": fact.consortium,
        "standing": fact.standing,
        "since": fact.since.isoformat(),
        "until": fact.until.isoformat() if fact.until else None,
        "supersedes": str(fact.supersedes) if fact.supersedes else None,
    }


def _tell(uow: UnitOfWork, fact: StandingFact, *, action: str, document: str | None) -> None:
    uow.emit("consortium.standing", str(fact.id), describe_standing(fact))
    uow.audit(
        f"consortium.standing.{action}",
        subject=str(fact.id),
        society=fact.organisation,
        detail={"consortium": fact.consortium, "document": document},
    )


def _fact_of(made: OrganisationStanding, organisation: str, consortium: str) -> StandingFact:
    return StandingFact(
        made.id,
        organisation,
        consortium,
        made.standing,
        made.since,
        made.until,
        None,
        made.supersedes_id,
    )
