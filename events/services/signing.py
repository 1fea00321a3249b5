"""A host signs exactly the listed fields with its own key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from consortium.kernel.db import db
from consortium.kernel.errors import Forbidden
from consortium.kernel.principal import Principal
from consortium.kernel.settings import current_settings
from consortium.kernel.signing import sign_json, verify_json
from consortium.kernel.unit_of_work import UnitOfWork, current_unit_of_work, reading, transaction
from events.errors import (
    ContentChanged,
    ContentRefused,
    EventForeign,
    EventSettled,
    HostAnswered,
    StepUpRequired,
)
from events.models import EventHost, EventSignature
from events.policies import find_office, may_sign_for
from events.rules.content import list_open_questions, write_instant
from events.rules.publication import PUBLISHABLE, state_after_signature
from events.services.aggregate import Aggregate, hold_event, record_revision
from events.services.drafts import require_active
from events.services.hosting import mark_accepted
from events.services.naming import say_society
from events.services.reads import get_event, view_event
from events.values import EventView, HostState

CONTENT_TYPE = "event-content"


@dataclass(frozen=True, slots=True)
class SignatureView:
    """A signature as anybody may verify it: detached JWS over the RFC 8785 bytes of `payload`."""

    society: str
    payload: Mapping[str, Any]
    jws: str
    signed_at: datetime


@transaction
def sign_event(
    principal: Principal, *, event_id: UUID, society: str, content_hash: str | None = None
) -> EventView:
    """Sign the working content in the society's name; an invited society accepts by it.

    Signing the same content twice keeps the first signature.

    Args:
        principal: a named officer of the society, lately signed in.
        content_hash: the hash that the officer was shown; another content is refused.

    Raises:
        NotFound: the society was not asked.
        Forbidden: the principal is no officer of the society, or is a program.
        StepUpRequired: the sign-in is too old.
        ContentChanged: the content is not what the officer was shown.
        EventSettled: there is nothing to sign in this state.
        EventForeign: the society's key is at another node.
        ContentRefused: it has no seats, or a quota or share names a society that is no host.
    """
    uow = current_unit_of_work()
    held = hold_event(uow, principal, event_id)
    host = held.get_host(society)
    if not may_sign_for(principal, society):
        raise Forbidden
    require_fresh_sign_in(principal, society, now=uow.now)
    if host.state == HostState.DECLINED:
        raise HostAnswered(society=say_society(society))
    if content_hash is not None and content_hash != held.event.content_hash:
        raise ContentChanged
    if society not in held.missing():
        return view_event(held, principal)
    if held.state not in PUBLISHABLE:
        raise EventSettled(held.state)
    open_questions = list_open_questions(held.content())
    if open_questions:
        # It could never be published as it stands: mending it would void the signature.
        raise ContentRefused(errors=open_questions)
    signer = require_active(society)
    if signer.origin is not None:
        raise EventForeign(origin=signer.origin)
    _keep_signature(uow, principal, held, host)
    held.event.state = state_after_signature(held.state)
    record_revision(uow, principal, held)
    return view_event(held, principal)


def require_fresh_sign_in(principal: Principal, society: str, *, now: datetime) -> None:
    """Refuse a signature on a sign-in older than the setting `sign_auth_seconds`."""
    oldest = now - timedelta(seconds=current_settings().sign_auth_seconds)
    if principal.auth_time is None or principal.auth_time < oldest:
        raise StepUpRequired(society=say_society(society))


@reading
def list_signatures(principal: Principal, *, event_id: UUID) -> tuple[SignatureView, ...]:
    """List the signatures over the content that the principal sees; raises NotFound."""
    event = get_event(principal, event_id=event_id)
    rows = db.session.scalars(
        sa.select(EventSignature)
        .where(
            EventSignature.event_id == event_id,
            EventSignature.content_hash == event.content_hash,
        )
        .order_by(EventSignature.id)
    )
    return tuple(SignatureView(row.society, row.payload, row.jws, row.signed_at) for row in rows)


def is_genuine(signature: EventSignature) -> bool:
    """Tell whether a kept signature is the society's over what the row says it signed."""
    payload = signature.payload
    says = (payload.get("content_hash"), payload.get("society"))
    if says != (signature.content_hash, signature.society):
        return False
    return verify_json(signature.society, payload, signature.jws) is not None


def _keep_signature(
    uow: UnitOfWork, principal: Principal, held: Aggregate, host: EventHost
) -> None:
    event, society = held.event, host.society
    office = find_office(principal, society)
    assert office is not None and principal.person_id is not None
    if host.state == HostState.INVITED:
        mark_accepted(uow, host)
    payload = _payload(principal, held, society, office, at=uow.now)
    signature = uow.add(
        EventSignature(
            event_id=event.id,
            society=society,
            content_hash=event.content_hash,
            payload=payload,
            jws=sign_json(society, payload),
            officer_id=principal.person_id,
            office=office,
            acr=principal.acr,
            auth_time=principal.auth_time,
            signed_at=uow.now,
        )
    )
    uow.flush()
    held.signatures[society] = signature
    data = {"event": str(event.id), "society": society, "content_hash": event.content_hash}
    uow.emit("events.event.signed", str(event.id), data)
    uow.audit(
        "events.event.signed",
        subject=str(event.id),
        society=society,
        detail={"content_hash": event.content_hash, "signature": str(signature.id)},
    )


def _payload(
    principal: Principal, held: Aggregate, society: str, office: str, *, at: datetime
) -> dict[str, Any]:
    """What the key signs: which text, of which event, by which office, how surely signed in.

    The officer's name stays out: the payload travels to peers.
    """
    return {
        "type": CONTENT_TYPE,
        "event_uid": held.event.uid,
        "content_hash": held.event.content_hash,
        "society": society,
        "office": office,
        "acr": principal.acr,
        "auth_time": write_instant(principal.auth_time) if principal.auth_time else None,
        "signed_at": write_instant(at),
    }
