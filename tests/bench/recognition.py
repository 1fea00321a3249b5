"""Recognition: decisions in process, and questions over HTTP against one worker.

The rate over HTTP is also told as a ratio to bare Flask on the same server, worker and run.
"""

import socket
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from membership.rules import Facts, Question, decide
from membership.rules.facts import Clause, GradeFact, SignatureFact, TermFact, VersionFact
from tests.bench.harness import Figure, figure, migrated_databases, percentile, start_bare
from tests.node import KEY, Node, open_node

SOCIETIES = ("math", "phys", "comp", "mech")
GRADES = ("ordinary", "senior", "fellow")
T0 = datetime(2026, 1, 1, tzinfo=UTC)
CLIENTS = 4
SIZES = {"short": (20_000, 4.0), "full": (200_000, 20.0)}


def run(scale: str, kinds: list[str]) -> list[Figure]:
    """Measure decisions in process, then questions over HTTP on each database."""
    questions, seconds = SIZES[scale]
    found = [_decide(questions)]
    for kind in kinds:
        with TemporaryDirectory(prefix="bench-recognition-") as home:
            found += _over_http(kind, Path(home), seconds)
    return found


def _decide(count: int) -> Figure:
    facts = _world(persons=5000)
    asked = [
        Question(f"p{n % 5000}", SOCIETIES[n % 4], "member-price", T0 + timedelta(days=n % 400))
        for n in range(count)
    ]
    decide(asked[0], facts)
    # Of CPU time: the machine is shared, and one process does nothing else meanwhile.
    started = time.process_time()
    made = [decide(question, facts) for question in asked]
    rate = count / (time.process_time() - started)
    positive = sum(1 for decision in made if decision.recognised)
    return figure(
        "recognition.decide",
        rate,
        unit="decisions/s of CPU time",
        n=count,
        at_least=20_000,
        control=f"{positive} recognised, {count - positive} not",
    )


def _world(persons: int) -> Facts:
    """Three societies with agreements in both directions; every person is in two of four."""
    pairs = (("math", "comp"), ("math", "phys"), ("phys", "comp"))
    grades = tuple((grade, grade) for grade in GRADES)
    benefits = frozenset({"member-price"})
    return Facts(
        grades=tuple(
            GradeFact(f"{society}-{code}", T0, society=society, code=code, rank=rank)
            for society in SOCIETIES
            for rank, code in enumerate(GRADES)
        ),
        versions=tuple(
            VersionFact(
                f"{one}-{other}",
                T0,
                T0 + timedelta(days=1000),
                agreement=f"{one}-{other}",
                parties=frozenset({one, other}),
                clauses=(
                    Clause(1, one, other, benefits, grades),
                    Clause(2, other, one, benefits, grades),
                ),
            )
            for one, other in pairs
        ),
        signatures=tuple(
            SignatureFact(f"{one}-{other}-{by}", T0, version_id=f"{one}-{other}", society=by)
            for one, other in pairs
            for by in (one, other)
        ),
        terms=tuple(_terms(persons)),
    )


def _terms(persons: int) -> Iterator[TermFact]:
    for n in range(persons):
        for turn in range(2):
            yield TermFact(
                f"t{n}-{turn}",
                T0 + timedelta(days=n % 90),
                T0 + timedelta(days=365 + n % 7),
                person=f"p{n}",
                society=SOCIETIES[(n + turn) % 4],
                class_code="individual",
                grade=GRADES[n % 3],
            )


def _over_http(kind: str, home: Path, seconds: float) -> list[Figure]:
    with migrated_databases(kind, home) as fresh:
        url = fresh()
        with open_node(home, url) as node:
            request, statements = _prepare(node)
            address = node.start_web(workers=1, threads=CLIENTS)
            _load(address, request, seconds / 4)
            rates, times = _load(address, request, seconds)
            bare = start_bare(node, threads=CLIENTS)
            _load(bare, b"GET / HTTP/1.1\r\nHost: bench\r\n\r\n", seconds / 4)
            base, _ = _load(bare, b"GET / HTTP/1.1\r\nHost: bench\r\n\r\n", seconds)
    told = {"database": kind, "n": len(times)}
    return [
        figure(
            "recognition.http.rate",
            rates,
            unit="requests/s per worker",
            at_least=300,
            control=f"{rates / base:.3f} of bare Flask ({base:.0f}/s)",
            **told,
        ),
        figure(
            "recognition.http.p99",
            percentile(times, 99) * 1000,
            unit=f"ms at {CLIENTS} clients",
            at_most=50,
            **told,
        ),
        figure("recognition.http.statements", statements, unit="statements", at_most=6, **told),
    ]


def _prepare(node: Node) -> tuple[bytes, int]:
    """Fill the database, and give the request and how many statements it takes."""
    import wsgi
    from auth.services.authorizations import issue_client_token
    from auth.services.clients import get_client
    from consortium.kernel.db import db
    from consortium.kernel.unit_of_work import unit_of_work
    from tests.auth.browsing import register_site
    from tests.conftest import settings_for
    from tests.membership import houses
    from tests.membership.statements import count_statements

    settings = settings_for(node.database_url, node.home / "filled", secret_keys=(KEY,))
    app = wsgi.create_app(settings=settings)
    with app.app_context():
        houses.register(*SOCIETIES)
        houses.agree("math", "comp", houses.clause("math", "comp", {"senior": "fellow"}))
        houses.agree("math", "phys", houses.clause("math", "phys", {"senior": "senior"}))
        for number in range(200):
            houses.join("math", f"M{number:04d}")
        site = register_site(grant_types=("client_credentials",), scope="api", redirect_uris=())
        with unit_of_work():
            token = issue_client_token(get_client(site.client.client_id), scope="api").token
        path = "/api/v1/recognitions?person=math:M0007&host=comp&benefit=member-price"
        client, headers = app.test_client(), {"Authorization": f"Bearer {token}"}
        assert client.get(path, headers=headers).get_json()["recognised"] is True
        with count_statements() as seen:
            client.get(path, headers=headers)
        db.session.remove()
        db.engine.dispose()
    lines = (f"GET {path} HTTP/1.1", "Host: localhost", f"Authorization: Bearer {token}", "", "")
    return "\r\n".join(lines).encode(), len(seen)


def _load(address: str, request: bytes, seconds: float) -> tuple[float, Sequence[float]]:
    """Send one request after another over CLIENTS connections; give rate and latencies."""
    end = time.perf_counter() + seconds
    with ThreadPoolExecutor(CLIENTS) as pool:
        held = [pool.submit(_visit, address, request, end) for _ in range(CLIENTS)]
        times = [taken for visit in held for taken in visit.result()]
    return len(times) / seconds, times


def _visit(address: str, request: bytes, end: float) -> list[float]:
    place = urlsplit(address)
    times: list[float] = []
    with socket.create_connection((place.hostname, place.port), timeout=30) as line:
        while time.perf_counter() < end:
            started = time.perf_counter()
            line.sendall(request)
            _read_answer(line)
            times.append(time.perf_counter() - started)
    return times


def _read_answer(line: socket.socket) -> None:
    """Read one answer of known length, and insist that it is 200."""
    data = b""
    while b"\r\n\r\n" not in data:
        more = line.recv(65536)
        if not more:
            raise ConnectionError("the server closed the connection")
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise AssertionError(data[:500])
    length = next(
        int(row.split(b":")[1]) for row in head.lower().split(b"\r\n")
        if row.startswith(b"content-length")
    )  # fmt: skip
    while len(body) < length:
        body += line.recv(65536)
