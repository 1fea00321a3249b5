"""The one place that commits.

A service that writes opens a unit of work first, locks its aggregate root, then reads,
decides and records. Change, news and audit rows go into the same commit (DESIGN 4.3).
"""

import logging
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from consortium.kernel import clock, marks
from consortium.kernel.audit.models import AuditRow
from consortium.kernel.db import WRITES, Change, Model, Recorded, db, open_read
from consortium.kernel.errors import NotFound
from consortium.kernel.faults import Busy, forget_fault, is_transient, writes_refused_plainly
from consortium.kernel.ids import new_id
from consortium.kernel.logs import current_request_id
from consortium.kernel.outbox.models import OutboxRow
from consortium.kernel.principal import Principal, current_principal
from consortium.kernel.rows import COPIED_FROM, insert_rows
from consortium.kernel.settings import current_settings
from consortium.kernel.signable import check_act, check_news
from consortium.kernel.writers import WaitedTooLong, one_writer

P = ParamSpec("P")
R = TypeVar("R")
M = TypeVar("M", bound=Model)

RETRIES = 3
READ_ONLY = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
logger = logging.getLogger(__name__)


def _insert_into(model: type[Model]) -> sa.Insert:
    """An INSERT made once for the table, not the class: every transaction runs these."""
    table = model.__table__
    assert isinstance(table, sa.Table)
    return sa.insert(table).inline()


INSERT_CHANGE = _insert_into(Change)
INSERT_NEWS = _insert_into(OutboxRow)
INSERT_AUDIT = _insert_into(AuditRow)


