"""Where the processes of a node keep their figures, so that one of them can answer for all.

Below the data folder each start has a folder, and each of its processes files with a number of
their own. Who holds the lock of a folder or a number lives; the system lets go of it however a
process ends. The next process of the start goes on in the files of one that died, and the next
start removes what starts that have ended left behind. A folder on another disk or of another
node is never touched.
"""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

LOCK = "lock"
# Given whole: a page of a file with holes that meets a full disk ends the process by a signal.
SIZES = {"counter": 256 * 1024, "histogram": 4 * 1024 * 1024}


def open_folder(root: Path) -> Path:
    """Make the folder of this start, held until the last process that comes of it has ended.

    Raises:
        OSError: it cannot be made.
    """
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _one_at_a_time(root):
        for old in root.iterdir():
            if old.is_dir() and not _is_held(old / LOCK):
                shutil.rmtree(old, ignore_errors=True)
        folder = Path(tempfile.mkdtemp(dir=root))
        _take(folder / LOCK)
    return folder


def take_number(folder: Path) -> int:
    """Take the lowest number that no living process of this start has, with its files.

    Raises:
        OSError: there is no room for them.
    """
    number = next(number for number in count(1) if _take(folder / f"{number}.{LOCK}"))
    for kind, size in SIZES.items():
        handle = os.open(folder / f"{kind}_{number}.db", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            os.posix_fallocate(handle, 0, size)
        finally:
            os.close(handle)
    return number


def find_files(root: Path) -> list[str]:
    """The files of every process of the node."""
    return [str(path) for path in root.glob("*/*_*.db")]


def wait_for_turn(root: Path) -> None:
    """Wait until no other process of the node answers; the turn lasts as long as the process.

    Raises:
        OSError: the folder cannot be used.
    """
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    fcntl.flock(_open(root / "answering"), fcntl.LOCK_EX)


def _take(path: Path) -> bool:
    """Take a lock for as long as this process and its children live."""
    handle = _open(path)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return False
    return True


def _is_held(path: Path) -> bool:
    if not path.exists():
        return False
    handle = _open(path)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


@contextmanager
def _one_at_a_time(root: Path) -> Iterator[None]:
    handle = _open(root / LOCK)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _open(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
