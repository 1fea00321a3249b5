"""The demonstration: parts that features load through their users' own importers and services."""

from typing import Any

import sqlalchemy as sa

from consortium.kernel.audit.models import AuditRow
from consortium.kernel.db import Change, db
from consortium.kernel.errors import N_, ConsortiumError
from consortium.kernel.features import offers
from consortium.kernel.outbox.relay import relay_news
from consortium.kernel.outbox.sequencer import number_committed
from consortium.kernel.settings import current_settings
from consortium.kernel.unit_of_work import reading, unit_of_work

BEGUN, LOADED = "demo.begun", "demo.loaded"


class DemoRefused(ConsortiumError):
    """The demonstration belongs into an empty database of this machine."""

    status, code = 409, "demo-refused"
    message = N_(
        "The demonstration is loaded only into an empty database, and only while the issuer is "
        "on loopback. Point CONSORTIUM_DATABASE_URL to a new database."
    )


@reading
def is_empty() -> bool:
    """Nothing has ever been recorded."""
    return not db.session.scalar(sa.select(sa.exists(sa.select(Change.id))))


@reading
def is_cut_short() -> bool:
    """The database began with a demonstration whose loading never came to its end."""
    actions = sa.select(AuditRow.action).where(AuditRow.action.in_((BEGUN, LOADED)))
    return set(db.session.scalars(actions)) == {BEGUN}


def load_demo() -> None:
    """Load every part, lowest first.

    Raises:
        DemoRefused: the database is not empty or the node is reachable from outside.
    """
    if not is_empty() or not current_settings().is_loopback:
        raise DemoRefused
    with unit_of_work() as uow:
        uow.audit(BEGUN)
    for part in sorted(offers(lambda feature: feature.demo), key=lambda part: part.order):
        part.load()
        # Later parts may build on what handlers do with the news of earlier ones.
        while number_committed() or relay_news():
            pass
    with unit_of_work() as uow:
        uow.audit(LOADED)


def show_demo() -> dict[str, Any]:
    """What the parts say of themselves, lists joined."""
    shown: dict[str, Any] = {"issuer": current_settings().issuer}
    for part in sorted(offers(lambda feature: feature.demo), key=lambda part: part.order):
        for name, value in part.show().items():
            shown[name] = shown[name] + value if name in shown else value
    return shown
