"""The features of the running application, and what they offer together."""

from collections.abc import Callable, Iterable
from typing import TypeVar

from flask import Flask, current_app

from consortium.kernel.feature import Feature, Feed, Handler, Job

EXTENSION = "consortium.features"
T = TypeVar("T")


def install_features(app: Flask, features: Iterable[Feature]) -> None:
    """Remember the features in the order in which the application was composed."""
    app.extensions[EXTENSION] = tuple(features)


def current_features() -> tuple[Feature, ...]:
    """The features of the running application, lowest floor first."""
    features: tuple[Feature, ...] = current_app.extensions[EXTENSION]
    return features


def offers(pick: Callable[[Feature], Iterable[T]]) -> tuple[T, ...]:
    """All offers of one kind, floor by floor."""
    return tuple(offer for feature in current_features() for offer in pick(feature))


def find_job(name: str) -> Job | None:
    """The job of that name."""
    return next((job for job in offers(lambda f: f.jobs) if job.name == name), None)


def all_handlers() -> tuple[Handler, ...]:
    """Every handler of news."""
    return offers(lambda f: f.handlers)


def find_feed(topic: str) -> Feed | None:
    """The feed that owns a topic."""
    return next((feed for feed in offers(lambda f: f.feeds) if feed.topic == topic), None)
