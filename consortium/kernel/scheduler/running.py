"""Plans slots and runs them, page by page."""

import logging
from datetime import datetime, timedelta
from threading import Event

import sqlalchemy as sa

from consortium.kernel.db import db, insert_if_absent
from consortium.kernel.faults import is_cut_off
from consortium.kernel.feature import Job, JobPage
from consortium.kernel.features import find_job, offers
from consortium.kernel.metrics import job_pages, worker_errors
from consortium.kernel.scheduler import claims
from consortium.kernel.scheduler.claims import Claim, LeaseLost
from consortium.kernel.scheduler.models import JobRun, JobSight
from consortium.kernel.scheduler.renewal import kept_lease
from consortium.kernel.scheduler.timetable import due_slots, last_slot
from consortium.kernel.unit_of_work import reading, unit_of_work

logger = logging.getLogger(__name__)
CATCH_UP = timedelta(days=7)


@reading
def newest_slots(now: datetime) -> dict[str, datetime]:
    """The newest slot up to `now` that was entered for each job, or when it was first seen."""
    sights = sa.select(JobSight.job, JobSight.since).where(JobSight.since <= now)
    found: dict[str, datetime] = dict(db.session.execute(sights).all())
    newest = sa.select(JobRun.job, sa.func.max(JobRun.slot)).where(JobRun.slot <= now)
    for job, slot in db.session.execute(newest.group_by(JobRun.job)):
        found[job] = max(slot, found.get(job, slot))
    return found


def plan_due(now: datetime, known: dict[str, datetime]) -> int:
    """Enter the slots that have fallen due; `known` remembers the newest one of each job.

    A job that was never seen starts with its next slot. After an outage a job's policy says
    whether the latest missed slot is entered, of whatever age, or each of the last seven days.
    """
    _note_sights(now, known)
    timed = [job for job in offers(lambda f: f.jobs) if job.trigger]
    due = {job.name: _due_or_none(job, now, known) for job in timed}
    wanted = [(job, slot) for job, slots in due.items() for slot in slots]
    if not wanted:
        return 0
    with unit_of_work() as uow:
        made = sum(claims.plan_slot(uow, job, slot) for job, slot in wanted)
    known.update(dict(wanted))
    return made


def _note_sights(now: datetime, known: dict[str, datetime]) -> None:
    """Write down since when a job is known: memory alone forgets it at each restart."""
    new = [job.name for job in offers(lambda f: f.jobs) if job.trigger and job.name not in known]
    if not new:
        return
    with unit_of_work() as uow:
        for job in new:
            uow.execute(insert_if_absent(JobSight, job=job, since=now))
        # A sight in the future is of a glitch of the clock.
        ahead = sa.update(JobSight).where(JobSight.job.in_(new), JobSight.since > now)
        uow.execute(ahead.values(since=now).execution_options(synchronize_session=False))
    known.update(dict.fromkeys(new, now))


def _due_or_none(job: Job, now: datetime, known: dict[str, datetime]) -> list[datetime]:
    """The slots that are due; a trigger that fails is told and stops no other job."""
    try:
        return _due(job, now, known)
    except Exception:
        logger.exception("job.trigger-failed", extra={"job": job.name})
        worker_errors.labels("trigger").inc()
        return []


def _due(job: Job, now: datetime, known: dict[str, datetime]) -> list[datetime]:
    assert job.trigger is not None
    # The clock was set back: no slot is entered twice, so nothing is gained by waiting until
    # then, and after a glitch that may be years.
    after = known[job.name] = min(known[job.name], now)
    if job.missed == "each":
        recent = list(due_slots(job.trigger, after=max(after, now - CATCH_UP), until=now))
        if recent:
            return recent
    newest = last_slot(job.trigger, after=after, until=now)
    return [newest] if newest else []


def run_next(now: datetime, stopping: Event | None = None) -> bool:
    """Claim one slot and run it to its end; False if none was to be had."""
    jobs = {job.name for job in offers(lambda f: f.jobs)}
    if not claims.has_claimable(now, jobs):
        return False
    claim = claims.claim_next(jobs)
    if claim is None:
        return False
    run_claim(claim, stopping)
    return True


def run_claim(claim: Claim, stopping: Event | None = None) -> None:
    """Run the slot's pages until it is done, taken over, fails, or the worker is to stop."""
    job = find_job(claim.job)
    assert job is not None
    stopping = stopping or Event()
    try:
        cursor = claim.cursor
        while True:
            if stopping.is_set():
                claims.put_back(claim)
                return
            cursor = _run_page(job, claim, cursor, stopping)
            job_pages.labels(claim.job, "done").inc()
            if cursor is None:
                return
    except LeaseLost:
        job_pages.labels(claim.job, "lease-lost").inc()
        logger.warning("job.lease-lost", extra={"job": claim.job, "slot": str(claim.slot)})
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        # Whatever ends a job must not end the worker's thread, sys.exit() included.
        job_pages.labels(claim.job, "cut-off" if is_cut_off(error) else "failed").inc()
        if is_cut_off(error):
            # Says nothing of the job: as after a kill, the lease runs out and somebody goes on.
            logger.warning("job.cut-off", extra={"job": claim.job, "slot": str(claim.slot)})
            return
        logger.exception("job.failed", extra={"job": claim.job, "slot": str(claim.slot)})
        _give_up(claim, error)


def _run_page(job: Job, claim: Claim, cursor: str | None, stopping: Event) -> str | None:
    if job.outside:
        with claims.fenced_page(claim) as uow:
            now = uow.now
        with kept_lease(claim, stopping):
            following = job.page(JobPage(claim.job, claim.slot, cursor, claim.fence, now))
        with claims.fenced_page(claim) as uow:
            claims.note_page(uow, claim, following)
        return following
    with claims.fenced_page(claim) as uow:
        following = job.page(JobPage(claim.job, claim.slot, cursor, claim.fence, uow.now))
        claims.note_page(uow, claim, following)
    return following


def _give_up(claim: Claim, error: BaseException) -> None:
    try:
        claims.note_failure(claim, error)
    except LeaseLost:
        logger.warning("job.lease-lost", extra={"job": claim.job, "slot": str(claim.slot)})
