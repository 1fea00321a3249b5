"""The feed that this node serves: pages of records, filled for the recipient, and signed.

The signature covers the issuer, the recipient, both cursors and a digest of every record, so
a page can be neither altered, shortened, nor shown to another node. Source: DESIGN 4.8.
"""

import hashlib
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from consortium.kernel.clock import read_now
from consortium.kernel.features import offers
from consortium.kernel.metrics import unsignable_records
from consortium.kernel.outbox.feed import FeedPage, Record, read_feed
from consortium.kernel.settings import current_settings
from consortium.kernel.signing import NODE, canonical_bytes, sign_json

logger = logging.getLogger(__name__)
EVERYTHING = "operator"
Filled = Mapping[str, Mapping[str, Any] | None]


def serve_feed(cursor: str | None, *, limit: int, recipient: str) -> dict[str, Any]:
    """A signed page for a recipient.

    Args:
        cursor: from an earlier page; None begins at the beginning.
        limit: at most so many records, 1 or more; a page may hold fewer and not be the last.
        recipient: issuer of a peer, `client:<id>`, or `operator`, who sees every topic as it is.

    Raises:
        EpochChanged, CursorInvalid: as their messages say.
    """
    if recipient == EVERYTHING:
        page = read_feed(cursor, limit=limit)
    else:
        page = _fill(read_feed(cursor, limit=limit, topics=_topics()), recipient)
    told = {
        "records": [
            record for record in map(describe_record, page.records) if _is_signable(record)
        ],
        "next": page.next,
        "head": page.head,
    }
    seal = sealed_part(
        told, issuer=current_settings().issuer, recipient=recipient, cursor=cursor, at=read_now()
    )
    return {**told, "seal": seal, "signature": sign_json(NODE, seal)}


def sealed_part(
    page: Mapping[str, Any], *, issuer: str, recipient: str, cursor: str | None, at: datetime
) -> dict[str, Any]:
    """What the signature of a page covers."""
    return {
        "issuer": issuer,
        "recipient": recipient,
        "cursor": cursor,
        "next": page["next"],
        "head": page["head"],
        "at": at.isoformat(),
        "digests": [digest_record(record) for record in page["records"]],
    }


def digest_record(record: Mapping[str, Any]) -> str:
    """SHA-256 of a record's canonical bytes (RFC 8785)."""
    return hashlib.sha256(canonical_bytes(dict(record))).hexdigest()


def describe_record(record: Record) -> dict[str, Any]:
    """A record as JSON."""
    return {
        "id": str(record.id),
        "topic": record.topic,
        "key": record.key,
        "version": record.version,
        "op": record.op,
        "origin": record.origin,
        "seq": record.seq,
        "at": record.at.isoformat().replace("+00:00", "Z"),
        "data": record.data,
    }


def _is_signable(record: Mapping[str, Any]) -> bool:
    """Whether a page can hold the record; one that cannot must not stop the reader for ever.

    None is written any more (`kernel.signable`), but older ones are stored.
    """
    try:
        canonical_bytes(dict(record))
    except (ValueError, RecursionError) as error:
        told = {"seq": record["seq"], "topic": record["topic"], "why": type(error).__name__}
        logger.error("feed.record-unsignable", extra=told)
        unsignable_records.labels(record["topic"]).inc()
        return False
    return True


def _fill(page: FeedPage, recipient: str) -> FeedPage:
    """Replace the news by what the recipient may see now.

    What it may not see any more is a tombstone; what it never saw is left out, key and all.
    Only our own records are told: a mirror's origin tells its own.
    """
    own = [record for record in page.records if record.origin == current_settings().issuer]
    by_topic: dict[str, Filled] = {}
    for feed in offers(lambda feature: feature.feeds):
        if feed.fill is not None:
            keys = [record.key for record in own if record.topic == feed.topic]
            by_topic[feed.topic] = feed.fill(keys, recipient) if keys else {}
    seen = (_seen(record, by_topic.get(record.topic)) for record in own)
    return replace(page, records=[record for record in seen if record is not None])


def _seen(record: Record, filled: Filled | None) -> Record | None:
    if filled is None:
        return replace(record, data={}) if record.op == "delete" else record
    if record.key not in filled:
        return None
    data = filled[record.key]
    if data is None or record.op == "delete":
        return replace(record, op="delete", data={})
    return replace(record, data=dict(data))


def _topics() -> Sequence[str]:
    return [feed.topic for feed in offers(lambda feature: feature.feeds)]
