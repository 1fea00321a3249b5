"""Read events: one by id or address, and in pages, in a constant number of statements."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from consortium.kernel.db import db
from consortium.kernel.errors import NotFound
from consortium.kernel.principal import ANONYMOUS, Principal
from consortium.kernel.unit_of_work import reading
from consortium.services import selects
from events.models import Event, EventHost, EventRevision
from events.policies import may_manage_event, may_see_draft
from events.rules.content import read_content
from events.services.aggregate import (
    Aggregate,
    is_public,
    load_aggregate,
    may_see,
)
from events.values import (
    Content,
    EventKind,
    EventState,
    EventSummary,
    EventView,
    HostRole,
    HostState,
    HostView,
    Mode,
    Text,
)

SHOWN_KINDS = (EventKind.JOINT, EventKind.MIRRORED)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a list page ended: sort instant and id of its last event."""

    starts_at: datetime
    id: UUID


@dataclass(frozen=True, slots=True)
class RevisionView:
    """One line of an event's history."""

    version: int
    state: EventState
    changed: tuple[str, ...]
    content_hash: str
    at: datetime


@reading
def get_event(principal: Principal, *, event_id: UUID) -> EventView:
    """Get an event as the principal may see it; raises NotFound."""
    return _view_or_refuse(principal, db.session.get(Event, event_id))


@reading
def get_event_by_slug(principal: Principal, *, slug: str) -> EventView:
    """Get an event by its address as the principal may see it; raises NotFound."""
    return _view_or_refuse(principal, db.session.scalar(sa.select(Event).filter_by(slug=slug)))


def get_shown_event(*, slug: str) -> EventView:
    """Get an event by its address as everybody sees it; raises NotFound."""
    return get_event_by_slug(ANONYMOUS, slug=slug)


def _view_or_refuse(principal: Principal, event: Event | None) -> EventView:
    if event is None:
        raise NotFound
    held = load_aggregate(event)
    if not may_see(principal, held):
        raise NotFound
    return view_event(held, principal)


def view_event(held: Aggregate, principal: Principal) -> EventView:
    """Make the view that a principal may have: officers see the working content, others not."""
    event = held.event
    societies = [host.society for host in held.hosts if host.state != HostState.DECLINED]
    ours = event.kind == EventKind.JOINT
    inside = ours and may_see_draft(
        principal, society=event.society, event_id=event.id, hosts=societies
    )
    shown = read_content(event.shown) if event.shown is not None else None
    working = inside or shown is None
    content = held.content() if working and ours else shown
    assert content is not None
    manages = ours and may_manage_event(principal, society=event.society, event_id=event.id)
    return EventView(
        id=event.id,
        uid=event.uid,
        slug=event.slug,
        kind=EventKind(event.kind),
        origin=event.origin,
        state=held.state,
        version=event.version,
        sequence=event.sequence,
        society=event.society,
        content=content,
        content_hash=event.content_hash if working else event.shown_hash or "",
        hosts=_host_views(held) if inside else _shown_hosts(content, held),
        missing=held.missing() if inside else (),
        is_public=is_public(event),
        may_manage=manages,
        starts_on=event.starts_on,
        ends_on=event.ends_on,
        precision=event.precision,
        link=event.link,
    )


@reading
def name_societies(codes: Collection[str]) -> Mapping[str, Text]:
    """Name organisations of the register by code, in one statement; unknown ones are left out."""
    if not codes:
        return {}
    names = selects.select_names().subquery()
    rows = db.session.execute(sa.select(names).where(names.c.code.in_(set(codes))))
    return {row.code: Text(zh=row.name_zh or "", en=row.name_en or "") for row in rows}


def _host_views(held: Aggregate) -> tuple[HostView, ...]:
    names = name_societies([host.society for host in held.hosts])
    missing = set(held.missing())
    return tuple(_host_view(held, host, names, missing) for host in held.hosts)


def _host_view(
    held: Aggregate, host: EventHost, names: Mapping[str, Text], missing: set[str]
) -> HostView:
    signature = held.signatures.get(host.society)
    declined = host.state == HostState.DECLINED
    return HostView(
        society=host.society,
        name=names.get(host.society, Text("", host.society)),
        role=HostRole(host.role),
        state=HostState(host.state),
        position=host.position,
        signed=not declined and host.society not in missing,
        signed_at=signature.signed_at if signature else None,
    )


