"""Runs a whole node on this machine: database, demonstration, web, worker, example sites.

Started by `make run`. Ctrl-C ends everything. A second start finds all it needs and is quick:
the program is loaded once and the processes are forked from it.
"""

import argparse
import fcntl
import gc
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from flask import Flask

ROOT = Path(__file__).parents[1]
SITES = (("comp", 1), ("phys", 2))
METRICS_OFFSET = 9
START_SECONDS = 60
HOST = "127.0.0.1"


def main() -> int:
    """Start everything, tell where it is, wait for the end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=8000)
    port: int = parser.parse_args().port
    os.chdir(ROOT)
    _refuse_taken_ports(port)
    os.environ.setdefault("CONSORTIUM_ISSUER", f"http://localhost:{port}")
    os.environ.setdefault("CONSORTIUM_HTTP_ALLOW", "127.0.0.0/8,::1/128")
    metrics_port = os.environ.setdefault("CONSORTIUM_METRICS_PORT", str(port + METRICS_OFFSET))
    sys.path.insert(0, str(ROOT))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    children = Children()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(0))
    try:
        app = _load()
        shown, clients = _prepare(app, port)
        children.fork(lambda: _serve(app, port))
        children.fork(lambda: _work(app))
        for code, offset in SITES:
            log = _site_log(app, code)
            children.start(_site_command(code), _site_environment(clients[code], port, offset), log)
        _watch_terminal()
        _wait_until_ready(port)
        _tell(shown, port, metrics_port)
        return children.wait_for_any()
    except KeyboardInterrupt:
        return 0
    finally:
        children.end()


def _watch_terminal() -> None:
    """End with the terminal, also where `make` leads the session and keeps the hang-up."""
    if sys.stdin is None or sys.stdin.closed or not sys.stdin.isatty():
        return
    terminal = select.poll()
    terminal.register(sys.stdin.fileno(), 0)

    def watch() -> None:
        terminal.poll()
        os.kill(os.getpid(), signal.SIGHUP)

    threading.Thread(target=watch, daemon=True).start()


class Children:
    """The processes of this run; all of them end with it."""

    def __init__(self) -> None:
        self._forked: list[int] = []
        self._started: list[subprocess.Popen[bytes]] = []

    def fork(self, body: Callable[[], object]) -> None:
        """Run `body` in a child that shares what has been loaded."""
        gc.freeze()
        pid = os.fork()
        if pid == 0:
            _become(body)
        self._forked.append(pid)

    def start(self, command: list[str], environment: dict[str, str], log: Path) -> None:
        """Start a program in a process group of its own: Ctrl-C reaches only us."""
        with log.open("ab") as told:
            self._started.append(
                subprocess.Popen(
                    command, env=environment, start_new_session=True, stdout=told, stderr=told
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


def _refuse_taken_ports(port: int) -> None:
    for wanted in (port, *(port + offset for _, offset in SITES)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, wanted))
            except OSError:
                sys.exit(f"Port {wanted} is taken. Choose another: make run PORT={port + 10}")


def _load() -> Flask:
    import wsgi

    return wsgi.app


def _prepare(app: Flask, port: int) -> tuple[dict[str, Any], dict[str, dict[str, str]]]:
    """Bring the schema up, load the demonstration into an empty database, register the sites."""
    from consortium.kernel import demo, migrating
    from consortium.kernel.db import db
    from consortium.kernel.settings import ISSUER_FILE, current_settings

    with app.app_context(), _one_start_at_a_time(current_settings().data_dir):
        if not migrating.is_current():
            print("Bringing the database to the newest schema ...", flush=True)
            migrating.upgrade()
        if demo.is_cut_short():
            _put_aside()
            # This process knows the file that has gone and would make no other in its place.
            os.execv(sys.executable, [sys.executable, *sys.argv])
        if demo.is_empty():
            print("Loading the demonstration ...", flush=True)
            demo.load_demo()
        clients = {code: _site_client(code, port + offset) for code, offset in SITES}
        shown = demo.show_demo()
        # So that commands in another terminal name the same addresses.
        (current_settings().data_dir / ISSUER_FILE).write_text(shown["issuer"] + "\n")
        db.session.remove()
        db.engine.dispose()
    return shown, clients


@contextmanager
def _one_start_at_a_time(folder: Path) -> Iterator[None]:
    """Let a second start beside this one wait for the demonstration instead of taking it apart."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "start.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _put_aside() -> None:
    """Move away a demonstration that was cut short while it was loaded; nothing is deleted."""
    from consortium.kernel.db import db, dialect_name
    from consortium.kernel.settings import current_settings

    if dialect_name() != "sqlite":
        sys.exit(
            "Loading the demonstration into this database was cut short. "
            "Start again with an empty database."
        )
    database = Path(str(db.engine.url.database))
    db.session.remove()
    db.engine.dispose()
    home = current_settings().data_dir
    aside = home / f"cut-short-{time.strftime('%Y%m%d-%H%M%S')}"
    aside.mkdir()
    for path in (*database.parent.glob(f"{database.name}*"), *home.glob("audit-heads*.jsonl")):
        path.rename(aside / path.name)
    told = f"The demonstration was cut short at an earlier start; that is kept in {aside}."
    print(told, flush=True)


