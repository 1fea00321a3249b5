"""The port through which whoever keeps the rosters tells auth about their rows."""

from collections.abc import Sequence
from uuid import UUID

from flask import Flask, current_app

from auth.values import Roster, RosterEntry

EXTENSION = "auth.roster"


class _NoRoster:
    """A node on which nobody keeps rosters."""

    def find_persons(self, *, number: str, society: str | None) -> Sequence[UUID]:
        """Nobody."""
        return ()

    def find_entry(self, *, society: str, number: str, name: str) -> RosterEntry | None:
        """Nothing."""
        return None

    def address_of(self, person_id: UUID, kind: str) -> str | None:
        """Nothing."""
        return None


_NOBODY: Roster = _NoRoster()


def connect_roster(app: Flask, roster: Roster) -> None:
    """Connect the port; called while the application is built, by the roster's keeper."""
    app.extensions[EXTENSION] = roster


def roster() -> Roster:
    """The connected roster, or one that knows nobody."""
    found: Roster = current_app.extensions.get(EXTENSION, _NOBODY)
    return found
