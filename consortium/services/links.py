"""Links: pulling the feeds of peers, page by page.

A page is fetched and verified while no transaction is open; then its records, the versions
taken and the cursor change in one transaction. A bad record is quarantined and the page goes
on. A peer that was restored from a backup has a new epoch: everything is read again, and what
is not seen any more is deleted at the end.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from consortium.errors import FeedUnusable, PeerSuspended, PeerUnreachable
from consortium.kernel.db import db
from consortium.kernel.errors import ConsortiumError
from consortium.kernel.faults import find_storage_fault, is_cut_off, is_transient
from consortium.kernel.logs import get_logger
from consortium.kernel.metrics import pulled_records
from consortium.kernel.settings import current_settings
from consortium.kernel.unit_of_work import (
    current_unit_of_work,
    database_now,
    reading,
    transaction,
)
from consortium.models import Link, Peer, QuarantinedRecord
from consortium.services.intake import delete_unseen, retry_quarantined, take_records
from consortium.services.pages import fetch_page
from consortium.services.peers import FEED_PATH, PeerFacts, get_peer, list_peers

log = get_logger(__name__)
PAGES_A_PEER = 1000


@dataclass(frozen=True, slots=True)
class LinkState:
    """How the feed of a peer is read.

    Attributes:
        state: ok, late (no good pull for a while), failing, paused, or never.
        lag_seconds: since the last good pull; None if there was none.
    """

    peer: str
    feed: str
    state: str
    last_good_at: datetime | None
    lag_seconds: float | None
    fault: str | None
    taken: int
    quarantined: int


@dataclass(frozen=True, slots=True)
class SetApart:
    """A record of a peer that could not be taken.

    Attributes:
        code: why, as in docs/api.md, or the name of an error.
        attempts: how often it was tried; after the twentieth it is left.
        at: when it was first set apart.
    """

    topic: str
    key: str
    version: int
    code: str
    attempts: int
    at: datetime


@dataclass(frozen=True, slots=True)
class Pulled:
    """What one page brought; `more` when the next page is worth asking for at once."""

    peer: str
    taken: int
    quarantined: int
    more: bool


def pull_link(name: str, *, pages: int = PAGES_A_PEER) -> list[Pulled]:
    """Pull a peer's feed up to its end, at most `pages` pages.

    Raises:
        PeerNotFound, PeerSuspended: there is none, or it is suspended.
        PeerUnreachable, FeedUnusable: a page could not be had; earlier ones stay taken.
    """
    peer = get_peer(name)
    if peer.state != "active":
        raise PeerSuspended(peer=name)
    pulled: list[Pulled] = []
    while len(pulled) < pages and (not pulled or pulled[-1].more):
        pulled.append(pull_page(peer))
    return pulled


def pull_page(peer: PeerFacts) -> Pulled:
    """Pull one page of a peer's feed; no unit of work may be open around it.

    Raises:
        PeerUnreachable: the peer does not answer, or refuses us.
        FeedUnusable: its signature is wrong, or the page is malformed, stale, or cannot be taken.
    """
    cursor = _cursor_of(peer.id)
    try:
        page = fetch_page(peer, cursor)
        if page is None:
            return _begin_resync(peer, cursor)
        pulled = _take_page(peer, cursor, page)
    except (PeerUnreachable, FeedUnusable) as error:
        _note_fault(peer.id, error)
        raise
    except Exception as error:
        # Whatever a peer can send that nobody thought of stops its own link and no other.
        if isinstance(error, ConsortiumError) or _is_our_own(error):
            raise
        log.exception("link-page-failed", peer=str(peer.id))
        fault = FeedUnusable(peer=peer.issuer, why=type(error).__name__)
        _note_fault(peer.id, fault)
        raise fault from error
    pulled_records.labels(outcome="taken").inc(pulled.taken)
    pulled_records.labels(outcome="quarantined").inc(pulled.quarantined)
    return pulled


def _is_our_own(error: Exception) -> bool:
    """Whether our own database or disk is at fault, and no peer."""
    if is_cut_off(error) or find_storage_fault(error) is not None:
        return True
    return isinstance(error, DBAPIError) and is_transient(error)


def pull_next_page(place: str | None) -> str | None:
    """Pull one page of one active peer, peers in the order of their names.

    A failing peer does not hold up the others, and neither does one whose feed has no end.

    Args:
        place: what the last call gave; None at the start.

    Returns:
        The place of the next page; None after the last peer.
    """
    pulled, _, name = (place or "0 ").partition(" ")
    active = sorted(peer.name for peer in list_peers() if peer.state == "active")
    left = [peer for peer in active if peer >= name]
    if not left:
        return None
    count = int(pulled) + 1 if left[0] == name else 1
    if _pull_or_log(left[0]) and count < PAGES_A_PEER:
        return f"{count} {left[0]}"
    return f"0 {left[1]}" if len(left) > 1 else None


def _pull_or_log(name: str) -> bool:
    """Whether the next page is worth asking for at once."""
    peer = get_peer(name)
    try:
        return pull_page(peer).more
    except ConsortiumError as error:
        log.warning("link-failed", peer=str(peer.id), code=error.code)
        return False


@reading
def list_links() -> list[LinkState]:
    """Every link with its state, in the order of the peers' names; in two queries."""
    held = select(QuarantinedRecord.peer_id, func.count().label("n")).group_by(
        QuarantinedRecord.peer_id
    )
    counts = {row.peer_id: row.n for row in db.session.execute(held)}
    query = select(Peer, Link).join(Link, Link.peer_id == Peer.id).order_by(Peer.name)
    now = database_now()
    return [
        _state(peer, link, counts.get(peer.id, 0), now) for peer, link in db.session.execute(query)
    ]


