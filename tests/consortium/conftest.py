"""A small register to start from."""

import pytest

from consortium.kernel.clock import FixedClock
from consortium.kernel.principal import SYSTEM
from consortium.services import consortia, members, organisations
from tests.conftest import Furnish

CHARTER = "第一条 成员学会地位平等。\n"


@pytest.fixture
def register(furnish: Furnish, clock: FixedClock) -> None:
    """Societies math and phys in the consortium demo, comp outside it."""
    furnish(found_register)


def found_register() -> None:
    """Make them by services."""
    for code, name_zh, name_en in (
        ("math", "数学会", "Mathematical Society"),
        ("phys", "物理學會", "Physical Society"),
        ("comp", "计算机学会", "Computer Federation"),
    ):
        organisations.register_organisation(SYSTEM, code=code, name_zh=name_zh, name_en=name_en)
    consortia.found_consortium(
        SYSTEM,
        code="demo",
        kind="consortium",
        name_zh="联合体",
        name_en="Consortium",
        charter_zh=CHARTER,
        kinds_admitted=("society",),
    )
    members.admit_member(SYSTEM, "math", consortium="demo")
    members.admit_member(SYSTEM, "phys", consortium="demo")
