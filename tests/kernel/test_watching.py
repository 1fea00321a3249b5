"""Logs, metrics and health."""

import json
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import insert

from consortium.kernel import logs
from consortium.kernel.clock import FixedClock
from consortium.kernel.db import Change
from consortium.kernel.feature import Feature, Health
from consortium.kernel.ids import new_id
from consortium.kernel.unit_of_work import unit_of_work


def test_a_request_is_logged_with_its_id_and_no_address(
    client: FlaskClient, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = client.get("/livez?secret=abc", headers={logs.HEADER: "x"})

    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    told = next(line for line in lines if line["event"] == "request")
    assert told["request_id"] == answer.headers[logs.HEADER]
    assert (told["rule"], told["status"], told["method"]) == ("/livez", 200, "GET")
    assert "abc" not in json.dumps(lines)


def test_a_proxys_request_id_is_kept_if_it_is_one(client: FlaskClient) -> None:
    given = str(new_id())

    assert client.get("/livez", headers={logs.HEADER: given}).headers[logs.HEADER] == given


def test_a_logged_address_is_cut(app: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    logs.get_logger("test").warning("signed-in", email="zhang@math.example", person_id="7")

    told = json.loads(capsys.readouterr().err.splitlines()[-1])
    assert told["email"] == "[cut]"
    assert told["person_id"] == "7"


def test_the_process_lives_without_asking_the_database(client: FlaskClient) -> None:
    assert client.get("/livez").get_json() == {"status": "ok"}


def test_a_lagging_sequencer_makes_the_node_unready(app: Flask, clock: FixedClock) -> None:
    _change_at(clock)
    client = app.test_client()

    assert client.get("/readyz").get_json()["checks"]["sequencer"] is None
    clock.advance(seconds=5)
    answer = client.get("/readyz")

    assert answer.status_code == 503
    assert answer.get_json()["checks"]["sequencer"] == "oldest unchained change 5.0 s old"


def test_a_features_fault_makes_the_node_unready(make_app: object) -> None:
    assert callable(make_app)
    guest = Feature(name="guest", health=(Health("guest", lambda: "out of order"),))
    made: Flask = make_app(guest)

    with made.app_context():
        answer = made.test_client().get("/readyz")

    assert answer.status_code == 503
    assert answer.get_json()["checks"]["guest"] == "out of order"


def _change_at(clock: FixedClock) -> None:
    with unit_of_work() as uow:
        uow.execute(insert(Change).values(id=new_id(), at=clock.now() - timedelta(0)))
