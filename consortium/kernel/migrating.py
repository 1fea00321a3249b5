"""Bringing the database to the newest schema, for every feature's own line of migrations."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import flask_migrate
import sqlalchemy as sa
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import current_app

from consortium.kernel.db import db, dialect_name
from consortium.kernel.errors import N_, ConsortiumError
from consortium.kernel.feature import Feature
from consortium.kernel.search import is_own_ddl

HOME = Path(__file__).parents[1] / "migrations"


class SchemaDiffers(ConsortiumError):
    """Models and migrations differ."""

    status, code = 500, "schema-differs"
    message = N_("The models and the migrated schema differ: %(differences)s. Add a migration.")


class SchemaOutdated(ConsortiumError):
    """The database has not been brought to the newest schema."""

    status, code = 503, "schema-outdated"
    message = N_("The database is older than this program. Run `make db` first.")


class SchemaUnknown(ConsortiumError):
    """This program does not know the database's schema."""

    status, code = 503, "schema-unknown"
    message = N_(
        "The database stands at %(revisions)s, which this program does not know: a newer version "
        "made it, or one with features that are not installed here. Nothing was changed. Start "
        "that version, or name another database in CONSORTIUM_DATABASE_URL."
    )


def migrations_of(features: Sequence[Feature]) -> list[Path]:
    """Folders with revisions: the house's own first, then those that features bring."""
    return [HOME, *(feature.migrations for feature in features if feature.migrations)]


def configure_alembic(
    features: Sequence[Feature],
) -> Callable[[flask_migrate.Config], flask_migrate.Config]:
    """Tell Alembic every folder with revisions."""
    _, *brought = migrations_of(features)
    folders = [HOME / "versions", *brought]

    def configure(config: flask_migrate.Config) -> flask_migrate.Config:
        config.set_main_option("path_separator", "os")
        config.set_main_option("version_locations", ":".join(map(str, folders)))
        # Alembic took the one that was there when it was imported.
        config.stdout = sys.stdout
        return config

    return configure


def upgrade() -> None:
    """Bring the database to the newest schema.

    Raises:
        SchemaUnknown: it stands where no migration of ours leads on.
    """
    check_known()
    # Not through Flask-Migrate's function: that turns an error into an exit of the process.
    command.upgrade(current_app.extensions["migrate"].migrate.get_config(), "heads")


def is_current() -> bool:
    """Whether every migration has been applied."""
    return _applied_heads() == newest_heads(_script())


def check_known() -> None:
    """Refuse a database at which another program has migrated on.

    Raises:
        SchemaUnknown: it names the revisions.
    """
    known = {revision.revision for revision in _script().walk_revisions()}
    strange = sorted(_applied_heads() - known)
    if strange:
        raise SchemaUnknown(revisions=", ".join(strange))


def check_current() -> None:
    """Refuse a database that is not at the newest schema.

    Raises:
        SchemaOutdated: migrations are missing.
        SchemaUnknown: another program has migrated on.
    """
    if not is_current():
        check_known()
        raise SchemaOutdated


def show_versions() -> dict[str, list[str]]:
    """Where the database stands, and where it would stand with every migration applied."""
    return {"current": sorted(_applied_heads()), "newest": sorted(newest_heads(_script()))}


def _applied_heads() -> set[str]:
    with db.engine.connect() as connection:
        return set(MigrationContext.configure(connection).get_current_heads())


def newest_heads(script: ScriptDirectory) -> set[str]:
    """What the database says when every migration has been applied.

    A head on which another line of migrations depends is left out there: the other implies it.
    """
    heads = script.get_heads()
    implied = {
        revision.revision
        for head in heads
        for revision in script.iterate_revisions(head, "base")
        if revision.revision != head
    }
    return set(heads) - implied


def check_schema() -> None:
    """Compare models with the migrated database.

    Raises:
        SchemaDiffers: they differ; it lists how.
    """
    options = {"compare_type": True, "include_object": is_ours}
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts=options)
        found = compare_metadata(context, db.metadata)
    if found:
        raise SchemaDiffers(differences="; ".join(str(difference)[:200] for difference in found))


def is_ours(item: object, name: str | None, kind: str, reflected: bool, other: object) -> bool:
    """Leave out what models do not declare: the tables and the index of the search."""
    del item, other
    if reflected and is_own_ddl(name):
        return False
    if kind == "table" and reflected and name is not None:
        return name in db.metadata.tables
    return True


def _script() -> ScriptDirectory:
    return ScriptDirectory.from_config(current_app.extensions["migrate"].migrate.get_config())


def check_foreign_keys(connection: sa.Connection) -> None:
    """Before a migration of SQLite commits: no row may point to nothing.

    Raises:
        RuntimeError: some do; the migration is rolled back.
    """
    if dialect_name() != "sqlite":
        return
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if broken:
        raise RuntimeError(f"the migration would leave {len(broken)} rows without their parent")
