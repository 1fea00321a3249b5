"""The queue of SQLite's writers: in order of arrival, and nobody who left is waited for."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import pytest

from consortium.kernel.writers import FifoLock


class Interrupted(Exception):
    """What a signal raises in the main thread."""


@contextmanager
def interrupted_after(seconds: float) -> Iterator[None]:
    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_waiting_threads_are_served_in_order() -> None:
    lock = FifoLock()
    served: list[int] = []
    lock.acquire()

    def wait(number: int) -> None:
        lock.acquire()
        served.append(number)
        lock.release()

    threads = []
    for number in range(5):
        thread = threading.Thread(target=wait, args=(number,))
        thread.start()
        while len(lock._waiting) <= number:
            pass
        threads.append(thread)
    lock.release()
    for thread in threads:
        thread.join(timeout=10)
    assert served == [0, 1, 2, 3, 4]


def test_who_is_interrupted_while_waiting_is_not_waited_for() -> None:
    lock = FifoLock()
    lock.acquire()
    with pytest.raises(Interrupted), interrupted_after(0.05):
        lock.acquire()
    lock.release()
    entered = threading.Event()

    def enter() -> None:
        lock.acquire()
        entered.set()
        lock.release()

    thread = threading.Thread(target=enter, daemon=True)
    thread.start()
    assert entered.wait(timeout=10)
    thread.join(timeout=10)
