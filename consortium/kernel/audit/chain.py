"""The chain over audit rows: pure functions over plain values."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import rfc8785

GENESIS = "0" * 64
COVERED = (
    "position", "id", "change_id", "at", "actor_person", "actor_client", "action",
    "subject", "society", "detail", "request_id",
)  # fmt: skip


def row_hash(row: Mapping[str, Any], *, seq: int, previous_hash: str) -> str:
    """SHA-256 over the RFC 8785 form of the row, its number and the hash before it.

    >>> row = dict.fromkeys(COVERED)
    >>> row_hash(row, seq=1, previous_hash=GENESIS) == row_hash(row, seq=2, previous_hash=GENESIS)
    False
    """
    content: dict[str, str | None] = {name: _plain(row[name]) for name in COVERED}
    sealed: Any = {"row": content, "seq": seq, "previous_hash": previous_hash}
    return hashlib.sha256(rfc8785.dumps(sealed)).hexdigest()


def head_statement(*, seq: int, hash_: str, at: datetime) -> dict[str, Any]:
    """What is signed about the end of the chain."""
    return {"audit_head": {"seq": seq, "hash": hash_, "at": at.isoformat()}}


def _plain(value: Any) -> str | None:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        # As text: RFC 8785 refuses integers above 2^53, and no input may stop the chain.
        return json.dumps(value, sort_keys=True, ensure_ascii=True)
    return None if value is None else str(value)