def _site_client(code: str, port: int) -> dict[str, str]:
    """The site's registration; its secret is kept beside the database, as a site would."""
    from auth.services import clients
    from auth.values import ClientWish
    from consortium.kernel.principal import SYSTEM
    from consortium.kernel.settings import current_settings

    kept = current_settings().data_dir / "sites" / f"{code}-{port}.json"
    if kept.exists():
        known: dict[str, str] = json.loads(kept.read_text(encoding="utf-8"))
        if clients.find_client(known["client_id"]):
            return known
    address = f"http://localhost:{port}"
    wish = ClientWish(
        name=f"Example site of {code}",
        society=code,
        redirect_uris=(f"{address}/callback",),
        post_logout_redirect_uris=(f"{address}/",),
        scope="openid profile memberships recognitions",
    )
    metadata = clients.register_client(SYSTEM, wish).as_metadata()
    made = {name: str(metadata[name]) for name in ("client_id", "client_secret")}
    _let_demo_members_in(made["client_id"], wish.scope)
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.touch(mode=0o600)
    kept.write_text(json.dumps(made), encoding="utf-8")
    return made


def _let_demo_members_in(client_id: str, scope: str) -> None:
    """The demonstration's members have allowed the example sites; anybody else is asked."""
    from auth.demo import list_members
    from auth.services.consents import give_consent
    from consortium.kernel.principal import Principal

    for person_id in list_members():
        give_consent(Principal(person_id=person_id), client_id=client_id, scopes=scope.split())


def _site_command(code: str) -> list[str]:
    folder = ROOT / "examples" / "sites" / code
    return [str(folder / ".venv" / "bin" / "python"), str(folder / "site.py")]


def _site_log(app: Flask, code: str) -> Path:
    from consortium.kernel.settings import current_settings

    with app.app_context():
        return current_settings().data_dir / "sites" / f"{code}.log"


def _site_environment(client: dict[str, str], port: int, offset: int) -> dict[str, str]:
    told = {
        "ISSUER": f"http://localhost:{port}",
        "CLIENT_ID": client["client_id"],
        "CLIENT_SECRET": client["client_secret"],
        "PORT": str(port + offset),
    }
    return {"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1"} | told


def _serve(app: Flask, port: int) -> None:
    from dataclasses import replace

    from consortium.kernel import serving
    from consortium.kernel import settings as settings_module

    # One process with threads is enough here, and starts at once.
    own = app.extensions[settings_module.EXTENSION]
    app.extensions[settings_module.EXTENSION] = replace(own, web_workers=1)
    serving.serve(app, host=HOST, port=port)


def _work(app: Flask) -> None:
    from consortium.kernel.scheduler.worker import Worker

    Worker(app).run()


def _wait_until_ready(port: int) -> None:
    addresses = [f"http://{HOST}:{port}/readyz"]
    addresses += [f"http://{HOST}:{port + offset}/whoami" for _, offset in SITES]
    deadline = time.monotonic() + START_SECONDS
    for address in addresses:
        while not _answers(address):
            if time.monotonic() > deadline:
                sys.exit(f"{address} does not answer; see the messages above")
            time.sleep(0.05)


def _answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2):
            return True
    except urllib.error.HTTPError as answer:
        return answer.code == 401
    except OSError:
        return False


def _tell(shown: dict[str, Any], port: int, metrics_port: str) -> None:
    print("\nDemonstration sign-ins:")
    for account in shown.get("accounts", []):
        print(f"  {account['role']:<12} {account['identifier']:<28} {account['password']}")
    print("\nExample sites:")
    for code, offset in SITES:
        print(f"  {code:<12} http://localhost:{port + offset}")
    if metrics_port != "0":
        print(f"\nMetrics:\n  http://{HOST}:{metrics_port}/metrics")
    print("\nEnd with Ctrl-C.\n")
    print(f"ready http://localhost:{port}", flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        # Before anything was started.
        sys.exit(0)
