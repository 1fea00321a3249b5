"""The topic by which nodes exchange events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from consortium.kernel.feature import Feed, FeedRecord
from events.services import mirrors
from events.services.aggregate import FEED_TOPIC


def _fill(keys: Sequence[str], _recipient: str) -> Mapping[str, Mapping[str, Any]]:
    """Public events are for every peer; of others none learns."""
    return mirrors.describe_events(keys)


def _apply(record: FeedRecord) -> None:
    mirrors.apply_record(
        origin=record.origin,
        key=record.key,
        version=record.version,
        op=record.op,
        data=record.data,
        at=record.at,
    )


FEEDS = (Feed(topic=FEED_TOPIC, version="1.0", apply=_apply, fill=_fill),)
