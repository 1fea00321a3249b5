"""Rows past the ORM: for reads that most requests need, and for very many new rows at once.

SQLAlchemy looks a statement up, binds and unfolds it anew with every call, which takes many times
as long as a small read. Here a statement is made ready once, by what SQLAlchemy offers for that.
"""

import re
from collections import namedtuple
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, cast

import psycopg
import sqlalchemy as sa
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler

from consortium.kernel.db import db, open_read

READY_AT_MOST = 1024
"""Statements kept; one whose list becomes a parameter a value counts once for each length."""

COPIED_FROM = 200
"""So many rows are worth a COPY; a few take longer that way."""

Process = Callable[[Any], Any]
MakeRow = Callable[[Sequence[Any]], Any]


def fetch_rows(statement: sa.Executable, **params: Any) -> Sequence[Any]:
    """Rows of a statement, in the open transaction; each column is an attribute by its label.

    Args:
        statement: a SELECT of columns that is built once and kept.
        params: a value for each of its named parameters, a list for `kernel.lists.is_any_of`;
            names that the statement does not know are passed over.

    Raises:
        DBAPIError: as the session would raise it.
    """
    connection = open_read.get()
    if connection is None:
        session = db.session()
        session.flush()
        connection = session.connection()
    lists = _compile(connection.dialect, statement).lists
    lengths = tuple([len(params[name]) for name in lists])
    return _make_ready(connection.dialect, statement, lengths).fetch(connection, params)


