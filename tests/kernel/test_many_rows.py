"""Very many rows at once: the same rows, the same errors, the same transaction as one by one."""

from typing import Any, cast

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.exc import IntegrityError

from consortium.kernel.clock import read_now
from consortium.kernel.db import Change, db
from consortium.kernel.ids import new_id
from consortium.kernel.outbox.models import OutboxRow
from consortium.kernel.rows import COPIED_FROM
from consortium.kernel.unit_of_work import unit_of_work
from tests.kernel.counting import count_statements

CHANGE = cast(sa.Table, Change.__table__)
TEXTS = (
    None, "", " ", "\\N", "NULL", "a\tb", "a\nb\r\nc", "\\.", '"', "'", "\\", "{}", "张　三",
    "𠮷", "%s %(a)s ? $1", "x" * 64,
)  # fmt: skip
COUNTS = (1, COPIED_FROM - 1, COPIED_FROM, 3 * COPIED_FROM)


@pytest.mark.parametrize("count", COUNTS)
def test_every_value_arrives_as_it_was(app: Flask, count: int) -> None:
    rows = _rows(count)
    with unit_of_work() as uow:
        uow.insert_rows(CHANGE, rows)
    found = db.session.execute(sa.select(CHANGE).where(CHANGE.c.id.in_([r["id"] for r in rows])))
    by_id = {row.id: row._asdict() for row in found}
    assert len(by_id) == count
    for row in rows:
        assert {name: by_id[row["id"]][name] for name in row} == row


def test_none_is_no_fault_and_pending_rows_go_first(app: Flask) -> None:
    with unit_of_work() as uow:
        uow.insert_rows(CHANGE, [])
        first = uow.add(Change(id=new_id(), at=uow.now))
        uow.insert_rows(CHANGE, _rows(COPIED_FROM))
    assert db.session.get(Change, first.id) is not None


@pytest.mark.parametrize("count", [2, COPIED_FROM])
def test_a_row_that_cannot_be_takes_all_with_it(app: Flask, count: int) -> None:
    rows = _rows(count)
    rows[-1]["id"] = rows[0]["id"]
    before = _count()

    def insert() -> None:
        with unit_of_work() as uow:
            uow.insert_rows(CHANGE, rows)

    with pytest.raises(IntegrityError):
        insert()
    db.session.rollback()
    assert _count() == before
    with unit_of_work() as uow:
        uow.insert_rows(CHANGE, _rows(count))
    assert _count() == before + count


def test_columns_that_the_program_fills_are_filled(app: Flask) -> None:
    table = sa.Table(
        "filled",
        sa.MetaData(),
        sa.Column("id", sa.Uuid(), primary_key=True),
        sa.Column("word", sa.Text, default=lambda: "made here"),
    )
    given = [{"id": new_id()} for _ in range(COPIED_FROM)]
    with unit_of_work() as uow:
        table.create(uow.session.connection())
        uow.insert_rows(table, given)
        words = uow.session.execute(sa.select(table.c.word)).scalars().all()
        table.drop(uow.session.connection())
    assert words == ["made here"] * COPIED_FROM


def test_very_many_news_keep_their_order_and_their_data(app: Flask) -> None:
    told = [{"word": text, "n": place} for place, text in enumerate(TEXTS * 20)]
    with unit_of_work() as uow:
        for place, data in enumerate(told):
            uow.emit("test.many", f"k{place}", data)
    query = sa.select(OutboxRow.data).filter_by(topic="test.many").order_by(OutboxRow.position)
    assert list(db.session.scalars(query)) == told


def test_who_counts_statements_sees_one(app: Flask) -> None:
    with unit_of_work() as uow, count_statements() as seen:
        uow.insert_rows(CHANGE, _rows(COPIED_FROM))
    assert len([statement for statement in seen if "change" in statement]) == 1


def _rows(count: int) -> list[dict[str, Any]]:
    now = read_now()
    return [
        {
            "id": new_id(), "at": now, "recorded_at": None,
            "actor_person": new_id() if place % 2 else None, "actor_client": "c",
            "request_id": TEXTS[place % len(TEXTS)],
        }
        for place in range(count)
    ]  # fmt: skip


def _count() -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(CHANGE)) or 0
