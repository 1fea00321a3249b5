"""Count the statements that a block sends to the database."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from consortium.kernel.db import db


@contextmanager
def count_statements() -> Iterator[list[str]]:
    """Yield the list that the block's statements are written to."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.split(None, 1)[0] not in {"BEGIN", "SAVEPOINT", "RELEASE"}:
            seen.append(statement)

    sa.event.listen(db.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", note)