class UnitOfWork:
    """One transaction: its session, its instant, and what it will tell the world."""

    def __init__(self, session: Session, now: datetime) -> None:
        """Start at the transaction's instant."""
        self.session = session
        self.now = now
        self._change_id: UUID | None = None
        self._news: list[dict[str, Any]] = []
        self._audit: list[dict[str, Any]] = []

    @property
    def change_id(self) -> UUID:
        """The id under which this transaction is recorded; made when first needed."""
        if self._change_id is None:
            self._change_id = new_id()
            actor = current_principal()
            row = {
                "id": self._change_id, "at": self.now, "actor_person": actor.person_id,
                "actor_client": actor.client_id, "request_id": current_request_id(),
            }  # fmt: skip
            self.session.execute(INSERT_CHANGE, row)
        return self._change_id

    def add(self, made: M) -> M:
        """Add a new row; a recorded fact is stamped with this transaction's change."""
        if isinstance(made, Recorded):
            made.change_id = self.change_id
        self.session.add(made)
        return made

    def flush(self) -> None:
        """Send pending rows to the database, so that conditional statements see them."""
        self.session.flush()

    def execute(self, statement: sa.Executable, *args: Any) -> Any:
        """Run a statement after pending rows; a conditional UPDATE is judged by its `rowcount`."""
        self.session.flush()
        return self.session.execute(statement, *args)

    def insert_rows(self, table: sa.Table, rows: Sequence[dict[str, Any]]) -> None:
        """Insert rows of one shape after pending ones, past the identity map; none is no fault."""
        self.session.flush()
        if rows:
            insert_rows(self.session.connection(), table, rows)

    def lock(self, model: type[M], key: object) -> M:
        """Lock an aggregate root until the end of the transaction and read it anew.

        Raises:
            NotFound: there is no such row.
        """
        found = self.session.get(model, key, with_for_update=True, populate_existing=True)
        if found is None:
            raise NotFound
        return found

    @contextmanager
    def part(self) -> Iterator[None]:
        """A part that may fail alone: on an error its rows, news and audit rows are undone.

        The error goes on to the caller, who may carry on with the transaction.
        """
        # Recorded before the savepoint, so that undoing the part does not undo the change.
        _ = self.change_id
        self.session.flush()
        news, audit = len(self._news), len(self._audit)
        try:
            with self.session.begin_nested():
                yield
        except BaseException:
            del self._news[news:]
            del self._audit[audit:]
            raise

    def emit(
        self,
        topic: str,
        key: str,
        data: dict[str, Any],
        *,
        op: str = "upsert",
        origin: str | None = None,
        version: int | None = None,
    ) -> UUID:
        """Tell handlers and peers, if this commits. `data` holds ids, codes and dates only.

        Args:
            topic: what it is about, for instance `events.event.published`.
            key: the object; records of one key keep the order of their transactions.
            data: JSON object that can be signed: see `kernel.signable`.
            op: `upsert`, or `delete` for a tombstone.
            origin: issuer of the node that owns the record; empty for this node.
            version: the origin's version of a mirrored record; this node's are numbered by
                the sequencer.

        Raises:
            Unsignable: a `ValueError`; nothing has been noted.
        """
        key = str(key)
        check_news(topic, key, data, op=op, origin=origin, version=version)
        made = new_id()
        self._news.append(
            {
                "id": made, "change_id": self.change_id, "topic": topic, "key": key,
                "op": op, "data": data, "origin": origin, "version": version, "at": self.now,
            }
        )  # fmt: skip
        return made

    def audit(
        self,
        action: str,
        *,
        subject: str = "",
        society: str | None = None,
        detail: dict[str, Any] | None = None,
        principal: Principal | None = None,
    ) -> None:
        """Note who did what to which object, by ids and codes alone.

        Raises:
            Unsignable: a `ValueError`; nothing has been noted.
        """
        subject, detail = str(subject), detail or {}
        check_act(action, subject, society, detail)
        actor = principal or current_principal()
        self._audit.append(
            {
                "id": new_id(), "change_id": self.change_id, "at": self.now, "action": action,
                "actor_person": actor.person_id, "actor_client": actor.client_id,
                "subject": subject, "society": society, "detail": detail,
                "request_id": current_request_id(),
            }
        )  # fmt: skip

    def write_news(self) -> None:
        """Put news and audit rows where the sequencer finds them; the last act before commit.

        Their positions are drawn here, while the aggregate's lock is held, so that rows of
        one object are numbered in the order in which its transactions were allowed to go on.
        """
        self.session.flush()
        if len(self._news) >= COPIED_FROM:
            self.insert_rows(cast(sa.Table, OutboxRow.__table__), self._news)
        elif self._news:
            self.session.execute(INSERT_NEWS, self._news)
        if self._audit:
            self.session.execute(INSERT_AUDIT, self._audit)


_current: ContextVar[UnitOfWork | None] = ContextVar("unit_of_work", default=None)


def current_unit_of_work() -> UnitOfWork:
    """The open unit of work.

    Raises:
        RuntimeError: none is open; the service lacks @transaction.
    """
    uow = _current.get()
    if uow is None:
        raise RuntimeError("no unit of work is open")
    return uow


@contextmanager
def unit_of_work() -> Iterator[UnitOfWork]:
    """Open a transaction that commits at the end of the block, or join the open one.

    Raises:
        Busy: others have written for as long as a write may wait.
        StorageFault: the database or the disk does not do its work.
    """
    outer = _current.get()
    if outer is not None:
        yield outer
        return
    with writes_refused_plainly(), _opened(_deadline()) as uow:
        yield uow


def _deadline() -> float:
    return time.monotonic() + current_settings().database_wait_seconds


@contextmanager
def _opened(deadline: float) -> Iterator[UnitOfWork]:
    if open_read.get() is not None:
        raise RuntimeError("a read cannot turn into a write; open the unit of work first")
    session = db.session()
    # A read before us would pin an old snapshot (SQLite: BUSY_SNAPSHOT at the first write).
    session.close()
    with _turn_to_write(session, deadline):
        try:
            # What is left of the wait, for SQLite's own lock: other programs may hold that.
            left = max(0.0, deadline - time.monotonic())
            session.connection(execution_options={WRITES: left})
            uow = UnitOfWork(session, _transaction_now(session))
            token = _current.set(uow)
            try:
                yield uow
                uow.write_news()
                session.commit()
                forget_fault()
            finally:
                _current.reset(token)
        finally:
            session.close()


