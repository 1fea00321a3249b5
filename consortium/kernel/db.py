"""The database: session, model base and column types for SQLite and PostgreSQL alike."""

import json
import select
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP
from sqlalchemy.engine.interfaces import DBAPIConnection, Dialect
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.types import TypeDecorator, TypeEngine

from consortium.kernel.faults import DatabaseUnreachable
from consortium.kernel.settings import Settings

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
FILE = "consortium_file"
WRITES = "consortium_writes"
"""Execution option of a transaction that writes: for how many seconds it may wait."""

Id = sa.Uuid(as_uuid=True)
# SQLite numbers only an INTEGER PRIMARY KEY by itself.
Position = sa.BigInteger().with_variant(sa.Integer, "sqlite")
Json = sa.JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


class _Instant(TypeDecorator[datetime]):
    """An aware UTC datetime to the microsecond; naive values are refused."""

    impl = sa.DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        kind: TypeEngine[Any] = sa.DateTime()
        if dialect.name == "postgresql":
            kind = TIMESTAMP(timezone=True)
        return dialect.type_descriptor(kind)

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        utc = value.astimezone(UTC)
        return utc if dialect.name == "postgresql" else utc.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


Instant = _Instant()


class _Base(DeclarativeBase):
    """Root of every model, with constraint names that migrations can rely on."""

    metadata = sa.MetaData(naming_convention=NAMING)


open_read: ContextVar[sa.Connection | None] = ContextVar("open_read", default=None)
"""The connection of the read that is open; kernel.unit_of_work sets it."""


class _Session(Session):
    """The session; inside a read it works on the read's connection."""

    def get_bind(self, *args: Any, **kwargs: Any) -> sa.Engine | sa.Connection:
        read = open_read.get()
        return super().get_bind(*args, **kwargs) if read is None else read


# Every transaction ends its session, so nothing is left that could grow stale.
db = SQLAlchemy(
    model_class=_Base,
    disable_autonaming=True,
    session_options={"class_": _Session, "expire_on_commit": False},
)


class Model(_Base):
    """Base of every table."""

    __abstract__ = True


class Change(Model):
    """One committed transaction that recorded something: when, and by whom.

    `recorded_at` is empty until the sequencer has seen the commit; from then on it is final
    and never earlier than that of any change seen before (DESIGN 4.4).
    """

    __tablename__ = "change"
    __table_args__ = (
        sa.Index(
            "ix_change_unrecorded",
            "id",
            sqlite_where=sa.text("recorded_at IS NULL"),
            postgresql_where=sa.text("recorded_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(Id, primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    recorded_at: Mapped[datetime | None] = mapped_column(Instant, index=True)
    actor_person: Mapped[UUID | None] = mapped_column(Id)
    actor_client: Mapped[str | None] = mapped_column(sa.String(120))
    request_id: Mapped[str | None] = mapped_column(sa.String(64))


class Recorded:
    """Mixin for append-only facts: `change_id` leads to `Change.recorded_at` and to the actor."""

    change_id: Mapped[UUID] = mapped_column(
        Id, sa.ForeignKey("change.id"), index=True, sort_order=900
    )


def init_db(app: Flask, settings: Settings) -> None:
    """Bind the session to the node's database with safe engine options for its kind."""
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.database
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = _engine_options(settings)
    db.init_app(app)
    with app.app_context():
        if db.engine.dialect.name == "sqlite":
            _listen_sqlite(db.engine, settings)
        else:
            _listen_postgresql(db.engine)


def _engine_options(settings: Settings) -> dict[str, Any]:
    options: dict[str, Any] = {
        "pool_size": settings.database_pool_size,
        "max_overflow": settings.database_pool_size,
        "pool_timeout": settings.database_wait_seconds,
        "json_serializer": _dump_json,
    }
    if settings.database.startswith("sqlite"):
        # autocommit in the driver: we alone say BEGIN, see _listen_sqlite.
        return options | {
            "connect_args": {
                "timeout": settings.database_wait_seconds,
                "isolation_level": None,
                "check_same_thread": False,
            }
        }
    wait = settings.database_wait_seconds * 1000
    # A frozen process must not keep its locks longer than another waits for its lease.
    idle = settings.job_lease_seconds * 1000
    session = {
        "lock_timeout": wait,
        "idle_in_transaction_session_timeout": idle,
        "timezone": "UTC",
        "jit": "off",
    }
    text = " ".join(f"-c {name}={value}" for name, value in session.items())
    return options | {"connect_args": {"options": text, "connect_timeout": 5}}


def _dump_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _listen_sqlite(engine: sa.Engine, settings: Settings) -> None:
    file = engine.url.database or ""
    is_known = False

    @sa.event.listens_for(engine, "do_connect")
    def look_before_opening(*_: object) -> None:
        # SQLite would make an empty file in the place of one that was moved away, and throw away
        # what of its changes still lies beside it.
        was_there = is_known or _find_file(f"{file}-wal") is not None
        if was_there and _find_file(file) is None:
            raise DatabaseUnreachable

    @sa.event.listens_for(engine, "checkout")
    def look_for_the_file(_connection: object, record: ConnectionPoolEntry, _pool: object) -> None:
        # An open connection goes on with a file that was moved away: its changes would be lost.
        found = _find_file(file)
        if found is None:
            raise DatabaseUnreachable
        if found != record.info[FILE]:
            raise DisconnectionError

    @sa.event.listens_for(engine, "connect")
    def prepare(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
        nonlocal is_known
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {settings.database_wait_seconds * 1000:d}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.close()
        record.info[FILE], is_known = _find_file(file), True

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        left: float | None = connection.get_execution_options().get(WRITES)
        if left is not None:
            # The queue has taken its part of the wait already.
            wait = f"PRAGMA busy_timeout = {round(left * 1000):d}"
            connection.connection.cursor().execute(wait)
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            # It waits for nobody and cannot fail, so the engine's care for errors is not needed.
            connection.connection.cursor().execute("BEGIN")


def _find_file(path: str) -> tuple[int, int] | None:
    """Which file has the name now."""
    try:
        found = Path(path).stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _listen_postgresql(engine: sa.Engine) -> None:
    @sa.event.listens_for(engine, "checkout")
    def look_for_a_goodbye(connection: DBAPIConnection, _record: object, _pool: object) -> None:
        # A server that went away has left word in the socket. Looking costs no round trip, as
        # a ping at each checkout would; whatever else lies there, a new connection is right.
        if connection.closed:
            raise DisconnectionError
        watched = select.poll()
        watched.register(connection.fileno(), select.POLLIN)
        if watched.poll(0):
            raise DisconnectionError


def refresh_statistics(*models: type[Model]) -> None:
    """Let PostgreSQL's planner know of many new rows, in the transaction that wrote them.

    Until its own round comes it takes the tables for small and joins them row by row.
    """
    if dialect_name() == "postgresql":
        names = ", ".join(model.__tablename__ for model in models)
        db.session.execute(sa.text(f"ANALYZE {names}"))


def dialect_name() -> str:
    """`sqlite` or `postgresql`."""
    return db.engine.dialect.name


def insert_if_absent(model: type[Model], **values: Any) -> sa.Insert:
    """An INSERT that gives way to an equal key; its `rowcount` (0 or 1) tells who was first."""
    insert = postgresql.insert if dialect_name() == "postgresql" else sqlite.insert
    # On the table, not the class: the ORM's INSERT would fetch keys and lose the row count.
    statement: sa.Insert = (
        insert(cast(sa.Table, model.__table__)).values(**values).on_conflict_do_nothing()
    )
    return statement.execution_options(preserve_rowcount=True)
