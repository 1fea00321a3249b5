"""Copies what a builder has put into a database, and puts it into the databases of later tests.

Building the same societies by services for every test takes longer than most tests.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Protocol

import psycopg
from psycopg import sql

from tests.wiping import FILLED

SEQUENCES = """
SELECT sequencename, last_value FROM pg_sequences
WHERE schemaname = 'public' AND last_value IS NOT NULL
"""


class Snapshot(Protocol):
    """The contents of a database at one moment."""

    def put(self, url: str) -> None:
        """Fill a database that has the same schema and nothing in it."""


@dataclass(frozen=True)
class SqliteSnapshot:
    """Every page of the file, kept in memory."""

    pages: sqlite3.Connection

    def put(self, url: str) -> None:
        """Fill a database that has the same schema and nothing in it."""
        with closing(sqlite3.connect(_path(url))) as target:
            self.pages.backup(target)


@dataclass(frozen=True)
class PostgresSnapshot:
    """The rows of every filled table, and where its sequences stand."""

    tables: tuple[tuple[str, bytes], ...]
    sequences: tuple[tuple[str, int], ...]

    def put(self, url: str) -> None:
        """Fill a database that has the same schema and nothing in it."""
        with psycopg.connect(url) as connection:
            connection.execute("SET LOCAL session_replication_role = replica")
            for table, rows in self.tables:
                with connection.cursor().copy(_copy("COPY {} FROM STDIN BINARY", table)) as copy:
                    copy.write(rows)
            for sequence, last in self.sequences:
                connection.execute("SELECT setval(%s::regclass, %s)", (sequence, last))


def take_snapshot(url: str) -> Snapshot:
    """Copy what a database holds now."""
    if url.startswith("sqlite"):
        pages = sqlite3.connect(":memory:")
        with closing(sqlite3.connect(_path(url))) as source:
            source.backup(pages)
        return SqliteSnapshot(pages)
    with psycopg.connect(url) as connection:
        connection.execute(FILLED)
        names = connection.execute("SELECT name FROM filled ORDER BY name").fetchall()
        tables = tuple((name, b"".join(_rows(connection, name))) for (name,) in names)
        return PostgresSnapshot(tables, tuple(connection.execute(SEQUENCES).fetchall()))


def _path(url: str) -> str:
    return url.removeprefix("sqlite:///")


def _rows(connection: psycopg.Connection[Any], table: str) -> Iterator[bytes]:
    with connection.cursor().copy(_copy("COPY {} TO STDOUT BINARY", table)) as copy:
        yield from (bytes(part) for part in copy)


def _copy(statement: str, table: str) -> sql.Composed:
    # The name comes from regclass::text, which quotes what needs quoting.
    return sql.SQL(statement).format(sql.SQL(table))
