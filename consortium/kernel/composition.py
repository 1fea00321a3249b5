"""Whether features fit together: asked when an application is built, before anything runs."""

from collections.abc import Iterable, Sequence

from consortium.kernel.feature import Feature, Handler, Job
from consortium.kernel.scheduler.timetable import check_trigger

MISSED = ("latest", "each")


class BadFeature(ValueError):
    """A feature offers what no application can run; the message names both."""


def check_features(features: Sequence[Feature]) -> None:
    """Refuse names that are there twice and jobs that could never run.

    >>> check_features([Feature("a"), Feature("a")])
    Traceback (most recent call last):
        ...
    consortium.kernel.composition.BadFeature: feature a: there are two of this name

    Raises:
        BadFeature: names the feature and what of it.
    """
    _refuse_doubles("feature", ((feature.name, feature.name) for feature in features))
    for kind, names in (
        ("job", [(f.name, job.name) for f in features for job in f.jobs]),
        ("handler", [(f.name, handler.name) for f in features for handler in f.handlers]),
        ("feed", [(f.name, feed.topic) for f in features for feed in f.feeds]),
        ("health", [(f.name, health.name) for f in features for health in f.health]),
    ):
        _refuse_doubles(kind, names)
    for feature in features:
        for job in feature.jobs:
            _check_job(feature, job)
        for handler in feature.handlers:
            _check_handler(feature, handler)


def _refuse_doubles(kind: str, names: Iterable[tuple[str, str]]) -> None:
    owners: dict[str, str] = {}
    for feature, name in names:
        if name in owners and kind == "feature":
            raise BadFeature(f"feature {name}: there are two of this name")
        if name in owners:
            told = f"feature {owners[name]} has one of this name already"
            raise BadFeature(f"feature {feature}, {kind} {name}: {told}")
        owners[name] = feature


def _check_job(feature: Feature, job: Job) -> None:
    where = f"feature {feature.name}, job {job.name}"
    if job.missed not in MISSED:
        raise BadFeature(f"{where}: missed is {' or '.join(MISSED)}, not {job.missed!r}")
    if job.trigger is None:
        return
    try:
        check_trigger(job.trigger)
    except ValueError as fault:
        raise BadFeature(f"{where}: {fault}") from fault


def _check_handler(feature: Feature, handler: Handler) -> None:
    # A lone text would be taken letter by letter.
    if not handler.topics or isinstance(handler.topics, str):
        raise BadFeature(f"feature {feature.name}, handler {handler.name}: names no topics")
