"""Agreement texts: from JSON members to canonical bytes, and back to the clauses rules read."""

import hashlib
import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from consortium.kernel.signing import canonical_bytes
from membership.rules.clauses import read_clause
from membership.rules.facts import Clause


def seal_text(content: Mapping[str, Any]) -> tuple[str, str]:
    """Return the RFC 8785 text of a version's content and its sha256 in hex."""
    text = canonical_bytes(dict(content))
    return text.decode(), hashlib.sha256(text).hexdigest()


@lru_cache(maxsize=4096)
def read_text(digest: str, text: str) -> tuple[frozenset[str], tuple[Clause, ...]]:
    """Return parties and clauses of a stored text; kept by its hash, since texts never change."""
    content = json.loads(text)
    clauses = tuple(
        read_clause(number, item) for number, item in enumerate(content["clauses"], start=1)
    )
    return frozenset(content["parties"]), clauses
