"""Slots of lost workers: kept while somebody works, taken over, and given up in the end."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime

import sqlalchemy as sa
from flask import Flask

from consortium.kernel.audit.models import AuditRow
from consortium.kernel.clock import FixedClock
from consortium.kernel.db import db
from consortium.kernel.feature import Feature, Job, JobPage
from consortium.kernel.scheduler import claims
from consortium.kernel.scheduler.claims import MOST_TAKE_OVERS, plan_slot
from consortium.kernel.scheduler.models import JobRun
from consortium.kernel.scheduler.running import run_next
from consortium.kernel.unit_of_work import reading, unit_of_work

MakeApp = Callable[..., Flask]
NOON = datetime(2026, 6, 1, 4, tzinfo=UTC)
NAME = "guest.job"


def offering(page: Callable[[JobPage], str | None], *, outside: bool) -> Feature:
    return Feature("guest", jobs=(Job(NAME, page, outside=outside),))


def plan() -> None:
    with unit_of_work() as uow:
        plan_slot(uow, NAME, NOON)


@reading
def tell(column: str) -> object:
    return db.session.scalar(sa.select(getattr(JobRun, column)))


def wait_for_renewal(before: object) -> None:
    pause = threading.Event()
    for _ in range(500):
        if tell("lease_until") != before:
            return
        pause.wait(0.02)
    raise AssertionError("the lease was not renewed")


def test_a_page_outside_keeps_its_lease_however_long_it_takes(
    make_app: MakeApp, clock: FixedClock
) -> None:
    others: list[object] = []

    def page(_told: JobPage) -> str | None:
        for _ in range(3):
            before = tell("lease_until")
            clock.advance(seconds=0.9)
            wait_for_renewal(before)
        others.append(claims.claim_next({NAME}))
        return None

    with make_app(offering(page, outside=True), job_lease_seconds=1).app_context():
        plan()
        assert run_next(clock.at)
        assert others == [None]
        assert (tell("state"), tell("fence")) == ("done", 1)


def test_who_is_told_to_stop_renews_no_more(make_app: MakeApp, clock: FixedClock) -> None:
    stopping = threading.Event()

    def page(_told: JobPage) -> str | None:
        before = tell("lease_until")
        clock.advance(seconds=0.9)
        wait_for_renewal(before)
        stopping.set()
        # More than a third of the lease, so that one that was under way has ended.
        threading.Event().wait(0.5)
        before = tell("lease_until")
        clock.advance(seconds=0.5)
        threading.Event().wait(0.5)
        assert tell("lease_until") == before
        return None

    with make_app(offering(page, outside=True), job_lease_seconds=1).app_context():
        plan()
        assert run_next(clock.at, stopping)
        assert tell("state") == "done"


def lose_a_worker(clock: FixedClock) -> bool:
    claim = claims.claim_next({NAME})
    clock.advance(seconds=31)
    return claim is not None


def test_a_page_that_costs_too_many_workers_fails_its_slot(
    make_app: MakeApp, clock: FixedClock
) -> None:
    with make_app(offering(lambda _page: None, outside=True)).app_context():
        plan()
        assert [lose_a_worker(clock) for _ in range(MOST_TAKE_OVERS + 1)].count(True) == 21
        assert not lose_a_worker(clock)
        assert tell("state") == "failed"
        assert tell("error") == "21 workers were lost over one page"
        assert db.session.scalar(sa.select(AuditRow.action)) == "consortium.job.failed"


def test_a_page_that_goes_through_starts_the_count_anew(
    make_app: MakeApp, clock: FixedClock
) -> None:
    with make_app(offering(lambda _page: None, outside=True)).app_context():
        plan()
        for _ in range(MOST_TAKE_OVERS):
            assert lose_a_worker(clock)
        claim = claims.claim_next({NAME})
        assert claim is not None
        assert tell("take_overs") == MOST_TAKE_OVERS
        with claims.fenced_page(claim) as uow:
            claims.note_page(uow, claim, "second")
        assert tell("take_overs") == 0
