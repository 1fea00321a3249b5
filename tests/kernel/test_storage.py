"""A disk or database out of order: seen by /readyz, told plainly, and well again by itself."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Blueprint, Flask
from flask.testing import FlaskClient

from consortium.kernel import faults
from consortium.kernel.audit.models import AuditRow
from consortium.kernel.db import db
from consortium.kernel.feature import Feature
from consortium.kernel.unit_of_work import reading, unit_of_work
from consortium.kernel.web import csrf_exempt

MakeApp = Callable[..., Flask]


def change() -> str:
    with unit_of_work() as uow:
        for number in range(50):
            uow.audit("test.made", detail={"text": "x" * 4000, "number": number})
    return ""


@reading
def count_changes() -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(AuditRow)) or 0


@pytest.fixture
def guest(make_app: MakeApp) -> Iterator[Flask]:
    """An application with an address that writes."""
    blueprint = Blueprint("guest", __name__)
    blueprint.add_url_rule("/guest", "guest", csrf_exempt(change), methods=["POST"])
    app = make_app(Feature(name="guest", blueprints=(blueprint,)))
    with app.app_context():
        yield app


@pytest.fixture
def browser(guest: Flask) -> FlaskClient:
    return guest.test_client()


def ask_ready(browser: FlaskClient) -> tuple[int, str | None]:
    answer = browser.get("/readyz")
    return answer.status_code, answer.get_json()["checks"]["storage"]


def post(browser: FlaskClient) -> tuple[int, str, str]:
    """Status, and the codes on the page and in the problem object."""
    page = browser.post("/guest")
    problem = browser.post("/guest", headers={"Accept": "application/json"})
    assert page.status_code == problem.status_code
    code = "none" if problem.status_code == 200 else problem.get_json()["code"]
    return page.status_code, code, page.text


@pytest.mark.sqlite_only
def test_a_full_database_is_told_and_heals(guest: Flask, browser: FlaskClient) -> None:
    @sa.event.listens_for(db.engine, "connect")
    def shut(connection: sa.engine.interfaces.DBAPIConnection, _: object) -> None:
        connection.cursor().execute("PRAGMA max_page_count = 1")

    db.engine.dispose()
    status, code, page = post(browser)
    assert (status, code, 'data-code="no-space"' in page) == (507, "no-space", True)
    assert count_changes() == 0
    sa.event.remove(db.engine, "connect", shut)
    db.engine.dispose()
    assert post(browser)[:2] == (200, "none")


@pytest.mark.sqlite_only
def test_a_database_that_was_moved_away_takes_no_changes(
    guest: Flask, browser: FlaskClient, database_url: str
) -> None:
    file = Path(database_url.removeprefix("sqlite:///"))
    assert post(browser)[0] == 200
    before, away = count_changes(), file.with_suffix(".away")
    file.rename(away)
    assert post(browser)[:2] == (503, "database-unreachable")
    assert ask_ready(browser) == (503, f"{file.name} is not where it was")
    assert not file.exists()
    away.rename(file)
    assert ask_ready(browser) == (200, None)
    assert post(browser)[0] == 200
    assert count_changes() == before + 100


@pytest.mark.sqlite_only
def test_a_new_process_makes_no_database_where_one_was_moved_away(
    make_app: MakeApp, database_url: str
) -> None:
    file = Path(database_url.removeprefix("sqlite:///"))
    file.rename(file.with_suffix(".away"))
    Path(f"{file}-wal").touch()
    with make_app(Feature(name="guest")).app_context(), pytest.raises(faults.DatabaseUnreachable):
        change()
    assert not file.exists()


@pytest.mark.sqlite_only
def test_a_database_that_was_put_back_is_opened_anew(
    guest: Flask, browser: FlaskClient, database_url: str
) -> None:
    file = Path(database_url.removeprefix("sqlite:///"))
    db.engine.dispose()
    shutil.copy(file, file.with_suffix(".copy"))
    assert post(browser)[0] == 200
    for rest in ("-wal", "-shm"):
        Path(f"{file}{rest}").unlink()
    file.with_suffix(".copy").rename(file)
    assert count_changes() == 0


@pytest.mark.postgresql_only
def test_a_server_that_takes_no_changes_makes_the_node_unready(
    guest: Flask, browser: FlaskClient
) -> None:
    name = db.engine.url.database

    def turn(read_only: str) -> None:
        with db.engine.connect() as one:
            one.execute(sa.text("SET TRANSACTION READ WRITE"))
            setting = f"default_transaction_read_only = {read_only}"
            one.execute(sa.text(f'ALTER DATABASE "{name}" SET {setting}'))
            one.commit()
        db.engine.dispose()

    turn("on")
    try:
        with pytest.raises(faults.StorageReadOnly):
            change()
        assert ask_ready(browser) == (503, "the server takes no changes")
    finally:
        turn("off")
    assert post(browser)[0] == 200
    assert ask_ready(browser) == (200, None)


@pytest.mark.postgresql_only
def test_a_fault_is_remembered_until_a_change_goes_through(
    guest: Flask, browser: FlaskClient
) -> None:
    with pytest.raises(faults.NoSpace), unit_of_work():
        raise OSError(28, "No space left on device")
    assert ask_ready(browser) == (503, "no-space")
    assert post(browser)[0] == 200
    assert ask_ready(browser) == (200, None)


ON_A_SMALL_DISK = """
set -e
mount -t tmpfs -o size=12m tmpfs "$DISK"
export CONSORTIUM_DATABASE_URL="sqlite:///$DISK/c.sqlite3" FLASK_APP=wsgi
flask() { "$PYTHON" -m flask "$@" 2>/dev/null || echo "exit $?"; }
flask consortium schema upgrade --json
dd if=/dev/zero of="$DISK/filler" bs=4k 2>/dev/null || true
"$PYTHON" -c 'import wsgi
print(wsgi.app.test_client().get("/readyz").get_json()["checks"]["storage"])' 2>/dev/null
flask auth client add --name full --json
rm "$DISK/filler"
flask auth client add --name healed --json | cut -c1-13
mount -o remount,ro "$DISK"
flask auth client add --name read-only --json
"""


# Whoever is not root becomes it in a name space of his own, where he may mount a small disk.
APART = ("unshare", "--mount") if os.geteuid() == 0 else ("unshare", "--map-root-user", "--mount")


@pytest.mark.sqlite_only
def test_commands_on_a_full_and_on_a_read_only_disk(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    env = os.environ | {"DISK": str(disk), "PYTHON": sys.executable}
    env |= {"CONSORTIUM_DATA_DIR": str(tmp_path / "var"), "PYTHONPATH": os.getcwd()}
    done = subprocess.run(
        [*APART, "bash", "-c", ON_A_SMALL_DISK],
        env=env,
        capture_output=True,
        text=True,
        check=True,
    )
    _, ready, full, exit_full, healed, read_only, exit_read_only = done.stdout.splitlines()
    assert ready == "cannot write to disk: No space left on device"
    assert (json.loads(full)["code"], exit_full) == ("no-space", "exit 1")
    assert healed == '{"client_id":'
    assert (json.loads(read_only)["code"], exit_read_only) == ("storage-read-only", "exit 1")


@pytest.mark.parametrize("command", ["serve", "work"])
def test_a_server_that_cannot_be_reached_is_named_at_start(command: str, tmp_path: Path) -> None:
    env = os.environ | {"CONSORTIUM_DATA_DIR": str(tmp_path), "FLASK_APP": "wsgi"}
    env["CONSORTIUM_DATABASE_URL"] = "postgresql://nobody:secret@127.0.0.1:1/x"
    started = [sys.executable, "-m", "flask", "consortium", command, "--json"]
    done = subprocess.run(started, env=env, capture_output=True, text=True, check=False)
    problem = json.loads(done.stdout)
    assert (done.returncode, problem["code"]) == (1, "database-unreachable")
    assert "CONSORTIUM_DATABASE_URL" in problem["detail"]
    assert "secret" not in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
