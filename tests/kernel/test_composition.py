"""An application is not built from features that do not fit together."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

import wsgi
from consortium.kernel.clock import FixedClock
from consortium.kernel.composition import BadFeature, check_features
from consortium.kernel.feature import Cron, Every, Feature, Handler, Health, Job
from consortium.kernel.scheduler.running import plan_due
from consortium.kernel.settings import Settings


def guest(*jobs: Job, handlers: tuple[Handler, ...] = (), name: str = "guest") -> Feature:
    return Feature(name, jobs=jobs, handlers=handlers)


def timed(trigger: Any, **more: Any) -> Job:
    return Job("guest.timed", lambda _page: None, trigger=trigger, **more)


def hearing(*topics: str) -> Handler:
    return Handler("guest.hears", topics, lambda _message: None)


REFUSED = [
    ((guest(timed(Cron("61 * * * *"))),), "feature guest, job guest.timed: "),
    ((guest(timed(Cron("* * * *"))),), "feature guest, job guest.timed: "),
    ((guest(timed(Cron("0 0 31 2 *"))),), "feature guest, job guest.timed: never falls due"),
    ((guest(timed(Every(0))),), "feature guest, job guest.timed: "),
    ((guest(timed(Every(-5))),), "feature guest, job guest.timed: "),
    ((guest(timed(Every(float("nan")))),), "feature guest, job guest.timed: "),
    ((guest(timed(Every(float("inf")))),), "feature guest, job guest.timed: "),
    ((guest(timed(Every(1e300))),), "feature guest, job guest.timed: "),
    ((guest(timed("hourly")),), "feature guest, job guest.timed: "),
    ((guest(timed(Every(5), missed="lates")),), "feature guest, job guest.timed: missed is"),
    ((guest(timed(None), timed(None)),), "feature guest, job guest.timed: feature guest has"),
    (
        (guest(timed(None)), guest(timed(None), name="other")),
        "feature other, job guest.timed: feature guest has",
    ),
    (
        (guest(Job("consortium.prove", lambda _page: None)),),
        "feature guest, job consortium.prove: feature kernel has",
    ),
    (
        (guest(handlers=(hearing("a"),)), guest(handlers=(hearing("b"),), name="other")),
        "feature other, handler guest.hears: feature guest has",
    ),
    ((guest(handlers=(hearing(),)),), "feature guest, handler guest.hears: names no topics"),
    ((guest(), guest()), "feature guest: there are two"),
    ((guest(name="kernel"),), "feature kernel: there are two"),
    (
        (Feature("guest", health=(Health("a", lambda: None), Health("a", lambda: None))),),
        "feature guest, health a: ",
    ),
]


@pytest.mark.parametrize(("features", "told"), REFUSED, ids=[told for _, told in REFUSED])
def test_what_does_not_fit_is_refused_and_named(
    features: tuple[Feature, ...], told: str, settings: Settings
) -> None:
    with pytest.raises(BadFeature, match=re.escape(told)):
        wsgi.create_app(features=(*wsgi.FEATURES, *features), settings=settings)


def test_what_fits_is_taken() -> None:
    jobs = (timed(Cron("*/5 0-6 * * mon")), Job("guest.often", lambda _page: None, Every(0.5)))
    check_features([guest(*jobs, handlers=(hearing("a", "b.*"),))])


class Failing(Every):
    """A trigger that is right when the application is built, and fails once it runs."""

    is_broken = False

    def __getattribute__(self, name: str) -> Any:
        if name == "seconds" and Failing.is_broken:
            raise ZeroDivisionError
        return super().__getattribute__(name)


def test_one_job_whose_trigger_fails_does_not_stop_the_others(
    make_app: Callable[..., Flask], clock: FixedClock
) -> None:
    good = Job("guest.good", lambda _page: None, trigger=Every(60))
    bad = Job("guest.bad", lambda _page: None, trigger=Failing(60))
    with make_app(guest(bad, good)).app_context():
        known = dict.fromkeys(("guest.good", "guest.bad"), clock.now())
        before = dict(known)
        plan_due(clock.now(), known)
        clock.advance(seconds=120)
        Failing.is_broken = True
        assert plan_due(clock.now(), known) >= 1
    assert known["guest.good"] > before["guest.good"]
    assert known["guest.bad"] == before["guest.bad"]
