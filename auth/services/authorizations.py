"""Authorization codes and access tokens: random, kept as digests, used once, revocable."""

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa

from auth import models
from auth.rules.access import hash_secret
from auth.services.statements import insert_into, table_of
from auth.values import AccessToken, Client, Code
from consortium.kernel.db import Instant, db
from consortium.kernel.ids import new_id
from consortium.kernel.principal import Principal
from consortium.kernel.rows import fetch_rows
from consortium.kernel.settings import current_settings
from consortium.kernel.unit_of_work import current_unit_of_work, reading, transaction

SECRET_BYTES = 32


@dataclass(frozen=True)
class Issued:
    """A fresh access token, told this once."""

    token: str = field(repr=False)
    expires_in: int
    at: datetime


@transaction
def issue_code(
    principal: Principal,
    *,
    client_id: str,
    redirect_uri: str,
    scope: str,
    nonce: str | None,
    code_challenge: str,
    language: str | None = None,
) -> str:
    """Make a code for the signed-in person and give back its text, which is not kept.

    Args:
        language: code of the language in which the site is to be told about her.
    """
    assert principal.person_id is not None and principal.session_id is not None
    uow = current_unit_of_work()
    text = secrets.token_urlsafe(SECRET_BYTES)
    seconds = current_settings().authorization_code_seconds
    row = {
        "id": new_id(), "code_hash": hash_secret(text), "client_id": client_id,
        "person_id": principal.person_id, "session_id": principal.session_id,
        "redirect_uri": redirect_uri, "scope": scope, "nonce": nonce,
        "code_challenge": code_challenge, "language": language, "created_at": uow.now,
        "expires_at": uow.now + timedelta(seconds=seconds),
    }  # fmt: skip
    uow.execute(insert_into(models.AuthorizationCode), row)
    return text


@reading
def find_code(text: str, client_id: str) -> Code | None:
    """A code that was made for this client, used or not, while its sign-in is not ended."""
    rows = fetch_rows(_code_query(), code_hash=hash_secret(text), client_id=client_id)
    if not rows:
        return None
    return Code(**{**rows[0]._asdict(), "amr": tuple(rows[0].amr)})


@cache
def _code_query() -> sa.Select[*tuple[Any, ...]]:
    codes, sessions = models.AuthorizationCode, models.SignInSession
    return (
        sa.select(
            codes.id, codes.client_id, codes.person_id, codes.session_id, codes.redirect_uri,
            codes.scope, codes.nonce, codes.code_challenge, codes.language,
            sessions.auth_time, sessions.acr, sessions.amr,
        )
        .join(sessions, sessions.id == codes.session_id)
        .where(
            codes.code_hash == sa.bindparam("code_hash"),
            codes.client_id == sa.bindparam("client_id"),
            sessions.ended_at.is_(None),
        )
    )  # fmt: skip


@transaction
def redeem_code(code: Code) -> Issued | None:
    """Consume a code and issue its access token; None if it is used up or too old.

    One conditional UPDATE decides, before anything is issued, so that of many redemptions at
    the same time one succeeds. A second redemption revokes what the first was given: the
    code has leaked (RFC 6749, section 4.1.2). The caller has authenticated the client and
    checked PKCE, so a thief without the verifier revokes nothing.
    """
    uow = current_unit_of_work()
    consumed = uow.execute(_consumption(), {"code_id": code.id, "now": uow.now})
    if consumed.rowcount != 1:
        _revoke_given(code)
        return None
    return _issue(code.client_id, code.scope, code=code)


@cache
def _consumption() -> sa.Update:
    codes = table_of(models.AuthorizationCode)
    now = sa.bindparam("now", type_=Instant)
    return (
        sa.update(codes)
        .where(
            codes.c.id == sa.bindparam("code_id"),
            codes.c.used_at.is_(None),
            codes.c.expires_at > now,
        )
        .values(used_at=now)
    )


def _revoke_given(code: Code) -> None:
    uow = current_unit_of_work()
    tokens = models.AccessToken
    revoked = uow.execute(
        sa.update(tokens)
        .where(tokens.code_id == code.id, tokens.revoked_at.is_(None))
        .values(revoked_at=uow.now)
    )
    if revoked.rowcount:
        uow.audit(
            "auth.code.replayed",
            subject=str(code.id),
            detail={"client_id": code.client_id, "revoked": int(revoked.rowcount)},
        )


@transaction
def issue_client_token(client: Client, *, scope: str) -> Issued:
    """Issue a program a token of its own (client_credentials)."""
    return _issue(client.client_id, scope)


def _issue(client_id: str, scope: str, *, code: Code | None = None) -> Issued:
    uow = current_unit_of_work()
    text = secrets.token_urlsafe(SECRET_BYTES)
    seconds = current_settings().access_token_seconds
    row = {
        "id": new_id(), "token_hash": hash_secret(text), "client_id": client_id,
        "person_id": code.person_id if code else None,
        "session_id": code.session_id if code else None,
        "code_id": code.id if code else None, "scope": scope,
        "language": code.language if code else None, "created_at": uow.now,
        "expires_at": uow.now + timedelta(seconds=seconds),
    }  # fmt: skip
    uow.execute(insert_into(models.AccessToken), row)
    return Issued(text, seconds, uow.now)


@reading
def find_token(text: str, now: datetime) -> AccessToken | None:
    """A token that is alive, whose client is still registered; one query."""
    rows = fetch_rows(_token_query(), token_hash=hash_secret(text), now=now)
    if not rows:
        return None
    row = rows[0]
    return AccessToken(
        client_id=row.client_id,
        society=row.society,
        person_id=row.person_id,
        scopes=frozenset(row.scope.split()),
        subject_type=row.subject_type,
        session_id=row.session_id,
        language=row.language,
    )


@cache
def _token_query() -> sa.Select[*tuple[Any, ...]]:
    """Built once, because every API request asks it."""
    tokens, clients = models.AccessToken, models.OAuthClient
    return (
        sa.select(
            tokens.client_id, tokens.person_id, tokens.session_id, tokens.scope, tokens.language,
            clients.society, clients.subject_type,
        )
        .join(clients, clients.client_id == tokens.client_id)
        .where(
            tokens.token_hash == sa.bindparam("token_hash"),
            tokens.revoked_at.is_(None),
            tokens.expires_at > sa.bindparam("now", type_=Instant),
            clients.removed_at.is_(None),
        )
    )  # fmt: skip


def purge_tokens(before: datetime, most: int) -> int:
    """Remove tokens that expired before an instant; at most so many."""
    return _purge(models.AccessToken, before, most)


def purge_authorization_codes(before: datetime, most: int) -> int:
    """Remove codes that expired before an instant and have no token left; at most so many."""
    codes, tokens = models.AuthorizationCode, models.AccessToken
    ids = (
        sa.select(codes.id)
        .where(codes.expires_at < before, ~sa.exists().where(tokens.code_id == codes.id))
        .order_by(codes.expires_at)
        .limit(most)
    )
    result: Any = db.session.execute(sa.delete(codes).where(codes.id.in_(ids)))
    return int(result.rowcount)


def _purge(table: type[models.AccessToken], before: datetime, most: int) -> int:
    ids = (
        sa.select(table.id).where(table.expires_at < before).order_by(table.expires_at).limit(most)
    )
    result: Any = db.session.execute(sa.delete(table).where(table.id.in_(ids)))
    return int(result.rowcount)
