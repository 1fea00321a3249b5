"""Relying parties: registered by a society or by the node's operators."""

import secrets
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import sqlalchemy as sa

from auth import models
from auth.errors import ClientMetadataInvalid, ClientNotFound
from auth.policies import may_manage_clients
from auth.rules.access import hash_secret
from auth.rules.registration import complete_wish, find_faults
from auth.services.claims import known_scopes
from auth.values import Client, ClientWish
from consortium.kernel.db import db
from consortium.kernel.errors import Forbidden
from consortium.kernel.principal import Principal
from consortium.kernel.rows import fetch_rows
from consortium.kernel.unit_of_work import current_unit_of_work, reading, transaction
from consortium.services.organisations import get_organisation

SECRET_BYTES = 32


@dataclass(frozen=True)
class Registered:
    """A fresh registration; the secret is told this once and only its digest is kept."""

    client: Client
    secret: str | None = field(repr=False)

    def as_metadata(self) -> dict[str, object]:
        """The answer to a registration (RFC 7591, section 3.2.1)."""
        told = self.client.as_metadata()
        if self.secret is not None:
            told |= {"client_secret": self.secret, "client_secret_expires_at": 0}
        return told


@transaction
def register_client(principal: Principal, wish: ClientWish) -> Registered:
    """Register a relying party.

    Raises:
        Forbidden: the principal does not run the owning society.
        NotFound: no such society.
        ClientMetadataInvalid: `errors` name each fault.
    """
    if not may_manage_clients(principal, wish.society):
        raise Forbidden
    known = known_scopes()
    full = complete_wish(wish, known)
    faults = find_faults(full, known)
    if faults:
        raise ClientMetadataInvalid(errors=faults)
    uow = current_unit_of_work()
    owner = get_organisation(full.society) if full.society else None
    secret = None if full.auth_method == "none" else secrets.token_urlsafe(SECRET_BYTES)
    row = uow.add(
        models.OAuthClient(
            client_id=secrets.token_hex(12),
            secret_hash=hash_secret(secret) if secret else None,
            name=full.name,
            society_id=owner.id if owner else None,
            society=full.society,
            redirect_uris=list(full.redirect_uris),
            post_logout_redirect_uris=list(full.post_logout_redirect_uris),
            grant_types=list(full.grant_types),
            scope=full.scope,
            auth_method=full.auth_method,
            id_token_alg=full.id_token_alg,
            subject_type=full.subject_type,
            extra={},
            created_at=uow.now,
        )
    )
    uow.flush()
    _tell("auth.client.added", row, principal, op="upsert")
    return Registered(_as_value(row), secret)


def _tell(topic: str, row: models.OAuthClient, principal: Principal, *, op: str) -> None:
    uow = current_unit_of_work()
    data = {"client_id": row.client_id, "society": row.society}
    uow.emit(topic, row.client_id, data, op=op)
    uow.audit(topic, subject=row.client_id, society=row.society, principal=principal)


@transaction
def remove_client(principal: Principal, *, client_id: str) -> None:
    """Remove a relying party and revoke what it was given; its id is never given again.

    Raises:
        ClientNotFound: unknown, removed, or of a society that the principal does not run.
    """
    uow = current_unit_of_work()
    row = _find_row(client_id)
    if row is None or not may_manage_clients(principal, row.society):
        raise ClientNotFound(client_id=client_id)
    row.removed_at = uow.now
    tokens = models.AccessToken
    uow.execute(
        sa.update(tokens)
        .where(tokens.client_id == client_id, tokens.revoked_at.is_(None))
        .values(revoked_at=uow.now)
    )
    _tell("auth.client.removed", row, principal, op="delete")


@reading
def find_client(client_id: str) -> Client | None:
    """A registered client, or None."""
    rows = fetch_rows(_client_query(), client_id=client_id)
    return _as_value(rows[0]) if rows else None


@cache
def _client_query() -> sa.Select[*tuple[Any, ...]]:
    """Built once: it is asked at every step of a sign-in, and columns cost less than entities."""
    clients = models.OAuthClient
    columns = (
        clients.client_id, clients.name, clients.society, clients.redirect_uris,
        clients.post_logout_redirect_uris, clients.grant_types, clients.scope,
        clients.auth_method, clients.id_token_alg, clients.subject_type, clients.created_at,
        clients.secret_hash,
    )  # fmt: skip
    return sa.select(*columns).where(
        clients.client_id == sa.bindparam("client_id"), clients.removed_at.is_(None)
    )


@reading
def get_client(client_id: str) -> Client:
    """A registered client.

    Raises:
        ClientNotFound: unknown or removed.
    """
    found = find_client(client_id)
    if found is None:
        raise ClientNotFound(client_id=client_id)
    return found


@reading
def list_clients(society: str | None = None, *, every: bool = True) -> list[Client]:
    """Clients of one society, or (with `every`) of all and of the node, oldest first."""
    clients = models.OAuthClient
    wanted = sa.select(clients).where(clients.removed_at.is_(None)).order_by(clients.id)
    if society is not None or not every:
        wanted = wanted.where(clients.society == society)
    return [_as_value(row) for row in db.session.scalars(wanted)]


def _find_row(client_id: str) -> models.OAuthClient | None:
    clients = models.OAuthClient
    return db.session.scalar(
        sa.select(clients).where(clients.client_id == client_id, clients.removed_at.is_(None))
    )


def _as_value(row: models.OAuthClient | sa.Row[Any]) -> Client:
    return Client(
        client_id=row.client_id,
        name=row.name,
        society=row.society,
        redirect_uris=tuple(row.redirect_uris),
        post_logout_redirect_uris=tuple(row.post_logout_redirect_uris),
        grant_types=tuple(row.grant_types),
        scope=row.scope,
        auth_method=row.auth_method,
        id_token_alg=row.id_token_alg,
        subject_type=row.subject_type,
        created_at=row.created_at,
        secret_hash=row.secret_hash,
    )
