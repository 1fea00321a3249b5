"""A node in processes of its own, for campaigns and benchmarks: database, web, workers.

Every process is started in a session of its own, writes to a log file of its own and is ended
with `close`, whatever state it is in. Every wait has an end.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.error import URLError

from tests.nursery import Forked, Nursery

ROOT = Path(__file__).parents[1]
KEY = "campaign-key-" + "k" * 32
STARTED = '"event": "worker.started"'


class TookTooLong(AssertionError):
    """Something that should have happened by now has not."""


def wait_until(is_true: Callable[[], object], *, seconds: float, what: str) -> None:
    """Ask every 50 ms until the answer is true.

    Raises:
        TookTooLong: it was not within `seconds`.
    """
    end = time.monotonic() + seconds
    while not is_true():
        if time.monotonic() > end:
            raise TookTooLong(f"{what}: not within {seconds:g} s")
        time.sleep(0.05)


def free_port() -> int:
    """A port of loopback that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Child:
    """One process of the node."""

    process: subprocess.Popen[bytes] | Forked
    log: Path
    frozen: bool = False

    @property
    def is_alive(self) -> bool:
        """Whether it has not ended; a frozen one lives."""
        return self.process.poll() is None

    def has_told(self, text: str) -> bool:
        """Whether its log holds `text`."""
        return text in self.log.read_text(encoding="utf-8", errors="replace")

    @property
    def is_working(self) -> bool:
        """A worker that runs and has opened its loops."""
        return self.is_alive and not self.frozen and self.has_told(STARTED)

    def kill(self) -> None:
        """`kill -9`, the whole session; a frozen process dies of it too."""
        self._signal(signal.SIGKILL)
        self.process.wait(timeout=10)

    def freeze(self) -> None:
        """SIGSTOP."""
        self._signal(signal.SIGSTOP)
        self.frozen = True

    def thaw(self) -> None:
        """SIGCONT."""
        self._signal(signal.SIGCONT)
        self.frozen = False

    def stop(self, *, seconds: float = 30) -> int:
        """SIGTERM, and its exit code; killed if it does not end in time.

        Raises:
            TookTooLong: it had to be killed.
        """
        if self.frozen:
            self.thaw()
        self._signal(signal.SIGTERM)
        try:
            return self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise TookTooLong(f"{self.log.name} ignored SIGTERM for {seconds:g} s") from None

    def _signal(self, number: int) -> None:
        if self.is_alive:
            os.killpg(self.process.pid, number)


@dataclass
class Node:
    """What the processes of one node share.

    Attributes:
        home: folder for logs and the node's data.
        database_url: a migrated database.
        app: what FLASK_APP names.
        settings: further settings, by their short names.
        nursery: forks the processes that are spawned; else each loads the program itself.
    """

    home: Path
    database_url: str
    app: str = "wsgi"
    settings: Mapping[str, object] = field(default_factory=dict)
    children: list[Child] = field(default_factory=list)
    nursery: Nursery | None = None

    @property
    def kind(self) -> str:
        """`sqlite` or `postgresql`."""
        return "sqlite" if self.database_url.startswith("sqlite") else "postgresql"

    def environ(self, app: str | None = None) -> dict[str, str]:
        """The environment of a process of this node."""
        told = {
            "DATABASE_URL": self.database_url,
            "DATA_DIR": self.home / "var",
            "SECRET_KEYS": KEY,
            "MAIL_URL": f"file:{self.home}/mail",
            "SMS_URL": f"file:{self.home}/sms.txt",
            **{name.upper(): value for name, value in self.settings.items()},
        }
        kept = {k: v for k, v in os.environ.items() if not k.startswith("CONSORTIUM_")}
        path = os.pathsep.join([str(ROOT), kept.get("PYTHONPATH", "")])
        return kept | {
            "FLASK_APP": app or self.app,
            "PYTHONPATH": path,
            **{f"CONSORTIUM_{name}": str(value) for name, value in told.items()},
        }

    def spawn(self, module: str, *words: str, name: str, app: str | None = None) -> Child:
        """Start `python -m MODULE WORDS...`."""
        self.home.mkdir(parents=True, exist_ok=True)
        path = self.home / f"{name}-{len(self.children)}.log"
        start = self.nursery.start if self.nursery else _start
        path.touch()
        child = Child(start(module, *words, env=self.environ(app), log=path), path)
        self.children.append(child)
        return child

    def start_worker(self, app: str | None = None) -> Child:
        """Start `flask consortium work`, as `make work` does."""
        return self.spawn("flask", "consortium", "work", name="worker", app=app)

    def start_web(self, *, workers: int = 1, threads: int = 4) -> str:
        """Start `flask consortium serve`, as `make serve` does; its address once it answers."""
        port = free_port()
        address = f"http://127.0.0.1:{port}"
        self.settings = {"issuer": f"http://localhost:{port}", **self.settings}
        self.settings = {"web_workers": workers, "web_threads": threads, **self.settings}
        child = self.spawn(
            "flask", "consortium", "serve", "--port", str(port), name="web", app=self.app
        )
        wait_until(
            lambda: not child.is_alive or _answers(f"{address}/livez"), seconds=60, what="web"
        )
        assert child.is_alive, child.log.read_text()[-2000:]
        return address

    def flask(
        self,
        *arguments: str,
        exits: tuple[int, ...] = (0,),
        stdin: str = "",
        as_list: bool = False,
    ) -> Any:
        """Run a command with --json and give its object, or the list of its lines."""
        done = subprocess.run(
            [*FLASK, *arguments, "--json"],
            cwd=ROOT, env=self.environ(), input=stdin.encode(), capture_output=True, timeout=120,
            check=False,
        )  # fmt: skip
        if done.returncode not in exits:
            raise AssertionError(
                f"flask {' '.join(arguments)}: exit {done.returncode}\n"
                f"{done.stdout.decode()[-2000:]}\n{done.stderr.decode()[-2000:]}"
            )
        lines = [json.loads(line) for line in done.stdout.decode().splitlines() if line.strip()]
        return lines if as_list else lines[0]

    def close(self) -> None:
        """End every process that is left, frozen ones too."""
        for child in self.children:
            if child.is_alive:
                child.kill()


FLASK = (sys.executable, "-m", "flask")


def _start(module: str, *words: str, env: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as told:
        return subprocess.Popen(
            (sys.executable, "-m", module, *words),
            cwd=ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=told,
            stderr=told,
            start_new_session=True,
        )


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


@contextmanager
def open_node(
    home: Path,
    database_url: str,
    app: str = "wsgi",
    *,
    nursery: Nursery | None = None,
    **settings: object,
) -> Iterator[Node]:
    """A node whose processes all end with the block."""
    node = Node(home, database_url, app, settings, nursery=nursery)
    try:
        yield node
    finally:
        node.close()
