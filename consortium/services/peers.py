"""Peer nodes: who they are, with which keys they sign, and how nodes prove themselves."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import requests
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from sqlalchemy import delete, select

from consortium.errors import (
    CodeTaken,
    PeerAddressInvalid,
    PeerIsSelf,
    PeerKeysInvalid,
    PeerNameInvalid,
    PeerNotFound,
    PeerNotSecure,
    PeerUnreachable,
)
from consortium.kernel.clock import read_now
from consortium.kernel.db import db
from consortium.kernel.errors import Forbidden
from consortium.kernel.http import outgoing
from consortium.kernel.ids import new_id
from consortium.kernel.principal import Principal
from consortium.kernel.setting_values import LOOPBACK_HOSTS, check_url
from consortium.kernel.settings import current_settings
from consortium.kernel.signing import ALGORITHMS, ES256, NODE, sign_jwt
from consortium.kernel.unit_of_work import current_unit_of_work, reading, transaction
from consortium.models import Link, Peer, QuarantinedRecord
from consortium.policies import may_keep_peers
from consortium.rules import has_code_form

PROOF_TYPE = "peer+jwt"
PROOF_SECONDS = 60
KEYS_PATH = "/api/v1/feed/keys"
FEED_PATH = "/api/v1/feed"
STATES = ("active", "suspended")


@dataclass(frozen=True, slots=True)
class PeerFacts:
    """A peer as this node knows it."""

    id: UUID
    name: str
    issuer: str
    jwks: Mapping[str, Any]
    is_pinned: bool
    state: str


def add_peer(
    principal: Principal, *, name: str, issuer: str, jwks: Mapping[str, Any] | None = None
) -> PeerFacts:
    """Add a peer; both nodes add each other before news flows either way.

    Args:
        issuer: the peer's address, https unless its network is allowed.
        jwks: the peer's key set, handed over by a person; None fetches it from the issuer.

    Raises:
        Forbidden: only the operator adds peers.
        PeerInvalid: name, issuer or key set cannot be used.
        PeerUnreachable: its key set cannot be fetched.
        CodeTaken: another peer has the name or the issuer.
    """
    if not may_keep_peers(principal):
        raise Forbidden
    address = issuer.rstrip("/")
    if not has_code_form(name):
        raise PeerNameInvalid
    _check_address(address)
    if jwks is not None and not (isinstance(jwks, Mapping) and is_key_set(jwks)):
        raise PeerKeysInvalid
    keys = dict(jwks) if jwks is not None else fetch_keys(address)
    return _store(name, address, keys, is_pinned=jwks is not None)


def _check_address(address: str) -> None:
    """Refuse what is no address of another node that this one could reach."""
    settings = current_settings()
    if address == settings.issuer:
        raise PeerIsSelf(issuer=address)
    try:
        check_url(address)
        parts = urlsplit(address)
    except ValueError as error:
        raise PeerAddressInvalid(issuer=address) from error
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise PeerAddressInvalid(issuer=address)
    is_near = parts.hostname in LOOPBACK_HOSTS or settings.http_allow
    if parts.scheme == "http" and not is_near:
        raise PeerNotSecure(host=parts.netloc)


@transaction
def set_peer_state(principal: Principal, name: str, state: str) -> PeerFacts:
    """Suspend a peer, or let it be active again; suspended ones are neither read nor served.

    Raises:
        Forbidden, PeerNotFound: as their messages say.
    """
    uow = current_unit_of_work()
    if not may_keep_peers(principal):
        raise Forbidden
    row = uow.lock(Peer, _find(name).id)
    row.state = state
    uow.audit(f"consortium.peer.{state}", subject=str(row.id))
    return _facts(row)


@transaction
def remove_peer(principal: Principal, name: str) -> None:
    """Forget a peer and how far its feed was read; what was mirrored stays until it expires.

    Raises:
        Forbidden, PeerNotFound: as their messages say.
    """
    uow = current_unit_of_work()
    if not may_keep_peers(principal):
        raise Forbidden
    peer_id = _find(name).id
    uow.execute(delete(QuarantinedRecord).where(QuarantinedRecord.peer_id == peer_id))
    uow.execute(delete(Link).where(Link.peer_id == peer_id))
    uow.execute(delete(Peer).where(Peer.id == peer_id))
    uow.audit("consortium.peer.removed", subject=str(peer_id))


@reading
def get_peer(name: str) -> PeerFacts:
    """The peer with a name.

    Raises:
        PeerNotFound: there is none.
    """
    return _facts(_find(name))


@reading
def list_peers() -> list[PeerFacts]:
    """Every peer in the order of their names."""
    return [_facts(row) for row in db.session.scalars(select(Peer).order_by(Peer.name))]


def prove_ourselves(audience: str) -> str:
    """A short-lived token that tells a peer who asks: signed with the node's key."""
    now = read_now()
    claims = {
        "iss": current_settings().issuer,
        "aud": audience,
        "iat": int(now.timestamp()),
        "exp": int(now.timestamp()) + PROOF_SECONDS,
        "jti": str(new_id()),
    }
    return sign_jwt(NODE, ES256, claims, PROOF_TYPE)