def _shown_hosts(content: Content, held: Aggregate) -> tuple[HostView, ...]:
    """The hosts that the public sees: those of the content that all of them signed.

    Of another node's event only hosts whose signature was proven when it was mirrored.
    """
    event, hosts = held.event, content.hosts
    if event.kind == EventKind.MIRRORED:
        proven = {host.society for host in held.hosts}
        hosts = tuple(hosting for hosting in hosts if hosting.society in proven)
    codes = [hosting.society for hosting in hosts]
    names = {**name_societies(codes), **_carried_names(event)}
    return tuple(
        HostView(
            society=hosting.society,
            name=names.get(hosting.society, Text("", hosting.society)),
            role=hosting.role,
            state=HostState.ACCEPTED,
            position=position,
            signed=True,
            signed_at=None,
        )
        for position, hosting in enumerate(hosts)
    )


def _carried_names(event: Event) -> Mapping[str, Text]:
    """Names that came with a mirrored event, as its node has them."""
    carried: dict[str, Any] = (event.shown or {}).get("host_names", {})
    return {code: Text(zh=name["zh"], en=name["en"]) for code, name in carried.items()}


@reading
def list_events(
    *,
    kinds: tuple[EventKind, ...] = SHOWN_KINDS,
    ends_after: datetime | None = None,
    host: str | None = None,
    after: Place | None = None,
    limit: int = 50,
) -> tuple[tuple[EventSummary, ...], Place | None]:
    """List what the public may see, by start.

    Args:
        kinds: whose events.
        ends_after: leave out what is over by then.
        host: only those that this society hosts.
        after: where the page before ended.

    Returns:
        At most `limit` events, and where to go on, or None at the end.
    """
    query = sa.select(Event).where(Event.kind.in_(kinds), Event.shown.is_not(None))
    if ends_after is not None:
        query = query.where(Event.ends_at > ends_after)
    if host is not None:
        hosted = sa.select(EventHost.event_id).where(EventHost.society == host, EventHost.is_shown)
        query = query.where(Event.id.in_(hosted))
    if after is not None:
        here = sa.tuple_(Event.starts_at, Event.id)
        query = query.where(
            here
            > sa.tuple_(
                sa.literal(after.starts_at, Event.starts_at.type),
                sa.literal(after.id, Event.id.type),
            )
        )
    rows = db.session.scalars(query.order_by(Event.starts_at, Event.id).limit(limit + 1)).all()
    page = rows[:limit]
    more = Place(page[-1].starts_at, page[-1].id) if len(rows) > limit else None
    return tuple(summarise(event, event.shown) for event in page), more


@reading
def list_desk(principal: Principal, *, limit: int = 100) -> tuple[EventSummary, ...]:
    """List the events that the principal's societies lead or are asked to host, newest first."""
    societies = {
        key for role in ("secretary", "organiser") for key in principal.keys_of(role, "society")
    }
    asked = sa.select(EventHost.event_id).where(
        EventHost.society.in_(societies), EventHost.state != HostState.DECLINED
    )
    query = sa.select(Event).where(Event.kind == EventKind.JOINT, Event.id.in_(asked))
    rows = db.session.scalars(query.order_by(Event.id.desc()).limit(limit))
    return tuple(summarise(event, event.content) for event in rows)


def summarise(event: Event, document: dict[str, Any] | None) -> EventSummary:
    """Make a list line from a row and one of its content documents."""
    content = document or event.content
    return EventSummary(
        id=event.id,
        uid=event.uid,
        slug=event.slug,
        kind=EventKind(event.kind),
        origin=event.origin,
        state=EventState(event.state),
        title=Text(zh=content["title"]["zh"], en=content["title"]["en"]),
        starts_at=event.starts_at,
        ends_at=event.ends_at,
        starts_on=event.starts_on,
        ends_on=event.ends_on,
        precision=event.precision,
        time_zone=content["time_zone"],
        mode=Mode(content["mode"]),
        place=content["place"],
        link=event.link,
    )


@reading
def list_revisions(principal: Principal, *, event_id: UUID) -> tuple[RevisionView, ...]:
    """List every version of an event, newest first, to the hosts' officers; raises NotFound."""
    event = db.session.get(Event, event_id)
    if event is None:
        raise NotFound
    held = load_aggregate(event)
    hosts = [host.society for host in held.hosts if host.state != HostState.DECLINED]
    if not may_see_draft(principal, society=event.society, event_id=event_id, hosts=hosts):
        raise NotFound
    rows = db.session.scalars(
        sa.select(EventRevision)
        .where(EventRevision.event_id == event_id)
        .order_by(EventRevision.version.desc())
        .limit(200)
    )
    return tuple(
        RevisionView(
            version=row.version,
            state=EventState(row.state),
            changed=tuple(row.changed),
            content_hash=row.content_hash,
            at=row.at,
        )
        for row in rows
    )
