"""What signing in costs: processor time of the web worker, over HTTP, the password's hash apart.

A walk is what one member causes at one site: the sign-in form is sent, the site's request is
answered with a code, the code is redeemed for an ID token with name, memberships and
recognitions. Pages that are only looked at before are counted apart.
"""

import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

import requests

from tests.auth.browsing import CALLBACK, CHALLENGE, PASSWORD, VERIFIER
from tests.bench.harness import Figure, figure, migrated_databases
from tests.node import KEY, Node, open_node

WALKS = {"short": 40, "full": 300}
LIMIT_MS = 25
SCOPE = "openid profile email memberships recognitions"
EMAIL = "member@math.example"
TICK = os.sysconf("SC_CLK_TCK")


def run(scale: str, kinds: list[str]) -> list[Figure]:
    """Measure on each database."""
    figures: list[Figure] = []
    for kind in kinds:
        with tempfile.TemporaryDirectory(prefix="bench-sign-in-") as folder:
            home = Path(folder)
            home.chmod(0o755)
            figures += _measure(kind, home, WALKS[scale])
    return figures


@dataclass
class Member:
    """A browser and the site it visits, over HTTP; the site's server redeems the codes."""

    address: str
    client_id: str
    secret: str
    site: requests.Session = field(default_factory=requests.Session)

    def walk(self) -> None:
        """Sign in afresh and be signed in at the site."""
        browser = requests.Session()
        page = browser.get(f"{self.address}/sign-in", timeout=30).text
        token = page.partition('name="csrf_token" value="')[2].partition('"')[0]
        form = {"csrf_token": token, "identifier": EMAIL, "password": PASSWORD}
        answer = browser.post(
            f"{self.address}/sign-in", data=form, allow_redirects=False, timeout=30
        )
        assert answer.status_code == 303, answer.text[:500]
        self.obtain(browser)

    def look(self) -> None:
        """Only open the sign-in page, which a walk does too."""
        requests.Session().get(f"{self.address}/sign-in", timeout=30)

    def obtain(self, browser: requests.Session) -> None:
        """Get a code and redeem it."""
        asked = {
            "response_type": "code", "client_id": self.client_id, "redirect_uri": CALLBACK,
            "scope": SCOPE, "state": "s", "nonce": "n", "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }  # fmt: skip
        answer = browser.get(
            f"{self.address}/oauth/authorize?{urlencode(asked)}", allow_redirects=False, timeout=30
        )
        code = parse_qs(urlsplit(answer.headers["Location"]).query)["code"][0]
        told = self.site.post(
            f"{self.address}/oauth/token",
            data={
                "grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK,
                "code_verifier": VERIFIER,
            },
            auth=(self.client_id, self.secret),
            timeout=30,
        )  # fmt: skip
        assert "id_token" in told.json(), told.text[:500]


def _measure(kind: str, home: Path, walks: int) -> list[Figure]:
    with migrated_databases(kind, home) as fresh:
        url = fresh()
        with open_node(home, url) as node:
            made = _prepare(node)
            address = node.start_web(workers=1, threads=2)
            member = Member(address.replace("127.0.0.1", "localhost"), *made)
            member.walk()
            pid = node.children[-1].process.pid
            whole = _cpu_ms(pid, member.walk, walks)
            page = _cpu_ms(pid, member.look, walks)
    hashing = _hash_ms(walks)
    told = {"database": kind, "n": walks, "unit": "ms of CPU"}
    return [
        figure(
            "sign_in.walk",
            whole - page - hashing,
            at_most=LIMIT_MS,
            control=f"{whole:.1f} with the hash ({hashing:.1f}) and the form ({page:.1f})",
            **told,
        ),
        figure("sign_in.form", page, **told),
    ]


def _prepare(node: Node) -> tuple[str, str]:
    """A recognised member with an account who has allowed the site; the site's credentials."""
    import wsgi
    from auth.services.accounts import open_account
    from auth.services.consents import give_consent
    from consortium.kernel.db import db
    from consortium.kernel.principal import SYSTEM, Principal
    from tests.auth.browsing import register_site
    from tests.conftest import settings_for
    from tests.membership import houses

    settings = settings_for(node.database_url, node.home / "filled", secret_keys=(KEY,))
    app = wsgi.create_app(settings=settings)
    with app.app_context():
        houses.register("math", "comp")
        houses.agree("math", "comp", houses.clause("math", "comp", {"senior": "fellow"}))
        person_id = houses.person_of(houses.join("math", "M0001"))
        open_account(SYSTEM, person_id=person_id, email=EMAIL, password=PASSWORD)
        made = register_site(scope=SCOPE)
        give_consent(
            Principal(person_id=person_id),
            client_id=made.client.client_id,
            scopes=set(SCOPE.split()) - {"openid"},
        )
        db.session.remove()
        db.engine.dispose()
    assert made.secret is not None
    return made.client.client_id, made.secret


def _cpu_ms(pid: int, act: Callable[[], None], times: int) -> float:
    """Milliseconds of processor time that the server spends on one act."""
    before = _ticks(pid)
    for _ in range(times):
        act()
    return (_ticks(pid) - before) * 1000 / TICK / times


def _ticks(pid: int) -> int:
    """User and system time of a process and its children that live."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12]) + sum(_ticks(int(child)) for child in children)


def _hash_ms(times: int) -> float:
    """Milliseconds of processor time of one password check."""
    from auth.services.passwords import hash_password, verify_password

    stored = hash_password(PASSWORD)
    before = time.process_time()
    for _ in range(times):
        assert verify_password(stored, PASSWORD)
    return (time.process_time() - before) * 1000 / times
