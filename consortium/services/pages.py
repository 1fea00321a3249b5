"""Pages of peers' feeds: fetched, and believed only when the peer has just signed them for us."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import requests

from consortium.errors import FeedUnusable, PeerUnreachable
from consortium.kernel.clock import read_now
from consortium.kernel.http import outgoing
from consortium.kernel.settings import current_settings
from consortium.kernel.signing import verify_json
from consortium.services.feeds import sealed_part
from consortium.services.peers import (
    FEED_PATH,
    PeerFacts,
    fetch_keys,
    prove_ourselves,
    store_keys,
)

# Cursors go back in an address, and servers take no long ones (RFC 9110, section 4.1).
LONGEST_CURSOR = 1000


def fetch_page(peer: PeerFacts, cursor: str | None) -> dict[str, Any] | None:
    """Fetch the page after a cursor; None when the peer has opened a new epoch.

    Returns:
        A page with `records`, a list of objects, and the cursors `next` and `head`; nothing
        else is known of what the records hold.

    Raises:
        PeerUnreachable: the peer does not answer, or refuses us.
        FeedUnusable: the page is malformed, was not signed by the peer for us at this cursor,
            or was signed too long ago.
    """
    page = _fetch(peer, cursor)
    if page is not None:
        _check_form(peer, page)
        _check_seal(peer, cursor, page)
    return page


def is_cursor(value: object) -> bool:
    """Whether a value can go back to its peer in an address: visible ASCII, not long.

    >>> is_cursor("WyJhIiwxXQ.x-y_z"), is_cursor(None), is_cursor("a" * 1001), is_cursor("a b")
    (True, False, False, False)
    """
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_CURSOR:
        return False
    return value.isascii() and value.isprintable() and " " not in value


def decide_freshness(at: datetime, *, now: datetime, allowed: timedelta) -> str:
    """Whether a page signed at `at` is fresh, stale, or ahead of our clock.

    >>> noon, allowed = datetime(2026, 1, 1, 12), timedelta(minutes=5)
    >>> [decide_freshness(at, now=noon, allowed=allowed) for at in (
    ...     noon - allowed, noon - allowed - timedelta(seconds=1), noon + timedelta(hours=1))]
    ['fresh', 'stale', 'ahead']
    """
    if at < now - allowed:
        return "stale"
    return "ahead" if at > now + allowed else "fresh"


def _fetch(peer: PeerFacts, cursor: str | None) -> dict[str, Any] | None:
    query: dict[str, str | int] = {"limit": current_settings().link_page_size}
    if cursor is not None:
        query["cursor"] = cursor
    headers = {"Authorization": f"Bearer {prove_ourselves(peer.issuer)}"}
    try:
        with outgoing("feed") as session:
            answer = session.get(peer.issuer + FEED_PATH, params=query, headers=headers)
        if answer.status_code == 410 and cursor is not None:
            return None
        page = answer.json() if answer.status_code == 200 else None
    except (requests.RequestException, ValueError, RecursionError) as error:
        raise PeerUnreachable(peer=peer.issuer, why=type(error).__name__) from error
    if not isinstance(page, dict):
        raise PeerUnreachable(peer=peer.issuer, why=f"HTTP {answer.status_code}")
    return page


def _check_form(peer: PeerFacts, page: Mapping[str, Any]) -> None:
    records = page.get("records")
    is_list = isinstance(records, list) and all(isinstance(told, dict) for told in records)
    if not is_list or not is_cursor(page.get("next")) or not is_cursor(page.get("head")):
        raise FeedUnusable(peer=peer.issuer, why="malformed")


def _check_seal(peer: PeerFacts, cursor: str | None, page: Mapping[str, Any]) -> None:
    """Check that the peer has signed exactly this page for us, at this cursor, just now.

    Raises:
        FeedUnusable: it has not.
    """
    try:
        at = datetime.fromisoformat(page["seal"]["at"])
        seal = sealed_part(
            page,
            issuer=peer.issuer,
            recipient=current_settings().issuer,
            cursor=cursor,
            at=at,
        )
        signature = str(page["signature"])
        allowed = timedelta(seconds=current_settings().link_seal_seconds)
        freshness = decide_freshness(at, now=read_now(), allowed=allowed)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise FeedUnusable(peer=peer.issuer, why="malformed") from error
    _check_signature(peer, seal, signature)
    # Without this, whoever stands between could show a page of yesterday for ever, and so hide
    # that a society was suspended since.
    if freshness != "fresh":
        raise FeedUnusable(peer=peer.issuer, why=freshness)


def _check_signature(peer: PeerFacts, seal: Mapping[str, Any], signature: str) -> None:
    if verify_json(peer.jwks, seal, signature):
        return
    # The key may be newer than what we hold; the peer publishes it before it signs.
    fresh = {} if peer.is_pinned else fetch_keys(peer.issuer)
    if not verify_json(fresh, seal, signature):
        raise FeedUnusable(peer=peer.issuer, why="signature")
    store_keys(peer.id, fresh)
