"""Keeps a slot's lease alive while a page works outside any transaction."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import copy_context
from threading import Event, Thread

from flask import Flask, current_app

from consortium.kernel.scheduler.claims import Claim, LeaseLost, fenced_page
from consortium.kernel.settings import current_settings

TIMES_A_LEASE = 3
logger = logging.getLogger(__name__)


@contextmanager
def kept_lease(claim: Claim, stopping: Event) -> Iterator[None]:
    """Renew the lease from a thread beside the block, until that ends or the worker is to stop.

    So a page may take longer than the lease, and the slot of a worker that has died is free
    after one. Who is told to stop renews no more: if the page hangs, another takes over.
    """
    ended = Event()
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]  # werkzeug's proxy hides it
    thread = Thread(
        target=copy_context().run, args=(_renew, app, claim, ended, stopping), daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


def _renew(app: Flask, claim: Claim, ended: Event, stopping: Event) -> None:
    # A context of its own: the page's one would bring the page's session with it.
    with app.app_context():
        pause = current_settings().job_lease_seconds / TIMES_A_LEASE
        while not ended.wait(pause) and not stopping.is_set():
            try:
                with fenced_page(claim):
                    pass
            except LeaseLost:
                # The page goes on to its end, and cannot be written down.
                return
            except Exception:
                logger.exception("job.lease-not-renewed", extra={"job": claim.job})
