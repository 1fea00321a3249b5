"""The aggregate of an event while its row is locked: event, hosts, signatures in force."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from consortium.kernel.api.versions import check_version
from consortium.kernel.clock import last_day
from consortium.kernel.db import db
from consortium.kernel.errors import Forbidden, NotFound
from consortium.kernel.principal import Principal
from consortium.kernel.unit_of_work import UnitOfWork
from events.errors import EventForeign
from events.models import Event, EventHost, EventRevision, EventSignature
from events.policies import may_manage_event, may_see_draft
from events.rules.content import hash_content, list_changes, read_content, write_content
from events.rules.publication import HostStanding, list_missing, state_after_change
from events.values import Content, EventKind, EventState, HostState

FEED_TOPIC = "events.event"


def compose_content(document: dict[str, Any], hosts: Sequence[EventHost]) -> Content:
    """Put the hosts that did not decline into a working content document, in their order."""
    listed = [
        {"society": host.society, "role": host.role}
        for host in hosts
        if host.state != HostState.DECLINED
    ]
    return read_content({**document, "hosts": listed})


def load_hosts(event_ids: Sequence[UUID]) -> dict[UUID, list[EventHost]]:
    """Load the hosts of events in their order, in one statement."""
    found: dict[UUID, list[EventHost]] = {event_id: [] for event_id in event_ids}
    statement = sa.select(EventHost).where(EventHost.event_id.in_(event_ids))
    for host in db.session.scalars(statement.order_by(EventHost.position, EventHost.id)):
        found[host.event_id].append(host)
    return found


def load_signatures(event_id: UUID) -> dict[str, EventSignature]:
    """Load the signatures in force by society, in one statement."""
    statement = sa.select(EventSignature).where(
        EventSignature.event_id == event_id, EventSignature.voided_at.is_(None)
    )
    return {row.society: row for row in db.session.scalars(statement)}


@dataclass
class Aggregate:
    """An event with its hosts and the signatures in force, as read in one transaction."""

    event: Event
    hosts: list[EventHost]
    signatures: dict[str, EventSignature]

    @property
    def state(self) -> EventState:
        """Where the event stands."""
        return EventState(self.event.state)

    def content(self) -> Content:
        """The working content, hosts included."""
        return compose_content(self.event.content, self.hosts)

    def missing(self) -> tuple[str, ...]:
        """The hosts whose signature over the working content is missing."""
        standings = [
            HostStanding(
                host.society,
                HostState(host.state),
                self.signatures[host.society].content_hash
                if host.society in self.signatures
                else None,
            )
            for host in self.hosts
        ]
        return list_missing(standings, content_hash=self.event.content_hash)

    def find_host(self, society: str) -> EventHost | None:
        """The row of a society, whatever it answered."""
        return next((host for host in self.hosts if host.society == society), None)

    def get_host(self, society: str) -> EventHost:
        """The row of a society; raises NotFound if it was never asked."""
        host = self.find_host(society)
        if host is None:
            raise NotFound
        return host


def load_aggregate(event: Event) -> Aggregate:
    """Load what belongs to an event row already read or locked."""
    return Aggregate(event, load_hosts([event.id])[event.id], load_signatures(event.id))


def hold_event(
    uow: UnitOfWork, principal: Principal, event_id: UUID, *, version: int | None = None
) -> Aggregate:
    """Lock an event of ours and load it.

    Raises:
        NotFound: there is none, or it is not the principal's to see.
        EventForeign: another node or somebody else makes this event.
        VersionMismatch: it is no longer at `version`.
    """
    event = uow.lock(Event, event_id)
    if event.kind != EventKind.JOINT:
        raise EventForeign(origin=event.origin or event.link or event.uid)
    held = load_aggregate(event)
    if not may_see(principal, held):
        raise NotFound
    if version is not None:
        check_version(event.version, version)
    return held


def is_public(event: Event) -> bool:
    """Tell whether everybody may see the event: a content that all hosts signed was shown."""
    return event.shown is not None


def may_see(principal: Principal, held: Aggregate) -> bool:
    """Tell whether the principal may know that this event is there."""
    if is_public(held.event) or held.event.kind != EventKind.JOINT:
        return is_public(held.event)
    hosts = [host.society for host in held.hosts if host.state != HostState.DECLINED]
    return may_see_draft(principal, society=held.event.society, event_id=held.event.id, hosts=hosts)


def require_manager(principal: Principal, held: Aggregate) -> None:
    """Refuse whoever does not lead the event."""
    event = held.event
    if not may_manage_event(principal, society=event.society, event_id=event.id):
        raise Forbidden


def settle_content(uow: UnitOfWork, held: Aggregate, before: Content) -> tuple[str, ...]:
    """Follow a change of listed fields: new hash, new state, signatures voided.

    Returns:
        The names of the listed fields that changed; none leaves everything as it was.
    """
    after = held.content()
    changed = list_changes(before, after)
    if not changed:
        return ()
    event = held.event
    event.content_hash = hash_content(after)
    event.state = state_after_change(held.state)
    for signature in held.signatures.values():
        signature.voided_at = uow.now
    held.signatures = {}
    if event.shown is None:
        show_dates(event, after)
    return changed


def show_dates(event: Event, content: Content) -> None:
    """Repeat a content's dates in the columns that lists sort by."""
    event.starts_at, event.ends_at = content.starts_at, content.ends_at
    zone = content.time_zone
    event.starts_on = content.starts_at.astimezone(ZoneInfo(zone)).date()
    event.ends_on = max(event.starts_on, last_day(content.ends_at, zone))


def record_revision(
    uow: UnitOfWork, principal: Principal, held: Aggregate, *, changed: Sequence[str] = ()
) -> None:
    """Give the event its next version and keep how it stands."""
    event = held.event
    event.version += 1
    event.updated_at = max(uow.now, event.updated_at + timedelta(microseconds=1))
    keep_revision(uow, principal, held, changed=changed)


def keep_revision(
    uow: UnitOfWork, principal: Principal, held: Aggregate, *, changed: Sequence[str]
) -> None:
    """Keep the version that the event now has."""
    event = held.event
    uow.add(
        EventRevision(
            event_id=event.id,
            version=event.version,
            state=event.state,
            content=write_content(held.content()),
            content_hash=event.content_hash,
            changed=list(changed),
            actor_person=principal.person_id,
            actor_client=principal.client_id,
            at=uow.now,
        )
    )


def tell_peers(uow: UnitOfWork, event: Event) -> None:
    """Announce what is public of an event; peers fetch the content by its UID."""
    if not is_public(event):
        return
    uow.emit(
        FEED_TOPIC,
        event.uid,
        {"event": str(event.id), "state": event.state, "sequence": event.sequence},
    )
