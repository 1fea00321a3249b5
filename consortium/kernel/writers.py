"""One writer at a time on SQLite, in order of arrival.

`BEGIN IMMEDIATE` alone is unfair: with busy_timeout some processes starve (DESIGN section 6).
So writers queue first inside the process, then on an exclusive `flock` beside the database,
both together no longer than they are told: a frozen writer must not hold up everybody for ever.
"""

import fcntl
import os
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class WaitedTooLong(Exception):
    """Another writer has held the database all the time."""


class FifoLock:
    """A mutex that serves waiting threads in the order in which they came."""

    def __init__(self) -> None:
        """Make an open lock."""
        self._guard = threading.Lock()
        self._held = False
        self._waiting: deque[threading.Event] = deque()

    def acquire(self, seconds: float | None = None) -> bool:
        """Wait for one's turn; False if it has not come within `seconds`."""
        with self._guard:
            if not self._held:
                self._held = True
                return True
            turn = threading.Event()
            self._waiting.append(turn)
        try:
            return turn.wait(seconds) or not self._leave(turn)
        except BaseException:
            if not self._leave(turn):
                self.release()
            raise

    def _leave(self, turn: threading.Event) -> bool:
        """Leave the queue; False if the turn has come meanwhile."""
        with self._guard:
            if turn in self._waiting:
                self._waiting.remove(turn)
                return True
        return False

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


class LockFile:
    """An open file with or without its `flock`.

    Opened anew by each writer: a descriptor shared with a forked child would share its lock too.
    """

    def __init__(self, path: str) -> None:
        """Open it, without the lock."""
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
        self._handle: int | None = os.open(path, flags, 0o600)
        _open_files.add(self)

    def lock(self, *, at_once: bool = False) -> bool:
        """Wait for the lock, or see `at_once` whether it is free."""
        assert self._handle is not None
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | (fcntl.LOCK_NB if at_once else 0))
        except BlockingIOError:
            return False
        return True

    def close(self) -> None:
        """Give the lock back and close.

        Unlocked by name: closing alone would leave it to a child that was forked meanwhile.
        """
        handle, self._handle = self._handle, None
        _open_files.discard(self)
        if handle is not None:
            fcntl.flock(handle, fcntl.LOCK_UN)
            os.close(handle)

    def forget(self) -> None:
        """In a forked child: close our copy and leave the lock to the parent."""
        handle, self._handle = self._handle, None
        if handle is not None:
            os.close(handle)


class Doorman(threading.Thread):
    """Waits for a file's lock, so that whoever sent him need not wait for ever.

    Asking the lock every few milliseconds would need no thread, but starves: of six processes
    with pages of 30 ms some wrote once in 4 s while others wrote 84 times. Those that wait in
    `flock` itself wrote 20 to 24 times each.
    """

    def __init__(self, file: LockFile) -> None:
        """Prepare to wait for the lock of `file`."""
        super().__init__(name="doorman", daemon=True)
        self.file = file
        self._arrived = threading.Event()
        self._guard = threading.Lock()
        self._is_wanted = True
        self._is_gone = False

    def run(self) -> None:
        """Wait for the lock; give it back if nobody wants it any more."""
        self.file.lock()
        with self._guard:
            self._arrived.set()
            if not self._is_wanted:
                self._is_gone = True
                self.file.close()

    def take_up(self) -> bool:
        """Let one that was left waiting wait for us; False if he has gone home."""
        with self._guard:
            self._is_wanted = not self._is_gone
            return self._is_wanted

    def wait(self, seconds: float) -> bool:
        """Whether the lock has come within `seconds`; if not, he goes on waiting for the next."""
        try:
            return self._arrived.wait(seconds) or not self._leave()
        except BaseException:
            if not self._leave():
                self.file.close()
            raise

    def _leave(self) -> bool:
        """Leave him waiting; False if the lock has come meanwhile."""
        with self._guard:
            self._is_wanted = self._arrived.is_set()
            return not self._is_wanted


_queue = FifoLock()
_open_files: set[LockFile] = set()
# Who was left waiting for a file; touched only by whoever holds the process's own queue.
_left: dict[str, Doorman] = {}


def _start_anew() -> None:
    """In a forked child, where no other thread lives and every lock is the parent's."""
    _queue.reset()
    _left.clear()
    for file in _open_files:
        file.forget()
    _open_files.clear()


os.register_at_fork(after_in_child=_start_anew)


@contextmanager
def one_writer(database_path: str, *, wait_seconds: float) -> Iterator[None]:
    """Hold the right to write to the SQLite file at `database_path`.

    Raises:
        WaitedTooLong: others have written for `wait_seconds` without a gap for us.
    """
    deadline = time.monotonic() + wait_seconds
    if not _queue.acquire(wait_seconds):
        raise WaitedTooLong
    try:
        file = _take_lock(f"{database_path}.write", deadline)
        try:
            yield
        finally:
            file.close()
    finally:
        _queue.release()


def _take_lock(path: str, deadline: float) -> LockFile:
    doorman = _left.pop(path, None)
    if doorman is None or not doorman.take_up():
        file = LockFile(path)
        try:
            if file.lock(at_once=True):
                return file
            doorman = Doorman(file)
            doorman.start()
        except BaseException:
            file.close()
            raise
    if doorman.wait(max(0.0, deadline - time.monotonic())):
        return doorman.file
    _left[path] = doorman
    raise WaitedTooLong
