"""The one place that commits: joined, retried, rolled back, recorded."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Blueprint, Flask
from sqlalchemy.exc import DBAPIError

from consortium.kernel.audit.models import AuditRow
from consortium.kernel.clock import FixedClock
from consortium.kernel.db import Change, db
from consortium.kernel.errors import NotFound
from consortium.kernel.faults import Busy, is_cut_off
from consortium.kernel.feature import Feature
from consortium.kernel.ids import new_id
from consortium.kernel.outbox.models import OutboxRow
from consortium.kernel.unit_of_work import (
    current_unit_of_work,
    reading,
    transaction,
    unit_of_work,
)
from consortium.kernel.web import csrf_exempt


@reading
def count(model: type[object]) -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


def test_news_audit_and_change_commit_together(app: Flask, clock: FixedClock) -> None:
    with unit_of_work() as uow:
        uow.emit("test.thing.made", "k", {"id": "1"})
        uow.audit("test.made", subject="k")
    assert (count(Change), count(OutboxRow), count(AuditRow)) == (1, 1, 1)


def test_a_refusal_leaves_nothing(app: Flask) -> None:
    with pytest.raises(NotFound), unit_of_work() as uow:
        uow.emit("test.thing.made", "k", {})
        uow.audit("test.made", subject="k")
        raise NotFound
    assert (count(Change), count(OutboxRow), count(AuditRow)) == (0, 0, 0)


def test_a_service_inside_a_service_joins_its_transaction(app: Flask) -> None:
    @transaction
    def inner() -> object:
        return current_unit_of_work().change_id

    @transaction
    def outer() -> tuple[object, object]:
        return current_unit_of_work().change_id, inner()

    mine, its = outer()
    assert mine == its
    assert count(Change) == 1


def test_locking_what_is_not_there_is_not_found(app: Flask) -> None:
    with pytest.raises(NotFound), unit_of_work() as uow:
        uow.lock(Change, new_id())


def test_a_read_cannot_turn_into_a_write(app: Flask) -> None:
    @reading
    def sly() -> None:
        with unit_of_work():
            raise AssertionError("unreachable")

    with pytest.raises(RuntimeError, match="cannot turn into a write"):
        sly()


def test_later_transactions_never_have_an_earlier_instant(app: Flask) -> None:
    instants = []
    for _ in range(20):
        with unit_of_work() as uow:
            instants.append(uow.now)
    assert instants == sorted(instants)


def test_the_fixed_clock_tells_transactions_the_time(app: Flask, clock: FixedClock) -> None:
    before = clock.at
    clock.advance(days=1)
    with unit_of_work() as uow:
        assert uow.now == before + timedelta(days=1)


@pytest.mark.postgresql_only
def test_a_read_leaves_prepared_statements_standing(app: Flask) -> None:
    held = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%%outbox%%'"
    for _ in range(10):
        count(OutboxRow)
    with db.engine.connect() as connection:
        assert connection.exec_driver_sql(held).scalar() == 1


class Told(Exception):
    """An error as PostgreSQL's driver tells it."""

    def __init__(self, sqlstate: str) -> None:
        self.sqlstate = sqlstate


@pytest.mark.parametrize(
    ("state", "is_lost", "verdict"),
    [
        ("25P03", False, True),  # The driver has read the goodbye and not yet the end.
        ("57P01", False, True),
        ("57P05", False, True),
        ("08006", True, True),
        ("23505", False, False),
    ],
)
def test_who_was_cut_off_by_the_server_is_told_from_who_erred(
    state: str, is_lost: bool, verdict: bool
) -> None:
    error = DBAPIError("SELECT 1", None, Told(state), connection_invalidated=is_lost)
    assert is_cut_off(error) is verdict
    assert (is_cut_off(Busy()), is_cut_off(ValueError("no"))) == (True, False)


@pytest.mark.postgresql_only
def test_a_connection_that_the_server_has_ended_is_not_given_out(
    make_app: Callable[..., Flask],
) -> None:
    with make_app(database_pool_size=3).app_context():
        db.engine.dispose()
        with db.engine.connect() as one, db.engine.connect() as other:
            ended = one.scalar(sa.text("SELECT pg_backend_pid()"))
            ending = sa.text("SELECT pg_terminate_backend(:pid, 5000)")
            one.rollback()
            assert other.scalar(ending, {"pid": ended})
        # The pool gives out first what came back first.
        found = [count(Change) for _ in range(3)]
    assert found == [0, 0, 0]


@contextmanager
def held_by_another_program(url: str) -> Iterator[None]:
    """A lock that no queue of ours knows of, on what every write of the test wants."""
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as other:
        if url.startswith("sqlite"):
            other.connection.isolation_level = None  # type: ignore[attr-defined]
            other.connection.cursor().execute("BEGIN IMMEDIATE")
        else:
            other.execute(sa.text("LOCK TABLE change IN EXCLUSIVE MODE"))
        yield
        other.rollback()
    engine.dispose()


def test_a_write_waits_once_for_another_program_and_is_then_refused_as_busy(
    make_app: Callable[..., Flask], database_url: str
) -> None:
    @transaction
    def change() -> None:
        current_unit_of_work().audit("test.made")

    def change_bare() -> None:
        with unit_of_work() as uow:
            uow.audit("test.made")

    blueprint = Blueprint("guest", __name__)
    view = csrf_exempt(lambda: change() or "")
    blueprint.add_url_rule("/guest", "guest", view, methods=["POST"])
    app = make_app(Feature(name="guest", blueprints=(blueprint,)), database_wait_seconds=1)
    with app.app_context(), held_by_another_program(database_url):
        for write in (change, change_bare):
            begun = time.monotonic()
            with pytest.raises(Busy):
                write()
            assert 0.9 < time.monotonic() - begun < 2
        begun = time.monotonic()
        answer = app.test_client().post("/guest")
        assert time.monotonic() - begun < 2
    assert (answer.status_code, 'data-code="busy"' in answer.text) == (503, True)
    with app.app_context():
        change()
        assert count(AuditRow) == 1
