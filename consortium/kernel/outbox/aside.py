"""News that a handler could not take: what it is, and handing it on once more."""

import logging
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from consortium.kernel.db import db
from consortium.kernel.features import all_handlers
from consortium.kernel.outbox.models import OutboxRow, SetAside
from consortium.kernel.outbox.relay import message_of
from consortium.kernel.unit_of_work import reading, unit_of_work

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LeftNews:
    """A message that was set aside for a handler; `error` is what it last failed with."""

    handler: str
    seq: int
    topic: str
    key: str
    at: datetime
    error: str


@dataclass(frozen=True, slots=True)
class Retried:
    """What became of a message that was handed on once more; no error: the handler took it."""

    handler: str
    seq: int
    error: str | None


@reading
def list_set_aside(*, handler: str | None = None, seq: int | None = None) -> list[LeftNews]:
    """Everything that was set aside, oldest first; of one handler or message if named."""
    query = sa.select(
        SetAside.handler, SetAside.seq, OutboxRow.topic, OutboxRow.key, SetAside.at, SetAside.error
    ).join(OutboxRow, OutboxRow.seq == SetAside.seq)
    if handler is not None:
        query = query.where(SetAside.handler == handler)
    if seq is not None:
        query = query.where(SetAside.seq == seq)
    rows = db.session.execute(query.order_by(SetAside.seq, SetAside.handler))
    return [LeftNews(*row) for row in rows]


def retry_set_aside(*, handler: str | None = None, seq: int | None = None) -> list[Retried]:
    """Hand on once more what was set aside, oldest first, each in a transaction of its own.

    It comes late: the handler may have heard newer news of the same key meanwhile.
    """
    found = list_set_aside(handler=handler, seq=seq)
    return [Retried(left.handler, left.seq, _retry(left)) for left in found]


def _retry(left: LeftNews) -> str | None:
    handler = next((one for one in all_handlers() if one.name == left.handler), None)
    if handler is None:
        return "no such handler any more"
    try:
        with unit_of_work() as uow:
            claim = sa.delete(SetAside).where(
                SetAside.handler == left.handler, SetAside.seq == left.seq
            )
            if uow.execute(claim).rowcount == 1:
                row = uow.session.scalars(
                    sa.select(OutboxRow).where(OutboxRow.seq == left.seq)
                ).one()
                handler.apply(message_of(row))
                uow.audit("consortium.news.retried", subject=left.handler, detail={"seq": left.seq})
    except (Exception, SystemExit) as error:
        logger.exception("handler.failed", extra={"handler": left.handler, "seq": left.seq})
        return f"{type(error).__name__}: {error}"[:500]
    return None
