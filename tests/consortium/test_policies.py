"""Who may do what: actor, act, verdict."""

import pytest

from consortium import policies
from consortium.kernel.principal import ANONYMOUS, SYSTEM, Grant, Principal

OPERATOR = Principal(grants=(Grant("operator", "node"),))
SECRETARIAT = Principal(grants=(Grant("secretariat", "consortium", "demo"),))
OTHER_SECRETARIAT = Principal(grants=(Grant("secretariat", "consortium", "other"),))
SECRETARY = Principal(grants=(Grant("secretary", "society", "math"),))
ADMIN = Principal(grants=(Grant("society_admin", "society", "math"),))
ORGANISER = Principal(grants=(Grant("organiser", "society", "math"),))
ACTORS = (ANONYMOUS, SYSTEM, OPERATOR, SECRETARIAT, OTHER_SECRETARIAT, SECRETARY, ADMIN, ORGANISER)
#           nobody system operator secretariat other secretary admin organiser
TABLE = {
    "register": (False, True, True, False, False, False, False, False),
    "govern demo": (False, True, True, True, False, False, False, False),
    "branches of math": (False, True, True, False, False, True, True, False),
    "branches of phys": (False, True, True, False, False, False, False, False),
    "keep peers": (False, True, True, False, False, False, False, False),
    "see links of math": (False, True, True, False, False, True, False, False),
}


@pytest.mark.parametrize("act", TABLE)
def test_who_may(act: str) -> None:
    asked = {
        "register": policies.may_register,
        "govern demo": lambda who: policies.may_govern(who, "demo"),
        "branches of math": lambda who: policies.may_keep_branches(who, "math"),
        "branches of phys": lambda who: policies.may_keep_branches(who, "phys"),
        "keep peers": policies.may_keep_peers,
        "see links of math": lambda who: policies.may_see_links(who, "math"),
    }

    assert tuple(asked[act](actor) for actor in ACTORS) == TABLE[act]
