"""What auth offers."""

from pathlib import Path
from typing import Any
from uuid import UUID

from flask import Flask, render_template

from auth import models
from auth.claims import CLAIMS
from auth.commands import group
from auth.demo import load_demo, show_demo
from auth.errors import DemoAccountsPresent
from auth.jobs import JOBS
from auth.loader import install_loader
from auth.openid.server import install_provider
from auth.services.accounts import address_of, find_account, has_demo_accounts, notify
from auth.services.consents import list_consents
from auth.services.grants import list_grants
from auth.services.people import erase_person, find_person, names_of
from auth.views import openid_blueprint, pages_blueprint
from consortium.kernel.feature import Demo, Feature, Health, SubjectData, Tile
from consortium.kernel.people import People, fill_port
from consortium.kernel.principal import SYSTEM, current_principal
from consortium.kernel.settings import current_settings
from consortium.kernel.web import write_instant

HERE = Path(__file__).parent


def install(app: Flask) -> None:
    """Connect the ports of the kernel and build the provider."""
    install_loader(app)
    install_provider(app)
    fill_port(app, People(names_of=names_of, address_of=address_of, notify=notify))


def export_person(person_id: UUID) -> dict[str, Any]:
    """What auth holds about a person, for herself."""
    person, account = find_person(person_id), find_account(person_id)
    return {
        "name": person.name if person else None,
        "name_latin": person.name_latin if person else None,
        "email": account.email if account else None,
        "mobile": account.mobile if account else None,
        "roles": [
            {"role": grant.role, "kind": grant.kind, "key": grant.key}
            for grant in list_grants(person_id)
        ],
        "sites": [name for _, name, _ in list_consents(person_id)],
    }


def erase(person_id: UUID) -> None:
    """Erase what auth holds about a person."""
    erase_person(SYSTEM, person_id=person_id)


def render_me(**_scope: Any) -> str:
    """Her sign-in and the sites that know her."""
    since = current_principal().auth_time
    return render_template("auth/me_tile.html", since=write_instant(since) if since else "")


def check_demo() -> str | None:
    """Demo accounts have a published password: none where others can reach the node."""
    settings = current_settings()
    if settings.is_loopback or not has_demo_accounts():
        return None
    return "demo accounts on a node that is not on loopback"


def refuse_demo_accounts() -> None:
    """Keep web processes off a database with demo accounts unless that is meant.

    Raises:
        DemoAccountsPresent: CONSORTIUM_DEMO is not 1.
    """
    if not current_settings().demo and has_demo_accounts():
        raise DemoAccountsPresent


FEATURE = Feature(
    name="auth",
    models=(models,),
    translations=HERE / "translations",
    blueprints=(pages_blueprint, openid_blueprint),
    commands=(group,),
    jobs=JOBS,
    claims=CLAIMS,
    tiles=(Tile("me", render_me, order=90),),
    health=(Health("demo-accounts", check_demo),),
    subject_data=(SubjectData(export_person, erase),),
    install=install,
    start_checks=(refuse_demo_accounts,),
    demo=(Demo(20, load_demo, show_demo),),
)
