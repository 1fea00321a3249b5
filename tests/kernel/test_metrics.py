"""/metrics: one answer for every process of the node, whatever became of each."""

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from prometheus_client import REGISTRY, CollectorRegistry
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.parser import text_string_to_metric_families

from consortium.kernel import metrics_files
from consortium.kernel.clock import FixedClock
from consortium.kernel.metrics_door import MetricsDoor
from consortium.kernel.unit_of_work import unit_of_work
from tests.node import free_port, open_node, wait_until

MakeApp = Callable[..., Flask]
COUNT = "consortium_request_seconds_count"
# Counts in the files of a start's folder, says so, and waits to be killed.
COUNTING = """
import sys, time
from pathlib import Path
from consortium.kernel import metrics
metrics.worker_errors.labels("plan").inc(100)
metrics.keep_in_files(Path(sys.argv[1]))
metrics.worker_errors.labels("plan").inc()
print("counted", flush=True)
time.sleep(60)
"""


def test_requests_are_measured_by_endpoint(client: FlaskClient) -> None:
    labels = {"endpoint": "health.livez", "method": "GET", "status": "200"}
    before = REGISTRY.get_sample_value(COUNT, labels) or 0

    client.get("/livez")

    assert REGISTRY.get_sample_value(COUNT, labels) == before + 1


def test_a_made_up_method_takes_no_room_of_its_own(client: FlaskClient) -> None:
    labels = {"endpoint": "none", "method": "other", "status": "405"}
    before = REGISTRY.get_sample_value(COUNT, labels) or 0

    for name in ("BREW", "WHEN"):
        client.open("/livez", method=name)

    assert REGISTRY.get_sample_value(COUNT, labels) == before + 2
    assert REGISTRY.get_sample_value(COUNT, labels | {"method": "BREW"}) is None


def test_the_lag_is_asked_of_the_database_when_it_is_wanted(
    make_app: MakeApp, clock: FixedClock
) -> None:
    app = make_app()
    registry = MetricsDoor(app).registry()
    with app.app_context(), unit_of_work() as uow:
        uow.audit("test.acted")
    clock.advance(seconds=727)
    assert registry.get_sample_value("consortium_sequencer_lag_seconds") == 727.0
    assert registry.get_sample_value("consortium_check_ok", {"check": "sequencer"}) == 0.0
    assert registry.get_sample_value("consortium_check_ok", {"check": "database"}) == 1.0


def test_without_a_port_nothing_is_made(app: Flask, settings: object) -> None:
    MetricsDoor(app).join()
    assert not (settings.data_dir / "metrics").exists()  # type: ignore[attr-defined]


def test_a_folder_that_cannot_be_made_stops_nothing(
    make_app: MakeApp, settings: object, caplog: pytest.LogCaptureFixture
) -> None:
    app = make_app(metrics_port=free_port())
    (settings.data_dir / "metrics").write_text("in the way")  # type: ignore[attr-defined]
    assert MetricsDoor(app).registry().get_sample_value("consortium_sequencer_lag_seconds") == 0.0
    assert "metrics.no-folder" in caplog.messages


@pytest.fixture
def count() -> Iterator[Callable[[Path], subprocess.Popen[str]]]:
    """Starts processes that count one error each."""
    started: list[subprocess.Popen[str]] = []

    def start(folder: Path) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", COUNTING, str(folder)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "counted\n"
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def errors_in(root: Path) -> float | None:
    registry = CollectorRegistry()
    for folder in (path for path in root.iterdir() if path.is_dir()):
        MultiProcessCollector(registry, path=str(folder))
    return registry.get_sample_value("consortium_worker_errors_total", {"step": "plan"})


def test_the_next_process_goes_on_in_the_files_of_one_that_was_killed(
    count: Callable[[Path], subprocess.Popen[str]], tmp_path: Path
) -> None:
    folder = metrics_files.open_folder(tmp_path)
    first, second = count(folder), count(folder)
    files = set(metrics_files.find_files(tmp_path))
    assert errors_in(tmp_path) == 2.0
    first.send_signal(signal.SIGKILL)
    first.wait()
    count(folder)
    assert errors_in(tmp_path) == 3.0
    assert set(metrics_files.find_files(tmp_path)) == files
    assert second.poll() is None


def test_a_start_removes_what_starts_that_have_ended_left_and_nothing_else(
    tmp_path: Path,
) -> None:
    script = "import sys; from pathlib import Path; from consortium.kernel import metrics_files\n"
    script += "print(metrics_files.open_folder(Path(sys.argv[1])))"
    ended = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=True
    )
    mine = metrics_files.open_folder(tmp_path)
    other = metrics_files.open_folder(tmp_path)
    assert not Path(ended.stdout.strip()).exists()
    assert mine.exists() and other.exists()


def test_files_are_given_whole_before_anything_is_written(tmp_path: Path) -> None:
    folder = metrics_files.open_folder(tmp_path)
    number = metrics_files.take_number(folder)
    for kind, size in metrics_files.SIZES.items():
        assert (folder / f"{kind}_{number}.db").stat().st_blocks * 512 >= size


def read_metrics(port: int) -> dict[str, float]:
    """Sums by name of what the port answers; nothing if nobody does."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            text = answer.read().decode()
    except OSError:
        return {}
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found[sample.name] = found.get(sample.name, 0.0) + sample.value
    return found


def children_of(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(word) for word in text.split()]


def test_one_port_answers_for_all_processes_and_outlives_each(
    database_url: str, tmp_path: Path
) -> None:
    port = free_port()
    with open_node(tmp_path, database_url, metrics_port=port) as node:
        address = node.start_web(workers=2, threads=1)
        for _ in range(20):
            urllib.request.urlopen(f"{address}/livez", timeout=10).close()
        wait_until(lambda: read_metrics(port).get(COUNT, 0) >= 20, seconds=20, what="requests")
        held = read_metrics(port)[COUNT]

        worker = node.start_worker()
        wait_until(lambda: worker.is_working, seconds=30, what="the worker")
        node.flask("consortium", "jobs", "prove", "--slots", "1", "--every", "0.01", "--pages", "3")
        pages = "consortium_job_pages_total"
        wait_until(lambda: read_metrics(port).get(pages, 0) >= 3, seconds=30, what="pages")

        for pid in children_of(node.children[0].process.pid):
            os.kill(pid, signal.SIGKILL)
        wait_until(lambda: read_metrics(port).get(pages, 0) >= 3, seconds=30, what="a successor")
        assert read_metrics(port)[COUNT] >= held
        assert read_metrics(port)["consortium_sequencer_lag_seconds"] < 60


def test_a_port_that_another_program_holds_is_told(database_url: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with open_node(tmp_path, database_url, metrics_port=port) as node:
            worker = node.start_worker()
            wait_until(lambda: worker.has_told("metrics.port-taken"), seconds=30, what="word")
            assert worker.is_alive
            assert worker.log.read_text().count("metrics.port-taken") == 1
