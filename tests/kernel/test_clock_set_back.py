"""A host's clock that is set back: what is stamped and what is compared stay one time."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from consortium.kernel import delivery, mail, signing
from consortium.kernel.clock import FixedClock, Mark, SystemClock, advance_mark
from consortium.kernel.db import db
from consortium.kernel.feature import Every, Feature, Handler, Job, Message
from consortium.kernel.outbox.models import HandlerCursor
from consortium.kernel.outbox.relay import Relay
from consortium.kernel.outbox.sequencer import number_committed
from consortium.kernel.scheduler.claims import plan_slot
from consortium.kernel.scheduler.models import JobRun
from consortium.kernel.scheduler.running import newest_slots, plan_due, run_next
from consortium.kernel.unit_of_work import database_now, reading, unit_of_work

MakeApp = Callable[..., Flask]
NOON = datetime(2026, 6, 1, 4, tzinfo=UTC)


@dataclass
class Host:
    """The host's clock, off by a step that the test sets."""

    step: timedelta = timedelta(0)

    def set_back(self, **span: float) -> None:
        """Something was stamped; then the clock is set back."""
        stamp()
        self.step -= timedelta(**span)


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Host:
    """A host whose clock can be set."""
    made = Host()
    monkeypatch.setattr(SystemClock, "now", lambda _self: datetime.now(UTC) + made.step)
    return made


def stamp() -> datetime:
    with unit_of_work() as uow:
        return uow.now


def test_what_is_compared_agrees_with_what_is_stamped(app: Flask, host: Host) -> None:
    host.set_back(hours=1)
    told = [act() for _ in range(5) for act in (stamp, database_now)]
    assert told == sorted(told)
    assert told[-1] - told[0] < timedelta(minutes=1)


def test_inside_a_transaction_the_present_is_its_instant(app: Flask, host: Host) -> None:
    host.set_back(hours=1)
    with unit_of_work() as uow:
        assert database_now() == uow.now


def test_mail_goes_out_at_once(app: Flask, host: Host) -> None:
    host.set_back(hours=1)
    with unit_of_work():
        mail.send_mail("a@math.example", "subject", "text")
    assert delivery.deliver_messages() == 1


def test_a_slot_is_run_at_once(make_app: MakeApp, host: Host) -> None:
    with make_app(Feature("guest", jobs=(Job("guest.job", lambda _page: None),))).app_context():
        host.set_back(hours=1)
        with unit_of_work() as uow:
            plan_slot(uow, "guest.job", uow.now)
        assert run_next(database_now())


def test_a_handler_that_has_rested_is_asked_again(make_app: MakeApp, host: Host) -> None:
    heard: list[str] = []

    def apply(message: Message) -> None:
        heard.append(message.key)

    guest = Feature("guest", handlers=(Handler("guest.listen", ("test.thing",), apply),))
    with make_app(guest).app_context():
        host.set_back(hours=1)
        with unit_of_work() as uow:
            uow.add(HandlerCursor(name="guest.listen", seq=0, attempts=1, not_before=uow.now))
            uow.emit("test.thing", "a", {})
        number_committed()
        assert (Relay().hand_on(), heard) == (1, ["a"])


def test_a_societys_first_key_signs_at_once(app: Flask, host: Host) -> None:
    host.set_back(hours=1)
    assert signing.sign_json("math", {"seats": 3})


def test_the_stored_time_goes_slower_until_the_host_has_caught_up() -> None:
    mark = Mark(NOON, "boot", 0.0)
    back, instants = NOON - timedelta(hours=1), []
    for minutes in range(10, 150, 10):
        host = back + timedelta(minutes=minutes)
        mark = advance_mark(mark, host=host, boot="boot", uptime=minutes * 60.0)
        instants.append(mark.at)
    assert instants == sorted(set(instants))
    assert (instants[0], instants[-1]) == (NOON + timedelta(minutes=5), host)


@pytest.mark.parametrize("is_restarted", [False, True])
def test_a_glitch_into_the_future_does_not_stop_a_job(
    make_app: MakeApp, clock: FixedClock, is_restarted: bool
) -> None:
    job = Job("guest.timed", lambda _page: None, trigger=Every(60))
    with make_app(Feature("guest", jobs=(job,))).app_context():
        known = newest_slots(clock.at)
        plan_due(clock.at, known)
        clock.advance(days=400)
        plan_due(clock.at, known)
        clock.advance(days=-400)
        known = newest_slots(clock.at) if is_restarted else known
        plan_due(clock.at, known)
        clock.advance(minutes=1)
        plan_due(clock.at, known)
        assert slots("guest.timed") == [NOON + timedelta(minutes=1), NOON + timedelta(days=400)]


@reading
def slots(job: str) -> list[datetime]:
    return list(
        db.session.scalars(sa.select(JobRun.slot).where(JobRun.job == job).order_by(JobRun.slot))
    )
