"""Whether the hosts of another node's event have signed what it shows in their names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from consortium.kernel.signing import verify_json
from consortium.services import organisations
from events.errors import HostsUnproven
from events.rules.content import hash_content
from events.services.signing import CONTENT_TYPE
from events.values import Content


def require_proven_hosts(
    content: Content, *, uid: str, origin: str, data: Mapping[str, Any]
) -> dict[str, UUID]:
    """Refuse an event that shows somebody as its host who has not signed that very content.

    A society signs at its own node alone, so every host is the sender's: of ours, and of a third
    node's, no signature can come from there, whatever the record says. The sender's key seals the
    page in which it publishes its societies' keys.

    Args:
        uid: of the event; a signature over the same content of another one does not count.
        origin: the node that sent the record.

    Returns:
        Ids of the hosts by code.

    Raises:
        HostsUnproven: names the societies.
    """
    found: dict[str, UUID] = {}
    unproven = []
    signed = _signatures(data.get("signatures"))
    content_hash = hash_content(content)
    for society in dict.fromkeys(hosting.society for hosting in content.hosts):
        known = organisations.find_organisation(society) if society in signed else None
        says = {"event_uid": uid, "content_hash": content_hash, "society": society}
        keys = _keys(data.get("keys"), society)
        if known is None or known.origin != origin or not _is_signed(signed[society], says, keys):
            unproven.append(society)
        else:
            found[society] = known.id
    if unproven:
        raise HostsUnproven(hosts=", ".join(unproven))
    return found


def _signatures(told: Any) -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for signature in told if isinstance(told, Sequence) else ():
        if isinstance(signature, Mapping) and isinstance(signature.get("payload"), Mapping):
            found.setdefault(str(signature.get("society")), []).append(signature)
    return found


def _keys(told: Any, society: str) -> Mapping[str, Any]:
    keys = told.get(society) if isinstance(told, Mapping) else None
    return {"keys": keys if isinstance(keys, list) else []}


def _is_signed(
    signatures: Sequence[Mapping[str, Any]], says: Mapping[str, str], keys: Mapping[str, Any]
) -> bool:
    wanted = {**says, "type": CONTENT_TYPE}
    return any(
        all(signature["payload"].get(name) == value for name, value in wanted.items())
        and verify_json(keys, signature["payload"], str(signature.get("jws"))) is not None
        for signature in signatures
    )
