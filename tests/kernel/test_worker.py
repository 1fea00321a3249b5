"""The worker process: a loop that dies takes the process with it."""

import signal
from collections.abc import Iterator

import pytest
from flask import Flask

from consortium.kernel.scheduler.worker import LoopDied, Worker


@pytest.fixture
def signals() -> Iterator[None]:
    """Puts back what the worker listens to."""
    held = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in held.items():
        signal.signal(number, handler)


class Dying(Worker):
    """Its relay ends its thread."""

    def _relay(self) -> bool:
        raise SystemExit


class Failing(Worker):
    """Its relay fails once and is told to stop then."""

    def _relay(self) -> bool:
        self.stop()
        raise ValueError("no")


def test_a_loop_that_dies_ends_the_process_with_an_error(app: Flask, signals: None) -> None:
    with pytest.raises(LoopDied, match="_relay"):
        Dying(app).run()


def test_a_loop_survives_an_error(app: Flask, signals: None) -> None:
    Failing(app).run()
