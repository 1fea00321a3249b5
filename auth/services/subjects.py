"""Under which name programs know a person: pairwise by owning society, or public.

A subject is a keyed digest of sector and person, stored when it is first given out, so that it
stays the same when keys rotate and can be led back to the person. It is never reused.
Source: OpenID Connect Core 1.0, section 8.1.
"""

from functools import cache
from uuid import UUID

import sqlalchemy as sa

from auth import models
from auth.rules.access import sector_of
from auth.values import Client
from consortium.kernel.crypto import digest
from consortium.kernel.db import db, insert_if_absent
from consortium.kernel.rows import fetch_rows
from consortium.kernel.unit_of_work import current_unit_of_work, reading, transaction

PURPOSE = "auth.subject"


def subject_for(client_id: str, person_id: UUID) -> str:
    """The subject under which a client knows a person; made when it is first asked for."""
    return _subject(_sector_of_client(client_id), person_id)


def subject_at(client: Client, person_id: UUID) -> str:
    """As `subject_for`, for a client that is known already."""
    return _subject(sector_of(client.society, client.subject_type), person_id)


def find_subject_at(client: Client, person_id: UUID) -> str | None:
    """As `subject_at`, but None if it was never asked for; makes nothing."""
    return _find(sector_of(client.society, client.subject_type), person_id)


def subject_in(society: str | None, person_id: UUID) -> str:
    """The pairwise subject for a society's own clients and feeds (None: the node's)."""
    return _subject(sector_of(society, "pairwise"), person_id)


def _subject(sector: str, person_id: UUID) -> str:
    return _find(sector, person_id) or _make(sector, person_id)


@reading
def _find(sector: str, person_id: UUID) -> str | None:
    rows = fetch_rows(_subject_query(), person_id=person_id, sector=sector)
    return rows[0].sub if rows else None


@cache
def _subject_query() -> sa.Select[str]:
    subjects = models.Subject
    return sa.select(subjects.sub).where(
        subjects.person_id == sa.bindparam("person_id"),
        subjects.sector == sa.bindparam("sector"),
    )


@transaction
def _make(sector: str, person_id: UUID) -> str:
    uow = current_unit_of_work()
    row = {
        "person_id": person_id,
        "sector": sector,
        "sub": digest(f"{sector}|{person_id}", PURPOSE),
        "created_at": uow.now,
    }
    # Two sign-ins at once make the same row; the second keeps the first's.
    uow.execute(insert_if_absent(models.Subject, **row))
    found = _find(sector, person_id)
    assert found is not None
    return found


@reading
def person_of_subject(client_id: str, sub: str) -> UUID | None:
    """The person whom a client knows under a subject, or None."""
    subjects, clients = models.Subject, models.OAuthClient
    # The sector of rules.access.sector_of, in SQL, so that a question costs one statement.
    sector = sa.case(
        (clients.subject_type == "public", "public"),
        (clients.society.is_not(None), sa.literal("society:") + clients.society),
        else_="node",
    )
    return db.session.scalar(
        sa.select(subjects.person_id)
        .join(clients, sector == subjects.sector)
        .where(subjects.sub == sub, clients.client_id == client_id)
    )


@reading
def _sector_of_client(client_id: str) -> str:
    clients = models.OAuthClient
    row = db.session.execute(
        sa.select(clients.society, clients.subject_type).where(clients.client_id == client_id)
    ).one_or_none()
    return sector_of(row.society, row.subject_type) if row else sector_of(None, "pairwise")
