"""Metrics for Prometheus on a port of their own, summed over the processes of this node.

With several processes, `PROMETHEUS_MULTIPROC_DIR` names an empty folder before the first import;
each process writes its own files there and any of them can answer for all.
"""

import os
import time
from threading import Thread
from wsgiref.simple_server import WSGIServer

from flask import Flask, g, request
from flask.wrappers import Response
from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    start_http_server,
)
from prometheus_client.multiprocess import MultiProcessCollector

requests_seconds = Histogram(
    "consortium_request_seconds",
    "Time to answer a request.",
    ["endpoint", "method", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
messages_sent = Counter("consortium_messages", "Mail and text messages.", ["kind", "outcome"])
job_pages = Counter("consortium_job_pages", "Pages of jobs.", ["job", "outcome"])
handled_messages = Counter("consortium_handled", "News handled.", ["handler", "outcome"])
pulled_records = Counter("consortium_pulled_records", "Records from peers.", ["outcome"])
unsignable_records = Counter(
    "consortium_unsignable_records", "Records left out of the feed's pages.", ["topic"]
)
worker_errors = Counter("consortium_worker_errors", "Failed rounds of a worker.", ["step"])
sequencer_lag_seconds = Gauge(
    "consortium_sequencer_lag_seconds",
    "Age of the oldest change that has no number yet.",
    multiprocess_mode="mostrecent",
)


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
                method=request.method,
                status=str(response.status_code),
            ).observe(time.perf_counter() - started_at)
        return response


def collecting_registry() -> CollectorRegistry:
    """The registry that answers for all processes, or for this one when it is alone."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library has no types here
    return registry


def serve_metrics(port: int, *, host: str = "127.0.0.1") -> tuple[WSGIServer, Thread] | None:
    """Serve /metrics from a thread; None when `port` is 0 (switched off) or already served.

    With several web processes the first one to take the port answers for all of them.
    """
    if port == 0:
        return None
    try:
        return start_http_server(port, addr=host, registry=collecting_registry())
    except OSError:
        return None
