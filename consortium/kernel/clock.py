"""One clock. Instants are UTC; civil dates become instants once, in the society's zone."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

MICROSECOND = timedelta(microseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# How fast the stored time goes on while it is ahead of the host's. At full pace it would stay
# ahead for good.
PACE_AHEAD = 0.5


class Clock(Protocol):
    """Whatever can tell the present instant."""

    def now(self) -> datetime:
        """The present instant, UTC."""


class SystemClock:
    """The host's clock."""

    def now(self) -> datetime:
        """The host's present instant, UTC."""
        return datetime.now(UTC)


@dataclass
class FixedClock:
    """A clock that stands still until it is told to move; replaces every other while in use."""

    at: datetime

    def now(self) -> datetime:
        """The instant it stands at."""
        return self.at

    def advance(self, **span: float) -> datetime:
        """Move by a timedelta given by keyword, for instance `days=1`."""
        self.at += timedelta(**span)
        return self.at


_replacement: ContextVar[Clock | None] = ContextVar("clock", default=None)
_system = SystemClock()


def replaced_clock() -> Clock | None:
    """The clock that stands in for host and database, if one does."""
    return _replacement.get()


@contextmanager
def use_clock(clock: Clock) -> Iterator[Clock]:
    """Let `clock` tell the time, for transactions too, inside the block."""
    token = _replacement.set(clock)
    try:
        yield clock
    finally:
        _replacement.reset(token)


def read_now() -> datetime:
    """The present instant for a question; a write asks `uow.now` instead.

    What a worker compares with stored instants, it compares with `unit_of_work.database_now`.
    """
    return (_replacement.get() or _system).now()


@dataclass(frozen=True)
class Mark:
    """Where time stood when the last instant was stored on this host.

    Attributes:
        at: the stored instant.
        boot: identity of the host's boot during which it was stored.
        uptime: seconds since that boot, steady whatever the wall clock does.
    """

    at: datetime
    boot: str
    uptime: float


def read_mark(mark: Mark | None, *, host: datetime, boot: str, uptime: float) -> datetime:
    """The present by the clock that stamps: the host's, but never before what was stored.

    A wall clock that is set back neither repeats an instant nor stops the time: it goes on
    from the last mark at half the pace of the uptime, so that the wall clock catches up.

    >>> noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    >>> mark, back = Mark(noon, "a", 5.0), noon - timedelta(hours=1)
    >>> read_mark(mark, host=back, boot="a", uptime=15.0) == noon + timedelta(seconds=5)
    True
    >>> read_mark(mark, host=back, boot="b", uptime=15.0) == noon
    True
    """
    if mark is None:
        return host
    passed = max(0.0, uptime - mark.uptime) if boot == mark.boot else 0.0
    return max(host, mark.at + timedelta(seconds=passed * PACE_AHEAD))


def advance_mark(mark: Mark | None, *, host: datetime, boot: str, uptime: float) -> Mark:
    """The next instant to store: the present (`read_mark`), and later than the last one stored.

    >>> noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    >>> first = advance_mark(None, host=noon, boot="a", uptime=5.0)
    >>> back = noon - timedelta(hours=1)
    >>> advance_mark(first, host=back, boot="a", uptime=15.0).at == noon + timedelta(seconds=5)
    True
    >>> advance_mark(first, host=back, boot="b", uptime=1.0).at == noon + MICROSECOND
    True
    """
    present = read_mark(mark, host=host, boot=boot, uptime=uptime)
    return Mark(max(present, mark.at + MICROSECOND) if mark else present, boot, uptime)


@cache
@cache
def boot_identity() -> str:
    """An identity of the host's current boot; the process's own start where none is told."""
    told = Path("/proc/sys/kernel/random/boot_id")
    return told.read_text().strip() if told.exists() else f"process-{os.getpid()}"


def uptime_seconds() -> float:
    """Seconds of a clock that nobody can set."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def start_of_day(day: date, zone: str) -> datetime:
    """The first instant of a civil day in `zone`, UTC (fold 0; a skipped midnight moves on).

    >>> start_of_day(date(2027, 1, 1), "Asia/Shanghai").isoformat()
    '2026-12-31T16:00:00+00:00'
    """
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def end_of_day(day: date, zone: str) -> datetime:
    """The exclusive `until` of a period whose last day, included, is `day` (含当日).

    >>> end_of_day(date(2026, 12, 31), "Asia/Shanghai").isoformat()
    '2026-12-31T16:00:00+00:00'
    """
    return start_of_day(day + timedelta(days=1), zone)


def last_day(until: datetime, zone: str) -> date:
    """The last day, included, of a period with exclusive `until`: what people read and write.

    >>> last_day(end_of_day(date(2026, 12, 31), "Asia/Shanghai"), "Asia/Shanghai")
    datetime.date(2026, 12, 31)
    """
    return (until.astimezone(ZoneInfo(zone)) - MICROSECOND).date()
