"""Create an event, and change it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from consortium.kernel.db import db
from consortium.kernel.errors import N_, FieldError, Forbidden
from consortium.kernel.ids import new_id
from consortium.kernel.principal import API_SCOPE, Principal
from consortium.kernel.settings import current_settings
from consortium.kernel.unit_of_work import UnitOfWork, current_unit_of_work, transaction
from consortium.services import organisations
from events.errors import ContentRefused, EventSettled, SlugTaken, SocietyNotActive
from events.models import Event, EventHost
from events.policies import may_create_event
from events.rules.content import (
    SLUG_FORM,
    hash_content,
    is_slug,
    list_faults,
    list_seat_faults,
    list_stray_hosts,
    make_slug,
    write_content,
)
from events.rules.publication import CHANGEABLE
from events.services.aggregate import (
    Aggregate,
    hold_event,
    keep_revision,
    record_revision,
    require_manager,
    settle_content,
    show_dates,
    tell_peers,
)
from events.services.naming import say_society
from events.services.reads import name_societies, view_event
from events.values import (
    Content,
    EventKind,
    EventState,
    EventView,
    EventWish,
    Hosting,
    HostState,
)

CHANGING_FIELDS = frozenset(
    {"title", "starts_at", "ends_at", "time_zone", "mode", "place", "prices", "quotas", "split"}
)


@transaction
def create_event(principal: Principal, wish: EventWish) -> EventView:
    """Create a draft that one society leads; the others are invited to it.

    Raises:
        Forbidden: the principal holds no office of the society.
        SocietyNotActive: the society's standing does not allow it to host.
        ContentRefused: the content has faults.
        SlugTaken: another event has the address.
    """
    uow = current_unit_of_work()
    society = require_active(wish.society or _own_society(principal))
    if not may_create_event(principal, society.code):
        raise Forbidden
    content = _content_of(wish, society.code)
    _refuse_faults(content, is_draft=True)
    held = _add_draft(uow, wish, content, society)
    keep_revision(uow, principal, held, changed=())
    uow.audit("events.event.created", subject=str(held.event.id), society=society.code)
    return view_event(held, principal)


def _add_draft(
    uow: UnitOfWork, wish: EventWish, content: Content, society: organisations.Organisation
) -> Aggregate:
    """Add the event and its leading host, which has accepted by making it."""
    event_id = new_id()
    document = write_content(content)
    del document["hosts"]
    event = Event(
        id=event_id,
        uid=f"{event_id}@{urlsplit(current_settings().issuer).hostname}",
        slug=_settle_slug(wish, event_id),
        kind=EventKind.JOINT,
        state=EventState.DRAFT,
        version=1,
        society_id=society.id,
        society=society.code,
        content=document,
        content_hash=hash_content(content),
        created_at=uow.now,
        updated_at=uow.now,
    )
    show_dates(event, content)
    uow.add(event)
    _flush_address(uow, event)
    host = EventHost(event_id=event_id, society_id=society.id, society=society.code)
    host.role, host.position, host.state = wish.role, 0, HostState.ACCEPTED
    host.invited_at = host.answered_at = uow.now
    return Aggregate(event, [uow.add(host)], {})


def _flush_address(uow: UnitOfWork, event: Event) -> None:
    """Send the event; another that took the address meanwhile refuses this one."""
    try:
        uow.flush()
    except IntegrityError:
        raise SlugTaken(slug=event.slug) from None


@transaction
def change_event(
    principal: Principal, *, event_id: UUID, version: int, changes: Mapping[str, Any]
) -> EventView:
    """Change listed fields; every signature is voided, and what was published stays shown.

    Args:
        version: the version that the change was made from.
        changes: values of `Content` fields by name, hosts excepted.

    Raises:
        VersionMismatch: somebody changed the event meanwhile.
        EventSettled: a cancelled event stays as it is.
        ContentRefused: the changed content has faults.
    """
    uow = current_unit_of_work()
    held = hold_event(uow, principal, event_id, version=version)
    require_manager(principal, held)
    if held.state not in CHANGEABLE:
        raise EventSettled(held.state)
    before = held.content()
    chosen = {name: value for name, value in changes.items() if name in CHANGING_FIELDS}
    wanted = replace(before, **chosen)
    _refuse_faults(wanted, is_draft=held.state is EventState.DRAFT)
    document = write_content(wanted)
    del document["hosts"]
    held.event.content = document
    changed = settle_content(uow, held, before)
    if changed:
        record_revision(uow, principal, held, changed=changed)
        uow.audit(
            "events.event.changed",
            subject=str(event_id),
            society=held.event.society,
            detail={"changed": list(changed), "version": held.event.version},
        )
        tell_peers(uow, held.event)
    return view_event(held, principal)


def require_active(code: str | None) -> organisations.Organisation:
    """Find a society that may host.

    Raises:
        NotFound: no such society.
        SocietyNotActive: it is suspended or expelled.
    """
    if code is None:
        fault = FieldError("society-missing", N_("Say for which society."), pointer="/society")
        raise ContentRefused(errors=[fault])
    society = organisations.get_organisation(code)
    if society.standing != "active":
        raise SocietyNotActive(society=say_society(society.code))
    return society


def _own_society(principal: Principal) -> str | None:
    """The one society for which the principal may create; None if there is not exactly one."""
    if principal.person_id is None and API_SCOPE in principal.scopes:
        return principal.society
    offices = {
        key for role in ("secretary", "organiser") for key in principal.keys_of(role, "society")
    }
    if principal.society in offices:
        return principal.society
    if not offices:
        raise Forbidden
    return offices.pop() if len(offices) == 1 else None


def _content_of(wish: EventWish, society: str) -> Content:
    return Content(
        title=wish.title,
        starts_at=wish.starts_at,
        ends_at=wish.ends_at,
        time_zone=wish.time_zone,
        mode=wish.mode,
        place=wish.place,
        hosts=(Hosting(society, wish.role),),
        prices=dict(wish.prices),
        quotas=tuple(wish.quotas),
        split=dict(wish.split),
    )


def _refuse_faults(content: Content, *, is_draft: bool) -> None:
    """Refuse a content with faults; a draft may still lack hosts that it names, and seats."""
    strays = list_stray_hosts(content)
    if strays and is_draft:
        known = name_societies([*(q.host for q in content.quotas if q.host), *content.split])
        strays = list_stray_hosts(content, invitable=known)
    seatless = () if is_draft else list_seat_faults(content)
    faults = (*list_faults(content), *seatless, *strays)
    if faults:
        raise ContentRefused(errors=faults)


def _settle_slug(wish: EventWish, event_id: UUID) -> str:
    fallback = f"e-{event_id.hex[-12:]}"
    slug = wish.slug or make_slug(wish.title.en, fallback=fallback)
    if not is_slug(slug):
        raise ContentRefused(errors=[FieldError("slug-unusable", SLUG_FORM, pointer="/slug")])
    taken = db.session.scalar(sa.select(Event.id).where(Event.slug == slug)) is not None
    if taken and wish.slug:
        raise SlugTaken(slug=slug)
    return f"{slug[:60]}-{event_id.hex[-8:]}" if taken else slug
