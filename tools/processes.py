"""Processes, ports and the folder of a run of `tools/run.py`."""

import ctypes
import fcntl
import gc
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

HOST = "127.0.0.1"
RUN_FILE = "run.lock"
ENDING_SECONDS = 30
PR_SET_PDEATHSIG = 1


def _find_prctl() -> Callable[[int, int], int] | None:
    """Look the system call up before any fork; a child should not have to load a library."""
    return ctypes.CDLL(None).prctl if sys.platform == "linux" else None


PRCTL = _find_prctl()


class Children:
    """The processes of this run; all of them end with it."""

    def __init__(self) -> None:
        self._forked: list[int] = []
        self._started: list[subprocess.Popen[bytes]] = []

    def fork(self, body: Callable[[], object]) -> None:
        """Run `body` in a child that shares what has been loaded."""
        gc.freeze()
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            _end_with(parent)
            _become(body)
        self._forked.append(pid)

    def start(self, command: list[str], environment: dict[str, str], log: Path) -> None:
        """Start a program in a process group of its own: Ctrl-C reaches only us."""
        parent = os.getpid()
        with log.open("ab") as told:
            self._started.append(
                subprocess.Popen(
                    command,
                    env=environment,
                    start_new_session=True,
                    stdout=told,
                    stderr=told,
                    preexec_fn=lambda: _end_with(parent),  # noqa: PLW1509  no thread runs yet
                )
            )

    def wait_for_any(self) -> int:
        """Wait until one of the processes ends by itself; that is an error."""
        pid, status = os.wait()
        print(f"process {pid} has ended; stopping the others", file=sys.stderr)
        self._forked = [other for other in self._forked if other != pid]
        return os.waitstatus_to_exitcode(status) or 1

    def end(self) -> None:
        """Ask all to end, then make them."""
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        pids = [*self._forked, *(child.pid for child in self._started)]
        for number, patience in ((signal.SIGTERM, 5.0), (signal.SIGKILL, 2.0)):
            pids = [pid for pid in pids if _signal(pid, number)]
            pids = _wait_for(pids, patience)


def _end_with(parent: int) -> None:
    """Be told to end when the process that started us is gone, `kill -9` included; on Linux."""
    if PRCTL is None:
        return
    PRCTL(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        os._exit(1)


def _become(body: Callable[[], object]) -> NoReturn:
    os.setsid()
    code = 1
    try:
        body()
        code = 0
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else 0
    except BaseException:
        sys.excepthook(*sys.exc_info())
    os._exit(code)


def _signal(pid: int, number: int) -> bool:
    try:
        os.killpg(pid, number)
    except ProcessLookupError:
        return False
    return True


def _wait_for(pids: list[int], patience: float) -> list[int]:
    left, deadline = set(pids), time.monotonic() + patience
    while left and time.monotonic() < deadline:
        for pid in list(left):
            try:
                if os.waitpid(pid, os.WNOHANG)[0]:
                    left.discard(pid)
            except ChildProcessError:
                left.discard(pid)
        time.sleep(0.02)
    return list(left)


def hold_folder(folder: Path, *, address: str) -> None:
    """Hold a data folder for this run, or end the process and say who holds it.

    The lock is held by whatever comes of this run, so it outlives a run that was killed until
    the last of its processes has ended; that is waited for.
    """
    deadline, told = time.monotonic() + ENDING_SECONDS, False
    handle = os.open(folder / RUN_FILE, os.O_RDWR | os.O_CREAT, 0o600)
    while not _lock(handle):
        pid, where = _who_runs(handle)
        if pid is not None and _is_running(pid):
            sys.exit(
                f"The node of {folder} is running already: process {pid}, {where}. End that "
                "first, or give this one a folder of its own in CONSORTIUM_DATA_DIR."
            )
        if time.monotonic() > deadline:
            sys.exit(f"Processes of an earlier run still hold {folder}/{RUN_FILE}. End them first.")
        if not told:
            print(f"Waiting for an earlier run on {folder} to end ...", flush=True)
        told = True
        time.sleep(0.2)
    os.ftruncate(handle, 0)
    os.pwrite(handle, f"{os.getpid()} {address}\n".encode(), 0)


def _lock(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _who_runs(handle: int) -> tuple[int | None, str]:
    pid, _, address = os.pread(handle, 200, 0).decode("ascii", "replace").partition(" ")
    return (int(pid) if pid.isdecimal() else None), address.strip()


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except OSError:
        return False
    return True


def is_free(port: int) -> bool:
    """Whether nobody listens at a port of this machine."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
