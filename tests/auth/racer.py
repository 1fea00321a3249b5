"""One of several processes that try to use the same single-use things at the same moment."""

from collections.abc import Callable
from multiprocessing.synchronize import Barrier
from pathlib import Path
from typing import Any
from uuid import UUID

import wsgi
from auth.errors import CodeRefused, LinkRefused
from auth.services import authorizations, enrolment
from auth.services.sign_in import sign_in_with_code
from tests.conftest import settings_for

SECONDS = 120
Thing = tuple[str, dict[str, str]]


def redeem(thing: dict[str, str]) -> bool:
    code = authorizations.find_code(thing["code"], thing["client_id"])
    assert code is not None
    return authorizations.redeem_code(code) is not None


def use_code(thing: dict[str, str]) -> bool:
    try:
        sign_in_with_code(challenge=UUID(thing["challenge"]), code=thing["code"], address="")
    except CodeRefused:
        return False
    return True


def use_link(thing: dict[str, str]) -> bool:
    try:
        enrolment.accept_operator_link(
            token=thing["token"],
            name="Op",
            identifier=thing["identifier"],
            password="plum-river-stone-7",
            address="",
        )
    except LinkRefused:
        return False
    return True


ACTS: dict[str, Callable[[dict[str, str]], bool]] = {
    "redeem": redeem,
    "code": use_code,
    "link": use_link,
}


def run(barrier: Barrier, place: tuple[str, Path], things: list[Thing], answers: Any) -> None:
    """Try each thing once when all are there; answer "won", "lost" or an unexpected error."""
    url, data_dir = place
    app = wsgi.create_app(settings=settings_for(url, data_dir))
    with app.app_context():
        barrier.wait(SECONDS)
        answers.send([attempt(*thing) for thing in things])


def attempt(kind: str, thing: dict[str, str]) -> str:
    try:
        return "won" if ACTS[kind](thing) else "lost"
    except Exception as error:  # noqa: BLE001  the judge wants to see whatever it was
        return repr(error)
