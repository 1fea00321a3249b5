"""Read-only selects that upper packages may join; their columns are fixed and tested."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from auth import models
from auth.services.grants import in_force


def persons() -> sa.Select[UUID, str | None, str | None, datetime | None]:
    """Columns person_id, name, name_latin, erased_at; names are None once erased."""
    people = models.Person
    return sa.select(people.id.label("person_id"), people.name, people.name_latin, people.erased_at)


def accounts() -> sa.Select[UUID, str | None, str | None]:
    """Columns person_id, email, mobile of people who can sign in."""
    rows = models.Account
    return sa.select(rows.person_id, rows.email, rows.mobile).where(rows.disabled_at.is_(None))


def roles(now: datetime) -> sa.Select[UUID, str, str, str]:
    """Columns person_id, role, kind, key of grants in force at an instant."""
    grants = models.RoleGrant
    return sa.select(grants.person_id, grants.role, grants.kind, grants.key).where(in_force(now))
