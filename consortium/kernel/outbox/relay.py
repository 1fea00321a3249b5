"""Hands numbered news to handlers, in order, each exactly once.

A handler's cursor moves in the transaction of its effect; so after `kill -9` the message is
either fully taken or offered again. A message that keeps failing is set aside, not lost, and
the ones behind it go on.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa

from consortium.kernel.db import db, insert_if_absent
from consortium.kernel.faults import is_cut_off
from consortium.kernel.feature import Handler, Message
from consortium.kernel.features import all_handlers
from consortium.kernel.ids import new_id
from consortium.kernel.metrics import handled_messages
from consortium.kernel.outbox.models import HandlerCursor, OutboxRow, Sequencer, SetAside
from consortium.kernel.settings import current_settings
from consortium.kernel.unit_of_work import (
    UnitOfWork,
    database_now,
    reading,
    unit_of_work,
)

BATCH = 50
# A handler that hears nothing is moved on now and then, so that a new process need not look at
# all the news there ever was.
FAR_BEHIND = 10_000
logger = logging.getLogger(__name__)


class Relay:
    """Hands news on; remembers, for one process, the newest number of each topic.

    So a handler costs a transaction only when there is something for it to hear.
    """

    def __init__(self) -> None:
        """Know nothing yet."""
        self._head: int | None = None
        self._newest: dict[str, int] = {}

    def hand_on(self) -> int:
        """Give every handler one batch of what it has not heard yet; how many were heard."""
        return sum(_relay_to(handler) for handler in self._find_waiting(database_now()))

    @reading
    def _find_waiting(self, now: datetime) -> list[Handler]:
        cursors = {cursor.name: cursor for cursor in db.session.scalars(sa.select(HandlerCursor))}
        handlers = all_handlers()
        heard = {h.name: cursors[h.name].seq if h.name in cursors else 0 for h in handlers}
        self._look_for_news(min(heard.values(), default=0))
        resting = {name for name, c in cursors.items() if c.not_before and c.not_before > now}
        return [h for h in handlers if h.name not in resting and self._has_news(h, heard[h.name])]

    def _look_for_news(self, oldest: int) -> None:
        head = db.session.scalar(sa.select(Sequencer.outbox_seq)) or 0
        if self._head is None or head < self._head:
            self._head, self._newest = min(oldest, head), {}
        if head > self._head:
            newest = sa.select(OutboxRow.topic, sa.func.max(OutboxRow.seq))
            seen = newest.where(OutboxRow.seq > self._head).group_by(OutboxRow.topic)
            self._newest |= {topic: seq or 0 for topic, seq in db.session.execute(seen)}
            self._head = head

    def _has_news(self, handler: Handler, heard: int) -> bool:
        assert self._head is not None
        if self._head - heard > FAR_BEHIND:
            return True
        return any(seq > heard and handler.hears(topic) for topic, seq in self._newest.items())


def relay_news() -> int:
    """Give every handler one batch of what it has not heard yet; how many were heard."""
    return Relay().hand_on()


def _relay_to(handler: Handler) -> int:
    try:
        return _relay_batch(handler, BATCH, [])
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001  told below, message by message
        logger.info("relay.batch-failed", extra={"handler": handler.name})
    return _relay_one_by_one(handler)


def _relay_one_by_one(handler: Handler) -> int:
    """Find the failing message: take those before it, note its failure, go on next time."""
    passed = 0
    while passed < BATCH:
        tried: list[int] = []
        try:
            taken = _relay_batch(handler, 1, tried)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            if not tried or is_cut_off(error):
                # No message has failed, but the database.
                raise
            logger.exception("handler.failed", extra={"handler": handler.name, "seq": tried[0]})
            handled_messages.labels(handler.name, "failed").inc()
            _note_failure(handler, tried[0], error)
            return passed
        if not taken:
            return passed
        passed += taken
    return passed


def _relay_batch(handler: Handler, size: int, tried: list[int]) -> int:
    """Hand on up to `size` messages in one transaction; `tried` gets the number of each."""
    with unit_of_work() as uow:
        cursor = _lock_cursor(uow, handler)
        if cursor is None:
            return 0
        # Asked before the rows: what is numbered meanwhile lies behind it and comes next time.
        head = uow.session.scalar(sa.select(Sequencer.outbox_seq)) or 0
        rows = _next_rows(uow, handler, cursor.seq, head, size)
        for row in rows:
            message = message_of(row)
            tried.append(message.seq)
            handler.apply(message)
        last = rows[-1].seq if len(rows) == size else head
        assert last is not None
        if last > cursor.seq:
            cursor.seq, cursor.attempts, cursor.not_before = last, 0, None
    if rows:
        handled_messages.labels(handler.name, "taken").inc(len(rows))
    return len(rows)


def _lock_cursor(uow: UnitOfWork, handler: Handler) -> HandlerCursor | None:
    """Claim the handler's cursor; None if another worker holds it or it must wait."""
    query = sa.select(HandlerCursor).where(HandlerCursor.name == handler.name)
    claim = query.with_for_update(skip_locked=True).execution_options(populate_existing=True)
    cursor: HandlerCursor | None = uow.session.scalar(claim)
    if cursor is None:
        uow.execute(insert_if_absent(HandlerCursor, name=handler.name, seq=0, attempts=0))
        cursor = uow.session.scalar(claim)
    if cursor is None or (cursor.not_before is not None and cursor.not_before > uow.now):
        return None
    return cursor


def _next_rows(
    uow: UnitOfWork, handler: Handler, after: int, head: int, size: int
) -> Sequence[OutboxRow]:
    heard = sa.or_(*(_matches(topic) for topic in handler.topics))
    query = sa.select(OutboxRow).where(OutboxRow.seq > after, OutboxRow.seq <= head, heard)
    return uow.session.scalars(query.order_by(OutboxRow.seq).limit(size)).all()


def _matches(topic: str) -> sa.ColumnElement[bool]:
    if topic.endswith("*"):
        return OutboxRow.topic.startswith(topic[:-1], autoescape=True)
    return OutboxRow.topic == topic


def message_of(row: OutboxRow) -> Message:
    """A numbered outbox row as its readers see it."""
    assert row.seq is not None and row.version is not None
    return Message(
        id=row.id,
        topic=row.topic,
        key=row.key,
        op=row.op,
        data=row.data,
        origin=row.origin or current_settings().issuer,
        version=row.version,
        seq=row.seq,
        at=row.at,
    )


def _note_failure(handler: Handler, seq: int, error: BaseException) -> None:
    with unit_of_work() as uow:
        cursor = _lock_cursor(uow, handler)
        if cursor is None or cursor.seq >= seq:
            # Another worker has the handler, or has handed the message on meanwhile.
            return
        cursor.attempts += 1
        if cursor.attempts < current_settings().handler_attempts:
            cursor.not_before = uow.now + timedelta(seconds=2**cursor.attempts)
            return
        text = f"{type(error).__name__}: {error}"[:500]
        uow.add(SetAside(id=new_id(), handler=handler.name, seq=seq, error=text, at=uow.now))
        uow.audit("consortium.news.set-aside", subject=handler.name, detail={"seq": seq})
        cursor.seq, cursor.attempts, cursor.not_before = seq, 0, None
    handled_messages.labels(handler.name, "set-aside").inc()