@reading
def find_prover(token: str, *, now: datetime) -> PeerFacts | None:
    """The active peer that made a proof for this node, or None."""
    issuer = _issuer_of(token)
    row = db.session.scalar(select(Peer).where(Peer.issuer == issuer, Peer.state == "active"))
    if row is None:
        return None
    try:
        read = jwt.decode(token, KeySet.import_key_set({"keys": row.jwks["keys"]}), ALGORITHMS)
    except (JoseError, ValueError, KeyError, TypeError):
        return None
    fits = read.header.get("typ") == PROOF_TYPE and _is_for_us(read.claims, now)
    return _facts(row) if fits else None


def fetch_keys(issuer: str) -> dict[str, Any]:
    """The key set that a node publishes.

    Raises:
        PeerUnreachable: it cannot be reached, or answers with something else.
    """
    try:
        with outgoing("keys") as session:
            answer = session.get(issuer + KEYS_PATH)
        found = answer.json() if answer.status_code == 200 else None
    except (requests.RequestException, ValueError, RecursionError) as error:
        raise PeerUnreachable(peer=issuer, why=type(error).__name__) from error
    if not isinstance(found, dict) or not is_key_set(found):
        raise PeerUnreachable(peer=issuer, why=f"HTTP {answer.status_code}")
    return {"keys": found["keys"]}


@transaction
def store_keys(peer_id: UUID, keys: Mapping[str, Any]) -> None:
    """Keep the key set that a peer publishes now, unless a person has pinned one."""
    row = current_unit_of_work().lock(Peer, peer_id)
    if not row.is_pinned:
        row.jwks = dict(keys)


def is_key_set(keys: Mapping[str, Any]) -> bool:
    """Whether a value is a JWK set with at least one key and no private part."""
    held = keys.get("keys")
    if not isinstance(held, list) or not all(isinstance(key, dict) for key in held):
        return False
    if any(key.get("kty") not in ("EC", "RSA") for key in held):
        return False
    try:
        read = KeySet.import_key_set({"keys": held})
    except (JoseError, ValueError, KeyError, TypeError):
        return False
    return not any(key.is_private for key in read.keys)


@transaction
def _store(name: str, issuer: str, keys: dict[str, Any], *, is_pinned: bool) -> PeerFacts:
    uow = current_unit_of_work()
    taken = select(Peer.name).where((Peer.name == name) | (Peer.issuer == issuer))
    if uow.session.execute(taken).first() is not None:
        raise CodeTaken(taken=name)
    row = uow.add(
        Peer(
            name=name,
            issuer=issuer,
            jwks=keys,
            is_pinned=is_pinned,
            state="active",
            added_at=uow.now,
        )
    )
    uow.flush()
    uow.add(Link(peer_id=row.id))
    uow.audit("consortium.peer.added", subject=str(row.id), detail={"issuer": issuer})
    return _facts(row)


def _find(name: str) -> Peer:
    row = db.session.scalar(select(Peer).where(Peer.name == name))
    if row is None:
        raise PeerNotFound(peer=name)
    return row


def _facts(row: Peer) -> PeerFacts:
    return PeerFacts(row.id, row.name, row.issuer, row.jwks, row.is_pinned, row.state)


def _issuer_of(token: str) -> str | None:
    """Who claims to have made a token; believed only after its signature fits."""
    try:
        body = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (IndexError, ValueError):
        return None
    issuer = claims.get("iss") if isinstance(claims, dict) else None
    return issuer if isinstance(issuer, str) else None


def _is_for_us(claims: Mapping[str, Any], now: datetime) -> bool:
    """Whether a proof is meant for this node and still fresh; clocks may differ by a minute."""
    leeway = timedelta(seconds=PROOF_SECONDS)
    expires, issued = claims.get("exp"), claims.get("iat")
    if not isinstance(expires, int) or not isinstance(issued, int):
        return False
    at = now.timestamp()
    is_fresh = issued - leeway.total_seconds() <= at < expires + leeway.total_seconds()
    is_short = expires - issued <= 10 * PROOF_SECONDS
    return is_fresh and is_short and claims.get("aud") == current_settings().issuer
