"""Sign-ins: opened at sign-in with a fresh secret, found by its digest, ended by sign-out."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from auth import models
from auth.rules.access import hash_secret, is_session_alive, network_of, society_of
from auth.services.statements import insert_into
from auth.values import Session
from consortium.kernel.crypto import digest, digests
from consortium.kernel.db import Instant, db
from consortium.kernel.ids import new_id
from consortium.kernel.principal import Grant, Principal
from consortium.kernel.rows import fetch_rows
from consortium.kernel.settings import current_settings
from consortium.kernel.unit_of_work import current_unit_of_work, reading, transaction

TOKEN_BYTES = 32
KNOWN_NETWORK_DAYS = 90
PURPOSE = "auth.network"
# A session is marked as seen at most so often in its idle time, so most requests only read.
MARKS_PER_IDLE_TIME = 20


@dataclass(frozen=True)
class Opened:
    """A fresh session and the secret for its cookie, which is not kept."""

    session: Session
    token: str


@dataclass(frozen=True)
class Found:
    """A living session's principal, and whether it should be marked as seen."""

    principal: Principal
    is_due: bool


def open_session(
    person_id: UUID, *, acr: str, amr: tuple[str, ...], address: str, replaced: str | None = None
) -> Opened:
    """Open a session in the open unit of work and end the one it replaces (no fixation).

    Args:
        replaced: the cookie that the browser sent, if any.
    """
    uow = current_unit_of_work()
    token = secrets.token_urlsafe(TOKEN_BYTES)
    settings = current_settings()
    if replaced:
        end_by_token(replaced)
    made = new_id()
    row = {
        "id": made, "token_hash": hash_secret(token), "person_id": person_id,
        "auth_time": uow.now, "acr": acr, "amr": list(amr),
        "address_digest": digest(network_of(address), PURPOSE), "last_seen_at": uow.now,
        "expires_at": uow.now + timedelta(seconds=settings.session_lifetime_seconds),
    }  # fmt: skip
    uow.execute(insert_into(models.SignInSession), row)
    signed_in = Principal(person_id=person_id, acr=acr, auth_time=uow.now, session_id=made)
    uow.audit(
        "auth.session.opened",
        subject=str(made),
        detail={"amr": list(amr)},
        principal=signed_in,
    )
    return Opened(Session(made, person_id, uow.now, acr, amr), token)


def end_by_token(token: str) -> bool:
    """End the session of a cookie in the open unit of work; whether there was one."""
    uow = current_unit_of_work()
    sessions = models.SignInSession
    ended = uow.execute(
        sa.update(sessions)
        .where(sessions.token_hash == hash_secret(token), sessions.ended_at.is_(None))
        .values(ended_at=uow.now)
    )
    return bool(ended.rowcount)


@transaction
def end_session(principal: Principal) -> None:
    """Sign out: end the principal's session and what was given to sites during it."""
    if principal.session_id is None:
        return
    uow = current_unit_of_work()
    sessions, tokens = models.SignInSession, models.AccessToken
    uow.execute(
        sa.update(sessions)
        .where(sessions.id == principal.session_id, sessions.ended_at.is_(None))
        .values(ended_at=uow.now)
    )
    uow.execute(
        sa.update(tokens)
        .where(tokens.session_id == principal.session_id, tokens.revoked_at.is_(None))
        .values(revoked_at=uow.now)
    )
    uow.audit("auth.session.ended", subject=str(principal.session_id), principal=principal)


@transaction
def end_sessions_of(person_id: UUID) -> int:
    """End every session of a person, for instance when her password has changed."""
    uow = current_unit_of_work()
    sessions = models.SignInSession
    ended = uow.execute(
        sa.update(sessions)
        .where(sessions.person_id == person_id, sessions.ended_at.is_(None))
        .values(ended_at=uow.now)
    )
    return int(ended.rowcount)


@reading
def find_principal(token: str, now: datetime) -> Found | None:
    """Who a cookie stands for, with the roles she holds now; one query."""
    rows = fetch_rows(_session_query(), token_hash=hash_secret(token), now=now)
    if not rows:
        return None
    first = rows[0]
    idle = timedelta(seconds=current_settings().session_idle_seconds)
    if not is_session_alive(
        last_seen_at=first.last_seen_at, expires_at=first.expires_at, idle=idle, now=now
    ):
        return None
    held = tuple(Grant(row.role, row.kind, row.key) for row in rows if row.role is not None)
    principal = Principal(
        person_id=first.person_id,
        society=society_of(held),
        grants=held,
        acr=first.acr,
        auth_time=first.auth_time,
        session_id=first.id,
    )
    return Found(principal, now - first.last_seen_at > idle / MARKS_PER_IDLE_TIME)


@cache
def _session_query() -> sa.Select[*tuple[Any, ...]]:
    """Built once: every request of a signed-in person asks it."""
    sessions, grants = models.SignInSession, models.RoleGrant
    now = sa.bindparam("now", type_=Instant)
    in_force = sa.and_(
        grants.person_id == sessions.person_id,
        grants.since <= now,
        sa.or_(grants.until.is_(None), grants.until > now),
    )
    return (
        sa.select(
            sessions.id, sessions.person_id, sessions.auth_time, sessions.acr,
            sessions.last_seen_at, sessions.expires_at, grants.role, grants.kind, grants.key,
        )
        .outerjoin(grants, in_force)
        .where(sessions.token_hash == sa.bindparam("token_hash"), sessions.ended_at.is_(None))
        .order_by(grants.since, grants.id)
    )  # fmt: skip


@transaction
def mark_seen(session_id: UUID) -> None:
    """Note that a session is in use, which keeps it from idling out."""
    uow = current_unit_of_work()
    sessions = models.SignInSession
    uow.execute(
        sa.update(sessions)
        .where(sessions.id == session_id, sessions.ended_at.is_(None))
        .values(last_seen_at=uow.now)
    )


def knows_network(person_id: UUID, address: str, now: datetime) -> bool:
    """Whether the person has signed in from this network within 90 days."""
    sessions = models.SignInSession
    since = now - timedelta(days=KNOWN_NETWORK_DAYS)
    found = db.session.scalar(
        sa.select(sessions.id)
        .where(
            sessions.person_id == person_id,
            sessions.auth_time > since,
            sessions.address_digest.in_(digests(network_of(address), PURPOSE)),
        )
        .limit(1)
    )
    return found is not None


def purge_sessions(before: datetime, most: int) -> int:
    """Remove sessions that expired before an instant, with codes and tokens they gave."""
    sessions = models.SignInSession
    ids = list(
        db.session.scalars(
            sa.select(sessions.id)
            .where(sessions.expires_at < before)
            .order_by(sessions.expires_at)
            .limit(most)
        )
    )
    for table in (models.AccessToken, models.AuthorizationCode):
        db.session.execute(sa.delete(table).where(table.session_id.in_(ids)))
    result: Any = db.session.execute(sa.delete(sessions).where(sessions.id.in_(ids)))
    return int(result.rowcount)
