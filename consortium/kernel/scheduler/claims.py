"""Who may run a slot: claims, leases, fences. Each is one conditional statement."""

import logging
import os
import socket
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from consortium.kernel.db import db, insert_if_absent
from consortium.kernel.ids import new_id
from consortium.kernel.scheduler.models import DONE, DUE, FAILED, RUNNING, JobRun
from consortium.kernel.settings import current_settings
from consortium.kernel.unit_of_work import (
    UnitOfWork,
    current_unit_of_work,
    reading,
    transaction,
    unit_of_work,
)

logger = logging.getLogger(__name__)
LONGEST_PAUSE = timedelta(hours=1)
# Kills and freezes say nothing of a job, but a page that has cost so many workers does.
MOST_TAKE_OVERS = 20


class LeaseLost(Exception):
    """Another worker has taken the slot over; what this page did is rolled back."""


@dataclass(frozen=True)
class Claim:
    """The right to run a slot, until the lease ends or a higher fence is given out."""

    run_id: UUID
    job: str
    slot: datetime
    fence: int
    cursor: str | None


def worker_name() -> str:
    """Host and process."""
    return f"{socket.gethostname()}:{os.getpid()}"


def plan_slot(uow: UnitOfWork, job: str, slot: datetime) -> bool:
    """Enter a slot; False if any node has entered it before."""
    made = uow.execute(
        insert_if_absent(
            JobRun,
            id=new_id(),
            job=job,
            slot=slot,
            state=DUE,
            not_before=slot,
            fence=0,
            attempts=0,
            pages=0,
        )
    )
    return bool(made.rowcount)


def _claimable(now: datetime, jobs: Collection[str]) -> sa.ColumnElement[bool]:
    # Jobs that only a newer version of the program knows are left to its workers.
    waiting = sa.and_(JobRun.state == DUE, JobRun.not_before <= now)
    abandoned = sa.and_(JobRun.state == RUNNING, JobRun.lease_until < now)
    return sa.and_(JobRun.job.in_(jobs), sa.or_(waiting, abandoned))


@reading
def has_claimable(now: datetime, jobs: Collection[str]) -> bool:
    """Whether a claim is worth a transaction."""
    return bool(db.session.scalar(sa.select(sa.exists().where(_claimable(now, jobs)))))


@transaction
def claim_next(jobs: Collection[str], *, slot: datetime | None = None) -> Claim | None:
    """Claim the oldest slot of `jobs` that is due or whose worker let its lease run out.

    A slot of which one page has cost too many workers is failed instead; then None.

    Args:
        jobs: names of the jobs that this process can run.
        slot: only this one, however old the others are.
    """
    uow = current_unit_of_work()
    claimable = _claimable(uow.now, jobs)
    if slot is not None:
        claimable = sa.and_(claimable, JobRun.slot == slot)
    oldest = (
        sa.select(JobRun.id)
        .where(claimable)
        .order_by(JobRun.not_before)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    lease = timedelta(seconds=current_settings().job_lease_seconds)
    row = uow.session.execute(
        sa.update(JobRun)
        .where(JobRun.id == oldest, claimable)
        .values(
            state=RUNNING,
            fence=JobRun.fence + 1,
            take_overs=JobRun.take_overs + sa.case((JobRun.state == RUNNING, 1), else_=0),
            lease_until=uow.now + lease,
            worker=worker_name(),
            started_at=sa.func.coalesce(
                JobRun.started_at, sa.literal(uow.now, JobRun.started_at.type)
            ),
        )
        .returning(
            JobRun.id, JobRun.job, JobRun.slot, JobRun.fence, JobRun.cursor, JobRun.take_overs
        )
        .execution_options(synchronize_session=False)
    ).one_or_none()
    if row is None:
        return None
    claim = Claim(*row[:5])
    if row.take_overs > MOST_TAKE_OVERS:
        text = f"{row.take_overs} workers were lost over one page"
        logger.error("job.failed", extra={"job": claim.job, "slot": str(claim.slot)})
        _fail(uow, claim, error=text)
        return None
    return claim


@contextmanager
def fenced_page(claim: Claim) -> Iterator[UnitOfWork]:
    """A unit of work in which the slot is still ours, from first statement to commit.

    Raises:
        LeaseLost: the fence has moved on.
    """
    with unit_of_work() as uow:
        hold_lease(uow, claim)
        yield uow


def hold_lease(uow: UnitOfWork, claim: Claim) -> None:
    """Extend the lease if the fence is still ours; the row stays locked until commit."""
    lease = timedelta(seconds=current_settings().job_lease_seconds)
    _change(uow, claim, lease_until=uow.now + lease)


def note_page(uow: UnitOfWork, claim: Claim, cursor: str | None) -> None:
    """Write down where the slot stopped, or that it is done, in the page's own commit."""
    if cursor is None:
        _change(uow, claim, state=DONE, finished_at=uow.now, pages=JobRun.pages + 1, error=None)
    else:
        # A page that went through starts the counts of failures and of lost workers anew.
        _change(uow, claim, cursor=cursor, pages=JobRun.pages + 1, attempts=0, take_overs=0)


@transaction
def put_back(claim: Claim) -> None:
    """Leave the slot to the next worker, at once and where it stopped; nobody has failed."""
    _change(current_unit_of_work(), claim, state=DUE, lease_until=None)


@transaction
def note_failure(claim: Claim, error: BaseException) -> None:
    """Let the slot rest, longer after each failure; after the last attempt it is failed."""
    uow = current_unit_of_work()
    text = f"{type(error).__name__}: {error}"[:500]
    # Only failures count: a worker that was killed or lost its lease says nothing of the job.
    query = sa.select(JobRun.attempts).where(JobRun.id == claim.run_id)
    attempts = (uow.session.scalar(query) or 0) + 1
    if attempts >= current_settings().job_attempts:
        _fail(uow, claim, attempts=attempts, error=text)
        return
    pause = min(LONGEST_PAUSE, timedelta(seconds=2.0**attempts))
    _change(uow, claim, state=DUE, attempts=attempts, not_before=uow.now + pause, error=text)


def _fail(uow: UnitOfWork, claim: Claim, **values: object) -> None:
    _change(uow, claim, state=FAILED, finished_at=uow.now, **values)
    uow.audit("consortium.job.failed", subject=claim.job, detail={"slot": claim.slot.isoformat()})


def _change(uow: UnitOfWork, claim: Claim, **values: object) -> None:
    """Change the slot's row under our fence."""
    done = uow.execute(
        sa.update(JobRun)
        .where(JobRun.id == claim.run_id, JobRun.fence == claim.fence, JobRun.state == RUNNING)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    if done.rowcount != 1:
        raise LeaseLost
