"""The change feed under eight writers: every committed change once and no other (bar 4).

The truth is what the writers wrote into their own logs after each commit. A reader follows the
feed meanwhile. Two naive readers follow the same history by plain SQL, one by `id > cursor`,
one by `position > cursor`; they are the control and lose what commits out of order.
"""

import re
import sqlite3
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import requests

from tests.campaigns.writer import TOPIC
from tests.node import Child, Node, wait_until

WRITERS = 8
# SQLite's writers stand in one queue: a held transaction stops everybody, so each holds one.
HOLDS = {
    "postgresql": ["0.02"] * WRITERS,
    "sqlite": ["1.6s", "0.8s", "0.4s", "0.2s", "0.1s", "0.1s", "0.05s", "0.05s"],
}
Pages = Callable[[str | None], tuple[Sequence[dict[str, Any]], str, str]]


@dataclass
class Outcome:
    """What was committed, what arrived, and what the naive readers lost."""

    committed: int
    transactions: int
    rolled_back: int
    longest_hold: float
    seconds: float
    missing: int
    repeated: int
    foreign: int
    lag_p99_seconds: float
    lost_by_id: int
    lost_by_position: int


@dataclass
class Follower:
    """Follows something in a thread of its own until it is told that no more will come."""

    read: Callable[[], list[str]]
    pause: float
    end: Callable[[], None] = lambda: None
    seen: list[str] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    error: BaseException | None = None

    def __post_init__(self) -> None:
        self._last = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            while True:
                is_last = self._last.is_set()
                found = self.read()
                self.seen += found
                self.at += [time.time()] * len(found)
                if not found:
                    if is_last:
                        return
                    time.sleep(self.pause)
        except BaseException as error:  # noqa: BLE001  raised in the parent
            self.error = error
        finally:
            self.end()

    def finish(self, *, seconds: float) -> list[str]:
        """Read to the end and give what was seen."""
        self._last.set()
        self._thread.join(timeout=seconds)
        assert self.error is None, self.error
        assert not self._thread.is_alive(), "the reader does not come to an end"
        return self.seen


class PlainSql:
    """A query of one place `{}` on a connection of its own, read only, nothing of ours."""

    def __init__(self, node: Node, query: str) -> None:
        self.query = query.format("?" if node.kind == "sqlite" else "%s")
        self.connection: Any
        if node.kind == "sqlite":
            path = node.database_url.removeprefix("sqlite:///")
            self.connection = sqlite3.connect(
                f"file:{path}?mode=ro", uri=True, check_same_thread=False, isolation_level=None
            )
        else:
            url = node.database_url.replace("postgresql+psycopg://", "postgresql://")
            self.connection = psycopg.connect(url, autocommit=True)

    def run(self, after: object) -> list[tuple[Any, ...]]:
        """The rows after a place."""
        rows: list[tuple[Any, ...]] = self.connection.execute(self.query, (after,)).fetchall()
        return rows

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()


def naive_reader(node: Node, column: str) -> Follower:
    """A reader that asks for what is greater than the greatest it has seen."""
    last: list[Any] = ["" if column == "key" else 0]
    history = PlainSql(
        node,
        f"SELECT {column}, key FROM outbox WHERE topic = '{TOPIC}' AND {column} > {{}}"
        f" ORDER BY {column} LIMIT 500",
    )

    def read() -> list[str]:
        rows = history.run(last[0])
        if rows:
            last[0] = rows[-1][0]
        return [key for _, key in rows]

    return Follower(read, pause=0.02, end=history.close)


def feed_reader(pages: Pages) -> Follower:
    """A reader that follows the cursor from page to page."""
    cursor: list[str | None] = [None]

    def read() -> list[str]:
        records, cursor[0], _head = pages(cursor[0])
        return [record["key"] for record in records if record["topic"] == TOPIC]

    return Follower(read, pause=0.05)


