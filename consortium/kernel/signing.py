"""Signing keys: a ring of them for the node and for every society it hosts.

A key is published before it signs and stays published after it has stopped, so that nobody who
cached a key set is surprised. Keys that no longer sign keep verifying for ever; only a revoked
one, whose secret may be known to others, does not. Source: DESIGN 4.14.
"""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Literal
from uuid import UUID

import rfc8785
from flask import current_app
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, KeySet, RSAKey
from sqlalchemy import Integer, String, Text, UniqueConstraint, select, update
from sqlalchemy.orm import Mapped, mapped_column

from consortium.kernel.clock import read_now
from consortium.kernel.crypto import UndecipherableText, decrypt, encrypt
from consortium.kernel.db import Id, Instant, Json, Model, db, insert_if_absent
from consortium.kernel.errors import Conflict, NotFound
from consortium.kernel.ids import new_id
from consortium.kernel.settings import current_settings
from consortium.kernel.unit_of_work import (
    current_unit_of_work,
    database_now,
    reading,
    transaction,
)

NODE = "node"
ES256: Literal["ES256"] = "ES256"
RS256: Literal["RS256"] = "RS256"
ALGORITHMS = (ES256, RS256)
EXTENSION = "consortium.signing"
_PURPOSE = "signing"
_RSA_BITS = 2048

AsymmetricKey = ECKey | RSAKey


class SigningKey(Model):
    """One key pair. It signs in [not_before, retires_at) and verifies unless revoked."""

    __tablename__ = "signing_key"
    __table_args__ = (UniqueConstraint("owner", "alg", "generation"),)

    id: Mapped[UUID] = mapped_column(Id, primary_key=True, default=new_id)
    kid: Mapped[str] = mapped_column(String(64), unique=True)
    owner: Mapped[str] = mapped_column(String(64))
    alg: Mapped[str] = mapped_column(String(8))
    generation: Mapped[int] = mapped_column(Integer)
    public_jwk: Mapped[dict[str, Any]] = mapped_column(Json)
    private_encrypted: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Instant)
    not_before: Mapped[datetime] = mapped_column(Instant)
    retires_at: Mapped[datetime | None] = mapped_column(Instant)
    revoked_at: Mapped[datetime | None] = mapped_column(Instant)


@dataclass(frozen=True, slots=True)
class RingKey:
    """A key of the ring, parsed once and then kept for a moment in the process."""

    kid: str
    owner: str
    alg: str
    generation: int
    key: AsymmetricKey
    public_jwk: Mapping[str, Any]
    created_at: datetime
    not_before: datetime
    retires_at: datetime | None
    revoked_at: datetime | None

    def signs(self, now: datetime) -> bool:
        """Whether the key may sign at `now`."""
        has_begun = self.revoked_at is None and self.not_before <= now
        return has_begun and (self.retires_at is None or now < self.retires_at)

    def is_published(self, now: datetime, overlap: timedelta) -> bool:
        """Whether a key set shows the key: from its making to `overlap` after its last use."""
        if self.revoked_at is not None:
            return False
        return self.retires_at is None or now < self.retires_at + overlap


def node_key(alg: str = ES256) -> RingKey:
    """The key with which the node signs now."""
    return current_key(NODE, alg)


def society_key(code: str, alg: str = ES256) -> RingKey:
    """The key with which a society of this node signs now."""
    return current_key(code, alg)


def current_key(owner: str, alg: str = ES256) -> RingKey:
    """The newest key that may sign now; the first one is made when it is asked for.

    Args:
        owner: `node`, or the code of a society that this node hosts.
        alg: ES256 or RS256.
    """
    found = select_current(_ring(owner), alg, now=read_now())
    if found is not None:
        return found
    # The database is asked only now: the host's clock may lie behind the key's first instant.
    found = select_current(_ring(owner), alg, now=database_now())
    if found is not None:
        return found
    ensure_key(owner, alg)
    made = select_current(_ring(owner), alg, now=database_now())
    if made is None:
        raise NotFound
    return made


@transaction
def ensure_key(owner: str, alg: str = ES256) -> None:
    """Make the owner's first key of this kind if there is none that can sign."""
    uow = current_unit_of_work()
    ring = [found for found in _load(owner) if found.alg == alg]
    if not any(found.signs(uow.now) for found in ring):
        generation = max((found.generation for found in ring), default=0) + 1
        _insert_key(owner, alg, generation, not_before=uow.now)
    _forget(owner)


