"""Messages that wait in the database until a worker has sent them.

A service puts a message into the postbox inside its own transaction: rolled back, it was never
written. A worker claims it with a lease, sends it while no transaction is open, and marks it.
A crash between sending and marking sends it again, so every message carries a stable id.
Source: DESIGN 4.6.
"""

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Index,
    Integer,
    String,
    Text,
    and_,
    delete,
    select,
    update,
)
from sqlalchemy.orm import Mapped, mapped_column

from consortium.kernel.crypto import UndecipherableText, decrypt, encrypt
from consortium.kernel.db import Id, Instant, Model, db
from consortium.kernel.ids import new_id
from consortium.kernel.settings import current_settings
from consortium.kernel.unit_of_work import current_unit_of_work, reading, transaction

_PURPOSE = "postbox"
_LONGEST_PAUSE = timedelta(hours=6)


class OutgoingMessage(Model):
    """One mail or text message; `sealed` holds address and words and goes when it is sent.

    States: waiting, sending (under a lease), sent, failed (given up).
    """

    __tablename__ = "outgoing_message"
    __table_args__ = (Index("ix_outgoing_message_due", "state", "next_at"),)

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(8))
    sealed: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(8), default="waiting")
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[datetime] = mapped_column(Instant)
    next_at: Mapped[datetime] = mapped_column(Instant)
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
    fault: Mapped[str | None] = mapped_column(String(80))


@dataclass(frozen=True, slots=True)
class Parcel:
    """A claimed message, opened.

    Attributes:
        id: stays the same however often the message is tried.
        kind: mail or sms.
        content: what the sender of that kind put in.
        attempt: 1 for the first; it fences the mark of a slower worker.
    """

    id: UUID
    kind: str
    content: dict[str, str]
    attempt: int


def put_message(kind: str, content: dict[str, str]) -> UUID:
    """Put a message into the postbox of the open unit of work.

    Returns:
        The message's id, the same at every attempt.
    """
    uow = current_unit_of_work()
    sealed = encrypt(json.dumps(content, ensure_ascii=False).encode(), _PURPOSE)
    message = OutgoingMessage(
        id=new_id(), kind=kind, sealed=sealed, created_at=uow.now, next_at=uow.now
    )
    return uow.add(message).id


@reading
def list_due(now: datetime, limit: int) -> list[UUID]:
    """Messages that may be claimed at `now`, the longest waiting first."""
    due = (
        select(OutgoingMessage.id)
        .where(_is_due(now))
        .order_by(OutgoingMessage.next_at, OutgoingMessage.id)
        .limit(limit)
    )
    return list(db.session.scalars(due))


@transaction
def claim_message(message_id: UUID) -> Parcel | None:
    """Claim a due message for one lease; None when another worker was faster.

    One whose attempts are used up is given up instead: its sender may have died of it.
    """
    uow, settings = current_unit_of_work(), current_settings()
    lease = timedelta(seconds=settings.message_lease_seconds)
    claimed = uow.execute(
        update(OutgoingMessage)
        .where(OutgoingMessage.id == message_id, _is_due(uow.now))
        .values(state="sending", attempts=OutgoingMessage.attempts + 1, next_at=uow.now + lease)
        .execution_options(synchronize_session=False)
    )
    if claimed.rowcount != 1:
        return None
    row = uow.session.execute(
        select(OutgoingMessage.kind, OutgoingMessage.sealed, OutgoingMessage.attempts).where(
            OutgoingMessage.id == message_id
        )
    ).one()
    parcel = Parcel(message_id, row.kind, {}, row.attempts)
    if parcel.attempt > settings.message_attempts:
        _mark(parcel, {"state": "failed", "sealed": None, "fault": "attempts-used-up"})
        return None
    try:
        content = json.loads(decrypt(row.sealed or "", _PURPOSE))
    except UndecipherableText:
        # Its words are kept: an operator who puts the secret key back can let it wait again.
        _mark(parcel, {"state": "failed", "fault": "undecipherable"})
        return None
    return replace(parcel, content=content)


@transaction
def mark_sent(parcel: Parcel) -> bool:
    """Record that the message went out and forget its words; False when the lease was lost."""
    now = current_unit_of_work().now
    return _mark(parcel, {"state": "sent", "sealed": None, "sent_at": now, "fault": None})


@transaction
def mark_unsent(parcel: Parcel, *, fault: str, permanent: bool) -> bool:
    """Let the message wait twice as long as before, or give it up.

    Args:
        fault: short code without names or addresses.
        permanent: trying again cannot help, for instance a refused address.
    """
    settings = current_settings()
    if permanent or parcel.attempt >= settings.message_attempts:
        return _mark(parcel, {"state": "failed", "sealed": None, "fault": fault[:80]})
    pause = decide_pause(parcel.attempt, first_seconds=settings.message_retry_seconds)
    next_at = current_unit_of_work().now + pause
    return _mark(parcel, {"state": "waiting", "next_at": next_at, "fault": fault[:80]})


@transaction
def purge_messages(now: datetime | None = None) -> int:
    """Delete the rows of messages that were finished longer ago than the retention."""
    uow = current_unit_of_work()
    kept = timedelta(days=current_settings().message_retention_days)
    result = uow.execute(
        delete(OutgoingMessage)
        .where(
            OutgoingMessage.state.in_(("sent", "failed")),
            OutgoingMessage.next_at < (now or uow.now) - kept,
        )
        .execution_options(synchronize_session=False)
    )
    return int(result.rowcount)


def decide_pause(attempt: int, *, first_seconds: int) -> timedelta:
    """Pause before the next attempt: doubled each time, six hours at most.

    >>> decide_pause(1, first_seconds=30), decide_pause(3, first_seconds=30)
    (datetime.timedelta(seconds=30), datetime.timedelta(seconds=120))
    >>> decide_pause(40, first_seconds=30) == timedelta(hours=6)
    True
    """
    # The exponent is bounded first: a timedelta overflows long before the attempts do.
    return min(timedelta(seconds=first_seconds * 2 ** min(attempt - 1, 20)), _LONGEST_PAUSE)


def _is_due(now: datetime) -> ColumnElement[bool]:
    """Waiting and due, or left behind by a worker whose lease has run out."""
    return and_(OutgoingMessage.state.in_(("waiting", "sending")), OutgoingMessage.next_at <= now)


def _mark(parcel: Parcel, values: dict[str, object]) -> bool:
    """Mark only what this attempt claimed; a later claim has a higher attempt number."""
    result = current_unit_of_work().execute(
        update(OutgoingMessage)
        .where(
            OutgoingMessage.id == parcel.id,
            OutgoingMessage.state == "sending",
            OutgoingMessage.attempts == parcel.attempt,
        )
        .values(values)
        .execution_options(synchronize_session=False)
    )
    return bool(result.rowcount == 1)
