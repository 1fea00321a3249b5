"""Two societies, a member with an account, a site."""

import pytest
from flask.testing import FlaskClient

from auth.services.enrolment import Added, add_account
from consortium.kernel.principal import SYSTEM
from consortium.services.organisations import register_organisation
from tests.auth.browsing import PASSWORD, Site, register_site
from tests.conftest import Furnish


def register_two() -> tuple[str, str]:
    """Mathematics and computing."""
    register_organisation(SYSTEM, code="math", name_zh="数学会", name_en="Mathematical Society")
    register_organisation(SYSTEM, code="comp", name_zh="计算机学会", name_en="Computing Society")
    return ("math", "comp")


def register_member() -> Added:
    """The two and Zhang San, who signs in by e-mail and mobile."""
    register_two()
    return add_account(
        SYSTEM,
        name="张三",
        email="zhang@math.example",
        mobile="13800138000",
        password=PASSWORD,
    )


@pytest.fixture
def societies(furnish: Furnish) -> tuple[str, str]:
    """Mathematics and computing."""
    return furnish(register_two)


@pytest.fixture
def member(furnish: Furnish) -> Added:
    """Zhang San of these societies."""
    return furnish(register_member)


@pytest.fixture
def site(client: FlaskClient, member: Added) -> Site:
    """The computing society's site and the browser that visits it."""
    return Site(client, register_site())
