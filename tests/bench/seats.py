"""Seats: registrations over HTTP against two web processes, more people than seats.

Each request registers another person, recognition decided and kept, at one hot pool. The
judge holds the clients' answers and a fresh read of the database.
"""

import http.client
import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from tests.bench.harness import Figure, figure, migrated_databases, percentile
from tests.node import KEY, Node, open_node

SIZES = {"short": (400, 300), "full": (4000, 3000)}
CLIENTS = 16
WORKERS = 2


@dataclass(frozen=True)
class Prepared:
    """An event of so many seats, and who wants one."""

    path: str
    token: str
    numbers: Sequence[str]


@dataclass(frozen=True)
class Outcome:
    """What one client was answered."""

    status: int
    code: str
    seconds: float


def run(scale: str, kinds: list[str]) -> list[Figure]:
    """Measure on each database."""
    people, seats = SIZES[scale]
    found: list[Figure] = []
    for kind in kinds:
        with TemporaryDirectory(prefix="bench-seats-") as folder:
            home = Path(folder)
            home.chmod(0o755)
            found += _measure(kind, home, people, seats)
    return found


def _measure(kind: str, home: Path, people: int, seats: int) -> list[Figure]:
    with migrated_databases(kind, home) as fresh:
        url = fresh()
        with open_node(home, url) as node:
            made = _prepare(node, people, seats)
            address = node.start_web(workers=WORKERS, threads=CLIENTS // WORKERS)
            started = time.perf_counter()
            outcomes = _load(address, made)
            seconds = time.perf_counter() - started
            active, taken = _read_seats(node, made)
    seated = [outcome for outcome in outcomes if outcome.status == 201]
    full = sum(1 for outcome in outcomes if outcome.code == "event-full")
    others = len(outcomes) - len(seated) - full
    told = {"database": kind, "n": len(outcomes)}
    return [
        figure("seats.rate", len(seated) / seconds, unit="registrations/s", **told),
        figure(
            "seats.p99",
            percentile([outcome.seconds for outcome in seated], 99) * 1000,
            unit=f"ms at {CLIENTS} clients",
            **told,
        ),
        figure(
            "seats.oversold",
            max(active, taken, len(seated)) - seats,
            unit="seats",
            at_most=0,
            ok=active == taken == len(seated) == seats and others == 0,
            control=f"{len(seated)} seated, {full} full, {others} others; {seats} seats",
            **told,
        ),
    ]


def _prepare(node: Node, people: int, seats: int) -> Prepared:
    """Make hosts, members, the event and a program's token."""
    import wsgi
    from auth.services.authorizations import issue_client_token
    from auth.services.clients import get_client
    from consortium.kernel.clock import read_now
    from consortium.kernel.db import db
    from consortium.kernel.unit_of_work import unit_of_work
    from events.values import Mode, Quota
    from tests.auth.browsing import register_site
    from tests.conftest import settings_for
    from tests.events.worlds import build_house
    from tests.membership import houses

    app = wsgi.create_app(
        settings=settings_for(node.database_url, node.home / "filled", secret_keys=(KEY,))
    )
    with app.app_context():
        house = build_house()
        starts = read_now() + timedelta(days=30)
        event = house.publish(
            starts_at=starts,
            ends_at=starts + timedelta(days=2),
            quotas=(Quota(None, Mode.ON_SITE, seats),),
        )
        numbers = [f"M{number:05d}" for number in range(people)]
        with unit_of_work():
            for number in numbers:
                houses.join("math", number)
        site = register_site(
            society="math", grant_types=("client_credentials",), scope="api", redirect_uris=()
        )
        with unit_of_work():
            token = issue_client_token(get_client(site.client.client_id), scope="api").token
        db.session.remove()
        db.engine.dispose()
    return Prepared(f"/api/v1/events/{event.id}/registrations", token, numbers)


def _load(address: str, made: Prepared) -> list[Outcome]:
    shares = [made.numbers[start::CLIENTS] for start in range(CLIENTS)]
    with ThreadPoolExecutor(CLIENTS) as pool:
        held = [pool.submit(_register_all, address, made, share) for share in shares]
        return [outcome for each in held for outcome in each.result()]


def _register_all(address: str, made: Prepared, numbers: Sequence[str]) -> list[Outcome]:
    place = urlsplit(address)
    found = []
    line = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
    for number in numbers:
        headers = {
            "Authorization": f"Bearer {made.token}",
            "Content-Type": "application/json",
            "Idempotency-Key": number,
        }
        started = time.perf_counter()
        line.request("POST", made.path, json.dumps({"person": f"math:{number}"}), headers)
        answer = line.getresponse()
        body = json.loads(answer.read())
        seconds = time.perf_counter() - started
        found.append(Outcome(answer.status, str(body.get("code", "")), seconds))
    line.close()
    return found


def _read_seats(node: Node, made: Prepared) -> tuple[int, int]:
    """Read active registrations and taken seats afresh."""
    import sqlalchemy as sa

    import wsgi
    from consortium.kernel.db import db
    from events.models import EventQuota, Registration
    from tests.conftest import settings_for

    app = wsgi.create_app(
        settings=settings_for(node.database_url, node.home / "filled", secret_keys=(KEY,))
    )
    with app.app_context():
        active = sa.select(sa.func.count()).where(Registration.status != "cancelled")
        taken = sa.select(sa.func.sum(EventQuota.taken))
        answer = (db.session.scalar(active) or 0, db.session.scalar(taken) or 0)
        db.session.remove()
        db.engine.dispose()
    return answer
