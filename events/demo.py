"""The demonstration's events, made through the users' own services and importer."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from auth.services import accounts, grants
from auth.values import ACR_SINGLE_FACTOR
from consortium.kernel.clock import read_now
from consortium.kernel.principal import SYSTEM, Grant, Principal, acting_as
from consortium.kernel.settings import current_settings
from events.services import drafts, hosting, listings, publication, signing
from events.values import (
    EventWish,
    HostRole,
    Mode,
    Money,
    Quota,
    Text,
)

SLUG = "demo-congress"
ZONE = "Asia/Shanghai"
DAYS_AHEAD = 90
CONFERENCES = Path(__file__).parent / "data" / "ccf-conferences.jsonl"


def load_demo() -> None:
    """Make the congress, have its hosts sign it, publish it, and list other conferences."""
    organiser, secretary = _officer("organiser@comp.example"), _officer("secretary@phys.example")
    with acting_as(organiser):
        made = drafts.create_event(organiser, _congress(read_now()))
        hosting.invite_host(organiser, event_id=made.id, society="phys", role=HostRole.CO_ORGANISER)
        signing.sign_event(organiser, event_id=made.id, society="comp")
    with acting_as(secretary):
        hosting.accept_hosting(secretary, event_id=made.id, society="phys")
        signing.sign_event(secretary, event_id=made.id, society="phys")
    with acting_as(organiser):
        publication.publish_event(organiser, event_id=made.id)
    with acting_as(SYSTEM):
        text = CONFERENCES.read_text(encoding="utf-8")
        listings.import_conferences(SYSTEM, text=text, society="comp")


def show_demo() -> Mapping[str, Any]:
    """Where the congress is."""
    address = f"{current_settings().issuer}/events/{SLUG}"
    return {"events": [{"slug": SLUG, "url": address}]}


def _congress(now: datetime) -> EventWish:
    first = (now.astimezone(ZoneInfo(ZONE)) + timedelta(days=DAYS_AHEAD)).date()
    starts = datetime.combine(first, time(9), tzinfo=ZoneInfo(ZONE))
    ends = datetime.combine(first + timedelta(days=2), time(17, 30), tzinfo=ZoneInfo(ZONE))
    return EventWish(
        title=Text(zh="计算与物理联合学术大会", en="Joint Congress of Computing and Physics"),
        starts_at=starts.astimezone(UTC),
        ends_at=ends.astimezone(UTC),
        time_zone=ZONE,
        mode=Mode.ON_SITE,
        place="杭州 Hangzhou",
        prices={"full": Money(200_000, "CNY"), "member": Money(120_000, "CNY")},
        quotas=(Quota(None, Mode.ON_SITE, 200),),
        slug=SLUG,
        society="comp",
    )


def _officer(address: str) -> Principal:
    """An officer of the demonstration as if she had just signed in with her password."""
    account = accounts.find_account_by(address)
    if account is None:
        raise LookupError(f"the demonstration has no account {address}")
    now = read_now()
    held = [
        Grant(found.role, found.kind, found.key)
        for found in grants.list_grants(account.person_id)
        if found.since <= now and (found.until is None or now < found.until)
    ]
    return Principal(
        person_id=account.person_id,
        grants=tuple(held),
        acr=ACR_SINGLE_FACTOR,
        auth_time=now,
    )
