"""The member feed: what peers may mirror of our members, and how we mirror theirs."""

from collections.abc import Mapping, Sequence
from typing import Any

from consortium.kernel.feature import Feed, FeedRecord
from membership.services import mirrors
from membership.services.terms import TOPIC


def fill(keys: Sequence[str], recipient: str) -> Mapping[str, Mapping[str, Any] | None]:
    """Give what a peer may see now of the members with these keys."""
    return mirrors.describe_members(keys, recipient=recipient)


def apply(record: FeedRecord) -> None:
    """Take a peer's record into the mirror."""
    mirrors.apply_member(record)


FEEDS = (Feed(topic=TOPIC, version="1.0", apply=apply, fill=fill),)
