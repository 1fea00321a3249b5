"""Counters of attempts, shared by all workers; the keys are keyed digests.

A failed password counts for the pair of account and network first, so that a stranger's
guesses never shut out the account's owner elsewhere; the counter of the account alone is
high and spares networks from which the owner has signed in before.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from auth import models
from auth.rules.access import Limit, is_exhausted
from consortium.kernel.crypto import digest
from consortium.kernel.db import db, dialect_name
from consortium.kernel.rows import fetch_rows
from consortium.kernel.unit_of_work import UnitOfWork

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
PURPOSE = "auth.throttle"

PAIR = Limit(10, 15 * MINUTE)
NETWORK = Limit(100, 15 * MINUTE)
ACCOUNT = Limit(100, DAY)

CODE_PER_MOBILE = (Limit(1, MINUTE), Limit(5, HOUR), Limit(10, DAY))
CODE_PER_NETWORK = (Limit(30, HOUR), Limit(100, DAY))


@dataclass(frozen=True)
class Counter:
    """One counter: what is counted, for whom, and how much is too much."""

    name: str
    who: str
    limit: Limit

    @property
    def key(self) -> str:
        """The row's key, which tells nobody for whom it counts."""
        seconds = int(self.limit.window.total_seconds())
        return digest(f"{self.name}|{seconds}|{self.who}", PURPOSE)


@dataclass(frozen=True)
class Standing:
    """Where a counter stands."""

    count: int
    started_at: datetime


def find_standing(counters: Iterable[Counter]) -> Mapping[str, Standing]:
    """Where the counters stand, by key; one query, absent ones are left out."""
    keys = [counter.key for counter in counters]
    rows = fetch_rows(_standing_query(), keys=keys)
    return {key: Standing(count, started_at) for key, count, started_at in rows}


@cache
def _standing_query() -> sa.Select[*tuple[Any, ...]]:
    counters = models.Throttle
    return sa.select(counters.key, counters.count, counters.started_at).where(
        counters.key.in_(sa.bindparam("keys", expanding=True))
    )


def is_at_limit(counter: Counter, standing: Mapping[str, Standing], now: datetime) -> bool:
    """Whether nothing more may happen on a counter now."""
    stand = standing.get(counter.key)
    return stand is not None and is_exhausted(
        counter.limit, count=stand.count, started_at=stand.started_at, now=now
    )


def time_left(counter: Counter, standing: Mapping[str, Standing], now: datetime) -> timedelta:
    """How long until an exhausted counter starts anew."""
    return standing[counter.key].started_at + counter.limit.window - now


def count(uow: UnitOfWork, counters: Iterable[Counter]) -> Mapping[str, int]:
    """Count one happening on each counter.

    In the order of their keys, so that no two transactions wait for each other.

    Returns:
        The counts by counter name, this happening included.
    """
    ordered = sorted(counters, key=lambda counter: counter.key)
    return {counter.name: _count_one(uow, counter) for counter in ordered}


def _count_one(uow: UnitOfWork, counter: Counter) -> int:
    table = models.Throttle.__table__
    ends = uow.now + counter.limit.window
    insert: Any = (postgresql if dialect_name() == "postgresql" else sqlite).insert(table)
    fresh = {"key": counter.key, "count": 1, "started_at": uow.now, "expires_at": ends}
    over = table.c.expires_at <= uow.now
    statement = insert.values(fresh).on_conflict_do_update(
        index_elements=["key"],
        set_={
            "count": sa.case((over, 1), else_=table.c.count + 1),
            "started_at": sa.case((over, uow.now), else_=table.c.started_at),
            "expires_at": sa.case((over, ends), else_=table.c.expires_at),
        },
    )
    found: int = uow.execute(statement.returning(table.c.count)).scalar_one()
    return found


def forget(uow: UnitOfWork, counters: Iterable[Counter]) -> None:
    """Set counters to nothing, after a success."""
    keys = [counter.key for counter in counters]
    uow.execute(sa.delete(models.Throttle).where(models.Throttle.key.in_(keys)))


def purge_throttles(before: datetime, most: int) -> int:
    """Remove counters whose window ended before an instant; at most so many."""
    keys = (
        sa.select(models.Throttle.key)
        .where(models.Throttle.expires_at < before)
        .order_by(models.Throttle.expires_at)
        .limit(most)
    )
    result: Any = db.session.execute(
        sa.delete(models.Throttle).where(models.Throttle.key.in_(keys))
    )
    return int(result.rowcount)