@transaction
def rotate_key(owner: str, alg: str = ES256) -> str:
    """Publish a new key now; it signs, and the old one stops, when the overlap has passed.

    Returns:
        The new key's `kid`.

    Raises:
        Conflict: a rotation is under way already.
    """
    uow = current_unit_of_work()
    ring = [found for found in _load(owner) if found.alg == alg and found.revoked_at is None]
    if any(found.not_before > uow.now for found in ring):
        raise Conflict
    generation = max((found.generation for found in ring), default=0) + 1
    begins = uow.now + _overlap() if ring else uow.now
    kid = _insert_key(owner, alg, generation, not_before=begins)
    if kid is None:
        raise Conflict
    uow.execute(
        update(SigningKey)
        .where(
            SigningKey.owner == owner,
            SigningKey.alg == alg,
            SigningKey.generation < generation,
            SigningKey.retires_at.is_(None),
        )
        .values(retires_at=begins)
        .execution_options(synchronize_session=False)
    )
    uow.audit("consortium.key.rotated", subject=kid, detail={"owner": owner, "alg": alg})
    _forget(owner)
    return kid


@transaction
def revoke_key(kid: str) -> None:
    """Take a key out of use at once, its old signatures included; a new one is made.

    Raises:
        NotFound: no key that is in use has this `kid`.
    """
    uow = current_unit_of_work()
    row = uow.session.scalar(select(SigningKey).where(SigningKey.kid == kid).with_for_update())
    if row is None or row.revoked_at is not None:
        raise NotFound
    row.revoked_at = uow.now
    uow.flush()
    uow.audit("consortium.key.revoked", subject=kid, detail={"owner": row.owner, "alg": row.alg})
    ensure_key(row.owner, row.alg)


@transaction
def rotate_due_keys(now: datetime) -> list[str]:
    """Rotate every key whose lifetime has passed; for the nightly job.

    Returns:
        The new keys' `kid`s.
    """
    lifetime = timedelta(days=current_settings().key_lifetime_days)
    due = [
        (found.owner, found.alg)
        for found in _load(None)
        if found.signs(now) and found.retires_at is None and found.not_before + lifetime <= now
    ]
    return [rotate_key(owner, alg) for owner, alg in due]


def public_keys(owner: str | None = None) -> dict[str, list[dict[str, Any]]]:
    """The JWK set of an owner, or of the whole node: next, signing and lately retired keys."""
    now, overlap = read_now(), _overlap()
    shown = [found for found in _ring(owner) if found.is_published(now, overlap)]
    return {"keys": [dict(found.public_jwk) for found in shown]}


@reading
def list_keys(owner: str | None = None) -> list[dict[str, Any]]:
    """Every key ever used, with its periods, for operators and for export."""
    return [
        {
            "kid": found.kid,
            "owner": found.owner,
            "alg": found.alg,
            "public_jwk": dict(found.public_jwk),
            "created_at": found.created_at,
            "not_before": found.not_before,
            "retires_at": found.retires_at,
            "revoked_at": found.revoked_at,
        }
        for found in _load(owner)
    ]


def canonical_bytes(payload: Any) -> bytes:
    """The one byte string of a JSON value (RFC 8785).

    >>> canonical_bytes({"b": 1, "a": "学会"}).decode()
    '{"a":"学会","b":1}'
    """
    return rfc8785.dumps(payload)


def sign_json(owner: str, payload: Any, *, alg: str = ES256) -> str:
    """Sign a JSON value: a compact JWS with detached content (RFC 7515, appendix F)."""
    signer = current_key(owner, alg)
    header = {"alg": alg, "kid": signer.kid}
    compact = jws.serialize_compact(header, canonical_bytes(payload), signer.key, [alg])
    return jws.detach_content(compact)


def verify_json(
    signer: str | Mapping[str, Any] | KeySet, payload: Any, signature: str
) -> str | None:
    """Verify a detached signature over a JSON value.

    Args:
        signer: an owner of this node's ring, or a JWK set, which may be parsed already.
        payload: the JSON value that was signed.
        signature: compact JWS with detached content.

    Returns:
        The `kid` that signed it, or None if the signature is not the signer's over this value.
    """
    published: Any = signer
    if isinstance(signer, str):
        ring = [found for found in _ring(signer) if found.revoked_at is None]
        published = {"keys": [dict(found.public_jwk) for found in ring]}
    elif not isinstance(signer, KeySet):
        published = {"keys": list(signer.get("keys", ()))}
    try:
        keys = published if isinstance(signer, KeySet) else KeySet.import_key_set(published)
        content = canonical_bytes(payload)
        found = jws.deserialize_compact(signature, keys, ALGORITHMS, payload=content)
    except (JoseError, ValueError, TypeError, KeyError):
        # Foreign key sets and signatures are malformed in ways that the library does not name.
        return None
    return str(found.headers().get("kid") or "") or None


