"""Whether this process lives (/livez) and whether it can serve (/readyz).

Features add their questions through `Feature.health`; the kernel asks its own five first:
is the database reachable, is its schema the newest, do the master keys belong to it, does the
sequencer keep up, could a change be kept.
"""

from datetime import datetime

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Blueprint, Flask, current_app, jsonify
from flask.wrappers import Response
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from consortium.kernel.audit.chaining import count_unchained
from consortium.kernel.db import Change, db
from consortium.kernel.faults import StorageFault, find_storage_fault
from consortium.kernel.feature import Health
from consortium.kernel.features import offers
from consortium.kernel.key_ring import find_missing
from consortium.kernel.migrating import newest_heads
from consortium.kernel.settings import current_settings
from consortium.kernel.storage import check_storage
from consortium.kernel.unit_of_work import database_now, reading

EXTENSION = "consortium.health"
blueprint = Blueprint("health", __name__)


def init_health(app: Flask) -> None:
    """Answer /livez and /readyz."""
    app.register_blueprint(blueprint)


@blueprint.get("/livez")
def livez() -> Response:
    """Answer as long as the process can; asks nothing of the database."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
def readyz() -> tuple[Response, int]:
    """Answer 200 when nothing is wrong, else 503; both with every check by name."""
    faults = ask_all()
    ready = not any(faults.values())
    body = jsonify(status="ok" if ready else "unready", checks=faults)
    return body, 200 if ready else 503


def ask_all() -> dict[str, str | None]:
    """What is wrong, by the name of each check; None where nothing is."""
    checks = (*KERNEL_HEALTH, *offers(lambda feature: feature.health))
    return {health.name: ask(health) for health in checks}


def ask(health: Health) -> str | None:
    """Ask one question; a database that cannot answer is itself the answer."""
    try:
        return health.check()
    except (SQLAlchemyError, StorageFault) as error:
        fault = find_storage_fault(error)
        return f"database: {fault.code if fault else type(error).__name__}"


@reading
def check_database() -> str | None:
    """Whether the database answers."""
    db.session.execute(select(1))
    return None


@reading
def check_migrations() -> str | None:
    """Whether the schema is the newest that this version knows."""
    current = set(MigrationContext.configure(db.session.connection()).get_current_heads())
    newest = _newest_heads()
    return None if current == newest else f"schema {sorted(current)}, newest {sorted(newest)}"


@reading
def check_sequencer() -> str | None:
    """Whether committed changes are numbered and chained in time, and all that is there is."""
    oldest = db.session.scalar(
        select(Change.at).where(Change.recorded_at.is_(None)).order_by(Change.id).limit(1)
    )
    seconds = measure_lag(oldest, now=database_now())
    lag = judge_lag(seconds, alarm_seconds=current_settings().sequencer_alarm_seconds)
    # No waiting helps these, and their instants may be made up: the alarm is at once.
    return lag or judge_unchained(count_unchained())


def check_keys() -> str | None:
    """Whether the master keys that are given open the signing keys."""
    missing = ", ".join(find_missing())
    return f"signing keys are under a master key that is not given: {missing}" if missing else None


def measure_lag(oldest: datetime | None, *, now: datetime) -> float:
    """Age in seconds of the oldest change without a number; 0 when there is none.

    >>> measure_lag(None, now=datetime(2026, 1, 1))
    0.0
    """
    return max(0.0, (now - oldest).total_seconds()) if oldest is not None else 0.0


def judge_lag(seconds: float, *, alarm_seconds: int) -> str | None:
    """Say what is wrong when the sequencer lags.

    >>> judge_lag(4.9, alarm_seconds=5)
    >>> judge_lag(5.0, alarm_seconds=5)
    'oldest unchained change 5.0 s old'

    Source: DESIGN 4.18, unchained for 5 s raises an alarm.
    """
    return None if seconds < alarm_seconds else f"oldest unchained change {seconds:.1f} s old"


def judge_unchained(rows: int) -> str | None:
    """Say what is wrong when audit rows are there that the program has not written.

    >>> judge_unchained(0)
    >>> judge_unchained(2)
    '2 audit rows put in past the program; see `flask consortium audit verify`'
    """
    told = "audit rows put in past the program; see `flask consortium audit verify`"
    return f"{rows} {told}" if rows else None


def _newest_heads() -> set[str]:
    """Heads of the migration scripts, read from disk once a process."""
    known = current_app.extensions.get(EXTENSION)
    if known is None:
        config = current_app.extensions["migrate"].migrate.get_config()
        known = newest_heads(ScriptDirectory.from_config(config))
        current_app.extensions[EXTENSION] = known
    return set(known)


KERNEL_HEALTH = (
    Health("database", check_database),
    Health("migrations", check_migrations),
    Health("keys", check_keys),
    Health("sequencer", check_sequencer),
    Health("storage", check_storage),
)
