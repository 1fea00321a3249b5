"""Who may do what: actor, act, verdict."""

import pytest

from consortium.kernel.principal import ANONYMOUS, SYSTEM, Grant, Principal
from think_tank.policies import (
    may_coordinate,
    may_found_institute,
    may_import_experts,
    may_search_experts,
)


def holder(role: str, kind: str, key: str = "") -> Principal:
    return Principal(grants=(Grant(role, kind, key),))


ACTORS = {
    "system": SYSTEM,
    "nobody": ANONYMOUS,
    "coordinator": holder("coordinator", "consortium", "demo"),
    "coordinator elsewhere": holder("coordinator", "consortium", "other"),
    "coordinator here": holder("coordinator", "institute", "i-1"),
    "secretariat": holder("secretariat", "consortium", "demo"),
    "secretary": holder("secretary", "society", "math"),
    "secretary elsewhere": holder("secretary", "society", "phys"),
    "organiser": holder("organiser", "society", "math"),
    "operator": holder("operator", "node"),
    "program": Principal(client_id="c", society="math", scopes=frozenset({"api"})),
    "program for the feed": Principal(
        client_id="c", society="math", scopes=frozenset({"feed:read"})
    ),
    "program of none": Principal(client_id="c", scopes=frozenset({"api"})),
}
#                          found, coordinate, import, search
TABLE = {
    "system": (True, True, True, True),
    "nobody": (False, False, False, False),
    "coordinator": (True, True, False, True),
    "coordinator elsewhere": (False, False, False, True),
    "coordinator here": (False, True, False, True),
    "secretariat": (True, False, False, True),
    "secretary": (False, False, True, True),
    "secretary elsewhere": (False, False, False, True),
    "organiser": (False, False, False, False),
    "operator": (False, False, False, True),
    "program": (False, False, False, True),
    "program for the feed": (False, False, False, False),
    "program of none": (False, False, False, False),
}


@pytest.mark.parametrize("actor", ACTORS)
def test_who_may_do_what(actor: str) -> None:
    principal = ACTORS[actor]
    verdicts = (
        may_found_institute(principal, "demo"),
        may_coordinate(principal, institute="i-1", consortium="demo"),
        may_import_experts(principal, "math"),
        may_search_experts(principal),
    )
    assert verdicts == TABLE[actor]
