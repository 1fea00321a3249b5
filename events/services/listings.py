"""Conferences that nobody here hosts, listed in the calendar from other people's lists."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from consortium.kernel.clock import end_of_day, start_of_day
from consortium.kernel.db import db
from consortium.kernel.errors import Forbidden
from consortium.kernel.ids import new_id
from consortium.kernel.principal import Principal
from consortium.kernel.unit_of_work import UnitOfWork, current_unit_of_work, transaction
from consortium.services import organisations
from events.errors import ListUnreadable
from events.models import Event
from events.policies import may_list_conferences
from events.rules.ccf_list import Edition, LineUnreadable, read_editions
from events.rules.content import hash_content, make_slug, write_content
from events.values import Content, EventKind, EventState, Mode, Text

DEFAULT_ZONE = "Asia/Shanghai"
CHUNK = 500
COMPARED = ("content_hash", "starts_on", "ends_on", "precision", "link")


@dataclass(frozen=True, slots=True)
class ListingReport:
    """What an import did: `read = listed + unparsed`, `listed = create + update + unchanged`."""

    editions: tuple[Edition, ...]
    create: int
    update: int
    unchanged: int

    @property
    def unparsed(self) -> tuple[Edition, ...]:
        """The editions whose dates could not be read; they are not listed."""
        return tuple(edition for edition in self.editions if not edition.dates.is_parsed)


def read_list(text: str) -> tuple[Edition, ...]:
    """Read a list in the form of ccf-deadlines; raises ListUnreadable."""
    try:
        return tuple(read_editions(text.splitlines()))
    except LineUnreadable as fault:
        raise ListUnreadable(line=fault.line) from None


@transaction
def import_conferences(
    principal: Principal, *, text: str, society: str | None = None
) -> ListingReport:
    """List the conferences of a file; importing it again changes nothing.

    Civil days become instants in the zone of the society that lists them.

    Raises:
        Forbidden: neither the operator's command nor an office of the society.
        ListUnreadable: a line is not a conference.
    """
    uow = current_unit_of_work()
    if not may_list_conferences(principal, society):
        raise Forbidden
    owner = organisations.get_organisation(society) if society else None
    editions = read_list(text)
    wanted: dict[str, dict[str, Any]] = {}
    for edition in editions:
        if edition.dates.is_parsed:
            wanted[edition.uid] = _values(uow, edition, owner)
    create, update = _store(uow, wanted)
    detail = {"read": len(editions), "create": create, "update": update}
    uow.audit("events.list.imported", society=society, detail=detail)
    return ListingReport(editions, create, update, len(wanted) - create - update)


def _values(
    uow: UnitOfWork, edition: Edition, owner: organisations.Organisation | None
) -> dict[str, Any]:
    dates = edition.dates
    assert dates.start is not None and dates.end is not None
    zone = owner.time_zone if owner else DEFAULT_ZONE
    starts, ends = start_of_day(dates.start, zone), end_of_day(dates.end, zone)
    content = _content(edition, starts, ends, zone)
    document = write_content(content)
    return {
        "uid": edition.uid,
        "slug": _slug(edition),
        "kind": EventKind.LISTED,
        "origin": "",
        "state": EventState.PUBLISHED,
        "version": 1,
        "sequence": 0,
        "society_id": owner.id if owner else None,
        "society": owner.code if owner else None,
        "content": document,
        "content_hash": hash_content(content),
        "shown": document,
        "shown_hash": hash_content(content),
        "starts_at": starts,
        "ends_at": ends,
        "starts_on": dates.start,
        "ends_on": dates.end,
        "precision": dates.precision,
        "link": _web_address(edition.link),
        "created_at": uow.now,
        "updated_at": uow.now,
    }


def _content(edition: Edition, starts: datetime, ends: datetime, zone: str) -> Content:
    title = f"{edition.title}: {edition.name}"
    return Content(
        title=Text(zh="", en=title[:300]),
        starts_at=starts,
        ends_at=max(ends, starts + timedelta(days=1)),
        time_zone=zone,
        mode=Mode.ON_SITE,
        place=edition.place[:300],
        hosts=(),
        prices={},
        quotas=(),
    )


def _slug(edition: Edition) -> str:
    """An address from the title, made unmistakable by the UID: titles repeat in these lists."""
    mark = hashlib.sha256(edition.uid.encode()).hexdigest()[:8]
    return f"{make_slug(edition.title, fallback='conference')[:60]}-{mark}"


def _web_address(link: str) -> str | None:
    """A link that a page may show: nothing but http and https."""
    return link[:500] if link.startswith(("https://", "http://")) else None


def _store(uow: UnitOfWork, wanted: Mapping[str, dict[str, Any]]) -> tuple[int, int]:
    create = update = 0
    uids = list(wanted)
    for start in range(0, len(uids), CHUNK):
        chunk = uids[start : start + CHUNK]
        known = _known(chunk)
        fresh = [{"id": new_id(), **wanted[uid]} for uid in chunk if uid not in known]
        if fresh:
            uow.execute(sa.insert(Event), fresh)
        create += len(fresh)
        update += sum(_update(uow, known[uid], wanted[uid]) for uid in chunk if uid in known)
    return create, update


def _known(uids: Sequence[str]) -> dict[str, Event]:
    rows = db.session.scalars(
        sa.select(Event).where(Event.uid.in_(uids), Event.kind == EventKind.LISTED)
    )
    return {row.uid: row for row in rows}


def _update(uow: UnitOfWork, row: Event, values: Mapping[str, Any]) -> bool:
    if all(getattr(row, name) == values[name] for name in COMPARED):
        return False
    kept = ("uid", "slug", "kind", "version", "sequence", "created_at")
    for name, value in values.items():
        if name not in kept:
            setattr(row, name, value)
    row.version += 1
    row.sequence += 1
    return True
