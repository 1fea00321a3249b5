"""Rows as they are stored, so that a changed byte shows even where it reads alike."""

from collections.abc import Iterator, Mapping
from typing import Any

import sqlalchemy as sa

from consortium.kernel.db import Model, db, dialect_name

# Stands for a value that nothing of ours could have written.
UNREADABLE = object()


def read_rows(model: type[Model], *, order: str) -> Iterator[Mapping[str, Any]]:
    """Rows that have a value in the column `order`, by it; unreadable values are `UNREADABLE`."""
    columns = sa.inspect(model).columns
    if dialect_name() == "postgresql":
        yield from _select(list(columns), columns[order])
        return
    # SQLite keeps any bytes in any column; PostgreSQL holds a value of the type or none.
    stored = [sa.cast(column, sa.LargeBinary).label(column.name) for column in columns]
    for row in _select(stored, columns[order]):
        yield {column.name: _read(column.type, row[column.name]) for column in columns}


def _select(columns: list[Any], order: sa.ColumnElement[Any]) -> Iterator[Mapping[str, Any]]:
    query = sa.select(*columns).where(order.is_not(None)).order_by(order)
    for row in db.session.execute(query.execution_options(yield_per=1000)):
        yield dict(row._mapping)


def _read(kind: sa.types.TypeEngine[Any], stored: bytes | None) -> Any:
    if stored is None:
        return None
    try:
        text = stored.decode()
        raw = int(text) if isinstance(kind, sa.Integer) else text
        value = _convert(kind, "result_processor", raw, None)
        written = _convert(kind, "bind_processor", value)
    except (ValueError, TypeError):
        return UNREADABLE
    # 'AB' and 'ab' are one UUID, and '{"a": 1}' and '{"a":1}' one object: only we write ours.
    is_ours = str(written).encode() == stored
    return value if is_ours else UNREADABLE


def _convert(kind: sa.types.TypeEngine[Any], way: str, value: Any, *more: object) -> Any:
    dialect = db.engine.dialect
    processor = getattr(kind.dialect_impl(dialect), way)(dialect, *more)
    return processor(value) if processor else value
