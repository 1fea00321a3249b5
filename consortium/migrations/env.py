"""Runs migrations. SQLite's foreign keys are off meanwhile and checked before commit.

A batch ALTER on SQLite copies a table and drops the old one; with foreign keys on, dropping
a parent deletes its children. The switch works only outside a transaction.
"""

from typing import Literal

import sqlalchemy as sa
from alembic import context
from alembic.autogenerate.api import AutogenContext
from flask import current_app

from consortium.kernel.db import Instant, db, dialect_name
from consortium.kernel.migrating import check_foreign_keys, is_ours


def _switch_foreign_keys(connection: sa.Connection, *, on: bool) -> None:
    if dialect_name() == "sqlite":
        driver = connection.connection.driver_connection
        assert driver is not None
        driver.execute(f"PRAGMA foreign_keys = {'ON' if on else 'OFF'}")


def _render(kind: str, item: object, autogen_context: AutogenContext) -> str | Literal[False]:
    """Write our column types as what they are in the database, not by our own classes."""
    if kind == "type" and isinstance(item, type(Instant)):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, sa.JSON):
        autogen_context.imports.add("from sqlalchemy.dialects import postgresql")
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    return False


def run() -> None:
    options = current_app.extensions["migrate"].configure_args
    with db.engine.connect() as connection:
        _switch_foreign_keys(connection, on=False)
        try:
            context.configure(
                connection=connection,
                target_metadata=db.metadata,
                include_object=is_ours,
                render_item=_render,
                transactional_ddl=True,
                **options,
            )
            with context.begin_transaction():
                context.run_migrations()
                check_foreign_keys(connection)
        finally:
            connection.invalidate() if dialect_name() == "sqlite" else None


run()
