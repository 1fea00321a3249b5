"""The worker process: numbers news, hands it on, runs jobs, until it is told to stop."""

import logging
import signal
import threading
import time
from collections.abc import Callable
from datetime import datetime

from flask import Flask

from consortium.kernel.delivery import deliver_messages
from consortium.kernel.metrics import worker_errors
from consortium.kernel.metrics_door import MetricsDoor
from consortium.kernel.outbox.relay import Relay
from consortium.kernel.outbox.sequencer import number_committed
from consortium.kernel.scheduler.running import newest_slots, plan_due, run_next
from consortium.kernel.unit_of_work import database_now

IDLE_SECONDS = 0.1
NUMBER_SECONDS = 0.05
ERROR_PAUSE_SECONDS = 1.0
JUMP_SECONDS = 5.0
logger = logging.getLogger(__name__)


class LoopDied(RuntimeError):
    """A loop of the worker has ended without being told; its supervisor starts a new one."""


class Worker:
    """A few loops in one process; each survives its own errors."""

    def __init__(self, app: Flask, *, job_threads: int = 2) -> None:
        """Prepare the loops; nothing runs yet."""
        self._app = app
        self._stop = threading.Event()
        self._died: list[str] = []
        self._known: dict[str, datetime] | None = None
        self._news = Relay()
        loops = [self._number, self._relay, self._deliver, self._plan] + [
            self._run_jobs
        ] * job_threads
        self._threads = [
            threading.Thread(target=self._loop, args=(step,), daemon=True) for step in loops
        ]

    def start(self) -> None:
        """Start the loops in the background."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let the loops finish the page, batch or message they are at."""
        self._stop.set()

    def join(self) -> None:
        """Wait for the loops to end."""
        for thread in self._threads:
            thread.join()

    def run(self) -> None:
        """Work in the foreground until SIGTERM or SIGINT.

        Raises:
            LoopDied: a loop has ended; without it the others would only seem to work.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stop())
        MetricsDoor(self._app).join()
        self.start()
        logger.info("worker.started")
        self.join()
        if self._died:
            raise LoopDied(", ".join(self._died))

    def _loop(self, step: Callable[[], bool]) -> None:
        try:
            self._repeat(step)
        except BaseException:
            logger.exception("worker.loop-died", extra={"step": step.__name__})
            self._died.append(step.__name__)
            self.stop()

    def _repeat(self, step: Callable[[], bool]) -> None:
        """Repeat a step; rest when it had nothing to do. Rests by the monotonic clock."""
        with self._app.app_context():
            while not self._stop.is_set():
                try:
                    pause = 0.0 if step() else IDLE_SECONDS
                except Exception:
                    logger.exception("worker.error", extra={"step": step.__name__})
                    worker_errors.labels(step.__name__).inc()
                    pause = ERROR_PAUSE_SECONDS
                self._stop.wait(pause)

    def _number(self) -> bool:
        if not number_committed():
            return False
        # On SQLite each round costs the writers a turn; a few more rows a round cost nothing.
        self._stop.wait(NUMBER_SECONDS)
        return True

    def _relay(self) -> bool:
        return self._news.hand_on() > 0

    def _deliver(self) -> bool:
        return deliver_messages(stopping=self._stop) > 0

    def _plan(self) -> bool:
        self._watch_clock()
        now = database_now()
        if self._known is None:
            self._known = newest_slots(now)
        plan_due(now, self._known)
        self._stop.wait(IDLE_SECONDS * 2)
        return False

    def _run_jobs(self) -> bool:
        return run_next(database_now(), self._stop)

    _seen: tuple[float, datetime] | None = None

    def _watch_clock(self) -> None:
        """Tell when the database's clock and the monotonic one drift apart."""
        steady, told = time.monotonic(), database_now()
        if self._seen is not None:
            drift = (told - self._seen[1]).total_seconds() - (steady - self._seen[0])
            if abs(drift) > JUMP_SECONDS:
                logger.warning("clock.jumped", extra={"seconds": round(drift, 3)})
                worker_errors.labels("clock").inc()
        self._seen = (steady, told)
