"""A database under another master key: refused at start and by commands, and nobody accused."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from consortium.kernel import crypto, signing
from consortium.kernel.db import db
from consortium.kernel.outbox.sequencer import number_committed
from consortium.kernel.settings import Settings
from consortium.kernel.unit_of_work import unit_of_work

MakeApp = Callable[..., Flask]
OTHER = "other-key-" + "o" * 32


@pytest.fixture
def given(make_app: MakeApp) -> tuple[str, ...]:
    """Fills the database; the master keys that it is under."""
    with make_app().app_context():
        with unit_of_work() as uow:
            uow.audit("test.acted")
        number_committed()
        return crypto.secrets_in_use()


@pytest.fixture
def missing(given: tuple[str, ...]) -> str:
    """The name of the master key that the database is under."""
    return crypto.key_id_of(given[0])


@pytest.fixture(autouse=True)
def serving_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not refused must not run for ever."""
    for served in ("serving.serve", "commands.Worker"):
        monkeypatch.delattr(f"consortium.kernel.{served}")


def run(app: Flask, *words: str) -> tuple[int, dict[str, object]]:
    done = app.test_cli_runner().invoke(args=[*words, "--json"])
    assert done.stdout, repr(done.exception)
    return done.exit_code, json.loads(done.stdout)


@pytest.mark.parametrize(
    "words",
    [
        ("consortium", "serve"),
        ("consortium", "work"),
        ("consortium", "key", "list"),
        ("consortium", "audit", "verify"),
    ],
    ids=" ".join,
)
def test_a_wrong_master_key_is_named(
    make_app: MakeApp, missing: str, words: tuple[str, ...]
) -> None:
    code, told = run(make_app(secret_keys=(OTHER,)), *words)
    assert (code, told["code"]) == (1, "master-key-missing")
    assert missing in str(told["detail"])
    assert f"CONSORTIUM_SECRET_KEYS gives {crypto.key_id_of(OTHER)}" in str(told["detail"])


def test_a_database_moved_without_its_key_file_is_refused(
    make_app: MakeApp, settings: Settings, tmp_path: Path
) -> None:
    home = tmp_path / "kept"
    first = make_app(secret_keys=(), data_dir=home)
    with first.app_context():
        signing.node_key()
    assert (home / "secret_keys").exists()
    shutil.rmtree(home)
    moved = make_app(secret_keys=(), data_dir=tmp_path / "moved")
    code, told = run(moved, "consortium", "audit", "verify")
    assert (code, told["code"]) == (1, "master-key-missing")
    assert f"{tmp_path}/moved/secret_keys" in str(told["detail"])


def test_a_wrong_master_key_makes_the_node_unready(make_app: MakeApp, missing: str) -> None:
    answer = make_app(secret_keys=(OTHER,)).test_client().get("/readyz")
    assert answer.status_code == 503
    assert missing in answer.get_json()["checks"]["keys"]


def test_an_older_master_key_behind_the_new_one_is_enough(
    make_app: MakeApp, given: tuple[str, ...]
) -> None:
    rotated = make_app(secret_keys=(OTHER, *given))
    assert run(rotated, "consortium", "audit", "verify")[1]["ok"] is True
    assert rotated.test_client().get("/readyz").get_json()["checks"]["keys"] is None


def test_a_ciphertext_that_was_altered_is_no_lost_key(make_app: MakeApp, missing: str) -> None:
    app = make_app()
    row = sa.update(signing.SigningKey).values(private_encrypted=f"v1.{missing}.AAAA")
    with app.app_context(), db.engine.begin() as connection:
        connection.execute(row)
    done = app.test_cli_runner().invoke(args=["consortium", "key", "list"])
    assert isinstance(done.exception, crypto.UndecipherableText)
