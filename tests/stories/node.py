"""A whole node under `make run`'s own program, and a browser without JavaScript to use it."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin

import requests

ROOT = Path(__file__).parents[2]
PASSWORD = "demo-plum-river-42"
START_SECONDS = 120
BLOCK = 60


@dataclass
class Node:
    """A running node with its two example sites; `pid` is the process that started the others."""

    issuer: str
    comp: str
    phys: str
    data_dir: Path
    database_url: str
    environment: dict[str, str] = field(repr=False, default_factory=dict)
    pid: int = 0

    def flask(self, *words: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run a `flask` command against the node's database, as an operator would."""
        return subprocess.run(
            [sys.executable, "-m", "flask", *words],
            cwd=ROOT,
            env=os.environ | self.environment,
            input=given,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )


def free_ports() -> int:
    """A port with two free ones behind it.

    Each process looks in a block of its own: two runs side by side would else find the same
    ports free, and both would take them.
    """
    block = 20000 + os.getpid() * BLOCK % 12000
    for port in range(block, block + BLOCK - 2, 3):
        with ExitStack() as opened:
            try:
                for offset in range(3):
                    opened.enter_context(socket.create_server(("127.0.0.1", port + offset)))
            except OSError:
                continue
            return port
    raise RuntimeError("no free ports")


def environment_of(database_url: str, data_dir: Path, port: int) -> dict[str, str]:
    """Give the settings of a node under `make run` that shares nothing with others."""
    return {
        "CONSORTIUM_DATABASE_URL": database_url,
        "CONSORTIUM_DATA_DIR": str(data_dir),
        "CONSORTIUM_ISSUER": f"http://localhost:{port}",
        "CONSORTIUM_MAIL_URL": f"file:{data_dir}/mail",
        "CONSORTIUM_SMS_URL": f"file:{data_dir}/sms.txt",
        "CONSORTIUM_SECRET_KEYS": "",
        "CONSORTIUM_HTTP_ALLOW": "127.0.0.0/8,::1/128",
    }


@contextmanager
def running_node(database_url: str, data_dir: Path) -> Iterator[Node]:
    """Start a node as `make run` does, wait for `ready`, and end it as Ctrl-C does."""
    port = free_ports()
    environment = environment_of(database_url, data_dir, port)
    log = (data_dir.parent / f"{data_dir.name}.log").open("w+")
    process = subprocess.Popen(
        [sys.executable, "tools/run.py", "--port", str(port)],
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
        start_new_session=True,
    )
    try:
        _wait_for_ready(process, log)
        site = "http://localhost:{}".format
        addresses = site(port), site(port + 1), site(port + 2)
        yield Node(*addresses, data_dir, database_url, environment, process.pid)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        finally:
            process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()
            log.close()


def _wait_for_ready(process: subprocess.Popen[str], log: object) -> None:
    deadline = time.monotonic() + START_SECONDS
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("ready "):
            return
        if time.monotonic() > deadline:
            break
    log.seek(0)  # type: ignore[attr-defined]
    raise RuntimeError(f"the node did not start:\n{log.read()[-4000:]}")  # type: ignore[attr-defined]


class _Forms(HTMLParser):
    """Collects the forms of a page with the values that a browser would send."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, object]] = []
        self._select: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self.forms.append({"action": given.get("action") or "", "fields": {}})
        elif self.forms and tag in {"input", "select", "textarea"} and given.get("name"):
            self._take(tag, given)
        elif self.forms and tag == "option" and self._select and "selected" in given:
            self.forms[-1]["fields"][self._select] = given.get("value") or ""  # type: ignore[index]

    def _take(self, tag: str, given: dict[str, str | None]) -> None:
        fields = self.forms[-1]["fields"]
        assert isinstance(fields, dict)
        kind = given.get("type") or "text"
        if tag == "select":
            self._select = given["name"]
        if kind in {"checkbox", "radio"} and "checked" not in given:
            return
        if kind not in {"submit", "button", "file"}:
            fields[given["name"]] = given.get("value") or ""


class Browser:
    """Follows links and redirects and sends forms, like a browser without JavaScript."""

    def __init__(self, language: str = "en") -> None:
        self.http = requests.Session()
        self.http.headers["Accept-Language"] = language
        self.page = requests.Response()

    def open(self, url: str) -> requests.Response:
        """Go to an address and where it leads."""
        self.page = self.http.get(url, timeout=30)
        return self.page

    def forms(self) -> list[dict[str, object]]:
        """The forms of the present page."""
        parser = _Forms()
        parser.feed(self.page.text)
        return parser.forms

    def send(
        self, *, having: str, files: dict[str, object] | None = None, **values: str
    ) -> requests.Response:
        """Send the first form whose action, relative or whole, contains `having`."""
        for form in self.forms():
            action = urljoin(self.page.url, str(form["action"]) or self.page.url)
            if having in action:
                fields = {**form["fields"], **values}  # type: ignore[dict-item]
                self.page = self.http.post(action, data=fields, files=files, timeout=120)  # type: ignore[arg-type]
                return self.page
        raise AssertionError(f"no form leads to {having} on {self.page.url}:\n{self.text()[:800]}")

    def text(self) -> str:
        """What a reader sees of the page, without tags."""
        body = re.sub(r"<(script|style|svg)\b.*?</\1>", " ", self.page.text, flags=re.DOTALL)
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body)).strip()

    def sign_in(self, issuer: str, identifier: str, password: str = PASSWORD) -> requests.Response:
        """Sign in at the node's own page."""
        self.open(f"{issuer}/sign-in")
        return self.send(having="/sign-in", identifier=identifier, password=password)
