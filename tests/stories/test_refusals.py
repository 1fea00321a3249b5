"""What is refused leaves no trace but in the audit: every table counts as before."""

import http.client
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import sqlalchemy as sa

from tests.stories import people
from tests.stories.node import Browser, Node
from tests.stories.relying import CALLBACK, VERIFIER, authorize_address, code_for, redeem

MEBIBYTE = 1 << 20
# Audit and what carries it, attempts that are counted, and the worker's own clock.
UNCOUNTED = {"audit", "audit_head", "outbox", "change", "throttle", "job_run"}


@pytest.fixture(scope="module")
def database(node: Node) -> Iterator[sa.Engine]:
    """The node's database, by SQL of our own."""
    engine = sa.create_engine(node.database_url.replace("postgresql://", "postgresql+psycopg://"))
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def secretary(node: Node) -> Browser:
    """The secretary of math."""
    return people.sit_down(node, "secretary@math.example")


@pytest.fixture(scope="module")
def she(node: Node) -> Browser:
    """The member of math."""
    return people.sit_down(node, people.HER)


@pytest.fixture(scope="module")
def site(node: Node) -> dict[str, Any]:
    """A site of comp whose callback nobody listens at."""
    return people.add_client(node, "--redirect-uri", CALLBACK, "--scope", "openid profile")


def count(database: sa.Engine) -> dict[str, int]:
    with database.connect() as connection:
        names = set(sa.inspect(connection).get_table_names()) - UNCOUNTED
        return {
            name: connection.scalar(sa.text(f'SELECT count(*) FROM "{name}"')) or 0
            for name in sorted(names)
        }


@contextmanager
def nothing_kept(database: sa.Engine) -> Iterator[None]:
    """Compare every table's count before and after."""
    before = count(database)
    yield
    assert count(database) == before


@pytest.mark.parametrize(
    "changes",
    [
        {"client_id": "unknown"},
        {"redirect_uri": "http://localhost:9/elsewhere"},
        {"redirect_uri": "http://localhost:9/callback/../x"},
        {"redirect_uri": "https://evil.example/callback"},
        {"redirect_uri": ""},
    ],
)
def test_a_request_that_cannot_be_trusted_gets_a_page_and_no_redirect(
    node: Node, database: sa.Engine, she: Browser, site: dict[str, Any], changes: dict[str, str]
) -> None:
    address = authorize_address(node, **({"client_id": site["client_id"]} | changes))
    with nothing_kept(database):
        for browser in (she, Browser()):
            answer = browser.http.get(address, allow_redirects=False, timeout=30)
            assert (answer.status_code, answer.headers.get("Location")) == (400, None)
            assert answer.headers["Content-Type"].startswith("text/html")
            assert 'href="https://evil' not in answer.text


def test_a_replayed_code_is_an_invalid_grant(
    node: Node, database: sa.Engine, she: Browser, site: dict[str, Any]
) -> None:
    code = code_for(node, she, site["client_id"])
    first = redeem(node, site, code, VERIFIER)
    assert first.status_code == 200, first.text
    with nothing_kept(database):
        again = redeem(node, site, code, VERIFIER)
        assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    headers = {"Authorization": f"Bearer {first.json()['access_token']}"}
    told = requests.get(f"{node.issuer}/oauth/userinfo", headers=headers, timeout=30)
    assert told.status_code == 401  # Who replays has stolen the code: what it gave is revoked.


def test_a_wrong_verifier_is_an_invalid_grant(
    node: Node, database: sa.Engine, she: Browser, site: dict[str, Any]
) -> None:
    code = code_for(node, she, site["client_id"])
    with nothing_kept(database):
        wrong = redeem(node, site, code, "w" * 64)
        assert (wrong.status_code, wrong.json()["error"]) == (400, "invalid_grant")


def test_a_foreign_csrf_token_is_refused(
    node: Node, database: sa.Engine, secretary: Browser
) -> None:
    other = people.sit_down(node, "secretary@phys.example")
    other.open(f"{node.issuer}/s/phys/import")
    address = f"{node.issuer}/s/math/import"
    file = {"file": ("r.csv", "会员号,姓名\nX1,张三\n".encode())}
    with nothing_kept(database):
        for token in (people.token_of(other), "", "forged"):
            answer = secretary.http.post(
                address, data={"csrf_token": token}, files=file, timeout=30
            )
            assert answer.status_code == 400
            assert 'data-code="csrf-failed"' in answer.text
        program = secretary.http.post(
            f"{node.issuer}/api/v1/events", json={},
            headers={"X-CSRFToken": people.token_of(other)}, timeout=30,
        )  # fmt: skip
        assert (program.status_code, program.json()["code"]) == (400, "csrf-failed")


