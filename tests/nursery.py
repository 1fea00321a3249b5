"""Starts processes of a node from one that has loaded the program, as `make run` does.

    python -m tests.nursery

A campaign starts dozens of processes, and each would spend two seconds of a core on loading the
same modules. Here each is forked from one process that has loaded the modules and has done
nothing else: it has built no application, opened no database and drawn no identifier. From then
on it is what `python -m MODULE` is: an environment, a session and a log of its own, `__main__`
anew, an end by itself, and `kill -9` or SIGSTOP hits it alone.

Orders come in as lines of JSON, answers go out: a process id, or the code of who has ended.
"""

import gc
import json
import multiprocessing
import os
import runpy
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
LOADED = (
    "alembic.command", "auth.feature", "consortium.feature", "consortium.kernel.app",
    "consortium.kernel.cli", "events.feature", "flask.cli", "membership.feature", "psycopg",
    "sqlalchemy.dialects.postgresql.psycopg", "sqlalchemy.dialects.sqlite.pysqlite",
    "think_tank.feature",
)  # fmt: skip
POLL_SECONDS = 0.01
# For races within one function of a test: the same, with pipes and barriers.
FORKED = multiprocessing.get_context("forkserver")
FORKED.set_forkserver_preload([*LOADED])


class Forked:
    """A process of the nursery; used like a `Popen`."""

    def __init__(self, nursery: "Nursery", pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._nursery = nursery

    def poll(self) -> int | None:
        """Its exit code, if it has ended."""
        if self.returncode is None:
            self.returncode = self._nursery.ask({"ended": self.pid})
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, once it has ended.

        Raises:
            subprocess.TimeoutExpired: it has not, within `timeout` seconds.
        """
        end = None if timeout is None else time.monotonic() + timeout
        while (code := self.poll()) is None:
            if end is not None and time.monotonic() > end:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0.0)
            time.sleep(POLL_SECONDS)
        return code


class Nursery:
    """The process that others are forked from, started with the first of them."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None

    def start(self, module: str, *words: str, env: Mapping[str, str], log: Path) -> Forked:
        """Start `python -m MODULE WORDS...` in a session of its own, in the project's folder."""
        order = {"module": module, "words": words, "env": dict(env), "log": str(log)}
        pid = self.ask(order)
        assert pid is not None
        return Forked(self, pid)

    def ask(self, order: dict[str, Any]) -> int | None:
        """Give an order and wait for the answer."""
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.nursery"],
                cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                start_new_session=True,
            )  # fmt: skip
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(order) + "\n")
        process.stdin.flush()
        answer: int | None = json.loads(process.stdout.readline())
        return answer

    def close(self) -> None:
        """End it; who was forked has been ended by who asked for her."""
        if self._process is not None:
            self._process.communicate(timeout=10)


def _serve() -> tuple[str, ...] | None:
    """Fork whoever is ordered: her command in the child, None in the parent at the end."""
    for line in iter(sys.stdin.readline, ""):
        order = json.loads(line)
        if "ended" in order:
            answer = _find_code(order["ended"])
        else:
            answer = os.fork()
            if not answer:
                return _become(order)
        print(json.dumps(answer), flush=True)
    return None


def _find_code(pid: int) -> int | None:
    found, status = os.waitpid(pid, os.WNOHANG)
    return os.waitstatus_to_exitcode(status) if found else None


def _become(order: dict[str, Any]) -> tuple[str, ...]:
    os.setsid()
    log = os.open(order["log"], os.O_WRONLY | os.O_APPEND)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (log, 1), (log, 2)):
        os.dup2(source, target)
    os.closerange(3, max(nothing, log) + 1)
    os.environ.clear()
    os.environ.update(order["env"])
    return order["module"], *order["words"]


def main() -> None:
    """Load the modules, serve; in a child, run what was ordered."""
    # As wsgi.py does: nothing of what is loaded now is rubbish.
    gc.disable()
    for name in LOADED:
        __import__(name)
    gc.freeze()
    ordered = _serve()
    if ordered is None:
        return
    module, *words = ordered
    sys.argv = [module, *words]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
