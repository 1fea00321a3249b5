"""Panels: seated from a proposal that still holds, published as their brief allows."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, or_, select, tuple_, update

from consortium.kernel.clock import read_now
from consortium.kernel.db import db
from consortium.kernel.errors import FieldError, NotFound
from consortium.kernel.ids import new_id
from consortium.kernel.principal import Principal
from consortium.kernel.unit_of_work import UnitOfWork, current_unit_of_work, reading, transaction
from consortium.services.organisations import get_organisations_by_id, list_organisations
from think_tank.errors import BriefSeated, PanelConfidential, PanelOutdated, SolveUnfinished
from think_tank.models import (
    BriefRow,
    ExpertConsent,
    ExpertRow,
    InstituteRow,
    PanelRow,
    PanelSeat,
    SolveRun,
)
from think_tank.rules.checking import check_panel
from think_tank.services.institutes import (
    get_institute,
    get_institute_by_id,
    is_coordinator,
    list_institutes,
    require_coordinator,
)
from think_tank.services.pool import Pool, read_pool
from think_tank.services.selects import select_consents
from think_tank.services.solves import question_of
from think_tank.values import Panel, SeatView

BATCH = 400


@transaction
def seat_panel(principal: Principal, *, solve_id: UUID) -> Panel:
    """Seat the panel that a run proposes, if it still meets every rule.

    Rules, conflicts and consents are judged anew in this transaction by the integer checker.

    Raises:
        NotFound, Forbidden: no such run, or not the principal's.
        SolveUnfinished: the run has no proposal.
        BriefSeated: the brief has its panel.
        PanelOutdated: somebody has withdrawn, or a rule is broken now.
    """
    uow = current_unit_of_work()
    run = uow.lock(SolveRun, solve_id)
    brief = db.session.get_one(BriefRow, run.brief_id)
    institute = get_institute_by_id(brief.institute_id)
    require_coordinator(principal, institute)
    if run.state != "proposed" or run.answer is None:
        raise SolveUnfinished
    uow.lock(InstituteRow, institute.id)
    _claim_brief(uow, brief.id)
    pool = read_pool(institute.consortium, brief.brief, uow.now)
    _judge(brief, run, pool)
    panel = uow.add(
        PanelRow(
            id=new_id(),
            institute_id=institute.id,
            brief_id=brief.id,
            solve_run_id=run.id,
            disclosure=brief.disclosure,
            seated_at=uow.now,
        )
    )
    uow.flush()
    for place, seat in enumerate(run.answer["seats"], start=1):
        expert_id = pool.ids[seat["id"]]
        uow.add(PanelSeat(panel_id=panel.id, expert_id=expert_id, place=place, answer=seat))
    uow.flush()
    _tell("think_tank.panel.seated", panel, principal)
    return _view_all([panel], principal)[0]


def _tell(topic: str, panel: PanelRow, principal: Principal) -> None:
    uow = current_unit_of_work()
    told = {"panel": str(panel.id), "institute": str(panel.institute_id)}
    uow.emit(topic, str(panel.id), told)
    uow.audit(topic, subject=str(panel.id), detail=told, principal=principal)


def _claim_brief(uow: UnitOfWork, brief_id: UUID) -> None:
    claimed = uow.execute(
        update(BriefRow)
        .where(BriefRow.id == brief_id, BriefRow.state == "open")
        .values(state="seated")
    )
    if claimed.rowcount != 1:
        raise BriefSeated


def _judge(brief: BriefRow, run: SolveRun, pool: Pool) -> None:
    assert run.answer is not None
    day = date.fromisoformat(run.answer["on"])
    known = {candidate.id for candidate in pool.candidates}
    wish = {name: [one for one in run.wish[name] if one in known] for name in run.wish}
    question = question_of(brief.brief, pool, seed=run.seed, wish=wish, today=day)
    verdict = check_panel(question, [seat["id"] for seat in run.answer["seats"]])
    if not verdict.ok:
        told = [
            FieldError(fault.code, fault.message, params=fault.params) for fault in verdict.faults
        ]
        codes = [fault.code for fault in verdict.faults]
        raise PanelOutdated(errors=told, extra={"faults": codes})


@transaction
def publish_panel(principal: Principal, *, panel_id: UUID) -> Panel:
    """Publish a seated panel: at once if it is public, after the review if so agreed.

    Raises:
        PanelConfidential: its brief keeps it closed.
        NotFound, Forbidden: no such panel, or not the principal's.
    """
    uow = current_unit_of_work()
    panel = uow.lock(PanelRow, panel_id)
    require_coordinator(principal, get_institute_by_id(panel.institute_id))
    if panel.disclosure == "confidential":
        raise PanelConfidential
    if panel.published_at is None:
        panel.published_at = uow.now
        _tell("think_tank.panel.published", panel, principal)
    return _view_all([panel], principal)[0]


@reading
def get_panel(principal: Principal, panel_id: UUID) -> Panel:
    """A panel: published, or seen by its coordinator.

    Raises:
        NotFound: there is none for this reader.
    """
    found = _view_all(_select_visible(principal, PanelRow.id == panel_id, limit=1), principal)
    if not found:
        raise NotFound
    return found[0]


@reading
def list_panels(
    principal: Principal,
    *,
    institute: str | None = None,
    after: UUID | None = None,
    limit: int = 50,
) -> list[Panel]:
    """Panels that the principal may see, newest first."""
    conditions: list[ColumnElement[bool]] = []
    if institute is not None:
        conditions.append(PanelRow.institute_id == get_institute(institute).id)
    if after is not None:
        conditions.append(PanelRow.id < after)
    return _view_all(_select_visible(principal, *conditions, limit=limit), principal)


def _select_visible(
    principal: Principal, *conditions: ColumnElement[bool], limit: int
) -> list[PanelRow]:
    coordinated = [i.id for i in list_institutes() if is_coordinator(principal, i)]
    visible = or_(PanelRow.published_at.is_not(None), PanelRow.institute_id.in_(coordinated))
    query = select(PanelRow).where(visible, *conditions).order_by(PanelRow.id.desc())
    return list(db.session.scalars(query.limit(limit)))


def _view_all(panels: Sequence[PanelRow], principal: Principal) -> list[Panel]:
    """Panels with their seats, as the principal may see them; a constant number of queries."""
    if not panels:
        return []
    institutes = {institute.id: institute for institute in list_institutes()}
    coordinated = {i for i, found in institutes.items() if is_coordinator(principal, found)}
    chosen = BriefRow.id.in_([panel.brief_id for panel in panels])
    briefs = {row.id: row for row in db.session.scalars(select(BriefRow).where(chosen))}
    rows = _list_seats([panel.id for panel in panels])
    named = _list_named([seat.expert_id for seat, _ in rows])
    societies = get_organisations_by_id({row.society_id for _, row in rows})
    seats: dict[UUID, list[SeatView]] = {panel.id: [] for panel in panels}
    own = {panel.id for panel in panels if panel.institute_id in coordinated}
    for seat, row in rows:
        purposes = named.get(row.id, set())
        is_own = seat.panel_id in own
        is_named = bool(purposes) if is_own else "publication" in purposes
        code = societies[row.society_id].code
        seats[seat.panel_id].append(_seat(seat, row, code, is_named=is_named, is_own=is_own))
    return [
        _view(panel, briefs[panel.brief_id], institutes[panel.institute_id].slug, seats[panel.id])
        for panel in panels
    ]


def _list_seats(panel_ids: Collection[UUID]) -> list[tuple[PanelSeat, ExpertRow]]:
    query = (
        select(PanelSeat, ExpertRow)
        .join(ExpertRow, ExpertRow.id == PanelSeat.expert_id)
        .where(PanelSeat.panel_id.in_(panel_ids))
        .order_by(PanelSeat.place)
    )
    return [(seat, row) for seat, row in db.session.execute(query)]


def _list_named(expert_ids: Collection[UUID]) -> dict[UUID, set[str]]:
    """For what each of the experts has consented; who has withdrawn all is left out."""
    consents = select_consents(read_now()).where(ExpertConsent.expert_id.in_(expert_ids))
    found: dict[UUID, set[str]] = {}
    for expert_id, _, purpose, _ in db.session.execute(consents):
        found.setdefault(expert_id, set()).add(purpose)
    return found


def _seat(
    seat: PanelSeat, row: ExpertRow, society: str, *, is_named: bool, is_own: bool
) -> SeatView:
    return SeatView(
        place=seat.place,
        id=f"{society}:{row.reference}" if is_named else "",
        name=(row.name or "") if is_named else "",
        society=society,
        employer=(row.employer or "") if is_named else "",
        answer=seat.answer if is_own else {},
    )


def _view(panel: PanelRow, brief: BriefRow, institute: str, seats: Iterable[SeatView]) -> Panel:
    return Panel(
        id=panel.id,
        institute=institute,
        brief_number=brief.number,
        title_zh=brief.title_zh,
        title_en=brief.title_en,
        disclosure=panel.disclosure,
        seated_at=panel.seated_at,
        published_at=panel.published_at,
        seats=tuple(seats),
    )


@reading
def describe_experts(ids: Collection[str]) -> Mapping[str, dict[str, Any]]:
    """Names, societies and employers of consenting experts, for their coordinator.

    Args:
        ids: society:reference, as answers name them; those who have withdrawn are left out.
    """
    societies = {society.code: society.id for society in list_organisations()}
    codes = {society_id: code for code, society_id in societies.items()}
    keys = [
        (societies[code], reference)
        for code, _, reference in (name.partition(":") for name in sorted(ids))
        if code in societies
    ]
    consents = select(select_consents(read_now()).subquery().c.expert_id)
    found: dict[str, dict[str, Any]] = {}
    for start in range(0, len(keys), BATCH):
        pair = tuple_(ExpertRow.society_id, ExpertRow.reference)
        query = select(ExpertRow).where(
            pair.in_(keys[start : start + BATCH]), ExpertRow.id.in_(consents)
        )
        for row in db.session.scalars(query):
            code = codes[row.society_id]
            found[f"{code}:{row.reference}"] = {
                "name": row.name, "society": code, "employer": row.employer, "title": row.title,
                "disciplines": list(row.disciplines), "front_line": row.front_line,
            }  # fmt: skip
    return found
