"""The demonstration's officers. Its members come with the rosters (membership)."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import sqlalchemy as sa

from auth import models
from auth.services.enrolment import add_account
from auth.values import DEMO_PASSWORD
from consortium.kernel.db import db
from consortium.kernel.principal import SYSTEM
from consortium.kernel.settings import current_settings
from consortium.kernel.unit_of_work import reading

SITES = (("comp", 1), ("phys", 2))
OFFICERS = (
    ("secretary@math.example", "周静", "secretary", "math"),
    ("secretary@phys.example", "吴敏", "secretary", "phys"),
    ("secretary@comp.example", "郑洁", "secretary", "comp"),
    ("secretary@mech.example", "冯涛", "secretary", "mech"),
    ("organiser@comp.example", "许宏", "organiser", "comp"),
    ("coordinator@demo.example", "韩颖", "coordinator", "demo"),
    ("secretariat@demo.example", "曹斌", "secretariat", "demo"),
    ("operator@demo.example", "彭勇", "operator", ""),
)


def load_demo() -> None:
    """Open an account for every officer."""
    for email, name, role, key in OFFICERS:
        add_account(
            SYSTEM, name=name, email=email, password=DEMO_PASSWORD, role=role, key=key, is_demo=True
        )


def list_sites() -> list[dict[str, str]]:
    """The example sites that `make run` starts on the ports after the node's own."""
    issuer = urlsplit(current_settings().issuer)
    first = issuer.port or (443 if issuer.scheme == "https" else 80)
    return [
        {"society": code, "url": f"{issuer.scheme}://{issuer.hostname}:{first + offset}"}
        for code, offset in SITES
    ]


@reading
def list_members() -> list[UUID]:
    """The demonstration's members that can sign in: everybody who is not an officer."""
    officers = [email for email, *_ in OFFICERS]
    query = (
        sa.select(models.Account.person_id)
        .join(models.Person, models.Person.id == models.Account.person_id)
        .where(models.Person.is_demo.is_(True), models.Account.email.not_in(officers))
    )
    return list(db.session.scalars(query))


@reading
def show_demo() -> Mapping[str, Any]:
    """Every demonstration sign-in that has an account, members' too."""
    query = (
        sa.select(models.Account.email)
        .join(models.Person, models.Person.id == models.Account.person_id)
        .where(models.Person.is_demo.is_(True), models.Account.email.is_not(None))
        .order_by(models.Account.id)
    )
    roles = {email: role for email, _, role, _ in OFFICERS}
    return {
        "sites": list_sites(),
        "accounts": [
            {"role": roles.get(email, "member"), "identifier": email, "password": DEMO_PASSWORD}
            for email in db.session.scalars(query)
            if email is not None
        ],
    }
