"""Slots: planned once, claimed once, resumed behind a higher fence."""

import sys
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from consortium.kernel.clock import EPOCH, FixedClock
from consortium.kernel.db import db
from consortium.kernel.faults import Busy
from consortium.kernel.feature import Cron, Every, Feature, Job, JobPage
from consortium.kernel.scheduler import claims
from consortium.kernel.scheduler.claims import LeaseLost, fenced_page, plan_slot
from consortium.kernel.scheduler.models import JobRun
from consortium.kernel.scheduler.proof import Effect, judge
from consortium.kernel.scheduler.running import newest_slots, plan_due, run_next
from consortium.kernel.scheduler.timetable import LONGEST, SHORTEST, due_slots, last_slot
from consortium.kernel.unit_of_work import reading, unit_of_work

MakeApp = Callable[..., Flask]
NOON = datetime(2026, 6, 1, 4, tzinfo=UTC)


def plan(job: str, slot: datetime) -> bool:
    with unit_of_work() as uow:
        return plan_slot(uow, job, slot)


@reading
def states(job: str) -> list[tuple[str, int, int]]:
    query = sa.select(JobRun.state, JobRun.fence, JobRun.pages).where(JobRun.job == job)
    return [tuple(row) for row in db.session.execute(query.order_by(JobRun.slot))]


@reading
def slots(job: str) -> list[datetime]:
    return list(db.session.scalars(sa.select(JobRun.slot).where(JobRun.job == job)))


def test_a_slot_is_entered_once(app: Flask, clock: FixedClock) -> None:
    assert [plan("consortium.prove", NOON), plan("consortium.prove", NOON)] == [True, False]


def test_a_claimed_slot_is_not_claimed_again_before_its_lease_ends(
    app: Flask, clock: FixedClock
) -> None:
    plan("consortium.prove", NOON)
    first = claims.claim_next({"consortium.prove"})
    assert first is not None
    assert claims.claim_next({"consortium.prove"}) is None
    clock.advance(seconds=31)
    second = claims.claim_next({"consortium.prove"})
    assert second is not None
    assert second.fence == first.fence + 1


def test_whoever_lost_the_lease_cannot_commit(app: Flask, clock: FixedClock) -> None:
    plan("consortium.prove", NOON)
    late = claims.claim_next({"consortium.prove"})
    assert late is not None
    clock.advance(seconds=31)
    claims.claim_next({"consortium.prove"})
    with pytest.raises(LeaseLost), fenced_page(late):
        raise AssertionError("unreachable")


def offering(job: Job) -> Feature:
    return Feature("guest", jobs=(job,))


def test_pages_continue_at_their_cursor(make_app: MakeApp, clock: FixedClock) -> None:
    seen: list[str | None] = []

    def page(told: JobPage) -> str | None:
        seen.append(told.cursor)
        return {None: "a", "a": "b"}.get(told.cursor)

    with make_app(offering(Job("guest.paged", page))).app_context():
        plan("guest.paged", NOON)
        assert run_next(clock.at)
        assert seen == [None, "a", "b"]
        assert states("guest.paged") == [("done", 1, 3)]


def test_a_failing_slot_rests_longer_each_time_and_then_fails(
    make_app: MakeApp, clock: FixedClock
) -> None:
    def page(_told: JobPage) -> str | None:
        raise ValueError("no")

    with make_app(offering(Job("guest.failing", page))).app_context():
        plan("guest.failing", NOON)
        pauses = []
        for _ in range(40):
            if run_next(clock.at):
                pauses.append(clock.at)
            clock.advance(seconds=1)
        assert [round((later - NOON).total_seconds()) for later in pauses] == [0, 2, 6, 14, 30]
        assert states("guest.failing")[0][0] == "failed"


@pytest.mark.parametrize(("missed", "expected"), [("latest", 1), ("each", 10)])
def test_after_an_outage_the_policy_decides(
    make_app: MakeApp, clock: FixedClock, missed: str, expected: int
) -> None:
    job = Job("guest.timed", lambda _page: None, trigger=Every(60), missed=missed)
    with make_app(offering(job)).app_context():
        known = newest_slots(clock.at)
        plan_due(clock.at, known)
        clock.advance(minutes=10)
        plan_due(clock.at, known)
        assert len(states("guest.timed")) == expected