def transaction(service: Callable[P, R]) -> Callable[P, R]:
    """Run a service in a unit of work; run it again if the database asks for that.

    Retried at most 3 times on serialization failure, deadlock and a busy SQLite, as long as a
    write may wait at all; therefore a service has no effect outside the database.
    """

    @wraps(service)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        if _current.get() is not None:
            return service(*args, **kwargs)
        deadline = _deadline()
        with writes_refused_plainly():
            for attempt in range(RETRIES + 1):
                try:
                    with _opened(deadline):
                        return service(*args, **kwargs)
                except DBAPIError as error:
                    is_last = attempt == RETRIES or time.monotonic() >= deadline
                    if is_last or not is_transient(error):
                        raise
                    logger.info("transaction.retried", extra={"service": service.__qualname__})
                    time.sleep(random.uniform(0.005, 0.02) * 2**attempt)  # noqa: S311  not a secret
        raise AssertionError("unreachable")

    return run


def reading(read: Callable[P, R]) -> Callable[P, R]:
    """Run a read on one snapshot and end its transaction; inside another, join that.

    Return frozen values: models are detached afterwards. On PostgreSQL the transaction is
    REPEATABLE READ and read only, so a GET that writes fails at once.
    """

    @wraps(read)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        if _current.get() is not None or open_read.get() is not None:
            return read(*args, **kwargs)
        _end_session()
        with _open_snapshot() as connection:
            token = open_read.set(connection)
            try:
                found = read(*args, **kwargs)
            finally:
                open_read.reset(token)
                _end_session()
            if connection.dialect.name == "postgresql":
                # Not rolled back: at a ROLLBACK psycopg forgets every prepared statement, and
                # planning a read anew takes the server longer than running it.
                connection.commit()
            return found

    return run


def _end_session() -> None:
    """End what the session has read; most reads do without one."""
    if db.session.registry.has():
        db.session.close()


def _open_snapshot() -> sa.Connection:
    connection = db.engine.connect()
    if connection.dialect.name == "postgresql":
        connection.execution_options(**READ_ONLY)
    connection.begin()
    return connection


def _turn_to_write(session: Session, deadline: float) -> Any:
    url = session.get_bind().engine.url
    if url.get_backend_name() != "sqlite":
        return nullcontext()
    assert url.database is not None
    return _one_writer(url.database, deadline)


@contextmanager
def _one_writer(path: str, deadline: float) -> Iterator[None]:
    with ExitStack() as stack:
        try:
            wait_seconds = max(0.0, deadline - time.monotonic())
            stack.enter_context(one_writer(path, wait_seconds=wait_seconds))
        except WaitedTooLong as late:
            raise Busy from late
        yield


def _transaction_now(session: Session) -> datetime:
    replaced = clock.replaced_clock()
    if replaced is not None:
        return replaced.now()
    if session.get_bind().dialect.name == "postgresql":
        return _told_by_postgresql(session)
    return marks.store_next(session)


@reading
def database_now() -> datetime:
    """The present by the clock that stamps; whoever compares with stored instants asks this.

    On SQLite the host's clock may lie behind what is stored, after it was set back. In an
    open unit of work it is that transaction's instant.
    """
    uow, replaced = _current.get(), clock.replaced_clock()
    if uow is not None:
        return uow.now
    if replaced is not None:
        return replaced.now()
    session = db.session()
    if session.get_bind().dialect.name == "postgresql":
        return _told_by_postgresql(session)
    return marks.read_present(session)


def _told_by_postgresql(session: Session) -> datetime:
    told: datetime | None = session.scalar(sa.select(sa.func.transaction_timestamp()))
    assert told is not None
    return told.astimezone(UTC)