def insert_rows(connection: sa.Connection, table: sa.Table, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows of one shape, in the connection's transaction; very many by COPY if it can.

    Args:
        connection: of an open transaction.
        table: where they go.
        rows: values by column, each row with the same columns; at least one row.

    Raises:
        DBAPIError: as an INSERT of them would raise it.
    """
    made_here = {column.name for column in table.columns if column.default is not None}
    is_copied = len(rows) >= COPIED_FROM and made_here <= rows[0].keys()
    if is_copied and connection.dialect.name == "postgresql":
        _copy(connection, table, rows)
    else:
        connection.execute(sa.insert(table), rows)


def _copy(connection: sa.Connection, table: sa.Table, rows: Sequence[dict[str, Any]]) -> None:
    dialect, driver = connection.dialect, cast(Any, connection.connection.driver_connection)
    columns = [table.columns[name] for name in rows[0]]
    processes = [column.type.dialect_impl(dialect).bind_processor(dialect) for column in columns]
    write = dialect.identifier_preparer
    names = ", ".join(write.format_column(column) for column in columns)
    text = f"COPY {write.format_table(table)} ({names}) FROM STDIN"
    cursor = driver.cursor()
    try:
        _tell(connection, cursor, text, ())
        with cursor.copy(text) as copy:
            for row in rows:
                copy.write_row(
                    [
                        row[column.name] if process is None else process(row[column.name])
                        for column, process in zip(columns, processes, strict=True)
                    ]
                )
    except psycopg.Error as error:
        raise _translate(error, connection, cursor, text) from error
    finally:
        cursor.close()


class _Compiled(NamedTuple):
    """A statement in the database's language; each value of its lists becomes a parameter."""

    made: SQLCompiler
    kinds: tuple[sa.types.TypeEngine[Any], ...]
    processes: dict[str, Process]
    lists: tuple[str, ...]
    singles: tuple[str, ...]


class _Slot(NamedTuple):
    """A parameter of the text: where its value comes from, and what fits it to the driver."""

    name: str
    source: str
    place: int | None
    process: Process | None


class _Ready:
    """A statement as the driver takes it."""

    def __init__(self, compiled: _Compiled, lengths: Sequence[int]) -> None:
        blank: dict[str, Any] = dict.fromkeys(compiled.singles)
        blank |= {name: [None] * n for name, n in zip(compiled.lists, lengths, strict=True)}
        state = compiled.made.construct_expanded_state(blank)
        processes = compiled.processes | dict(state.processors)
        given: dict[str, tuple[str, int | None]]
        given = {name: (name, None) for name in compiled.singles}
        for name in compiled.lists:
            made = enumerate(state.parameter_expansion[name])
            given.update((text, (name, place)) for place, text in made)
        self._slots = [
            _Slot(name, source, place, processes.get(name))
            for name, (source, place) in given.items()
        ]
        self._fixed = {
            name: processes[name](value) if name in processes else value
            for name, value in cast(dict[str, Any], state.parameters).items()
            if name not in given
        }
        self._text, self._order, self._open_cursor = _phrase(state.statement, state.positiontup)
        self._kinds = compiled.kinds
        self._make_row: MakeRow | None = None
        self._converted: Sequence[tuple[int, Process]] = ()

    def fetch(self, connection: sa.Connection, params: dict[str, Any]) -> Sequence[Any]:
        given = self._bind(params)
        cursor = self._open_cursor(connection)
        try:
            _tell(connection, cursor, self._text, given)
            cursor.execute(self._text, given)
            found = cursor.fetchall()
            make_row = self._make_row or self._learn_row(connection.dialect, cursor.description)
        except connection.dialect.loaded_dbapi.Error as error:
            raise _translate(error, connection, cursor, self._text) from error
        finally:
            cursor.close()
        if self._converted:
            return [make_row(self._convert(values)) for values in found]
        return [make_row(values) for values in found]

    def _bind(self, params: dict[str, Any]) -> Sequence[Any]:
        bound = dict(self._fixed)
        for name, source, place, process in self._slots:
            value = params[source] if place is None else params[source][place]
            bound[name] = value if process is None else process(value)
        return tuple([bound[name] for name in self._order])

    def _learn_row(self, dialect: Dialect, description: Any) -> MakeRow:
        """Learn names and conversions from what the driver tells with the first answer."""
        found = [
            kind.dialect_impl(dialect).result_processor(dialect, column[1])
            for kind, column in zip(self._kinds, description, strict=True)
        ]
        names = [column[0] for column in description]
        make_row: MakeRow = cast(Any, namedtuple("Row", names, rename=True))._make
        self._converted = [(place, process) for place, process in enumerate(found) if process]
        self._make_row = make_row
        return make_row

    def _convert(self, values: Sequence[Any]) -> Sequence[Any]:
        converted = list(values)
        for place, process in self._converted:
            converted[place] = process(converted[place])
        return converted


@lru_cache(maxsize=READY_AT_MOST)
def _compile(dialect: Dialect, statement: Any) -> _Compiled:
    made: SQLCompiler = statement.compile(dialect=dialect)
    processes = {
        name: bind.type.dialect_impl(dialect).bind_processor(dialect)
        for name, bind in made.binds.items()
    }
    needed = {name: bind for name, bind in made.binds.items() if bind.required}
    return _Compiled(
        made,
        tuple(column.type for column in statement.selected_columns),
        {name: process for name, process in processes.items() if process},
        tuple(name for name, bind in needed.items() if bind.expanding),
        tuple(name for name, bind in needed.items() if not bind.expanding),
    )


@lru_cache(maxsize=READY_AT_MOST)
def _make_ready(dialect: Dialect, statement: Any, lengths: tuple[int, ...]) -> _Ready:
    return _Ready(_compile(dialect, statement), lengths)


def _phrase(
    text: str, positions: Sequence[str] | None
) -> tuple[str, Sequence[str], Callable[[sa.Connection], Any]]:
    """The text, its parameters in order, and what opens a cursor for it.

    psycopg reads a long text with names anew every time, so these become `$1`, `$2`.
    """
    if positions is not None:
        return text, positions, _open_cursor
    numbers: dict[str, int] = {}

    def number(found: re.Match[str]) -> str:
        name = found[1]
        return f"${numbers.setdefault(name, len(numbers) + 1)}" if name else "%"

    text = re.sub(r"%%|%\((\w+)\)s", number, text)
    return text, tuple(numbers), _open_raw_cursor


def _open_cursor(connection: sa.Connection) -> Any:
    return connection.connection.cursor()


def _open_raw_cursor(connection: sa.Connection) -> Any:
    driver: Any = connection.connection.driver_connection
    return psycopg.RawCursor(driver)


def _tell(connection: sa.Connection, cursor: Any, text: str, given: Sequence[Any]) -> None:
    """Tell whoever counts or traces statements of one that SQLAlchemy does not see."""
    for listen in connection.dispatch.before_cursor_execute:
        listen(connection, cursor, text, given, None, False)


def _translate(
    error: Exception, connection: sa.Connection, cursor: Any, text: str
) -> BaseException:
    dialect = connection.dialect
    is_lost = dialect.is_disconnect(cast(Any, error), connection.connection, cursor)
    if is_lost:
        connection.invalidate(error)
    made = DBAPIError.instance(
        text,
        None,
        error,
        dialect.loaded_dbapi.Error,
        hide_parameters=True,
        connection_invalidated=is_lost,
        dialect=dialect,
    )
    return cast(DBAPIError, made)