@given(
    after=st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC)),
    period=st.floats(SHORTEST, LONGEST),
    length=st.integers(0, 40),
)
def test_every_slot_is_a_multiple_of_the_period_since_1970(
    after: datetime, period: float, length: int
) -> None:
    step = timedelta(seconds=period)
    until = after + length * step
    found = list(due_slots(Every(period), after=after, until=until))
    assert [(slot - EPOCH) % step for slot in found] == [timedelta(0)] * length
    assert all(after < slot <= until for slot in found)
    assert found[-1:] == [
        slot for slot in [last_slot(Every(period), after=after, until=until)] if slot
    ]


def test_two_workers_that_catch_up_enter_the_same_slots(
    make_app: MakeApp, clock: FixedClock
) -> None:
    job = Job("guest.timed", lambda _page: None, trigger=Every(3600), missed="each")
    with make_app(offering(job)).app_context():
        clock.advance(seconds=17.045)
        plan_due(clock.at, newest_slots(clock.at))
        clock.advance(days=9)
        first = newest_slots(clock.at)
        later = clock.at + timedelta(milliseconds=50)
        second = newest_slots(later)
        plan_due(clock.at, first)
        plan_due(later, second)
        entered = slots("guest.timed")
        assert len(entered) == 7 * 24
        assert {(slot - EPOCH) % timedelta(hours=1) for slot in entered} == {timedelta(0)}


def test_a_node_that_is_off_at_night_runs_its_nightly_jobs_in_the_morning(
    make_app: MakeApp, clock: FixedClock
) -> None:
    job = Job("guest.nightly", lambda _page: None, trigger=Cron("50 19 * * *"))
    with make_app(offering(job)).app_context():
        plan_due(clock.at, newest_slots(clock.at))
        clock.advance(hours=24)
        # Another process: it knows what is written down and nothing else.
        plan_due(clock.at, newest_slots(clock.at))
        assert states("guest.nightly") == [("due", 0, 0)]


@pytest.mark.parametrize("missed", ["latest", "each"])
def test_the_latest_missed_slot_of_a_monthly_job_is_entered_at_any_age(
    make_app: MakeApp, clock: FixedClock, missed: str
) -> None:
    job = Job("guest.monthly", lambda _page: None, trigger=Cron("0 3 2 * *"), missed=missed)
    with make_app(offering(job)).app_context():
        plan_due(clock.at, newest_slots(clock.at))
        clock.advance(days=80)
        plan_due(clock.at, newest_slots(clock.at))
        assert slots("guest.monthly") == [datetime(2026, 8, 2, 3, tzinfo=UTC)]


def test_a_job_first_seen_in_a_glitch_of_the_clock_is_seen_anew(
    make_app: MakeApp, clock: FixedClock
) -> None:
    job = Job("guest.timed", lambda _page: None, trigger=Every(3600))
    with make_app(offering(job)).app_context():
        clock.advance(days=400)
        plan_due(clock.at, newest_slots(clock.at))
        clock.advance(days=-400)
        plan_due(clock.at, newest_slots(clock.at))
        clock.advance(hours=1)
        plan_due(clock.at, newest_slots(clock.at))
        assert slots("guest.timed") == [NOON + timedelta(hours=1)]


def test_a_clock_set_back_enters_no_slot_twice(make_app: MakeApp, clock: FixedClock) -> None:
    job = Job("guest.timed", lambda _page: None, trigger=Every(60), missed="each")
    with make_app(offering(job)).app_context():
        known = newest_slots(clock.at)
        plan_due(clock.at, known)
        clock.advance(minutes=3)
        plan_due(clock.at, known)
        clock.advance(hours=-1)
        plan_due(clock.at, known)
        plan_due(clock.at, newest_slots(clock.at))
        assert len(states("guest.timed")) == 3


def effect(slot: datetime, page: int, fence: int = 1, second: int = 0) -> Effect:
    return Effect(slot, page, fence, NOON + timedelta(seconds=second))


def test_the_judge_sees_doubles_gaps_and_take_overs() -> None:
    early, late = NOON, NOON + timedelta(seconds=1)
    proof = judge(
        {early: 2, late: 2},
        [effect(early, 0), effect(early, 1, 2, 3), effect(late, 0), effect(late, 0)],
    )
    assert (proof.due, proof.once, proof.twice, proof.missing) == (2, 1, 1, 1)
    assert proof.resume_p99_seconds == 3.0


