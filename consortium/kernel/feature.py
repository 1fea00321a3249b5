"""What a feature offers. The application is built from these lists; nothing registers itself."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

import click
from flask import Blueprint

from consortium.kernel.principal import Principal


@dataclass(frozen=True)
class Every:
    """A slot every so many seconds, counted from 1970 so that all nodes agree on the slots."""

    seconds: float


@dataclass(frozen=True)
class Cron:
    """Slots by a crontab line of five fields, in UTC."""

    line: str


@dataclass(frozen=True)
class JobPage:
    """What a job is told for one page: its slot, where it stopped, its fence and the instant."""

    job: str
    slot: datetime
    cursor: str | None
    fence: int
    now: datetime


@dataclass(frozen=True)
class Job:
    """A timetable entry.

    Attributes:
        page: does one page inside an open, fenced unit of work; gives the next cursor, or None
            when the slot is finished.
        trigger: when slots fall due; None for slots that are planned by hand.
        missed: after an outage run the `latest` missed slot or `each`.
        outside: does its effect outside any transaction (mail, HTTP) and is therefore
            repeated if it is killed; it gets no unit of work. Its lease is renewed meanwhile.
    """

    name: str
    page: Callable[[JobPage], str | None]
    trigger: Every | Cron | None = None
    missed: str = "latest"
    outside: bool = False


@dataclass(frozen=True)
class Message:
    """News as a handler hears it."""

    id: UUID
    topic: str
    key: str
    op: str
    data: Mapping[str, Any]
    origin: str
    version: int
    seq: int
    at: datetime


@dataclass(frozen=True)
class Handler:
    """Hears topics (`*` at the end matches the rest) exactly once, inside a unit of work."""

    name: str
    topics: tuple[str, ...]
    apply: Callable[[Message], None]

    def hears(self, topic: str) -> bool:
        """Whether the topic is one of this handler's.

        >>> Handler("h", ("membership.term.*",), print).hears("membership.term.ended")
        True
        >>> Handler("h", ("membership.term.*",), print).hears("membership.termite")
        False
        """
        return any(
            topic.startswith(mine[:-1]) if mine.endswith("*") else topic == mine
            for mine in self.topics
        )


@dataclass(frozen=True)
class FeedRecord:
    """A record of another node, verified, as a feature's mirror takes it."""

    id: UUID
    topic: str
    key: str
    version: int
    op: str
    data: Mapping[str, Any]
    origin: str
    at: datetime
    observed_at: datetime


@dataclass(frozen=True)
class Feed:
    """A topic that travels between nodes.

    Attributes:
        version: schema version, `MAJOR.MINOR`.
        apply: takes a record into the mirror, idempotently, inside a unit of work.
        fill: gives for keys the data that a recipient (an issuer) may see now, and None for
            what it may have seen before and may not any more: a tombstone. Of keys that are
            missing from the answer it learns nothing. No `fill`: the news itself is enough.
    """

    topic: str
    version: str
    apply: Callable[[FeedRecord], None]
    fill: Callable[[Sequence[str], str], Mapping[str, Mapping[str, Any] | None]] | None = None


@dataclass(frozen=True)
class Tile:
    """A part of a page whose frame another package owns.

    Attributes:
        frame: `home`, `me`, `society`, `consortium` or `search`.
        render: gets the frame's keywords, gives safe HTML or "" when it has nothing to show.
    """

    frame: str
    render: Callable[..., str]
    order: int = 50


@dataclass(frozen=True)
class Navigation:
    """An entry of the site's navigation; `visible` decides by the principal alone."""

    label: str
    endpoint: str
    visible: Callable[[Principal], bool] = lambda _principal: True
    order: int = 50


@dataclass(frozen=True)
class Claims:
    """Claims that a scope puts into ID tokens and userinfo.

    `provide` gets the person, the code of the society that owns the client (None: the node)
    and the instant; claims without a value are left out of its answer.
    """

    scope: str
    claims: tuple[str, ...]
    provide: Callable[[UUID, str | None, datetime], Mapping[str, Any]]


@dataclass(frozen=True)
class Health:
    """A question that /readyz asks; the answer is None, or what is wrong."""

    name: str
    check: Callable[[], str | None]


@dataclass(frozen=True)
class Demo:
    """Loads a part of the demonstration through the users' own importers and services."""

    order: int
    load: Callable[[], None]
    show: Callable[[], Mapping[str, Any]] = dict


@dataclass(frozen=True)
class Retention:
    """How long rows of a table are kept, and the page function that removes older ones."""

    table: str
    days: int
    purge: Callable[[datetime, int], int]


@dataclass(frozen=True)
class SubjectData:
    """What a feature holds about a person: for her export, and erasable on request."""

    export: Callable[[UUID], Mapping[str, Any]]
    erase: Callable[[UUID], None]


@dataclass(frozen=True)
class Feature:
    """A package's offers, each a list that the kernel reads.

    `start_checks` raise a refusal before `serve` opens its port; `install` connects the ports
    that the package fills.
    """

    name: str
    models: tuple[ModuleType, ...] = ()
    migrations: Path | None = None
    translations: Path | None = None
    blueprints: tuple[Blueprint, ...] = ()
    api: tuple[Blueprint, ...] = ()
    commands: tuple[click.Command, ...] = ()
    jobs: tuple[Job, ...] = ()
    handlers: tuple[Handler, ...] = ()
    navigation: tuple[Navigation, ...] = ()
    claims: tuple[Claims, ...] = ()
    feeds: tuple[Feed, ...] = ()
    tiles: tuple[Tile, ...] = ()
    health: tuple[Health, ...] = ()
    demo: tuple[Demo, ...] = ()
    retention: tuple[Retention, ...] = ()
    subject_data: tuple[SubjectData, ...] = ()
    start_checks: tuple[Callable[[], None], ...] = ()
    install: Callable[[Any], None] | None = None