@reading
def proven_keys(owner: str) -> KeySet:
    """Every key the owner has had, revoked ones too, taken from its secret half.

    Who can write to the database but has no master key can put in a public half, or revoke a
    key, but cannot make a pair. A pair that cannot be opened is left out.
    """
    query = select(SigningKey.private_encrypted).where(SigningKey.owner == owner)
    pairs = []
    for sealed in db.session.scalars(query):
        try:
            pair = JWKRegistry.import_key(json.loads(decrypt(sealed, _PURPOSE)))
        except UndecipherableText:
            continue
        public = {**pair.as_dict(private=False), "kid": pair.thumbprint()}
        pairs.append(JWKRegistry.import_key(public))
    return KeySet(pairs)


def sign_jwt(
    owner: str, alg: str, claims: Mapping[str, Any], typ: str | None = "JWT", **header: Any
) -> str:
    """Sign claims as a JWT with `kid` and, unless None, `typ` in its header."""
    signer = current_key(owner, alg)
    protected = {"alg": alg, "kid": signer.kid, **header}
    return jwt.encode(protected, dict(claims), signer.key, [alg], default_type=typ)


def select_current(ring: Sequence[RingKey], alg: str, *, now: datetime) -> RingKey | None:
    """The key to sign with: of those that may sign at `now`, the newest."""
    able = [found for found in ring if found.alg == alg and found.signs(now)]
    return max(able, key=lambda found: found.generation, default=None)


def _insert_key(owner: str, alg: str, generation: int, *, not_before: datetime) -> str | None:
    """Insert a fresh pair; None when another process took this generation first."""
    uow = current_unit_of_work()
    pair = _generate(alg)
    kid = pair.thumbprint()
    public = {**pair.as_dict(private=False), "kid": kid, "alg": alg, "use": "sig"}
    made = uow.execute(
        insert_if_absent(
            SigningKey,
            id=new_id(),
            kid=kid,
            owner=owner,
            alg=alg,
            generation=generation,
            public_jwk=public,
            private_encrypted=encrypt(canonical_bytes(pair.as_dict(private=True)), _PURPOSE),
            created_at=uow.now,
            not_before=not_before,
        )
    )
    return kid if made.rowcount == 1 else None


def _generate(alg: str) -> AsymmetricKey:
    if alg == ES256:
        return ECKey.generate_key("P-256", auto_kid=False)
    if alg == RS256:
        return RSAKey.generate_key(_RSA_BITS, auto_kid=False)
    raise ValueError(f"{alg} is not an algorithm of ours; take ES256 or RS256")


def _overlap() -> timedelta:
    return timedelta(hours=current_settings().key_overlap_hours)


def _ring(owner: str | None) -> list[RingKey]:
    """The owner's keys, from the process's memory while that is fresh."""
    cache: dict[str | None, tuple[float, list[RingKey]]]
    cache = current_app.extensions.setdefault(EXTENSION, {})
    held = cache.get(owner)
    if held is not None and time.monotonic() < held[0]:
        return held[1]
    ring = _load(owner)
    now = database_now()
    # A key made in the open transaction may be rolled back; it is not remembered yet.
    if ring and all(found.created_at < now for found in ring):
        cache[owner] = (time.monotonic() + current_settings().key_cache_seconds, ring)
    return ring


def _forget(owner: str) -> None:
    cache = current_app.extensions.setdefault(EXTENSION, {})
    cache.pop(owner, None)
    cache.pop(None, None)


@reading
def _load(owner: str | None) -> list[RingKey]:
    query = select(SigningKey).order_by(SigningKey.owner, SigningKey.alg, SigningKey.generation)
    if owner is not None:
        query = query.where(SigningKey.owner == owner)
    return [_parse(row) for row in db.session.scalars(query)]


def _parse(row: SigningKey) -> RingKey:
    private = _read_private(decrypt(row.private_encrypted, _PURPOSE))
    return RingKey(
        kid=row.kid,
        owner=row.owner,
        alg=row.alg,
        generation=row.generation,
        key=private,
        public_jwk=row.public_jwk,
        created_at=row.created_at,
        not_before=row.not_before,
        retires_at=row.retires_at,
        revoked_at=row.revoked_at,
    )


@lru_cache(maxsize=32)
def _read_private(text: bytes) -> AsymmetricKey:
    # Reading an RSA key tests its primes, which takes as long as a whole request.
    found = JWKRegistry.import_key(json.loads(text))
    assert isinstance(found, ECKey | RSAKey)
    return found
