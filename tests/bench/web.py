"""The web worker: its memory after it has shown the public pages, and its bare rate."""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import requests

from tests.bench.harness import Figure, figure, migrated_databases, percentile, start_bare
from tests.node import Node, open_node

ROUNDS = {"short": 3, "full": 20}
SECONDS = {"short": 2.0, "full": 10.0}
LIMIT_MIB = 200
CLIENTS = 4
PAGES = (
    "/", "/societies", "/agreements", "/events", "/verify", "/transparency", "/status",
    "/developers", "/sign-in", "/readyz", "/api/v1/organisations", "/api/v1/openapi.json",
    "/.well-known/openid-configuration", "/oauth/jwks",
)  # fmt: skip


def run(scale: str, kinds: list[str]) -> list[Figure]:
    """Measure on each database."""
    found: list[Figure] = []
    for kind in kinds:
        with TemporaryDirectory(prefix="bench-web-") as folder:
            home = Path(folder)
            with migrated_databases(kind, home) as fresh, open_node(home, fresh()) as node:
                found += _measure(kind, node, ROUNDS[scale], SECONDS[scale])
    return found


def _measure(kind: str, node: Node, rounds: int, seconds: float) -> list[Figure]:
    address = node.start_web(workers=1, threads=CLIENTS)
    (worker,) = _children(node.children[-1].process.pid)
    shown = 0
    for _ in range(rounds):
        for page in PAGES:
            shown += requests.get(f"{address}{page}", timeout=30).status_code < 500
    rate, times = _load(f"{address}/livez", seconds)
    bare, _ = _load(start_bare(node, threads=CLIENTS), seconds)
    told = {"database": kind}
    return [
        figure(
            "web.memory", _resident_mib(worker), unit="MiB", at_most=LIMIT_MIB, n=shown,
            ok=shown == rounds * len(PAGES), **told,
        ),
        figure(
            "web.livez", rate, unit="requests/s per worker", n=len(times),
            control=f"{rate / bare:.3f} of bare Flask ({bare:.0f}/s)", **told,
        ),
        figure("web.livez.p99", percentile(times, 99) * 1000, unit="ms", n=len(times), **told),
    ]  # fmt: skip


def _load(address: str, seconds: float) -> tuple[float, list[float]]:
    end = time.perf_counter() + seconds
    with ThreadPoolExecutor(CLIENTS) as pool:
        visits = [pool.submit(_visit, address, end) for _ in range(CLIENTS)]
        times = [taken for visit in visits for taken in visit.result()]
    return len(times) / seconds, times


def _visit(address: str, end: float) -> list[float]:
    times = []
    with requests.Session() as session:
        while time.perf_counter() < end:
            started = time.perf_counter()
            assert session.get(address, timeout=30).status_code == 200
            times.append(time.perf_counter() - started)
    return times


def _children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def _resident_mib(pid: int) -> float:
    (line,) = [
        line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if "VmHWM" in line
    ]
    return int(line.split()[1]) / 1024
