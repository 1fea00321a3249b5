"""Views as JSON documents, before their schemas write them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from consortium.kernel.settings import current_settings
from events.values import EventSummary, EventView, RegistrationView, SeatCount
from events.wording import explain_prices


def write_summary(event: EventSummary | EventView) -> dict[str, Any]:
    """Write what a list line and a whole event have in common."""
    source = event.content if isinstance(event, EventView) else event
    issuer = current_settings().issuer
    return {
        "id": event.id,
        "uid": event.uid,
        "slug": event.slug,
        "url": f"{issuer}/events/{event.slug}",
        "kind": event.kind.value,
        "origin": event.origin or issuer,
        "state": event.state.value,
        "title": source.title,
        "starts_at": source.starts_at,
        "ends_at": source.ends_at,
        "starts_on": event.starts_on,
        "ends_on": event.ends_on,
        "precision": event.precision,
        "time_zone": source.time_zone,
        "mode": source.mode.value,
        "place": source.place,
        "link": event.link,
    }


def write_event(event: EventView) -> dict[str, Any]:
    """Write an event as its reader may see it."""
    content = event.content
    return write_summary(event) | {
        "version": event.version,
        "sequence": event.sequence,
        "society": event.society,
        "hosts": event.hosts,
        "prices": content.prices,
        "quotas": content.quotas,
        "split": content.split,
        "content_hash": event.content_hash,
        "missing": list(event.missing),
    }


def write_registration(found: RegistrationView) -> dict[str, Any]:
    """Write a registration with its price's reason in words."""
    reason = found.price_reason
    return {
        "id": found.id,
        "event": found.event_id,
        "status": found.status.value,
        "mode": found.mode.value,
        "host": found.host,
        "price": found.price,
        "price_category": found.price_category,
        "price_reason": {**asdict(reason), "text": explain_prices([reason])[0]},
        "created_at": found.created_at,
        "cancelled_at": found.cancelled_at,
    }


def write_seats(counts: Sequence[SeatCount]) -> dict[str, Any]:
    """Write the counters: the pool as one sum and by mode, then each host's."""
    pools = [_write_count(count) for count in counts if count.host is None]
    total = {
        name: sum(pool[name] for pool in pools)
        for name in ("quota", "taken", "held", "released", "free")
    }
    return {
        "pool": {"host": None, **total},
        "pools": pools,
        "hosts": [_write_count(count) for count in counts if count.host is not None],
        "waiting": 0,
    }


def _write_count(count: SeatCount) -> dict[str, Any]:
    return {
        "host": count.host,
        "mode": count.mode.value,
        "quota": count.quota + count.added,
        "taken": count.taken,
        "held": 0,
        "released": count.released,
        "free": count.free,
    }
