"""/metrics on a port of its own: one process of the node answers for all.

Each process that serves or works waits for its turn; the first has it, and when it ends the
next one takes over. Counters come from the files of all processes; what is a state and not a
count is asked of the database at that moment.
"""

import logging
from collections.abc import Iterable, Iterator
from pathlib import Path
from threading import Event, Thread

from flask import Flask
from prometheus_client import REGISTRY, CollectorRegistry, Metric, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from consortium.kernel import health, metrics, metrics_files
from consortium.kernel.faults import StorageFault
from consortium.kernel.outbox.sequencer import unnumbered_age_seconds
from consortium.kernel.settings import current_settings
from consortium.kernel.unit_of_work import database_now

HOST = "127.0.0.1"
FOLDER = "metrics"
RETRY_SECONDS = 5.0
logger = logging.getLogger(__name__)


class MetricsDoor:
    """The figures of one start of a node's processes, made before they are forked."""

    def __init__(self, app: Flask) -> None:
        """Make the start's folder; nothing at all while the metrics port is 0."""
        with app.app_context():
            settings = current_settings()
        self._app, self._port = app, settings.metrics_port
        self._root = settings.data_dir.absolute() / FOLDER
        self._folder = self._make_folder() if self._port else None

    def _make_folder(self) -> Path | None:
        try:
            return metrics_files.open_folder(self._root)
        except OSError as error:
            told = {"folder": str(self._root), "fault": error.strerror}
            logger.warning("metrics.no-folder", extra=told)
            return None

    def join(self) -> None:
        """Count in files from now on, and answer when it is this process's turn."""
        if not self._port:
            return
        if self._folder is not None:
            metrics.keep_in_files(self._folder)
        Thread(target=self._answer, name="metrics", daemon=True).start()

    def _answer(self) -> None:
        try:
            metrics_files.wait_for_turn(self._root)
        except OSError:
            # Told already; the port itself lets only one process answer.
            logger.debug("metrics.no-turn")
        registry, told = self.registry(), False
        while True:
            try:
                start_http_server(self._port, addr=HOST, registry=registry)
            except OSError as error:
                if not told:
                    # Another program's; ours wait for their turn.
                    fault = {"port": self._port, "fault": error.strerror}
                    logger.error("metrics.port-taken", extra=fault)
                told = True
                Event().wait(RETRY_SECONDS)
            else:
                logger.info("metrics.answering", extra={"port": self._port})
                return

    def registry(self) -> CollectorRegistry:
        """What answers for the whole node."""
        registry = CollectorRegistry()
        registry.register(_Figures(self._app, self._root))
        return registry


class _Figures(Collector):
    def __init__(self, app: Flask, root: Path) -> None:
        self._app, self._root = app, root

    # Without it the registry would collect, and ask the database, to learn the names.
    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterator[Metric]:
        yield from self._counted()
        with self._app.app_context():
            yield from ask_states()

    def _counted(self) -> Iterable[Metric]:
        for _ in range(3):
            files = metrics_files.find_files(self._root)
            try:
                found = MultiProcessCollector.merge(files)  # type: ignore[no-untyped-call]  # the library has no types here
            except FileNotFoundError:
                # A start that has ended was swept away between the look and the reading.
                continue
            return list(found) if files else list(REGISTRY.collect())
        return []


def ask_states() -> Iterator[Metric]:
    """What the node is like now, asked of the database: each check of /readyz, and the lag."""
    checks = GaugeMetricFamily(
        "consortium_check_ok", "1 if this check of /readyz finds nothing wrong.", labels=["check"]
    )
    for name, fault in health.ask_all().items():
        checks.add_metric([name], 0.0 if fault else 1.0)
    yield checks
    try:
        lag = unnumbered_age_seconds(database_now())
    except (SQLAlchemyError, StorageFault):
        # Better no figure than an old one; the check `database` tells why.
        return
    yield GaugeMetricFamily(
        "consortium_sequencer_lag_seconds",
        "Age of the oldest change that has no number yet.",
        value=lag,
    )
