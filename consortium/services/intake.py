"""Taking records of other nodes: once each, newest version only, bad ones set apart."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import InternalError, OperationalError

from consortium.errors import RecordRefused
from consortium.kernel.crypto import decrypt, encrypt
from consortium.kernel.db import dialect_name
from consortium.kernel.errors import ConsortiumError
from consortium.kernel.faults import find_storage_fault, is_cut_off, state_of
from consortium.kernel.feature import FeedRecord
from consortium.kernel.features import find_feed
from consortium.kernel.ids import new_id
from consortium.kernel.signable import LARGEST, Unsignable, check_news, check_text
from consortium.kernel.unit_of_work import UnitOfWork, current_unit_of_work
from consortium.models import MirroredRecord, QuarantinedRecord
from consortium.services.peers import PeerFacts

ATTEMPTS = 20
RETRIED_A_PAGE = 100
_PURPOSE = "quarantine"
_DIGEST_LENGTH = 16


def take_records(
    peer: PeerFacts, records: Sequence[Mapping[str, Any]], *, since: datetime | None
) -> tuple[int, int]:
    """Take the records of a page in the open unit of work.

    Args:
        since: start of a resync; versions from before it do not count, since the origin was
            restored and numbers anew.

    Returns:
        How many were taken and how many were quarantined; records that are not newer than what
        is held, or of topics that no feature mirrors, are neither.
    """
    uow = current_unit_of_work()
    taken = quarantined = 0
    for told in records:
        try:
            with uow.part():
                taken += _take(uow, peer, told, since)
        except Exception as error:
            if not _is_to_blame(error):
                raise
            _quarantine(uow, peer, told, error)
            quarantined += 1
    return taken, quarantined


def retry_quarantined(peer: PeerFacts) -> int:
    """Try quarantined records again: what they lacked may have come.

    Returns:
        How many could be taken.
    """
    uow = current_unit_of_work()
    waiting = uow.session.execute(
        select(QuarantinedRecord.id, QuarantinedRecord.sealed)
        .where(QuarantinedRecord.peer_id == peer.id, QuarantinedRecord.attempts < ATTEMPTS)
        .order_by(QuarantinedRecord.at, QuarantinedRecord.version)
        .limit(RETRIED_A_PAGE)
    ).all()
    taken = 0
    for row in waiting:
        told = json.loads(decrypt(row.sealed, _PURPOSE))
        try:
            with uow.part():
                taken += _take(uow, peer, told, None)
        except Exception as error:
            if not _is_to_blame(error):
                raise
            _quarantine(uow, peer, told, error)
    return taken


def delete_unseen(peer: PeerFacts, *, since: datetime) -> int:
    """After a resync, delete what the origin no longer tells.

    Returns:
        How many records were deleted.
    """
    uow = current_unit_of_work()
    gone = uow.session.execute(
        select(MirroredRecord.topic, MirroredRecord.key, MirroredRecord.version).where(
            MirroredRecord.origin == peer.issuer,
            MirroredRecord.op == "upsert",
            MirroredRecord.observed_at < since,
        )
    ).all()
    told = [
        {
            "id": str(new_id()),
            "topic": row.topic,
            "key": row.key,
            "version": row.version,
            "op": "delete",
            "origin": peer.issuer,
            "at": uow.now.isoformat(),
            "data": {},
        }
        for row in gone
    ]
    return take_records(peer, told, since=since)[0]


def _is_to_blame(error: Exception) -> bool:
    """Whether the record is at fault, and not this node's database or disk.

    What a record can break is not known beforehand: it goes through every feature that mirrors.
    """
    if isinstance(error, OperationalError | InternalError):
        # Of these only a value beyond PostgreSQL's limits, class 54, comes with a record.
        return (state_of(error) or "").startswith("54")
    return not is_cut_off(error) and find_storage_fault(error) is None


def _take(uow: UnitOfWork, peer: PeerFacts, told: Mapping[str, Any], since: datetime | None) -> int:
    """Take one record if it is newer than what is held; 1 if it was, 0 if not."""
    record = _read(told, peer.issuer, uow.now)
    feed = find_feed(record.topic)
    if feed is None:
        return 0
    is_newer = _claim(uow, record, since)
    if is_newer:
        feed.apply(record)
        uow.flush()
    # Taken, or overtaken by a newer one: either way nothing is left to be tried again.
    uow.execute(
        delete(QuarantinedRecord)
        .where(
            QuarantinedRecord.peer_id == peer.id,
            QuarantinedRecord.topic == record.topic,
            QuarantinedRecord.key == record.key,
        )
        .execution_options(synchronize_session=False)
    )
    return int(is_newer)


def _claim(uow: UnitOfWork, record: FeedRecord, since: datetime | None) -> bool:
    """Note the record's version in one conditional statement; whether it was newer."""
    insert = (postgresql if dialect_name() == "postgresql" else sqlite).insert(MirroredRecord)
    fresh = insert.excluded
    is_newer = MirroredRecord.version < fresh.version
    if since is not None:
        is_newer = or_(is_newer, MirroredRecord.observed_at < since)
    done = uow.execute(
        insert.values(
            id=new_id(),
            origin=record.origin,
            topic=record.topic,
            key=record.key,
            version=record.version,
            op=record.op,
            observed_at=record.observed_at,
        )
        .on_conflict_do_update(
            index_elements=["origin", "topic", "key"],
            set_={"version": fresh.version, "op": fresh.op, "observed_at": fresh.observed_at},
            where=is_newer,
        )
        .returning(MirroredRecord.id)
    )
    return done.first() is not None


