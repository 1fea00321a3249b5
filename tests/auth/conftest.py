"""Two societies, a member with an account, a site."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from auth.services.enrolment import Added, add_account
from consortium.kernel.principal import SYSTEM
from consortium.services.organisations import register_organisation
from tests.auth.browsing import PASSWORD, Site, register_site


@pytest.fixture
def societies(app: Flask) -> tuple[str, str]:
    """Mathematics and computing."""
    register_organisation(SYSTEM, code="math", name_zh="数学会", name_en="Mathematical Society")
    register_organisation(SYSTEM, code="comp", name_zh="计算机学会", name_en="Computing Society")
    return ("math", "comp")


@pytest.fixture
def member(societies: tuple[str, str]) -> Added:
    """Zhang San, who signs in by e-mail and mobile."""
    return add_account(
        SYSTEM,
        name="张三",
        email="zhang@math.example",
        mobile="13800138000",
        password=PASSWORD,
    )


@pytest.fixture
def site(client: FlaskClient, member: Added) -> Site:
    """The computing society's site and the browser that visits it."""
    return Site(client, register_site())
