"""Runs of the solver: asked in one transaction, solved outside any, answered in another."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select, update

from consortium.kernel.clock import read_now
from consortium.kernel.db import db
from consortium.kernel.errors import N_, ConsortiumError, FieldError, NotFound
from consortium.kernel.feature import JobPage
from consortium.kernel.principal import Principal
from consortium.kernel.settings import current_settings
from consortium.kernel.unit_of_work import (
    current_unit_of_work,
    database_now,
    reading,
    transaction,
)
from think_tank.errors import BriefSeated, SolveInvalid
from think_tank.models import BriefRow, SolveRun
from think_tank.rules.answers import write_result
from think_tank.rules.briefs import parse_brief
from think_tank.rules.compiling import check_question
from think_tank.rules.selection import select_panel
from think_tank.services.institutes import (
    get_institute_by_id,
    is_coordinator,
    require_coordinator,
)
from think_tank.services.pool import Pool, read_pool
from think_tank.values import LONGEST_SEED, Question, Solve

OPEN = ("queued", "running")


def ask_solve(
    principal: Principal,
    *,
    brief_id: UUID,
    seed: str = "0",
    keep: frozenset[str] = frozenset(),
    exclude: frozenset[str] = frozenset(),
) -> Solve:
    """Queue a run over a brief, if the pool as it is now can be asked that.

    Raises:
        NotFound, Forbidden: no such brief, or not the principal's to solve.
        BriefSeated: its panel is seated already.
        SolveInvalid: the seed is too long.
        ExpertUnknown, KeptAndExcluded: whom to keep or to exclude makes no sense.
        BriefInvalid: a rule compares with what the pool does not hold.
    """
    if not 0 < len(seed) <= LONGEST_SEED:
        message = N_("Write a seed of 1 to %(most)s characters.")
        params = {"most": LONGEST_SEED}
        raise SolveInvalid(
            errors=[FieldError("seed-invalid", message, pointer="/seed", params=params)]
        )
    wish = {"keep": sorted(keep), "exclude": sorted(exclude)}
    _check(principal, brief_id, seed=seed, wish=wish)
    return _queue(principal, brief_id, seed=seed, wish=wish)


@reading
def _check(
    principal: Principal, brief_id: UUID, *, seed: str, wish: Mapping[str, list[str]]
) -> None:
    """Judge the question before anything is locked: a pool takes a while to read."""
    brief = db.session.get(BriefRow, brief_id)
    if brief is None:
        raise NotFound
    institute = get_institute_by_id(brief.institute_id)
    require_coordinator(principal, institute)
    if brief.state == "seated":
        raise BriefSeated
    now = read_now()
    pool = read_pool(institute.consortium, brief.brief, now)
    check_question(question_of(brief.brief, pool, seed=seed, wish=wish, today=now.date()))


@transaction
def _queue(
    principal: Principal, brief_id: UUID, *, seed: str, wish: Mapping[str, list[str]]
) -> Solve:
    uow = current_unit_of_work()
    brief = uow.lock(BriefRow, brief_id)
    require_coordinator(principal, get_institute_by_id(brief.institute_id))
    if brief.state == "seated":
        raise BriefSeated
    run = uow.add(
        SolveRun(
            brief_id=brief.id,
            state="queued",
            progress=0,
            seed=seed,
            wish=dict(wish),
            asked_by=principal.person_id,
            asked_at=uow.now,
        )
    )
    uow.flush()
    uow.audit("think_tank.solve.asked", subject=str(run.id), principal=principal)
    return view_solve(run)


def run_solve(run_id: UUID) -> Solve:
    """Solve a queued run; one that somebody else has claimed is left to her.

    No transaction is open while the solver works. A refusal makes the run `failed`.
    """
    claim = _claim(run_id)
    if claim is None:
        return _read(run_id)
    try:
        pool = read_pool(claim.consortium, claim.brief, claim.at)
        day = claim.at.date()
        question = question_of(claim.brief, pool, seed=claim.seed, wish=claim.wish, today=day)
        answer = select_panel(question, seconds=current_settings().panel_solve_seconds)
    except ConsortiumError as refusal:
        return _finish(run_id, "failed", failure=refusal.code)
    state = "infeasible" if answer.status == "infeasible" else "proposed"
    return _finish(run_id, state, pool=pool, answer=write_result(question, answer))


@dataclass(frozen=True)
class _Claim:
    consortium: str
    brief: Mapping[str, Any]
    seed: str
    wish: Mapping[str, Any]
    at: datetime


@transaction
def _claim(run_id: UUID) -> _Claim | None:
    uow = current_unit_of_work()
    claimed = uow.execute(
        update(SolveRun)
        .where(SolveRun.id == run_id, SolveRun.state == "queued")
        .values(state="running", started_at=uow.now)
    )
    if claimed.rowcount != 1:
        return None
    run = db.session.get_one(SolveRun, run_id)
    brief = db.session.get_one(BriefRow, run.brief_id)
    institute = get_institute_by_id(brief.institute_id)
    return _Claim(institute.consortium, dict(brief.brief), run.seed, dict(run.wish), uow.now)


def question_of(
    brief: Mapping[str, Any], pool: Pool, *, seed: str, wish: Mapping[str, Any], today: date
) -> Question:
    """The question that a run asks of a pool; `today` is the brief's day if it names none."""
    return Question(
        parse_brief(brief, today=today),
        pool.candidates,
        pool.conflicts,
        seed=seed,
        keep=frozenset(wish["keep"]),
        exclude=frozenset(wish["exclude"]),
    )


