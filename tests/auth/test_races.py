"""Single use by several processes at once: one wins, nobody fails."""

import threading
from collections import Counter
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from auth import models
from auth.errors import LastOperator
from auth.services import enrolment, grants, one_time_codes
from auth.services.enrolment import Added, add_account
from consortium.kernel.crypto import digest
from consortium.kernel.db import db
from consortium.kernel.principal import SYSTEM
from consortium.kernel.settings import Settings
from consortium.kernel.unit_of_work import reading, unit_of_work
from tests.auth import racer
from tests.auth.browsing import PASSWORD, Site, sign_in
from tests.auth.racer import Thing
from tests.conftest import settings_for
from tests.nursery import FORKED

PROCESSES = 4


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    """Codes live as long as a busy machine may need to start the racers."""
    lives = {"authorization_code_seconds": 3600, "one_time_code_seconds": 3600}
    return settings_for(database_url, tmp_path / "var", **lives)


def race(settings: Settings, things: list[Thing]) -> list[Counter[str]]:
    """The outcomes of each thing, over all processes."""
    barrier = FORKED.Barrier(PROCESSES)
    place = settings.database_url, settings.data_dir
    pipes = [FORKED.Pipe(duplex=False) for _ in range(PROCESSES)]
    racers = [
        FORKED.Process(target=racer.run, args=(barrier, place, things, answers))
        for _, answers in pipes
    ]
    for each in racers:
        each.start()
    lines = []
    for heard, answers in pipes:
        # Held by the racer alone, it tells her end too.
        answers.close()
        assert heard.poll(racer.SECONDS), "the racer is silent"
        lines.append(heard.recv())
    for each in racers:
        each.join(timeout=30)
    assert {each.exitcode for each in racers} == {0}
    return [Counter(each) for each in zip(*lines, strict=True)]


ONE_WINS = Counter({"won": 1, "lost": PROCESSES - 1})


@reading
def rows(query: sa.Select[object]) -> list[object]:
    return list(db.session.scalars(query))


def make_sms_code(person_id: UUID) -> Thing:
    with unit_of_work() as uow:
        challenge = one_time_codes.make_code(
            uow, purpose="sign-in", person_id=person_id, channel="mobile", to="+8613800138000"
        )
        uow.execute(
            sa.update(models.OneTimeCode)
            .where(models.OneTimeCode.id == challenge)
            .values(code_digest=digest(f"{challenge}|123456", one_time_codes.PURPOSE))
        )
    return "code", {"challenge": str(challenge), "code": "123456"}


def test_single_use_things_are_used_once(
    settings: Settings, site: Site, client: FlaskClient, member: Added
) -> None:
    sign_in(client)
    codes = [site.obtain_code() for _ in range(25)]
    things: list[Thing] = [
        *(("redeem", {"code": code, "client_id": site.client_id}) for code in codes),
        *(make_sms_code(member.person_id) for _ in range(25)),
        *(
            (
                "link",
                {
                    "token": enrolment.invite_operator(SYSTEM),
                    "identifier": f"op{number}@node.example",
                },
            )
            for number in range(5)
        ),
    ]
    assert race(settings, things) == [ONE_WINS] * 55
    revoked = rows(sa.select(models.AccessToken.revoked_at))
    assert len(revoked) == 25
    assert None not in revoked
    # One sign-in of her own, one a code, one a link; one account of her own, one a link.
    assert len(rows(sa.select(models.SignInSession.id))) == 1 + 25 + 5
    assert len(rows(sa.select(models.Account.id))) == 1 + 5


def test_two_operators_do_not_end_each_other(app: Flask) -> None:
    ids = [
        grants.list_grants(
            add_account(
                SYSTEM, name="Op", email=f"{name}@node.example", password=PASSWORD, role="operator"
            ).person_id
        )[0].id
        for name in ("a", "b")
    ]
    outcomes: list[str] = []

    def end_the_second() -> None:
        with app.app_context():
            try:
                grants.end_grant(SYSTEM, grant_id=ids[1])
                outcomes.append("ended")
            except LastOperator as refusal:
                outcomes.append(refusal.code)

    other = threading.Thread(target=end_the_second)
    with unit_of_work():
        grants.end_grant(SYSTEM, grant_id=ids[0])
        other.start()
        # Who does not wait for this transaction is done by then, and has counted on the first.
        other.join(timeout=0.5)
    other.join(timeout=30)
    assert outcomes == ["last-operator"]
