"""`make run` as an operator meets it: settings from .env, a second run, an end by `kill -9`."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests
import sqlalchemy as sa
from prometheus_client.parser import text_string_to_metric_families

from tests.conftest import Databases
from tests.stories.node import ROOT, environment_of, free_ports, running_node

SECONDS = 30


def run(
    port: int | str, *, checkout: Path = ROOT, **settings: str
) -> subprocess.CompletedProcess[str]:
    """Start what ends at once."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("CONSORTIUM_")}
    return subprocess.run(
        [sys.executable, "tools/run.py", "--port", str(port)],
        cwd=checkout,
        env=kept | {f"CONSORTIUM_{name}": value for name, value in settings.items()},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout that may have an .env of its own; other tests run in the real one."""
    made = tmp_path / "checkout"
    made.mkdir()
    for path in ROOT.iterdir():
        if path.name not in {".env", ".git"}:
            (made / path.name).symlink_to(path)
    return made


@pytest.mark.parametrize("port", [0, 65534, 65535, 70000, "x"])
def test_a_port_without_room_behind_it_is_wrong_usage(port: int | str) -> None:
    done = run(port)
    assert done.returncode == 2
    assert "at least 1 and at most 65533" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (b"CONSORTIUM_WEB_WORKERS=abc", "CONSORTIUM_WEB_WORKERS: takes a whole number"),
        (b"CONSORTIUM_ISSUER=https://node.example", "CONSORTIUM_SECRET_KEYS: give one"),
        (b"CONSORTIUM_MAIL_FROM=\xff\xfe", ".env: takes lines NAME=VALUE in UTF-8"),
    ],
)
def test_a_wrong_setting_in_dotenv_stops_the_run(
    line: bytes, told: str, checkout: Path, tmp_path: Path
) -> None:
    (checkout / ".env").write_bytes(line + b"\n")
    done = run(free_ports(), checkout=checkout, DATA_DIR=str(tmp_path / "var"))
    assert (done.returncode, "ready" in done.stdout) == (1, False)
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_a_node_for_others_is_not_run_with_the_demonstration(
    databases: Databases, tmp_path: Path
) -> None:
    url = databases.empty()
    done = run(
        free_ports(),
        DATA_DIR=str(tmp_path),
        DATABASE_URL=url,
        ISSUER="https://node.example",
        SECRET_KEYS="k" * 40,
    )
    assert done.returncode == 1
    assert "make serve" in done.stderr
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    assert sa.inspect(engine).get_table_names() == []
    engine.dispose()


def test_a_database_of_another_version_is_refused_plainly(
    database_url: str, tmp_path: Path
) -> None:
    engine = sa.create_engine(database_url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = 'f0e1d2c3b4a5'"))
    engine.dispose()
    done = run(free_ports(), DATA_DIR=str(tmp_path), DATABASE_URL=database_url)
    assert done.returncode == 1
    assert "f0e1d2c3b4a5" in done.stderr and "schema-unknown" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_run_that_is_killed_leaves_nothing_and_a_second_one_is_told(
    databases: Databases, tmp_path: Path
) -> None:
    url, home = databases.empty(), tmp_path / "var"
    with running_node(url, home) as node:
        port = int(node.issuer.rpartition(":")[2])
        second = subprocess.run(
            [sys.executable, "tools/run.py", "--port", str(port)],
            cwd=ROOT,
            env=os.environ | environment_of(url, home, port),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert second.returncode == 1
        assert f"running already: process {node.pid}, {node.issuer}" in second.stderr
        os.kill(node.pid, signal.SIGKILL)
        end = time.monotonic() + SECONDS
        while not all(_is_free(port + offset) for offset in range(3)):
            assert time.monotonic() < end, "the run's processes live on"
            time.sleep(0.1)


def test_requests_and_the_worker_are_seen_by_the_metrics_port(
    databases: Databases, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    url, home = databases.empty(), tmp_path / "var"
    with socket.create_server(("127.0.0.1", 0)) as taken:
        metrics_port = taken.getsockname()[1]
    monkeypatch.setenv("CONSORTIUM_METRICS_PORT", str(metrics_port))
    with running_node(url, home) as node:
        requests.get(f"{node.issuer}/societies", timeout=30)
        text = requests.get(f"http://127.0.0.1:{metrics_port}/metrics", timeout=30).text
    samples = {
        (sample.name, sample.labels.get("endpoint")): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert samples["consortium_request_seconds_count", "health.readyz"] >= 1
    assert ("consortium_sequencer_lag_seconds", None) in samples


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
