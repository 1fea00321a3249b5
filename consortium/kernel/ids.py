"""Identifiers: UUID version 7 (RFC 9562, section 5.7), ordered by the time they were made."""

from uuid import UUID

import uuid_utils.compat


def new_id() -> UUID:
    """A fresh identifier; later ones from the same host sort after earlier ones."""
    return uuid_utils.compat.uuid7()