@pytest.mark.postgresql_only
def test_a_worker_that_is_cut_off_does_not_count_as_a_failure(
    make_app: MakeApp, clock: FixedClock
) -> None:
    def page(told: JobPage) -> str | None:
        if told.fence == 1:
            db.session.execute(sa.text("SELECT pg_terminate_backend(pg_backend_pid())"))
        return None

    with make_app(offering(Job("guest.cut-off", page))).app_context():
        plan("guest.cut-off", NOON)
        assert run_next(clock.at)
        assert states("guest.cut-off") == [("running", 1, 0)]
        clock.advance(seconds=31)
        assert run_next(clock.at)
        assert states("guest.cut-off") == [("done", 2, 1)]
        assert db.session.scalar(sa.select(JobRun.attempts)) == 0


@pytest.mark.postgresql_only
def test_a_page_that_was_frozen_too_long_does_not_count_as_a_failure(
    make_app: MakeApp, clock: FixedClock
) -> None:
    def page(told: JobPage) -> str | None:
        if told.fence == 1:
            db.session.execute(sa.text("SET idle_in_transaction_session_timeout = 50"))
            threading.Event().wait(0.5)
        db.session.execute(sa.text("SELECT 1"))
        return None

    with make_app(offering(Job("guest.frozen", page))).app_context():
        plan("guest.frozen", NOON)
        assert run_next(clock.at)
        assert states("guest.frozen") == [("running", 1, 0)]
        clock.advance(seconds=31)
        assert run_next(clock.at)
        assert states("guest.frozen") == [("done", 2, 1)]


def test_a_busy_database_does_not_count_as_a_failure(make_app: MakeApp, clock: FixedClock) -> None:
    def page(_told: JobPage) -> str | None:
        raise Busy

    with make_app(offering(Job("guest.busy", page))).app_context():
        plan("guest.busy", NOON)
        assert run_next(clock.at)
        assert states("guest.busy") == [("running", 1, 0)]
        assert db.session.scalar(sa.select(JobRun.attempts)) == 0


@pytest.mark.parametrize("outside", [False, True])
def test_a_job_that_exits_has_failed(make_app: MakeApp, clock: FixedClock, outside: bool) -> None:
    def page(_told: JobPage) -> str | None:
        sys.exit("done with it")

    with make_app(offering(Job("guest.exits", page, outside=outside))).app_context():
        plan("guest.exits", NOON)
        assert run_next(clock.at)
        assert states("guest.exits") == [("due", 1, 0)]
        assert db.session.scalar(sa.select(JobRun.error)) == "SystemExit: done with it"


def test_only_failures_since_the_last_good_page_count(make_app: MakeApp, clock: FixedClock) -> None:
    def page(told: JobPage) -> str | None:
        if told.cursor is None:
            return "second"
        raise ValueError("no")

    with make_app(offering(Job("guest.paged", page))).app_context():
        plan("guest.paged", NOON)
        for _ in range(9):
            # Claimed and killed: the lease runs out nine times.
            assert claims.claim_next({"guest.paged"})
            clock.advance(seconds=31)
        tried = []
        for _ in range(40):
            if run_next(clock.at):
                tried.append(clock.at)
            clock.advance(seconds=1)
        assert [round((later - tried[0]).total_seconds()) for later in tried] == [0, 2, 6, 14, 30]
        assert states("guest.paged") == [("failed", 14, 1)]


@pytest.mark.parametrize("outside", [False, True])
def test_a_worker_that_is_told_to_stop_leaves_after_the_page_it_is_at(
    make_app: MakeApp, clock: FixedClock, outside: bool
) -> None:
    stopping = threading.Event()

    def page(told: JobPage) -> str | None:
        if told.cursor == "1":
            stopping.set()
        number = int(told.cursor or 0) + 1
        return str(number) if number < 5 else None

    with make_app(offering(Job("guest.long", page, outside=outside))).app_context():
        plan("guest.long", NOON)
        assert run_next(clock.at, stopping)
        assert states("guest.long") == [("due", 1, 2)]
        assert db.session.scalar(sa.select(JobRun.attempts)) == 0
        assert run_next(clock.at)
        assert states("guest.long") == [("done", 2, 5)]
        assert db.session.scalar(sa.select(JobRun.take_overs)) == 0
