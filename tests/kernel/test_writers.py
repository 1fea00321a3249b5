"""The queue of SQLite's writers: in order of arrival, and nobody who left is waited for."""

import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

import pytest
from flask import Flask

from consortium.kernel.faults import Busy
from consortium.kernel.unit_of_work import unit_of_work
from consortium.kernel.writers import FifoLock, WaitedTooLong, one_writer

# Newer Pythons warn of threads at a fork; here they are what is tried.
forking = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")


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


HOLD = """
import fcntl, sys
handle = open(sys.argv[1], "a")
fcntl.flock(handle, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.readline()
"""


@contextmanager
def held_elsewhere(database: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Another process that holds the right to write, and does nothing with it."""
    command = [sys.executable, "-I", "-c", HOLD, f"{database}.write"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        yield process
        process.kill()


def is_free(database: Path) -> bool:
    with open(f"{database}.write", "a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


def test_who_waits_in_the_queue_too_long_leaves_it() -> None:
    lock = FifoLock()
    assert lock.acquire(1)
    assert not lock.acquire(0.05)
    lock.release()
    assert lock.acquire(0.05)


def test_a_frozen_writer_of_another_process_is_not_waited_for_without_end(tmp_path: Path) -> None:
    database = tmp_path / "db"
    with held_elsewhere(database) as other:
        for _ in range(2):
            begun = time.monotonic()
            with pytest.raises(WaitedTooLong), one_writer(str(database), wait_seconds=0.1):
                raise AssertionError("unreachable")
            assert time.monotonic() - begun < 2
        assert [thread.name for thread in threading.enumerate()].count("doorman") <= 1
        other.kill()
    with one_writer(str(database), wait_seconds=10):
        assert not is_free(database)
    assert is_free(database)


def test_the_lock_is_given_back_when_it_comes_too_late(tmp_path: Path) -> None:
    database = tmp_path / "db"
    with (
        held_elsewhere(database),
        pytest.raises(WaitedTooLong),
        one_writer(str(database), wait_seconds=0.1),
    ):
        raise AssertionError("unreachable")
    for _ in range(500):
        if is_free(database):
            break
        threading.Event().wait(0.02)
    assert is_free(database)


def test_queue_and_file_are_waited_for_together(tmp_path: Path) -> None:
    database = tmp_path / "db"
    waited: list[float] = []

    def write() -> None:
        begun = time.monotonic()
        with pytest.raises(WaitedTooLong), one_writer(str(database), wait_seconds=0.5):
            raise AssertionError("unreachable")
        waited.append(time.monotonic() - begun)

    with held_elsewhere(database):
        threads = [threading.Thread(target=write) for _ in range(5)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=30)
    assert len(waited) == 5
    assert max(waited) < 1.5


@pytest.mark.sqlite_only
def test_a_write_behind_a_frozen_writer_is_refused_as_busy(
    make_app: Callable[..., Flask], database_url: str
) -> None:
    with (
        make_app(database_wait_seconds=1).app_context(),
        held_elsewhere(Path(database_url.removeprefix("sqlite:///"))),
        pytest.raises(Busy),
        unit_of_work(),
    ):
        raise AssertionError("unreachable")


@forking
def test_a_child_forked_during_a_transaction_does_not_keep_the_lock(tmp_path: Path) -> None:
    database = tmp_path / "db"
    stay, go = os.pipe()
    with one_writer(str(database), wait_seconds=10):
        child = os.fork()
        if child == 0:
            os.close(go)
            os.read(stay, 1)
            os._exit(0)
    os.close(stay)
    try:
        assert is_free(database)
    finally:
        os.close(go)
        os.waitpid(child, 0)


@forking
def test_a_child_that_leaves_the_block_does_not_give_the_lock_away(tmp_path: Path) -> None:
    database = tmp_path / "db"
    try:
        with one_writer(str(database), wait_seconds=10):
            child = os.fork()
            if child == 0:
                raise Interrupted
            os.waitpid(child, 0)
            assert not is_free(database)
    except Interrupted:
        os._exit(0)


WRITE = """
import sys, time
from consortium.kernel.writers import one_writer
end, count = time.monotonic() + 2.0, 0
while time.monotonic() < end:
    with one_writer(sys.argv[1], wait_seconds=30):
        time.sleep(0.01)
    count += 1
print(count)
"""


def test_no_process_starves(tmp_path: Path) -> None:
    command = [sys.executable, "-c", WRITE, str(tmp_path / "db")]
    writers = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(4)]
    counts = [int(writer.communicate(timeout=60)[0]) for writer in writers]
    assert min(counts) * 4 > max(counts)