def test_a_pdf_named_xlsx_is_unreadable(
    node: Node, database: sa.Engine, secretary: Browser
) -> None:
    secretary.open(f"{node.issuer}/s/math/import")
    with nothing_kept(database):
        secretary.send(having="/s/math/import", files={"file": ("名册.xlsx", b"%PDF-1.7\n%abc")})
        assert secretary.page.status_code == 422
        assert 'data-code="roster-unreadable"' in secretary.page.text


def web_processes(node: Node) -> list[int]:
    """The node's own processes: the one that started the others, and its forks."""
    parents: dict[int, int] = {}
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            after_name = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(status.parent.name)] = int(after_name[1])
    found = [node.pid]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def memory(pid: int, name: str) -> int:
    """A figure of a process's memory in bytes: VmRSS now, VmHWM at its highest."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(rf"^{name}:\s+(\d+) kB", status, re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def send_200_mib(node: Node, browser: Browser, *, chunked: bool) -> tuple[int, str]:
    """Stream an upload; a server may answer and close before it has all of it."""
    connection = http.client.HTTPConnection(urlsplit(node.issuer).netloc, timeout=120)
    connection.putrequest("POST", "/s/math/import")
    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in browser.http.cookies)
    length = ("Transfer-Encoding", "chunked") if chunked else ("Content-Length", 200 * MEBIBYTE)
    kind = "multipart/form-data; boundary=frontier"
    for name, value in (("Cookie", cookies), ("Content-Type", kind), length):
        connection.putheader(str(name), str(value))
    connection.endheaders()
    head = b'--frontier\r\nContent-Disposition: form-data; name="file"; filename="r.xlsx"\r\n\r\n'
    try:
        for part in (head, *[bytes(MEBIBYTE - len(head))] * 200):
            connection.send(b"%x\r\n%s\r\n" % (len(part), part) if chunked else part)
    except (BrokenPipeError, ConnectionResetError):
        pass
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text


@pytest.mark.parametrize("chunked", [False, True], ids=["declared", "chunked"])
def test_200_mib_are_refused_without_being_held_in_memory(
    node: Node, database: sa.Engine, secretary: Browser, chunked: bool
) -> None:
    watched = web_processes(node)
    assert len(watched) >= 4
    before = {pid: memory(pid, "VmRSS") for pid in watched}
    for pid in watched:
        # Let the highest mark begin anew (proc(5), clear_refs).
        Path(f"/proc/{pid}/clear_refs").write_text("5")
    with nothing_kept(database):
        status, text = send_200_mib(node, secretary, chunked=chunked)
    assert (status, 'data-code="upload-too-large"' in text) == (413, True)
    grown = {pid: memory(pid, "VmHWM") - before[pid] for pid in watched}
    assert max(grown.values()) <= 50 * MEBIBYTE, grown


def test_an_unknown_grade_is_named_where_an_agreement_has_it(
    node: Node, database: sa.Engine, secretary: Browser
) -> None:
    secretary.open(f"{node.issuer}/s/math/import")
    headers = {"X-CSRFToken": people.token_of(secretary)}
    agreements = f"{node.issuer}/api/v1/agreements"
    held = requests.get(agreements, timeout=30).json()["items"]
    known = next(str(one["id"]) for one in held if sorted(one["parties"]) == ["math", "phys"])
    version = {
        "since": "2030-01-01T00:00:00Z",
        "until": "2031-01-01T00:00:00Z",
        "clauses": [
            {"home": "math", "host": "phys", "benefits": ["membership"],
             "grades": {"duke": "fellow"}}
        ],
    }  # fmt: skip
    with nothing_kept(database):
        answer = secretary.http.post(
            f"{agreements}/{known}/versions", json=version, headers=headers, timeout=30
        )
        assert (answer.status_code, answer.json()["code"]) == (422, "grade-unknown"), answer.text
        assert answer.json()["errors"][0]["pointer"] == "/clauses/0/grades/duke"


def test_another_societys_roster_is_not_there_and_the_attempt_is_audited(
    node: Node, database: sa.Engine, secretary: Browser
) -> None:
    def denied() -> int:
        statement = "SELECT count(*) FROM audit WHERE action = 'membership.roster.denied'"
        with database.connect() as connection:
            return connection.scalar(sa.text(statement)) or 0

    secretary.open(f"{node.issuer}/s/math/import")
    token = people.token_of(secretary)
    before = denied()
    with nothing_kept(database):
        assert secretary.open(f"{node.issuer}/s/phys/import").status_code == 404
        sent = secretary.http.post(
            f"{node.issuer}/s/phys/import",
            data={"csrf_token": token},
            files={"file": ("r.csv", "会员号,姓名\nX1,张三\n".encode())},
            timeout=30,
        )
        assert sent.status_code == 404
    assert denied() == before + 2
