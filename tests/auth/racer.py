"""One of several processes that try to use the same single-use things at the same moment.

    python -m tests.auth.racer DATABASE_URL DATA_DIR

Reads a JSON list of (kind, thing), says "ready", waits for a second line, tries each thing once and
prints one line for each: "won", "lost" or an unexpected error.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import wsgi
from auth.errors import CodeRefused, LinkRefused
from auth.services import authorizations, enrolment
from auth.services.sign_in import sign_in_with_code
from tests.conftest import settings_for


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


def main() -> None:
    url, data_dir = sys.argv[1:]
    things = json.loads(sys.stdin.readline())
    app = wsgi.create_app(settings=settings_for(url, Path(data_dir)))
    with app.app_context():
        print(json.dumps("ready"), flush=True)
        sys.stdin.readline()
        for kind, thing in things:
            try:
                outcome = "won" if ACTS[kind](thing) else "lost"
            except Exception as error:  # noqa: BLE001  the judge wants to see whatever it was
                outcome = repr(error)
            print(json.dumps(outcome), flush=True)


if __name__ == "__main__":
    main()
