"""When slots fall due: multiples of a period, and APScheduler's cron lines as pure functions."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache

from apscheduler.triggers.cron import CronTrigger

from consortium.kernel.clock import EPOCH
from consortium.kernel.feature import Cron, Every

FIRST_LOOK = timedelta(hours=1)
SHORTEST, LONGEST = 0.1, 366 * 24 * 3600.0


@cache
def _cron(line: str) -> CronTrigger:
    return CronTrigger.from_crontab(line, timezone=UTC)


def check_trigger(when: Every | Cron) -> None:
    """Refuse a trigger by which no slot ever falls due, or far too many.

    >>> check_trigger(Cron("0 0 31 2 *"))
    Traceback (most recent call last):
        ...
    ValueError: never falls due

    Raises:
        ValueError: says what is wrong with it.
    """
    if isinstance(when, Every):
        if not SHORTEST <= when.seconds <= LONGEST:
            raise ValueError(f"every {when.seconds} s is not between {SHORTEST} s and a year")
    elif not isinstance(when, Cron):
        raise ValueError("a trigger is Every or Cron")
    elif _cron(when.line).get_next_fire_time(None, EPOCH) is None:
        raise ValueError("never falls due")


def due_slots(when: Every | Cron, *, after: datetime, until: datetime) -> Iterator[datetime]:
    """The slots in (`after`, `until`], in order; `after` need not be one.

    >>> noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    >>> list(due_slots(Cron("0 * * * *"), after=noon, until=noon.replace(hour=14)))[0].hour
    13
    >>> next(due_slots(Every(60), after=noon.replace(second=7), until=noon.replace(hour=13))).second
    0
    >>> list(due_slots(Every(60), after=noon, until=noon))
    []
    """
    if isinstance(when, Every):
        numbers = range(_number_at(when, after) + 1, _number_at(when, until) + 1)
        yield from (EPOCH + number * _period(when) for number in numbers)
        return
    trigger = _cron(when.line)
    slot = trigger.get_next_fire_time(after, after)
    while slot is not None and slot <= until:
        if slot > after:
            yield slot.astimezone(UTC)
        slot = trigger.get_next_fire_time(slot, slot)


def last_slot(when: Every | Cron, *, until: datetime, after: datetime) -> datetime | None:
    """The newest slot in (`after`, `until`], without walking through a long outage.

    >>> march, june = datetime(2026, 3, 5, tzinfo=UTC), datetime(2026, 6, 20, tzinfo=UTC)
    >>> last_slot(Cron("0 4 1 * *"), after=march, until=june).isoformat()
    '2026-06-01T04:00:00+00:00'
    >>> last_slot(Every(60), after=EPOCH, until=datetime(2026, 1, 1, 12, 0, 59, tzinfo=UTC)).minute
    0
    """
    if isinstance(when, Every):
        slot = EPOCH + _number_at(when, until) * _period(when)
        return slot if slot > after else None
    if next(due_slots(when, after=after, until=until), None) is None:
        return None
    span = FIRST_LOOK
    while True:
        since = max(after, until - span)
        slots = list(due_slots(when, after=since, until=until))
        if slots:
            return slots[-1]
        span *= 8


def _period(when: Every) -> timedelta:
    return timedelta(seconds=when.seconds)


def _number_at(when: Every, at: datetime) -> int:
    """The number, counted from 1970, of the newest slot up to `at`: whole microseconds alone."""
    return (at - EPOCH) // _period(when)
