"""What hosts sign: one document of exactly the listed fields, and its hash."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import rfc8785
from babel.numbers import is_currency

from consortium.kernel.characters import is_one_line
from consortium.kernel.errors import N_, UNPRINTABLE, FieldError
from events.values import (
    FULL_PRICE,
    MEMBER_PRICE,
    Content,
    Hosting,
    HostRole,
    Mode,
    Money,
    Quota,
    Text,
)

LISTED_FIELDS = (
    "title",
    "starts_at",
    "ends_at",
    "time_zone",
    "mode",
    "place",
    "hosts",
    "prices",
    "quotas",
    "split",
)
MOST_SEATS = 1_000_000
LARGEST_AMOUNT = 10**12
# ISO 4217 keeps these two for tests and for what has no currency.
NO_CURRENCIES = frozenset({"XTS", "XXX"})
NO_SEATS = N_("The event has no seats. Say how many there are, for everybody or for each host.")
SLUG_FORM = N_("An address has 3 to 80 small letters and digits, joined by single hyphens.")
_CATEGORY = re.compile(r"[a-z][a-z0-9_]{0,31}")
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_NOT_SLUG = re.compile(r"[^a-z0-9]+")


def write_instant(at: datetime) -> str:
    """Write an aware instant as RFC 3339 UTC.

    >>> write_instant(datetime(2026, 5, 1, 1, 0, tzinfo=UTC))
    '2026-05-01T01:00:00Z'
    """
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def read_instant(text: str) -> datetime:
    """Read what `write_instant` wrote."""
    return datetime.fromisoformat(text).astimezone(UTC)


def write_content(content: Content) -> dict[str, Any]:
    """Write the listed fields as the JSON document that is hashed.

    Hosts and quotas keep their order: the order of hosts is part of what is signed.
    """
    return {
        "title": {"zh": content.title.zh, "en": content.title.en},
        "starts_at": write_instant(content.starts_at),
        "ends_at": write_instant(content.ends_at),
        "time_zone": content.time_zone,
        "mode": content.mode.value,
        "place": content.place,
        "hosts": [{"society": h.society, "role": h.role.value} for h in content.hosts],
        "prices": {
            category: {"amount": money.amount, "currency": money.currency}
            for category, money in content.prices.items()
        },
        "quotas": [_write_quota(quota) for quota in content.quotas],
        "split": dict(content.split),
    }


def _write_quota(quota: Quota) -> dict[str, Any]:
    release = write_instant(quota.release_at) if quota.release_at else None
    return {
        "host": quota.host,
        "mode": quota.mode.value,
        "seats": quota.seats,
        "release_at": release,
    }


def read_content(document: Mapping[str, Any]) -> Content:
    """Read a document that `write_content` wrote; raises KeyError or ValueError on any other."""
    return Content(
        title=Text(zh=document["title"]["zh"], en=document["title"]["en"]),
        starts_at=read_instant(document["starts_at"]),
        ends_at=read_instant(document["ends_at"]),
        time_zone=document["time_zone"],
        mode=Mode(document["mode"]),
        place=document["place"],
        hosts=tuple(Hosting(h["society"], HostRole(h["role"])) for h in document["hosts"]),
        prices={
            category: Money(money["amount"], money["currency"])
            for category, money in document["prices"].items()
        },
        quotas=tuple(read_quota(quota) for quota in document["quotas"]),
        split=dict(document["split"]),
    )


def read_quota(document: Mapping[str, Any]) -> Quota:
    """Read one quota of a content document."""
    release = document["release_at"]
    return Quota(
        host=document["host"],
        mode=Mode(document["mode"]),
        seats=document["seats"],
        release_at=read_instant(release) if release else None,
    )


def hash_content(content: Content) -> str:
    """Hash the listed fields: SHA-256 over their RFC 8785 bytes, in hexadecimal.

    >>> from dataclasses import replace
    >>> noon = datetime(2026, 5, 1, 4, tzinfo=UTC)
    >>> plain = Content(Text("", "Congress"), noon, noon, "Asia/Shanghai", Mode.ONLINE, "", (
    ...     Hosting("comp", HostRole.ORGANISER), Hosting("phys", HostRole.CO_ORGANISER)),
    ...     {"full": Money(0, "CNY")}, ())
    >>> hash_content(plain) == hash_content(replace(plain))
    True
    >>> hash_content(plain) == hash_content(replace(plain, hosts=plain.hosts[::-1]))
    False

    Source: RFC 8785, section 3.
    """
    return hashlib.sha256(rfc8785.dumps(write_content(content))).hexdigest()


def list_changes(old: Content, new: Content) -> tuple[str, ...]:
    """Name the listed fields in which two contents differ; each one is material."""
    before, after = write_content(old), write_content(new)
    return tuple(name for name in LISTED_FIELDS if before[name] != after[name])


def list_faults(content: Content) -> tuple[FieldError, ...]:
    """Find what is wrong with a content by itself, each fault with its JSON pointer.

    Hosts named by quotas and split are not looked at: they may be invited later.
    """
    return (
        *_title_faults(content),
        *_text_faults(content),
        *_time_faults(content),
        *_price_faults(content),
        *_quota_faults(content),
        *_split_faults(content.split),
    )


def list_stray_hosts(
    content: Content, *, invitable: Collection[str] = ()
) -> tuple[FieldError, ...]:
    """Find quotas and shares that name a society which is no host of the event.

    Args:
        invitable: codes of societies that may become hosts; they are let pass.
    """
    hosts = {*(hosting.society for hosting in content.hosts), *invitable}
    message = N_("This society is not a host of the event. Invite it, or take it out.")
    quotas = [
        FieldError("host-unknown", message, pointer=f"/quotas/{index}/host")
        for index, quota in enumerate(content.quotas)
        if quota.host is not None and quota.host not in hosts
    ]
    shares = [
        FieldError("host-unknown", message, pointer=f"/split/{society}")
        for society in content.split
        if society not in hosts
    ]
    return (*quotas, *shares)


def list_seat_faults(content: Content) -> tuple[FieldError, ...]:
    """Find out whether nobody could ever register: an event without any quota has no seats.

    >>> from dataclasses import replace
    >>> noon = datetime(2026, 5, 1, 4, tzinfo=UTC)
    >>> bare = Content(Text("", "Congress"), noon, noon, "Asia/Shanghai", Mode.ONLINE, "", (),
    ...                {"full": Money(0, "CNY")}, ())
    >>> [fault.pointer for fault in list_seat_faults(bare)]
    ['/quotas']
    >>> list_seat_faults(replace(bare, quotas=(Quota(None, Mode.ONLINE, 9),)))
    ()
    """
    return () if content.quotas else (FieldError("seats-missing", NO_SEATS, pointer="/quotas"),)


def list_open_questions(content: Content) -> tuple[FieldError, ...]:
    """Find what a draft may leave open and what nobody signs or publishes."""
    return (*list_seat_faults(content), *list_stray_hosts(content))


def _title_faults(content: Content) -> Iterator[FieldError]:
    if not (content.title.zh.strip() or content.title.en.strip()):
        text = N_("Give a title in Chinese or in English.")
        yield FieldError("title-missing", text, pointer="/title")


def _text_faults(content: Content) -> Iterator[FieldError]:
    texts = {"/title/zh": content.title.zh, "/title/en": content.title.en, "/place": content.place}
    for pointer, text in texts.items():
        if not is_one_line(text):
            yield FieldError("text-unprintable", UNPRINTABLE, pointer=pointer)


def _time_faults(content: Content) -> Iterator[FieldError]:
    if content.ends_at <= content.starts_at:
        text = N_("The event must end after it starts.")
        yield FieldError("ends-before-start", text, pointer="/ends_at")
    try:
        ZoneInfo(content.time_zone)
    except (KeyError, ValueError, OSError):
        text = N_("Give a time zone by its name in the tz database, for instance Asia/Shanghai.")
        yield FieldError("time-zone-unknown", text, pointer="/time_zone")


def _price_faults(content: Content) -> Iterator[FieldError]:
    if FULL_PRICE not in content.prices:
        text = N_("Give the full price; it applies when no other does.")
        yield FieldError("full-price-missing", text, pointer="/prices")
    for category, money in content.prices.items():
        pointer = f"/prices/{category}"
        if not _CATEGORY.fullmatch(category):
            text = N_("Name a price category in small letters, digits and _.")
            yield FieldError("price-category", text, pointer="/prices")
        if not 0 <= money.amount <= LARGEST_AMOUNT:
            text = N_("A price is a whole number of minor units, 0 or more.")
            yield FieldError("price-amount", text, pointer=f"{pointer}/amount")
    yield from _currency_faults(content.prices)
    full, member = (content.prices.get(name) for name in (FULL_PRICE, MEMBER_PRICE))
    if full and member and full.currency == member.currency and member.amount > full.amount:
        text = N_("The price for members is at most the full price.")
        yield FieldError("price-above-full", text, pointer=f"/prices/{MEMBER_PRICE}/amount")


def _currency_faults(prices: Mapping[str, Money]) -> Iterator[FieldError]:
    for category, money in prices.items():
        if not is_currency(money.currency) or money.currency in NO_CURRENCIES:
            text = N_("Give a currency by its code in ISO 4217, for instance CNY.")
            yield FieldError("currency-unknown", text, pointer=f"/prices/{category}/currency")
    if len({money.currency for money in prices.values()}) > 1:
        text = N_("Give all prices of an event in one currency.")
        yield FieldError("price-currency", text, pointer="/prices")


def _quota_faults(content: Content) -> Iterator[FieldError]:
    seen = set()
    for index, quota in enumerate(content.quotas):
        pointer = f"/quotas/{index}"
        if (quota.host, quota.mode) in seen:
            text = N_("This host has two quotas for one mode. Put them together.")
            yield FieldError("quota-twice", text, pointer=pointer)
        seen.add((quota.host, quota.mode))
        if quota.mode is Mode.HYBRID or content.mode not in (quota.mode, Mode.HYBRID):
            text = N_("A seat is on_site or online, as the event's mode allows.")
            yield FieldError("mode-unavailable", text, pointer=f"{pointer}/mode")
        if not 0 <= quota.seats <= MOST_SEATS:
            text = N_("Seats are a whole number from 0 to 1,000,000.")
            yield FieldError("quota-seats", text, pointer=f"{pointer}/seats")


def _split_faults(split: Mapping[str, str]) -> Iterator[FieldError]:
    shares = []
    for society, share in split.items():
        try:
            shares.append(Fraction(share))
        except (ValueError, ZeroDivisionError):
            shares.append(Fraction(-1))
        if shares[-1] < 0:
            text = N_('Give a share as an exact fraction, for instance "1/2".')
            yield FieldError("share-unreadable", text, pointer=f"/split/{society}")
    if shares and min(shares) >= 0 and sum(shares) != 1:
        text = N_("The shares must add up to exactly 1.")
        yield FieldError("shares-not-whole", text, pointer="/split")


def make_slug(title: str, *, fallback: str) -> str:
    """Make an address from an English title, or take the fallback.

    >>> make_slug("Demo Congress 2026!", fallback="e-1"), make_slug("大会", fallback="e-1")
    ('demo-congress-2026', 'e-1')
    """
    slug = _NOT_SLUG.sub("-", title.lower()).strip("-")[:60].strip("-")
    return slug if len(slug) >= 3 else fallback


def is_slug(text: str) -> bool:
    """Tell whether a text may be an event's address.

    >>> is_slug("demo-congress"), is_slug("Demo"), is_slug("a--b")
    (True, False, False)
    """
    return 3 <= len(text) <= 80 and _SLUG.fullmatch(text) is not None