@reading
def list_set_apart(name: str) -> list[SetApart]:
    """The records of a peer that could not be taken, in the order in which they came.

    Raises:
        PeerNotFound: there is no such peer.
    """
    row = QuarantinedRecord
    query = select(row.topic, row.key, row.version, row.code, row.attempts, row.at).where(
        row.peer_id == get_peer(name).id
    )
    return [SetApart(*found) for found in db.session.execute(query.order_by(row.at, row.id))]


def decide_link_state(
    *,
    is_active: bool,
    last_good_at: datetime | None,
    has_fault: bool,
    now: datetime,
    late_after: timedelta,
) -> str:
    """The state of a link.

    >>> decide_link_state(is_active=True, last_good_at=None, has_fault=False,
    ...     now=datetime(2026, 1, 1), late_after=timedelta(minutes=15))
    'never'
    """
    if not is_active:
        return "paused"
    if has_fault:
        return "failing"
    if last_good_at is None:
        return "never"
    return "late" if now - last_good_at > late_after else "ok"


def _state(peer: Peer, link: Link, quarantined: int, now: datetime) -> LinkState:
    late_after = timedelta(seconds=current_settings().link_late_seconds)
    good = link.last_good_at
    return LinkState(
        peer=peer.name,
        feed=peer.issuer + FEED_PATH,
        state=decide_link_state(
            is_active=peer.state == "active",
            last_good_at=good,
            has_fault=link.fault is not None,
            now=now,
            late_after=late_after,
        ),
        last_good_at=good,
        lag_seconds=(now - good).total_seconds() if good else None,
        fault=link.fault,
        taken=link.taken,
        quarantined=quarantined,
    )


@reading
def _cursor_of(peer_id: UUID) -> str | None:
    return db.session.scalar(select(Link.cursor).where(Link.peer_id == peer_id))


@transaction
def _take_page(peer: PeerFacts, cursor: str | None, page: Mapping[str, Any]) -> Pulled:
    uow = current_unit_of_work()
    link = uow.lock(Link, peer.id)
    if link.cursor != cursor:
        # Another worker has taken this page meanwhile.
        return Pulled(peer.name, 0, 0, more=False)
    records = page["records"]
    taken, quarantined = take_records(peer, records, since=link.resync_since)
    is_end = page["next"] == page["head"]
    if is_end and link.resync_since is not None:
        taken += delete_unseen(peer, since=link.resync_since)
        link.resync_since = None
    if is_end:
        taken += retry_quarantined(peer)
    link.cursor, link.fault = page["next"], None
    link.last_tried_at = link.last_good_at = uow.now
    link.taken += taken
    return Pulled(peer.name, taken, quarantined, more=not is_end and page["next"] != cursor)


@transaction
def _begin_resync(peer: PeerFacts, cursor: str | None) -> Pulled:
    uow = current_unit_of_work()
    link = uow.lock(Link, peer.id)
    if link.cursor == cursor:
        link.cursor, link.resync_since = None, uow.now
        uow.audit("consortium.link.resync", subject=str(peer.id))
    return Pulled(peer.name, 0, 0, more=True)


@transaction
def _note_fault(peer_id: UUID, error: ConsortiumError) -> None:
    uow = current_unit_of_work()
    link = uow.lock(Link, peer_id)
    link.fault = json.dumps({"code": error.code, **error.params})[:200]
    link.last_tried_at = uow.now