@transaction
def _finish(
    run_id: UUID,
    state: str,
    *,
    pool: Pool | None = None,
    answer: dict[str, Any] | None = None,
    failure: str | None = None,
) -> Solve:
    uow = current_unit_of_work()
    # A run that was cancelled meanwhile keeps that state; its answer is dropped.
    uow.execute(
        update(SolveRun)
        .where(SolveRun.id == run_id, SolveRun.state == "running")
        .values(
            state=state,
            progress=100,
            pool_size=len(pool.candidates) if pool else None,
            pool_hash=pool.digest if pool else None,
            answer=answer,
            failure=failure,
            finished_at=uow.now,
        )
    )
    run = db.session.get_one(SolveRun, run_id, populate_existing=True)
    if run.state == state:
        uow.emit("think_tank.solve.finished", str(run_id), {"solve": str(run_id), "state": state})
    return view_solve(run)


@transaction
def cancel_solve(principal: Principal, solve_id: UUID) -> Solve:
    """Cancel a run; one that has finished stays what it is.

    Raises:
        NotFound: there is none, or the principal does not coordinate the institute.
    """
    uow = current_unit_of_work()
    run = uow.lock(SolveRun, solve_id)
    _require(principal, run)
    if run.state in OPEN:
        run.state, run.finished_at = "cancelled", uow.now
        uow.audit("think_tank.solve.cancelled", subject=str(solve_id), principal=principal)
    return view_solve(run)


@reading
def get_solve(principal: Principal, solve_id: UUID) -> Solve:
    """A run.

    Raises:
        NotFound: there is none, or the principal does not coordinate the institute.
    """
    run = db.session.get(SolveRun, solve_id)
    if run is None:
        raise NotFound
    _require(principal, run)
    return view_solve(run)


def _require(principal: Principal, run: SolveRun) -> None:
    brief = db.session.get_one(BriefRow, run.brief_id)
    if not is_coordinator(principal, get_institute_by_id(brief.institute_id)):
        raise NotFound


@reading
def find_last_solve(brief_id: UUID) -> Solve | None:
    """The newest run over a brief."""
    run = db.session.scalar(
        select(SolveRun).where(SolveRun.brief_id == brief_id).order_by(SolveRun.id.desc()).limit(1)
    )
    return view_solve(run) if run else None


@reading
def _read(run_id: UUID) -> Solve:
    return view_solve(db.session.get_one(SolveRun, run_id))


def work_queue(_page: JobPage) -> str | None:
    """Solve one run that was queued and left; fail what its process has not lived to finish."""
    _fail_abandoned()
    run_id = _find_queued()
    if run_id is None:
        return None
    run_solve(run_id)
    return "more"


@reading
def _find_queued() -> UUID | None:
    # A page solves its own run at once; only what is left for a while is taken over.
    before = database_now() - timedelta(seconds=current_settings().panel_solve_seconds)
    query = select(SolveRun.id).where(SolveRun.state == "queued", SolveRun.asked_at < before)
    return db.session.scalar(query.order_by(SolveRun.id).limit(1))


@transaction
def _fail_abandoned() -> None:
    uow = current_unit_of_work()
    # The time limit is checked between steps of the solver; a run may overstep it a little.
    before = uow.now - timedelta(seconds=3 * current_settings().panel_solve_seconds + 30)
    uow.execute(
        update(SolveRun)
        .where(SolveRun.state == "running", SolveRun.started_at < before)
        .values(state="failed", failure="solver-lost", finished_at=uow.now)
    )


def view_solve(run: SolveRun) -> Solve:
    """A row as a value."""
    return Solve(
        id=run.id,
        brief_id=run.brief_id,
        state=run.state,
        progress=run.progress,
        seed=run.seed,
        pool_size=run.pool_size,
        pool_hash=run.pool_hash,
        answer=run.answer,
        failure=run.failure,
        asked_at=run.asked_at,
        finished_at=run.finished_at,
    )
