"""Parts of pages whose frames belong to lower floors."""

from __future__ import annotations

from uuid import UUID

from flask import render_template
from flask_babel import gettext

from consortium.kernel.clock import read_now
from consortium.kernel.principal import current_principal
from events.services import reads, registrations
from events.views.blueprint import words
from events.views.desk import own_societies

SHOWN = 5


def draw_home(**_scope: object) -> str:
    """The next events, for the home page."""
    return _draw_events(gettext("Coming events"), host=None)


def draw_society(*, code: str, **_scope: object) -> str:
    """The next events that a society hosts, for its page."""
    return _draw_events(gettext("Events it hosts"), host=code)


def _draw_events(heading: str, *, host: str | None) -> str:
    found, _more = reads.list_events(ends_after=read_now(), host=host, limit=SHOWN)
    if not found:
        return ""
    return render_template("events/tile_events.html", events=found, heading=heading, **words())


def draw_me(*, person_id: UUID, **_scope: object) -> str:
    """A person's newest registrations, and the way to her desk if she holds an office."""
    found = registrations.list_registrations_of(person_id, limit=SHOWN)
    is_officer = bool(own_societies(current_principal()))
    if not found and not is_officer:
        return ""
    return render_template(
        "events/tile_me.html", registrations=found, is_officer=is_officer, **words()
    )
