"""Relying parties and what they were given."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from consortium.kernel.db import Id, Instant, Json, Model
from consortium.kernel.ids import new_id


class OAuthClient(Model):
    """A program that relies on this provider; owned by a society, or by the node (None).

    `extra` keeps registered metadata that has no column of its own (RFC 7591).
    """

    __tablename__ = "oauth_client"

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=new_id)
    client_id: Mapped[str] = mapped_column(String(64), unique=True)
    secret_hash: Mapped[str | None] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(120))
    society_id: Mapped[UUID | None] = mapped_column(Id, ForeignKey("organisation.id"), index=True)
    society: Mapped[str | None] = mapped_column(String(64))
    redirect_uris: Mapped[list[str]] = mapped_column(Json)
    post_logout_redirect_uris: Mapped[list[str]] = mapped_column(Json)
    grant_types: Mapped[list[str]] = mapped_column(Json)
    scope: Mapped[str] = mapped_column(Text)
    auth_method: Mapped[str] = mapped_column(String(32))
    id_token_alg: Mapped[str] = mapped_column(String(8), default="RS256")
    subject_type: Mapped[str] = mapped_column(String(8), default="pairwise")
    extra: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)
    created_at: Mapped[datetime] = mapped_column(Instant)
    removed_at: Mapped[datetime | None] = mapped_column(Instant)


class AuthorizationCode(Model):
    """A code on its way through the browser; `used_at` is set by the one who redeems it.

    `language` words what is told to the person through the site; None: it was not kept.
    """

    __tablename__ = "authorization_code"

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=new_id)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    client_id: Mapped[str] = mapped_column(
        String(64), ForeignKey("oauth_client.client_id"), index=True
    )
    person_id: Mapped[UUID] = mapped_column(Id, ForeignKey("person.id"), index=True)
    session_id: Mapped[UUID] = mapped_column(Id, ForeignKey("sign_in_session.id"), index=True)
    redirect_uri: Mapped[str] = mapped_column(Text)
    scope: Mapped[str] = mapped_column(Text)
    nonce: Mapped[str | None] = mapped_column(Text)
    code_challenge: Mapped[str] = mapped_column(String(128))
    language: Mapped[str | None] = mapped_column(String(8))
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    used_at: Mapped[datetime | None] = mapped_column(Instant)


class AccessToken(Model):
    """A bearer token; only its digest is kept. `code_id` lets a replayed code revoke it."""

    __tablename__ = "access_token"

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=new_id)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    client_id: Mapped[str] = mapped_column(
        String(64), ForeignKey("oauth_client.client_id"), index=True
    )
    person_id: Mapped[UUID | None] = mapped_column(Id, ForeignKey("person.id"), index=True)
    session_id: Mapped[UUID | None] = mapped_column(
        Id, ForeignKey("sign_in_session.id"), index=True
    )
    code_id: Mapped[UUID | None] = mapped_column(
        Id, ForeignKey("authorization_code.id"), index=True
    )
    scope: Mapped[str] = mapped_column(Text)
    language: Mapped[str | None] = mapped_column(String(8))
    created_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)


class ClientConsent(Model):
    """A person's consent that one client learns what one scope says of her (PIPL 23).

    Append-only: the newest row of (person, client, scope) tells whether it holds.
    """

    __tablename__ = "client_consent"
    __table_args__ = (Index("ix_client_consent_person_client", "person_id", "client_id"),)

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=new_id)
    person_id: Mapped[UUID] = mapped_column(Id, ForeignKey("person.id"))
    client_id: Mapped[str] = mapped_column(
        String(64), ForeignKey("oauth_client.client_id"), index=True
    )
    scope: Mapped[str] = mapped_column(String(64))
    given: Mapped[bool]
    at: Mapped[datetime] = mapped_column(Instant)