def _read(told: Mapping[str, Any], issuer: str, now: datetime) -> FeedRecord:
    """A record as features take it.

    Raises:
        RecordRefused: it is malformed, or tells of another node's record.
    """
    try:
        topic, key, data, origin = told["topic"], told["key"], told["data"], told["origin"]
        # As at its origin: what is no news there, no page can tell and no database hold.
        check_news(topic, key, data, op=told["op"], origin=origin, version=_whole(told["version"]))
        record = FeedRecord(
            id=UUID(str(told["id"])),
            topic=topic,
            key=key,
            version=told["version"],
            op=told["op"],
            data=dict(data),
            origin=origin,
            at=datetime.fromisoformat(told["at"]),
            observed_at=now,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise RecordRefused from error
    # Each node alone tells of its own records.
    if record.origin != issuer:
        raise RecordRefused
    return record


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError("a whole number is wanted")
    return value


def _storable(value: object, longest: int) -> str:
    r"""A text that every database can hold; one that had to be changed stays distinct.

    >>> _storable("math", 120), len(_storable("m" * 300, 255))
    ('math', 255)
    >>> _storable("a\x00", 255).partition("~")[0]
    'a'
    >>> _storable("a\x00", 255) == _storable("a\x00\x00", 255)
    False
    """
    try:
        check_text(value, "text", longest=longest)
        return str(value)
    except Unsignable:
        told = json.dumps(value)
        plain = str(value).replace("\x00", "").encode("utf-8", "ignore").decode()
        digest = hashlib.sha256(told.encode()).hexdigest()[:_DIGEST_LENGTH]
        return f"{plain[: longest - _DIGEST_LENGTH - 1]}~{digest}"


def _quarantine(
    uow: UnitOfWork, peer: PeerFacts, told: Mapping[str, Any], error: Exception
) -> None:
    """Set a record apart, encrypted; a newer one of the same object takes its place.

    The trail names it once for each reason: it may have been an attack.
    """
    code = error.code if isinstance(error, ConsortiumError) else type(error).__name__
    version = told.get("version")
    insert = (postgresql if dialect_name() == "postgresql" else sqlite).insert(QuarantinedRecord)
    fresh = insert.excluded
    topic, key = _storable(told.get("topic"), 120), _storable(told.get("key"), 255)
    held = select(QuarantinedRecord.code).where(
        QuarantinedRecord.peer_id == peer.id,
        QuarantinedRecord.topic == topic,
        QuarantinedRecord.key == key,
    )
    before = uow.session.scalar(held)
    uow.execute(
        insert.values(
            id=new_id(),
            peer_id=peer.id,
            topic=topic,
            key=key,
            version=version if isinstance(version, int) and 0 <= version <= LARGEST else 0,
            code=code[:60],
            attempts=1,
            sealed=encrypt(json.dumps(dict(told)).encode(), _PURPOSE),
            at=uow.now,
        ).on_conflict_do_update(
            index_elements=["peer_id", "topic", "key"],
            set_={
                "version": fresh.version,
                "code": fresh.code,
                "sealed": fresh.sealed,
                "attempts": QuarantinedRecord.attempts + 1,
            },
            where=QuarantinedRecord.version <= fresh.version,
        )
    )
    if before != code[:60]:
        uow.audit(
            "consortium.record.quarantined",
            subject=key,
            detail={"peer": str(peer.id), "topic": topic, "code": code[:60]},
        )
