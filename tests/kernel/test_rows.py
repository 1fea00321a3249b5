"""Rows of columns past the ORM: the same values, the same errors, the same transaction."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import DBAPIError

from consortium.kernel.db import Change, Id, Instant, Json, db, open_read
from consortium.kernel.ids import new_id
from consortium.kernel.lists import is_any_of
from consortium.kernel.rows import fetch_rows
from consortium.kernel.unit_of_work import reading, unit_of_work
from tests.kernel.counting import count_statements

AT = datetime(2026, 2, 28, 23, 59, 59, 999_999, tzinfo=UTC)
KINDS: dict[str, tuple[sa.types.TypeEngine[Any], Any]] = {
    "an_id": (Id, UUID(int=7)),
    "an_instant": (Instant, AT),
    "an_object": (Json, {"名": ["甲", None, 1.5]}),
    "an_amount": (sa.Numeric(12, 2), Decimal("12.50")),
    "a_flag": (sa.Boolean(), True),
    "a_text": (sa.String(), "100 % of %(a_text)s, %s, ? and :a_text"),
}
CHANGES = sa.select(Change.id, Change.at, Change.request_id)
BY_NAME = CHANGES.where(Change.request_id == sa.bindparam("named"))
SOME = CHANGES.where(
    is_any_of(Change.id, "ids"),
    is_any_of(Change.request_id, "names"),
    Change.request_id.like("a%%"),
    Change.at > sa.bindparam("after", type_=Instant),
)


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("is_empty", [False, True])
def test_a_value_comes_as_the_session_gives_it(app: Flask, name: str, is_empty: bool) -> None:
    kind, value = KINDS[name]
    value = None if is_empty else value
    # PostgreSQL takes an untyped nothing for a text; SQLite casts an instant to a number.
    typed = sa.cast if name == "an_amount" else sa.type_coerce
    asked = sa.select(typed(sa.bindparam("value", type_=kind), kind).label(name))
    expected = db.session.execute(asked, {"value": value}).scalar_one()
    row = fetch_rows(asked, value=value)[0]
    assert getattr(row, name) == row[0] == expected
    assert type(row[0]) is type(expected)


def test_lists_and_single_values_go_together_and_none_is_kept_from_before(app: Flask) -> None:
    made = {name: _record(name) for name in ("ab", "ac", "b", "a%")}
    for names in (["ab"], [], ["ab", "ac", "b"], ["a%", "x"]):
        for ids in (list(made.values()), [made["ab"]], []):
            found = fetch_rows(SOME, ids=ids, names=names, after=AT, spare=1)
            asked = {name for name in names if made.get(name) in ids and name.startswith("a")}
            assert {row.request_id for row in found} == asked
            assert all(row.at.tzinfo is UTC for row in found)


def test_it_sees_what_its_transaction_has_not_committed(app: Flask) -> None:
    with unit_of_work() as uow:
        uow.add(Change(id=new_id(), at=uow.now, request_id="pending"))
        assert len(fetch_rows(BY_NAME, named="pending")) == 1
        assert len(db.session.execute(BY_NAME, {"named": "pending"}).all()) == 1


def test_a_read_with_the_session_and_one_past_it_share_a_snapshot(app: Flask) -> None:
    @reading
    def read_both_ways() -> tuple[int, int, int]:
        by_rows = len(fetch_rows(BY_NAME, named="late"))
        with db.engine.connect() as other, other.begin():
            other.execute(sa.insert(Change), {"id": new_id(), "at": AT, "request_id": "late"})
        by_session = len(db.session.scalars(sa.select(Change).filter_by(request_id="late")).all())
        return by_rows, by_session, len(fetch_rows(BY_NAME, named="late"))

    assert read_both_ways() == (0, 0, 0)
    assert len(fetch_rows(BY_NAME, named="late")) == 1


def test_an_error_is_the_one_that_the_session_raises(app: Flask) -> None:
    broken: sa.Select[Any] = sa.select(sa.literal_column("no_such_column").label("x"))
    with pytest.raises(DBAPIError) as known:
        db.session.execute(broken)
    db.session.rollback()
    with pytest.raises(DBAPIError) as found:
        fetch_rows(broken)
    assert type(found.value) is type(known.value)
    assert not found.value.connection_invalidated
    assert found.value.statement == known.value.statement


def test_after_an_error_the_next_read_works(app: Flask) -> None:
    @reading
    def fail() -> None:
        fetch_rows(sa.select(sa.literal_column("no_such_column").label("x")))

    for _ in range(3):
        with pytest.raises(DBAPIError):
            fail()
    assert reading(lambda: len(fetch_rows(BY_NAME, named="none")))() == 0


def test_a_lost_connection_is_told_and_replaced(app: Flask) -> None:
    @reading
    def be_cut_off() -> None:
        fetch_rows(BY_NAME, named="x")
        connection = open_read.get()
        assert connection is not None
        driver: Any = connection.connection.driver_connection
        driver.close()
        fetch_rows(BY_NAME, named="x")

    with pytest.raises(DBAPIError) as error:
        be_cut_off()
    assert error.value.connection_invalidated
    assert reading(lambda: len(fetch_rows(BY_NAME, named="x")))() == 0


def test_who_counts_statements_sees_these_too(app: Flask) -> None:
    with count_statements() as seen:
        fetch_rows(BY_NAME, named="x")
    assert [statement.split()[0] for statement in seen if "change" in statement] == ["SELECT"]


def _record(request_id: str) -> UUID:
    with unit_of_work() as uow:
        made = uow.add(Change(id=new_id(), at=uow.now, request_id=request_id))
    return made.id
