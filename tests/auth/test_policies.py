"""Who may do what: actor, question, verdict."""

import pytest

from auth.policies import may_grant_role, may_manage_accounts, may_manage_clients
from consortium.kernel.ids import new_id
from consortium.kernel.principal import ANONYMOUS, SYSTEM, Grant, Principal


def holding(role: str, kind: str, key: str = "") -> Principal:
    return Principal(person_id=new_id(), grants=(Grant(role, kind, key),))


MEMBER = Principal(person_id=new_id())
OPERATOR = holding("operator", "node")
ADMIN = holding("society_admin", "society", "math")
SECRETARY = holding("secretary", "society", "math")
SECRETARIAT = holding("secretariat", "consortium", "demo")


@pytest.mark.parametrize(
    ("actor", "kind", "key", "verdict"),
    [
        (ANONYMOUS, "society", "math", False),
        (ANONYMOUS, "event", "e-1", False),
        (MEMBER, "society", "math", False),
        (MEMBER, "node", "", False),
        (MEMBER, "event", "e-1", True),
        (SECRETARY, "society", "math", False),
        (ADMIN, "society", "math", True),
        (ADMIN, "society", "phys", False),
        (ADMIN, "consortium", "demo", False),
        (ADMIN, "node", "", False),
        (SECRETARIAT, "consortium", "demo", True),
        (SECRETARIAT, "consortium", "other", False),
        (SECRETARIAT, "society", "math", False),
        (OPERATOR, "society", "math", True),
        (OPERATOR, "node", "", True),
        (SYSTEM, "node", "", True),
    ],
)
def test_who_gives_roles(actor: Principal, kind: str, key: str, verdict: bool) -> None:
    assert may_grant_role(actor, kind=kind, key=key) == verdict


@pytest.mark.parametrize(
    ("actor", "society", "verdict"),
    [
        (ANONYMOUS, None, False),
        (MEMBER, "math", False),
        (SECRETARY, "math", False),
        (ADMIN, "math", True),
        (ADMIN, "phys", False),
        (ADMIN, None, False),
        (OPERATOR, None, True),
        (OPERATOR, "math", True),
        (SYSTEM, None, True),
    ],
)
def test_who_registers_clients(actor: Principal, society: str | None, verdict: bool) -> None:
    assert may_manage_clients(actor, society) == verdict


@pytest.mark.parametrize(
    ("actor", "verdict"), [(ANONYMOUS, False), (ADMIN, False), (OPERATOR, True), (SYSTEM, True)]
)
def test_who_opens_accounts(actor: Principal, verdict: bool) -> None:
    assert may_manage_accounts(actor) == verdict
