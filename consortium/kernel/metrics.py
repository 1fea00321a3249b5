"""What is counted and timed. A process that serves or works writes it to files of its own.

`kernel.metrics_door` answers /metrics from the files of all processes; a command, and a process
of a node without a metrics port, counts in its own memory.
"""

import logging
import os
import time
from pathlib import Path

from flask import Flask, g, request
from flask.wrappers import Response
from prometheus_client import Counter, Histogram, values

from consortium.kernel import metrics_files

requests_seconds = Histogram(
    "consortium_request_seconds",
    "Time to answer a request.",
    ["endpoint", "method", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
messages_sent = Counter("consortium_messages", "Mail and text messages.", ["kind", "outcome"])
job_pages = Counter("consortium_job_pages", "Pages of jobs that were run.", ["job", "outcome"])
handled_messages = Counter("consortium_handled", "News handled.", ["handler", "outcome"])
pulled_records = Counter("consortium_pulled_records", "Records from peers.", ["outcome"])
unsignable_records = Counter(
    "consortium_unsignable_records", "Records left out of the feed's pages.", ["topic"]
)
worker_errors = Counter("consortium_worker_errors", "Failed rounds of a worker.", ["step"])
# Every one has labels: a metric without any takes its value, and where that is kept, at import.
METRICS = (
    requests_seconds,
    messages_sent,
    job_pages,
    handled_messages,
    pulled_records,
    unsignable_records,
    worker_errors,
)
FOLDER = "PROMETHEUS_MULTIPROC_DIR"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
logger = logging.getLogger(__name__)


def init_metrics(app: Flask) -> None:
    """Measure every request by endpoint."""

    @app.before_request
    def start_watch() -> None:
        g.started_at = time.perf_counter()

    @app.after_request
    def stop_watch(response: Response) -> Response:
        started_at = g.pop("started_at", None)
        if started_at is not None:
            requests_seconds.labels(
                endpoint=request.endpoint or "none",
                # Whoever asks may call a method what he likes; each name would take room.
                method=request.method if request.method in METHODS else "other",
                status=str(response.status_code),
            ).observe(time.perf_counter() - started_at)
        return response


def keep_in_files(folder: Path) -> None:
    """From now on count in files of this start's folder; once a process, after it was forked.

    What was counted before is forgotten. Where the files cannot be made it is told and the
    process goes on counting in its memory.
    """
    try:
        number = metrics_files.take_number(folder)
    except OSError as error:
        logger.warning("metrics.no-files", extra={"folder": str(folder), "fault": error.strerror})
        return
    os.environ.pop(FOLDER, None)
    for metric in METRICS:
        metric.clear()
    # The library decides when it is imported, and nobody knows then whether this process will
    # serve; it looks for the class again with each new label.
    os.environ[FOLDER] = str(folder)
    values.ValueClass = values.MultiProcessValue(lambda: number)  # type: ignore[no-untyped-call]  # the library has no types here