def start_writers(node: Node, seconds: float, seed: int) -> list[tuple[Child, Path]]:
    """Start the writers and wait until all stand at the line."""
    writers = []
    for number, holds in enumerate(HOLDS[node.kind]):
        log = node.home / f"writer-{number}.txt"
        child = node.spawn(
            "tests.campaigns.writer", str(log), str(seconds),
            str(seed * 100 + number), holds, name="writer",
        )  # fmt: skip
        writers.append((child, log))
    wait_until(
        lambda: all(child.has_told("ready") for child, _ in writers), seconds=90, what="writers"
    )
    return writers


def run_feed(node: Node, pages: Pages, *, seconds: float, seed: int = 1) -> Outcome:
    """Let the writers write while the readers read; then count."""
    node.start_worker()
    writers = start_writers(node, seconds, seed)
    reader = feed_reader(pages)
    naive = {column: naive_reader(node, column) for column in ("key", "position")}
    begun = time.monotonic()
    for _, log in writers:
        Path(f"{log}.go").touch()
    for child, _ in writers:
        child.process.wait(timeout=seconds + 60)
    taken = time.monotonic() - begun
    logs = [log.read_text().split() for _, log in writers]
    committed = {key for keys in logs for key in keys}
    wait_until(lambda: len(reader.seen) >= len(committed), seconds=60, what="the whole feed")
    arrived = Counter(reader.finish(seconds=60))
    counts = [_counts(child) for child, _ in writers]
    return Outcome(
        committed=len(committed),
        transactions=sum(count[0] for count in counts),
        rolled_back=sum(count[1] for count in counts),
        longest_hold=max(count[2] for count in counts),
        seconds=taken,
        missing=len(committed - arrived.keys()),
        repeated=sum(count - 1 for count in arrived.values()),
        foreign=len(arrived.keys() - committed),
        lag_p99_seconds=_lag_p99(node, reader),
        lost_by_id=len(committed - set(naive["key"].finish(seconds=60))),
        lost_by_position=len(committed - set(naive["position"].finish(seconds=60))),
    )


def _counts(child: Child) -> tuple[int, int, float]:
    found = re.search(r"committed (\d+) rolled-back (\d+) longest ([\d.]+)", child.log.read_text())
    assert found, child.log.read_text()[-2000:]
    return int(found[1]), int(found[2]), float(found[3])


def _lag_p99(node: Node, reader: Follower) -> float:
    """99th percentile of the time from a transaction's instant to its arrival, holds included."""
    query = f"SELECT key, at FROM outbox WHERE topic = '{TOPIC}' AND position > {{}}"
    with closing(PlainSql(node, query)) as history:
        told = {key: _epoch_seconds(at) for key, at in history.run(0)}
    lags = sorted(seen - told[key] for key, seen in zip(reader.seen, reader.at, strict=True))
    return lags[int(len(lags) * 0.99)] if lags else 0.0


def _epoch_seconds(at: Any) -> float:
    instant = datetime.fromisoformat(at) if isinstance(at, str) else at
    return float((instant if instant.tzinfo else instant.replace(tzinfo=UTC)).timestamp())


def http_pages(node: Node, address: str, *, limit: int = 200) -> Pages:
    """Pages of `GET /api/v1/feed` with an operator's token, as a program outside reads them."""
    known = node.flask(
        "auth", "client", "add", "--name", "Reader", "--grant", "client_credentials",
        "--scope", "api feed:read",
    )  # fmt: skip
    session = requests.Session()
    found = session.get(f"{address}/.well-known/openid-configuration", timeout=30).json()
    token_path = urlsplit(found["token_endpoint"]).path
    told = session.post(
        f"{address}{token_path}",
        data={"grant_type": "client_credentials", "scope": "api feed:read"},
        auth=(known["client_id"], known["client_secret"]),
        timeout=30,
    )
    told.raise_for_status()
    session.headers["Authorization"] = f"Bearer {told.json()['access_token']}"

    def read(cursor: str | None) -> tuple[Sequence[dict[str, Any]], str, str]:
        query: dict[str, str | int] = {"limit": limit}
        if cursor is not None:
            query["cursor"] = cursor
        answer = session.get(f"{address}/api/v1/feed", params=query, timeout=30)
        answer.raise_for_status()
        page = answer.json()
        return page["records"], page["next"], page["head"]

    return read
