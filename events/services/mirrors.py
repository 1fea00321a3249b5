"""Events of other nodes: read-only mirrors that keep UID and origin."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from consortium.kernel.db import db
from consortium.kernel.errors import N_, FieldError
from consortium.kernel.public_halves import find_public_keys
from consortium.kernel.settings import current_settings
from consortium.kernel.unit_of_work import UnitOfWork, current_unit_of_work, reading, transaction
from events.errors import ContentRefused, EventForeign
from events.models import Event, EventHost, EventSignature
from events.rules.content import hash_content, list_faults, read_content, write_content
from events.services.aggregate import load_hosts, show_dates
from events.services.proofs import require_proven_hosts
from events.services.reads import name_societies
from events.values import Content, EventKind, EventState, HostState

MIRRORED_STATES = frozenset(
    {EventState.PUBLISHED, EventState.CHANGING, EventState.POSTPONED, EventState.CANCELLED}
)
_BAD = N_("The record is not an event as events.event 1.0 has it.")


@reading
def describe_events(uids: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
    """Describe our public events by UID, as peers mirror them; others are left out.

    Each carries the signatures over the content it shows and the public keys of its hosts, so
    that a peer can check them. No person is named.
    """
    rows = db.session.scalars(
        sa.select(Event).where(
            Event.uid.in_(uids), Event.kind == EventKind.JOINT, Event.shown.is_not(None)
        )
    ).all()
    hosts = {host["society"] for event in rows for host in (event.shown or {})["hosts"]}
    names, keys = name_societies(hosts), find_public_keys(hosts)
    signed = _signatures(rows)
    return {event.uid: _describe(event, names, signed.get(event.uid, []), keys) for event in rows}


def _signatures(rows: Sequence[Event]) -> dict[str, list[dict[str, Any]]]:
    by_id = {event.id: event for event in rows}
    found: dict[str, list[dict[str, Any]]] = {}
    statement = sa.select(EventSignature).where(EventSignature.event_id.in_(list(by_id)))
    for row in db.session.scalars(statement.order_by(EventSignature.id)):
        event = by_id[row.event_id]
        if row.content_hash == event.shown_hash:
            signature = {"society": row.society, "payload": row.payload, "jws": row.jws}
            found.setdefault(event.uid, []).append(signature)
    return found


def _describe(
    event: Event,
    names: Mapping[str, Any],
    signatures: list[dict[str, Any]],
    keys: Mapping[str, list[dict[str, Any]]],
) -> dict[str, Any]:
    assert event.shown is not None
    hosts = [host["society"] for host in event.shown["hosts"]]
    known = {code: names[code] for code in hosts if code in names}
    return {
        "uid": event.uid,
        "slug": event.slug,
        "state": event.state,
        "sequence": event.sequence,
        "society": event.society,
        "url": f"{current_settings().issuer}/events/{event.slug}",
        "content": event.shown,
        "content_hash": event.shown_hash,
        "host_names": {code: {"zh": name.zh, "en": name.en} for code, name in known.items()},
        "signatures": signatures,
        "keys": {code: keys[code] for code in hosts if code in keys},
    }


@transaction
def apply_record(
    *, origin: str, key: str, version: int, op: str, data: Mapping[str, Any], at: datetime
) -> bool:
    """Take another node's record into the mirror; taking it twice changes nothing.

    The intake hands over newer records only. What is newer is its to say: after a restore
    at the origin a newer record may carry a lower version.

    Returns:
        Whether the mirror changed.

    Raises:
        EventForeign: the UID belongs to us or to yet another node.
        ContentRefused: the record is not an event.
        HostsUnproven: it shows hosts that have not signed it.
    """
    uow = current_unit_of_work()
    event = db.session.scalar(sa.select(Event).where(Event.uid == key).with_for_update())
    if event is not None and (event.kind != EventKind.MIRRORED or event.origin != origin):
        raise EventForeign(origin=event.origin or current_settings().issuer)
    if op == "delete":
        return _withdraw(uow, event, version)
    if event is not None and _is_taken(event, version, data):
        return False
    _take(uow, event, origin=origin, key=key, version=version, data=data)
    return True


def _withdraw(uow: UnitOfWork, event: Event | None, version: int) -> bool:
    """Hide a mirror whose origin shows the event no more; the row keeps UID and origin."""
    if event is None or event.shown is None:
        return False
    event.version, event.state, event.shown = version, EventState.CANCELLED, None
    event.updated_at = uow.now
    return True


def _is_taken(event: Event, version: int, data: Mapping[str, Any]) -> bool:
    """Tell whether the mirror holds this very record already."""
    held = (event.version, event.state, event.sequence, event.shown_hash, event.shown is None)
    told = (version, data.get("state"), data.get("sequence"), data.get("content_hash"), False)
    return held == told


def _take(
    uow: UnitOfWork,
    event: Event | None,
    *,
    origin: str,
    key: str,
    version: int,
    data: Mapping[str, Any],
) -> None:
    content, state = _check_record(key, data)
    proven = _prove_hosts(event, content, uid=key, origin=origin, data=data)
    if event is None:
        event = Event(
            uid=key,
            kind=EventKind.MIRRORED,
            origin=origin,
            slug=_free_slug(str(data["slug"]), key),
            created_at=uow.now,
        )
        uow.add(event)
    names = data.get("host_names", {})
    event.version, event.state, event.sequence = version, state, int(data["sequence"])
    event.society = data.get("society")
    event.content = write_content(content)
    event.content_hash = hash_content(content)
    event.shown = {**event.content, "host_names": _clean_names(names)}
    event.shown_hash, event.link = event.content_hash, str(data["url"])[:500]
    event.updated_at = uow.now
    show_dates(event, content)
    uow.flush()
    _keep_hosts(uow, event, content, proven)
    uow.audit("events.event.mirrored", subject=key, detail={"version": version, "origin": origin})


def _prove_hosts(
    event: Event | None, content: Content, *, uid: str, origin: str, data: Mapping[str, Any]
) -> dict[str, UUID] | None:
    """Ids of the hosts that have signed; None where this very content was proven before.

    What was proven stays so: a key that was revoked since must not hide a cancellation.
    """
    if event is not None and event.shown_hash == hash_content(content):
        held = load_hosts([event.id])[event.id]
        if {host.society for host in held} == {host.society for host in content.hosts}:
            return None
    return require_proven_hosts(content, uid=uid, origin=origin, data=data)


def _keep_hosts(
    uow: UnitOfWork, event: Event, content: Content, proven: Mapping[str, UUID] | None
) -> None:
    """Keep who hosts a mirrored event, so that it is found and shown by its hosts."""
    if proven is None:
        return
    uow.execute(
        sa.delete(EventHost)
        .where(EventHost.event_id == event.id)
        .execution_options(synchronize_session=False)
    )
    for position, hosting in enumerate(content.hosts):
        uow.add(
            EventHost(
                event_id=event.id,
                society_id=proven[hosting.society],
                society=hosting.society,
                role=hosting.role,
                position=position,
                state=HostState.ACCEPTED,
                is_shown=True,
                invited_at=uow.now,
                answered_at=uow.now,
            )
        )


def _check_record(key: str, data: Mapping[str, Any]) -> tuple[Content, EventState]:
    fault = FieldError("record-unusable", _BAD, pointer="/data")
    try:
        content = read_content(data["content"])
        state = EventState(data["state"])
        int(data["sequence"])
        url, slug = data["url"], data["slug"]
    except (KeyError, TypeError, ValueError):
        raise ContentRefused(errors=[fault]) from None
    whole = data.get("uid") == key and hash_content(content) == data.get("content_hash")
    web = isinstance(url, str) and url.startswith(("https://", "http://"))
    # Whoever leads is shown and hosts, so it has to have signed with the others.
    led = data.get("society") in [hosting.society for hosting in content.hosts]
    if not (whole and web and led and isinstance(slug, str) and state in MIRRORED_STATES):
        raise ContentRefused(errors=[fault])
    faults = list_faults(content)
    if faults:
        raise ContentRefused(errors=faults)
    return content, state


def _clean_names(names: Any) -> dict[str, dict[str, str]]:
    if not isinstance(names, Mapping):
        return {}
    return {
        str(code): {"zh": str(name.get("zh", "")), "en": str(name.get("en", ""))}
        for code, name in names.items()
        if isinstance(name, Mapping)
    }


def _free_slug(slug: str, uid: str) -> str:
    """Keep the origin's address where it is free here, else make it unmistakable."""
    taken = db.session.scalar(sa.select(Event.id).where(Event.slug == slug[:80]))
    if taken is None:
        return slug[:80]
    return f"{slug[:60]}-{hashlib.sha256(uid.encode()).hexdigest()[:8]}"
