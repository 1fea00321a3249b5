"""Rows as they are stored, so that a changed byte shows even where it reads alike."""

from collections.abc import Callable, Iterator, Mapping
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
    readers = {column.name: _reader(column.type) for column in columns}
    for row in _select(stored, columns[order]):
        yield {name: read(row[name]) for name, read in readers.items()}


def _select(columns: list[Any], order: sa.ColumnElement[Any]) -> Iterator[Mapping[str, Any]]:
    query = sa.select(*columns).where(order.is_not(None)).order_by(order)
    for row in db.session.execute(query.execution_options(yield_per=1000)):
        yield dict(row._mapping)


def _reader(kind: sa.types.TypeEngine[Any]) -> Callable[[bytes | None], Any]:
    """Reads stored bytes of a column; gives `UNREADABLE` for what we would not have written."""
    own = kind.dialect_impl(db.engine.dialect)
    read = own.result_processor(db.engine.dialect, None) or _same
    write = own.bind_processor(db.engine.dialect) or _same
    parse = int if isinstance(kind, sa.Integer) else _same

    def convert(stored: bytes | None) -> Any:
        if stored is None:
            return None
        try:
            value = read(parse(stored.decode()))
            written = str(write(value)).encode()
        except (ValueError, TypeError):
            return UNREADABLE
        # 'AB' and 'ab' are one UUID, and '{"a": 1}' and '{"a":1}' one object.
        return value if written == stored else UNREADABLE

    return convert


def _same(value: Any) -> Any:
    return value
