"""Makes a used PostgreSQL database look new: much quicker than copying the template again."""

from typing import Any

import psycopg

SHAPE = """
SELECT coalesce(md5(string_agg(format('%s %s %s', attrelid::regclass, attname, atttypid), ','
                               ORDER BY attrelid, attnum)), '')
FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0
"""
OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid()
"""
FILLED = """
DO $$
DECLARE name text; filled boolean;
BEGIN
  CREATE TEMPORARY TABLE filled (name text) ON COMMIT DROP;
  FOR name IN SELECT oid::regclass::text FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND relname <> 'alembic_version'
  LOOP
    EXECUTE format('SELECT EXISTS (SELECT 1 FROM %s)', name) INTO filled;
    IF filled THEN INSERT INTO filled VALUES (name); END IF;
  END LOOP;
END $$
"""
WIPE = """
DO $$
DECLARE part text;
BEGIN
  SET LOCAL session_replication_role = replica;
  FOR part IN SELECT name FROM filled LOOP EXECUTE format('DELETE FROM %s', part); END LOOP;
  FOR part IN SELECT format('%I', sequencename) FROM pg_sequences
    WHERE schemaname = 'public' AND last_value IS NOT NULL
  LOOP EXECUTE format('ALTER SEQUENCE %s RESTART', part); END LOOP;
END $$
"""


Description = tuple[str, tuple[str, ...], tuple[str, ...]]


def describe(url: str) -> Description:
    """Shape, filled tables and migrations of a database; only equal shapes can be wiped."""
    with psycopg.connect(url) as connection:
        connection.execute(FILLED)
        filled = _column(connection, "SELECT name FROM filled ORDER BY name")
        return _shape(connection), filled, _migrations(connection)


def wipe(url: str, *, like: Description) -> bool:
    """Empty the database; False if it cannot be made like the template and must go."""
    shape, filled, migrations = like
    if filled:
        return False
    with psycopg.connect(url) as connection:
        connection.execute(OTHERS)
        if (_shape(connection), _migrations(connection)) != (shape, migrations):
            return False
        connection.execute(FILLED)
        connection.execute(WIPE)
    return True


def _shape(connection: psycopg.Connection[Any]) -> str:
    return str(_column(connection, SHAPE)[0])


def _migrations(connection: psycopg.Connection[Any]) -> tuple[str, ...]:
    if _column(connection, "SELECT to_regclass('public.alembic_version')::text")[0] is None:
        return ()
    return _column(connection, "SELECT version_num FROM alembic_version ORDER BY version_num")


def _column(connection: psycopg.Connection[Any], query: str) -> tuple[Any, ...]:
    return tuple(value for (value,) in connection.execute(query.encode()).fetchall())
