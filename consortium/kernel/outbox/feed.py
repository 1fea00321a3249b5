"""The change feed: pages of numbered records behind an opaque signed cursor (DESIGN 4.8)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from itsdangerous import BadSignature, URLSafeSerializer

from consortium.kernel.db import db
from consortium.kernel.errors import N_, ConsortiumError
from consortium.kernel.outbox.models import OutboxRow
from consortium.kernel.outbox.relay import message_of
from consortium.kernel.outbox.sequencer import Position, find_position
from consortium.kernel.settings import current_settings
from consortium.kernel.unit_of_work import reading

SALT = "feed-cursor"


class EpochChanged(ConsortiumError):
    """The feed started a new epoch."""

    status, code = 410, "epoch-changed"
    message = N_("This node was restored from a backup. Start again without a cursor.")


class CursorInvalid(ConsortiumError):
    """The cursor is not one of ours."""

    status, code = 400, "invalid-cursor"
    message = N_("The cursor was changed on its way. Use one from an earlier answer, or none.")


@dataclass(frozen=True)
class Record:
    """One record of the feed."""

    id: UUID
    topic: str
    key: str
    version: int
    op: str
    data: dict[str, Any]
    origin: str
    seq: int
    at: datetime


@dataclass(frozen=True)
class FeedPage:
    """Records after a cursor; `next` reads on from here, `head` is where the feed ends now."""

    records: Sequence[Record]
    next: str
    head: str


@reading
def read_feed(cursor: str | None, *, limit: int, topics: Sequence[str] | None = None) -> FeedPage:
    """A page of at most `limit` records after `cursor`, the beginning if there is none.

    Args:
        topics: only these; None for all.

    Raises:
        EpochChanged: the cursor belongs to the time before a restore, or to a later one than
            the database knows: a copy was put back, and no new epoch opened.
        CursorInvalid: its signature is wrong.
    """
    position = find_position()
    after = _open_cursor(cursor, position) if cursor else 0
    query = sa.select(OutboxRow).where(OutboxRow.seq > after, OutboxRow.seq <= position.seq)
    if topics is not None:
        query = query.where(OutboxRow.topic.in_(topics))
    rows = db.session.scalars(query.order_by(OutboxRow.seq).limit(limit)).all()
    records = [_record(row) for row in rows]
    last = records[-1].seq if len(records) == limit else position.seq
    return FeedPage(
        records,
        next=make_cursor(position.epoch, last),
        head=make_cursor(position.epoch, position.seq),
    )


def _record(row: OutboxRow) -> Record:
    message = message_of(row)
    return Record(
        id=message.id,
        topic=message.topic,
        key=message.key,
        version=message.version,
        op=message.op,
        data=dict(message.data),
        origin=message.origin,
        seq=message.seq,
        at=message.at,
    )


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(list(reversed(current_settings().secret_keys)), salt=SALT)


def make_cursor(epoch: str, seq: int) -> str:
    """The opaque cursor after record `seq` of an epoch."""
    text = _serializer().dumps([epoch, seq])
    return text if isinstance(text, str) else text.decode("ascii")


def _open_cursor(cursor: str, position: Position) -> int:
    try:
        of, seq = _serializer().loads(cursor)
    except (BadSignature, ValueError, TypeError) as error:
        raise CursorInvalid from error
    # A cursor of the empty database has no epoch yet; it stands at the beginning.
    if of not in {position.epoch, ""} or seq > position.seq:
        raise EpochChanged
    return int(seq)
