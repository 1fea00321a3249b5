"""The same migrations build both databases and leave the rows of populated ones alone."""

from collections.abc import Callable
from pathlib import Path

import flask_migrate
import pytest
import sqlalchemy as sa
from flask import Flask

from consortium.kernel import demo, migrating
from consortium.kernel.db import db
from consortium.kernel.feature import Feature

ALTER = '''
"""Alter the parent of many tables, as a batch on SQLite."""

import sqlalchemy as sa
from alembic import op

revision = "guest01"
down_revision = None
branch_labels = ("guest",)
depends_on = "0006_think_tank"


def upgrade() -> None:
    for table in ("organisation", "person", "event"):
        with op.batch_alter_table(table) as batch:
            batch.add_column(sa.Column("guest_note", sa.String(40), server_default="x"))


def downgrade() -> None:
    for table in ("organisation", "person", "event"):
        with op.batch_alter_table(table) as batch:
            batch.drop_column("guest_note")
'''
HALF = '    op.execute("DELETE FROM organisation")\n    raise RuntimeError("half")\n\n\n'
BROKEN = ALTER.replace("def downgrade()", HALF + "def downgrade()", 1)


def counts() -> dict[str, int]:
    """Rows of every table, on a connection of its own."""
    with db.engine.connect() as connection:
        names = sa.inspect(connection).get_table_names()
        return {
            name: connection.scalar(sa.text(f'SELECT count(*) FROM "{name}"')) or 0
            for name in names
            if not name.startswith(("alembic", "search_word"))
        }


def guest(folder: Path, text: str) -> Feature:
    folder.mkdir()
    (folder / "guest01_alter.py").write_text(text)
    return Feature("guest", migrations=folder)


def test_models_and_migrations_agree(app: Flask) -> None:
    migrating.check_schema()
    assert migrating.is_current()


def test_a_populated_database_keeps_every_row(
    make_app: Callable[..., Flask], tmp_path: Path
) -> None:
    with make_app().app_context():
        demo.load_demo()
        before = counts()
    with make_app(guest(tmp_path / "guest", ALTER)).app_context():
        migrating.upgrade()
        assert counts() == before
        flask_migrate.downgrade(revision="guest@base")
        assert counts() == before
    assert before["member"] >= 2000


def test_a_migration_that_fails_half_way_leaves_nothing_behind(
    make_app: Callable[..., Flask], tmp_path: Path
) -> None:
    with make_app(guest(tmp_path / "guest", BROKEN)).app_context():
        with pytest.raises(RuntimeError, match="half"):
            migrating.upgrade()
        with db.engine.connect() as connection:
            columns = {column["name"] for column in sa.inspect(connection).get_columns("person")}
        assert "guest_note" not in columns
