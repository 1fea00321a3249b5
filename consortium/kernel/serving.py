"""The web processes: gunicorn around the application, checked before it opens its port."""

import gc
from collections.abc import Callable
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from consortium.kernel import migrating
from consortium.kernel.db import db
from consortium.kernel.features import offers
from consortium.kernel.key_ring import check_master_keys
from consortium.kernel.metrics_door import MetricsDoor
from consortium.kernel.settings import Settings, current_settings

GRACE_SECONDS = 20
HOST = "127.0.0.1"


class WebServer(BaseApplication):
    """Gunicorn with our options; the application is loaded before the processes are forked."""

    def __init__(self, app: Flask, options: dict[str, Any]) -> None:
        """Serve `app` with gunicorn settings by name."""
        self._app = app
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        """Take the options; nothing is read from files or the environment."""
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Callable[..., Any]:
        """The WSGI application."""
        return self._app


def check_start() -> None:
    """Refuse to serve what would only fail later.

    Raises:
        SchemaOutdated: migrations are missing.
        SchemaUnknown: the database is ahead of the program.
        MasterKeyMissing: the database was filled under another master key.
        ConsortiumError: whatever a feature's own checks refuse.
    """
    migrating.check_current()
    check_master_keys()
    for check in offers(lambda feature: feature.start_checks):
        check()


def serve(app: Flask, *, host: str = HOST, port: int) -> None:
    """Serve until SIGTERM; requests under way get 20 s to end."""
    with app.app_context():
        settings = current_settings()
        # Connections do not survive a fork.
        db.engine.dispose()
    # What has been loaded stays: the collector need not look at it again with every request.
    gc.collect()
    gc.freeze()
    door = MetricsDoor(app)
    options = _options(settings, host=host, port=port)
    # In the children: a thread beside forks could leave a lock of its own shut in a child.
    options["post_worker_init"] = lambda _worker: door.join()
    WebServer(app, options).run()


def _options(settings: Settings, *, host: str, port: int) -> dict[str, Any]:
    return {
        "bind": f"{host}:{port}",
        "worker_class": "gthread",
        "workers": settings.web_workers,
        "threads": settings.web_threads,
        "timeout": 60,
        "graceful_timeout": GRACE_SECONDS,
        "keepalive": 5,
        "loglevel": "warning",
        "proc_name": "society-consortium",
        "forwarded_allow_ips": "127.0.0.1",
        "control_socket_disable": True,
    }
