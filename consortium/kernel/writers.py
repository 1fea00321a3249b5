"""One writer at a time on SQLite, in order of arrival.

`BEGIN IMMEDIATE` alone is unfair: with busy_timeout some processes starve (DESIGN section 6).
So writers queue first inside the process, then on an exclusive `flock` beside the database.
"""

import fcntl
import os
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class FifoLock:
    """A mutex that serves waiting threads in the order in which they came."""

    def __init__(self) -> None:
        """Make an open lock."""
        self._guard = threading.Lock()
        self._held = False
        self._waiting: deque[threading.Event] = deque()

    def acquire(self) -> None:
        """Wait for one's turn."""
        with self._guard:
            if not self._held:
                self._held = True
                return
            turn = threading.Event()
            self._waiting.append(turn)
        try:
            turn.wait()
        except BaseException:
            self._give_up(turn)
            raise

    def _give_up(self, turn: threading.Event) -> None:
        """Leave the queue; if the turn has come meanwhile, hand it on."""
        with self._guard:
            if turn in self._waiting:
                self._waiting.remove(turn)
                return
        self.release()

    def release(self) -> None:
        """Hand over to whoever waits longest."""
        with self._guard:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._held = False

    def reset(self) -> None:
        """Open the lock in a forked child, where no other thread lives."""
        self.__init__()  # type: ignore[misc]  # the same object must stay: modules hold it


_queue = FifoLock()
os.register_at_fork(after_in_child=_queue.reset)


@contextmanager
def one_writer(database_path: str) -> Iterator[None]:
    """Hold the right to write to the SQLite file at `database_path`.

    The lock file is opened anew each time: a descriptor shared with a forked child would
    share its lock too.
    """
    _queue.acquire()
    try:
        handle = os.open(f"{database_path}.write", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)
    finally:
        _queue.release()
