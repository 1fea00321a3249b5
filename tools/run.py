"""Runs a whole node on this machine: database, demonstration, web, worker, example sites.

Started by `make run`. Ctrl-C ends everything. A second start finds all it needs and is quick:
the program is loaded once and the processes are forked from it.
"""

import argparse
import fcntl
import json
import os
import select
import signal
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Flask
from processes import Children, hold_folder, is_free

ROOT = Path(__file__).parents[1]
SITES = (("comp", 1), ("phys", 2))
METRICS_OFFSET = 9
START_SECONDS = 60
HOST = "127.0.0.1"
PREFIX = "CONSORTIUM_"


def main() -> int:
    """Start everything, tell where it is, wait for the end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=_port, default=8000)
    port: int = parser.parse_args().port
    os.chdir(ROOT)
    _read_settings(port)
    sys.path.insert(0, str(ROOT))
    signal.signal(signal.SIGINT, signal.default_int_handler)
    children = Children()
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(0))
    try:
        app = _load()
        _hold_folder(app, port)
        _refuse_taken_ports(port)
        metrics_port = _free_metrics_port(app)
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


def _port(text: str) -> int:
    """A port with room behind it for the example sites."""
    most = 65535 - max(offset for _, offset in SITES)
    if not (text.isascii() and text.isdecimal()) or not 1 <= int(text[:9]) <= most:
        raise argparse.ArgumentTypeError(f"takes a whole number of at least 1 and at most {most}")
    return int(text)


def _read_settings(port: int) -> None:
    """Take the settings as every command does; ours stand in where none is given."""
    from flask.cli import load_dotenv

    try:
        load_dotenv()
    except ValueError as fault:
        sys.exit(f".env: takes lines NAME=VALUE in UTF-8 ({fault})")
    own = f"http://localhost:{port}"
    given = os.environ.setdefault(f"{PREFIX}ISSUER", own).strip()
    host = urlsplit(given).hostname if given.startswith("http://") else None
    if given != own and host in {"localhost", "127.0.0.1", "::1"}:
        print(f"{PREFIX}ISSUER is {given}; this run takes {own}.", flush=True)
        os.environ[f"{PREFIX}ISSUER"] = own
    os.environ.setdefault(f"{PREFIX}HTTP_ALLOW", "127.0.0.0/8,::1/128")
    # One process with threads is enough here, and starts at once.
    os.environ.setdefault(f"{PREFIX}WEB_WORKERS", "1")
    metrics_port = port + METRICS_OFFSET
    os.environ.setdefault(f"{PREFIX}METRICS_PORT", str(metrics_port if metrics_port < 65536 else 0))


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


def _hold_folder(app: Flask, port: int) -> None:
    """Refuse a second run on this data folder: its worker would work on the same files."""
    from consortium.kernel.settings import current_settings

    with app.app_context():
        folder = current_settings().data_dir.absolute()
    hold_folder(folder, address=f"http://localhost:{port}")


def _refuse_taken_ports(port: int) -> None:
    for wanted in (port, *(port + offset for _, offset in SITES)):
        if not is_free(wanted):
            sys.exit(f"Port {wanted} is taken. Choose another: make run PORT={_other_port(port)}")


def _other_port(port: int) -> int:
    return port + 10 if port < 65000 else 8000


def _free_metrics_port(app: Flask) -> int:
    """The port of /metrics; 0, and said, if another program has it."""
    from dataclasses import replace

    from consortium.kernel import settings as settings_module

    own = app.extensions[settings_module.EXTENSION]
    port: int = own.metrics_port
    if not port or is_free(port):
        return port
    print(
        f"Port {port} is taken, so this run has no /metrics; {PREFIX}METRICS_PORT names another.",
        flush=True,
    )
    app.extensions[settings_module.EXTENSION] = replace(own, metrics_port=0)
    return 0


def _load() -> Flask:
    import wsgi

    return wsgi.app


def _prepare(app: Flask, port: int) -> tuple[dict[str, Any], dict[str, dict[str, str]]]:
    """Bring the schema up, load the demonstration into an empty database, register the sites."""
    from consortium.kernel import demo, migrating
    from consortium.kernel.cli import refusals_told
    from consortium.kernel.db import db
    from consortium.kernel.key_ring import check_master_keys
    from consortium.kernel.settings import ISSUER_FILE, current_settings

    with (
        app.app_context(),
        refusals_told(as_json=False),
        _one_start_at_a_time(current_settings().data_dir),
    ):
        _refuse_a_node_for_others(current_settings().issuer)
        if not migrating.is_current():
            # Refused before it is announced if it cannot be done.
            migrating.check_known()
            print("Bringing the database to the newest schema ...", flush=True)
            migrating.upgrade()
        check_master_keys()
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


def _refuse_a_node_for_others(issuer: str) -> None:
    if urlsplit(issuer).hostname not in {"localhost", "127.0.0.1", "::1"}:
        sys.exit(
            f"{PREFIX}ISSUER is {issuer}, and `make run` is the demonstration on this machine "
            "alone. Run that node with make db, make serve and make work."
        )


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
    from consortium.kernel import serving

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


def _tell(shown: dict[str, Any], port: int, metrics_port: int) -> None:
    print("\nDemonstration sign-ins:")
    for account in shown.get("accounts", []):
        print(f"  {account['role']:<12} {account['identifier']:<28} {account['password']}")
    print("\nExample sites:")
    for code, offset in SITES:
        print(f"  {code:<12} http://localhost:{port + offset}")
    if metrics_port:
        print(f"\nMetrics:\n  http://{HOST}:{metrics_port}/metrics")
    print("\nEnd with Ctrl-C.\n")
    print(f"ready http://localhost:{port}", flush=True)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        # Before anything was started.
        sys.exit(0)
