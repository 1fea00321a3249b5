"""Peer nodes, what was pulled from them, and what could not be taken."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, Integer, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from consortium.kernel.db import Id, Instant, Json, Model
from consortium.kernel.ids import new_id


class Peer(Model):
    """Another node with which this one exchanges feeds; known by issuer and keys."""

    __tablename__ = "peer"

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    issuer: Mapped[str] = mapped_column(String(255), unique=True)
    jwks: Mapped[dict[str, Any]] = mapped_column(Json)
    # Given by hand: never replaced by what the peer's own address says.
    is_pinned: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(String(12))
    added_at: Mapped[datetime] = mapped_column(Instant)


class Link(Model):
    """How far the feed of a peer has been read, and how that went."""

    __tablename__ = "link"

    peer_id: Mapped[UUID] = mapped_column(Id, ForeignKey("peer.id"), primary_key=True)
    cursor: Mapped[str | None] = mapped_column(Text)
    last_good_at: Mapped[datetime | None] = mapped_column(Instant)
    last_tried_at: Mapped[datetime | None] = mapped_column(Instant)
    fault: Mapped[str | None] = mapped_column(String(200))
    taken: Mapped[int] = mapped_column(BigInteger, default=0)
    # Set while everything is read again after the peer has opened a new epoch: what was not
    # seen since then is deleted when the end is reached.
    resync_since: Mapped[datetime | None] = mapped_column(Instant)


class MirroredRecord(Model):
    """The newest version taken of each record of another node, tombstones included."""

    __tablename__ = "mirrored_record"
    __table_args__ = (
        UniqueConstraint("origin", "topic", "key"),
        Index("ix_mirrored_record_observed", "origin", "observed_at"),
    )

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=new_id)
    origin: Mapped[str] = mapped_column(String(255))
    topic: Mapped[str] = mapped_column(String(120))
    key: Mapped[str] = mapped_column(String(255))
    version: Mapped[int] = mapped_column(BigInteger)
    op: Mapped[str] = mapped_column(String(10))
    observed_at: Mapped[datetime] = mapped_column(Instant)


class QuarantinedRecord(Model):
    """A record that could not be taken; the page went on. `sealed` holds it, encrypted."""

    __tablename__ = "quarantined_record"
    __table_args__ = (UniqueConstraint("peer_id", "topic", "key"),)

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=new_id)
    peer_id: Mapped[UUID] = mapped_column(Id, ForeignKey("peer.id"), index=True)
    topic: Mapped[str] = mapped_column(String(120))
    key: Mapped[str] = mapped_column(String(255))
    version: Mapped[int] = mapped_column(BigInteger)
    code: Mapped[str] = mapped_column(String(60))
    attempts: Mapped[int] = mapped_column(Integer)
    sealed: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Instant)
