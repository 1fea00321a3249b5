"""Claims about a person, gathered from every floor that offers some."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from auth.values import API_SCOPES, IDENTITY_SCOPES
from consortium.kernel.features import offers
from consortium.kernel.unit_of_work import reading


def known_scopes() -> tuple[str, ...]:
    """Every scope of this node: identity first, then those of other floors, then the API's."""
    offered = (claims.scope for claims in offers(lambda f: f.claims))
    return tuple(dict.fromkeys([*IDENTITY_SCOPES, *offered, *API_SCOPES]))


def known_claims() -> tuple[str, ...]:
    """Every claim that some scope gives, in a steady order."""
    offered = offers(lambda f: f.claims)
    return tuple(dict.fromkeys(name for claims in offered for name in claims.claims))


@reading
def collect_claims(
    person_id: UUID, *, society: str | None, scopes: Collection[str], now: datetime
) -> Mapping[str, Any]:
    """What the scopes tell a client about a person; claims without a value are left out.

    Args:
        society: the society that owns the client; None for the node's own.
    """
    told: dict[str, Any] = {}
    for claims in offers(lambda f: f.claims):
        if claims.scope in scopes:
            told.update(claims.provide(person_id, society, now))
    return {name: value for name, value in told.items() if value is not None}
