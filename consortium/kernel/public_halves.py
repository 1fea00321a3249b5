"""Public halves of signing keys, for records that carry them to whoever checks a signature."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import select

from consortium.kernel.db import db
from consortium.kernel.signing import SigningKey
from consortium.kernel.unit_of_work import reading


@reading
def find_public_keys(owners: Collection[str]) -> dict[str, list[dict[str, Any]]]:
    """The public keys of owners of this node, retired ones too but none revoked; one query."""
    query = select(SigningKey.owner, SigningKey.public_jwk).where(
        SigningKey.owner.in_(set(owners)), SigningKey.revoked_at.is_(None)
    )
    found: dict[str, list[dict[str, Any]]] = {}
    for owner, public in db.session.execute(query.order_by(SigningKey.generation, SigningKey.id)):
        found.setdefault(owner, []).append(dict(public))
    return found
