"""Commands as operators and scripts see them: output, exit codes."""

import json
from datetime import timedelta

import pytest
import sqlalchemy as sa
from flask import Flask

from consortium.kernel.db import db
from consortium.kernel.outbox.feed import EpochChanged, read_feed
from consortium.kernel.outbox.sequencer import number_committed
from consortium.kernel.scheduler import claims
from consortium.kernel.unit_of_work import unit_of_work


def run(app: Flask, *words: str) -> tuple[int, list[dict[str, object]]]:
    done = app.test_cli_runner().invoke(args=[*words, "--json"])
    return done.exit_code, [json.loads(line) for line in done.stdout.splitlines()]


def test_jobs_are_listed_as_json_lines(app: Flask) -> None:
    code, rows = run(app, "consortium", "jobs", "list")
    assert code == 0
    assert "consortium.prove" in {row["job"] for row in rows}


def test_an_unknown_job_is_refused_with_a_problem(app: Flask) -> None:
    code, rows = run(app, "consortium", "jobs", "run", "no.such")
    assert (code, rows[0]["code"]) == (1, "job-unknown")


def test_a_job_run_by_hand_is_written_down(app: Flask) -> None:
    code, rows = run(app, "consortium", "jobs", "run", "consortium.purge-idempotency")
    assert (code, rows[0]["state"]) == (0, "done")
    _, history = run(app, "consortium", "jobs", "history")
    assert [row["job"] for row in history] == ["consortium.purge-idempotency"]


def test_the_history_of_an_unknown_job_is_refused(app: Flask) -> None:
    code, rows = run(app, "consortium", "jobs", "history", "--job", "no.such")
    assert (code, rows[0]["code"]) == (1, "job-unknown")
    known = run(app, "consortium", "jobs", "history", "--job", "consortium.sweep-files")
    assert known == (0, [])


def test_a_job_run_by_hand_leaves_what_else_is_due(app: Flask) -> None:
    name = "consortium.purge-idempotency"
    with unit_of_work() as uow:
        for minutes in range(1, 4):
            claims.plan_slot(uow, name, uow.now - timedelta(minutes=minutes))
    assert run(app, "consortium", "jobs", "run", name)[0] == 0
    _, history = run(app, "consortium", "jobs", "history", "--job", name)
    assert [row["state"] for row in history] == ["done", "due", "due", "due"]


def test_a_proof_that_did_not_run_does_not_hold(app: Flask) -> None:
    run(app, "consortium", "jobs", "prove", "--slots", "3", "--every", "0.001", "--pages", "2")
    code, rows = run(app, "consortium", "jobs", "prove", "--report")
    assert code == 3
    assert rows[0]["once"] == 0


@pytest.mark.parametrize(
    "words",
    [
        *(("--every", told) for told in ("nan", "inf", "-inf", "0", "-1", "1e9", "x")),
        *(("--slots", told) for told in ("0", "-1", "nan", "100001")),
        ("--pages", "0"),
        ("--hold", "nan"),
    ],
)
def test_a_proof_of_no_length_is_wrong_usage(app: Flask, words: tuple[str, str]) -> None:
    assert run(app, "consortium", "jobs", "prove", *words)[0] == 2


def test_wrong_usage_exits_2(app: Flask) -> None:
    assert app.test_cli_runner().invoke(args=["consortium", "jobs", "run"]).exit_code == 2


def test_the_schemas_versions_are_one_object(app: Flask) -> None:
    code, (told,) = run(app, "db", "current")
    assert (code, told["done"]) == (0, "current")
    assert told["current"] == told["newest"] != []


@pytest.mark.parametrize("name", ["heads", "history", "branches", "show", "upgrade", "check"])
def test_every_migration_command_tells_one_object(app: Flask, name: str) -> None:
    code, (told,) = run(app, "db", name)
    assert (code, told["done"]) == (0, name)


def test_a_migration_command_that_fails_tells_a_problem(app: Flask) -> None:
    code, (told,) = run(app, "db", "upgrade", "nowhere")
    assert (code, told["code"]) == (1, "command-failed")


@pytest.mark.parametrize(
    "words", [("schema", "upgrade"), ("serve",), ("audit", "verify")], ids=" ".join
)
def test_a_database_of_another_version_is_refused_by_its_revision(
    app: Flask, words: tuple[str, ...]
) -> None:
    with db.engine.begin() as connection:
        connection.execute(sa.text("DROP TABLE audit_head"))
        connection.execute(sa.text("UPDATE alembic_version SET version_num = 'f0e1d2c3b4a5'"))
    code, (told,) = run(app, "consortium", *words)
    assert (code, told["code"]) == (1, "schema-unknown")
    assert "f0e1d2c3b4a5" in str(told["detail"])


def test_a_sound_trail_exits_0(app: Flask) -> None:
    with unit_of_work() as uow:
        uow.audit("test.acted")
    code, rows = run(app, "consortium", "audit", "verify")
    assert (code, rows[0]["ok"]) == (0, True)


def test_an_operator_opens_a_new_epoch_after_putting_back_a_copy(app: Flask) -> None:
    runner = app.test_cli_runner()
    with unit_of_work() as uow:
        uow.emit("test.thing.made", "a", {})
    number_committed()
    cursor = read_feed(None, limit=1).next
    shown = json.loads(runner.invoke(args=["consortium", "feed", "epoch", "--json"]).stdout)
    opened = runner.invoke(args=["consortium", "feed", "epoch", "--new", "--json"])
    told = json.loads(opened.stdout)
    assert (opened.exit_code, told["seq"]) == (0, shown["seq"])
    assert told["epoch"] != shown["epoch"]
    with pytest.raises(EpochChanged):
        read_feed(cursor, limit=1)


def test_the_demo_is_refused_on_a_database_in_use(app: Flask) -> None:
    with unit_of_work() as uow:
        uow.audit("test.acted")
    code, rows = run(app, "consortium", "demo", "load")
    assert (code, rows[0]["code"]) == (1, "demo-refused")
