"""Forms of the organiser's desk, read into the same wishes as the API's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from babel.numbers import get_currency_precision

from consortium.kernel.errors import N_, FieldError
from consortium.kernel.web.layout import field_of
from events.errors import ContentRefused
from events.rules.content import (
    LARGEST_AMOUNT,
    SLUG_FORM,
    is_slug,
    list_faults,
    list_seat_faults,
)
from events.values import FULL_PRICE, Content, EventWish, Mode, Money, Quota, Text

CURRENCIES = ("CNY", "USD", "EUR", "HKD", "TWD")
CATEGORIES = ("full", "member")
SEAT_MODES = (Mode.ON_SITE, Mode.ONLINE)
SEAT_FIELDS = {f"seats.{mode.value}" for mode in SEAT_MODES}
# Fields that are judged together with another one.
_TOGETHER = {
    "ends_at": {"starts_at"},
    "prices.member": {"prices.full"},
    "currency": {"prices.full", "prices.member"},
}


class FormReader:
    """Reads fields one by one and gathers the faults, so that all are told at once."""

    def __init__(self, form: Mapping[str, str]) -> None:
        """Read from a submitted form."""
        self.form = form
        self.faults: list[FieldError] = []

    def fault(self, name: str, code: str, message: str) -> None:
        """Note a fault at a field."""
        self.faults.append(FieldError(code, message, pointer="/" + name.replace(".", "/")))

    def text(self, name: str) -> str:
        """Read a text without the blanks around it."""
        return self.form.get(name, "").strip()[:300]

    def zone(self) -> str:
        """Read the time zone; the default stands in for a faulty one."""
        name = self.text("time_zone")
        if name in available_timezones():
            return name
        message = N_("Give a time zone by its name in the tz database, for instance Asia/Shanghai.")
        self.fault("time_zone", "time-zone-unknown", message)
        return "Asia/Shanghai"

    def instant(self, name: str, zone: str) -> datetime:
        """Read a local date and time of the zone as an instant."""
        try:
            local = datetime.fromisoformat(self.text(name))
            return local.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
        except (ValueError, OverflowError):
            self.fault(
                name, "invalid-instant", N_("Give date and time, for instance 2026-05-01T09:00.")
            )
            return datetime(2000, 1, 1, tzinfo=UTC)

    def mode(self) -> Mode:
        """Read how the event is attended."""
        try:
            return Mode(self.text("mode"))
        except ValueError:
            self.fault("mode", "not-a-choice", N_("Choose how the event is attended."))
            return Mode.ON_SITE

    def prices(self) -> dict[str, Money]:
        """Read prices in whole units with decimals; an empty one is not offered."""
        currency = self.text("currency") or CURRENCIES[0]
        found = {}
        for category in CATEGORIES:
            name = f"prices.{category}"
            text = self.text(name)
            if text:
                found[category] = Money(self._minor_units(name, text, currency), currency)
        return found

    def _minor_units(self, name: str, text: str, currency: str) -> int:
        try:
            amount = Decimal(text).scaleb(get_currency_precision(currency))
            if amount == amount.to_integral_value() and 0 <= amount <= LARGEST_AMOUNT:
                return int(amount)
        except InvalidOperation:
            pass
        self.fault(name, "price-amount", N_("Give a price such as 1200 or 1200.50."))
        return 0

    def pool(self, mode: Mode) -> tuple[Quota, ...]:
        """Read the pool's seats for each way to attend that the event has."""
        found = []
        for seat_mode in SEAT_MODES:
            name = f"seats.{seat_mode.value}"
            text = self.text(name)
            if text and mode in (seat_mode, Mode.HYBRID):
                found.append(Quota(None, seat_mode, self._count(name, text)))
        return tuple(found)

    def _count(self, name: str, text: str) -> int:
        if text.isascii() and text.isdigit() and len(text) <= 7:
            return int(text)
        self.fault(name, "quota-seats", N_("Give the number of seats."))
        return 0

    def finish(self, members: Mapping[str, Any], *, kept: tuple[Quota, ...] = ()) -> None:
        """Refuse if anything was wrong, in single fields or in what they make together.

        Args:
            kept: quotas that the event has besides those of the form.
        """
        faulty = {field_of(fault) or "" for fault in self.faults}
        content = Content(**members, hosts=(), split={})
        for fault in list_faults(content):
            name = self._field_at(fault.pointer or "", content)
            # What stands in for a faulty field may make further faults, which nobody has typed.
            if not faulty & ({name} | _TOGETHER.get(name, set())):
                self.fault(name, fault.code, fault.message)
                faulty.add(name)
        if not (kept or faulty & SEAT_FIELDS):
            for fault in list_seat_faults(content):
                self.fault(self._first_seats(content.mode), fault.code, fault.message)
        if self.faults:
            raise ContentRefused(errors=self.faults)

    def _first_seats(self, mode: Mode) -> str:
        return f"seats.{(Mode.ON_SITE if mode is Mode.HYBRID else mode).value}"

    def _field_at(self, pointer: str, content: Content) -> str:
        """The form's field that a pointer into the content means."""
        parts = pointer.strip("/").split("/")
        if parts[0] == "quotas":
            return f"seats.{content.quotas[int(parts[1])].mode.value}"
        if parts[0] == "prices":
            is_currency = len(parts) == 3 and parts[2] == "currency"
            return "currency" if is_currency else f"prices.{(*parts, FULL_PRICE)[1]}"
        return "title.zh" if parts == ["title"] else ".".join(parts)


def read_event_form(form: Mapping[str, str]) -> EventWish:
    """Read the form of a new event; raises ContentRefused with every fault."""
    reader = FormReader(form)
    members = _members(reader)
    slug = reader.text("slug") or None
    if slug is not None and not is_slug(slug):
        reader.fault("slug", "slug-unusable", SLUG_FORM)
    reader.finish(members)
    return EventWish(
        **members,
        slug=slug,
        society=reader.text("society") or None,
    )


def read_change_form(form: Mapping[str, str], content: Content) -> dict[str, Any]:
    """Read the form of a change; quotas of hosts, which it does not show, are kept."""
    reader = FormReader(form)
    members = _members(reader)
    kept = tuple(quota for quota in content.quotas if quota.host is not None)
    reader.finish(members, kept=kept)
    others = {k: v for k, v in content.prices.items() if k not in CATEGORIES}
    return {
        **members,
        "quotas": (*members["quotas"], *kept),
        "prices": {**members["prices"], **others},
    }


def _members(reader: FormReader) -> dict[str, Any]:
    zone, mode = reader.zone(), reader.mode()
    return {
        "title": Text(zh=reader.text("title.zh"), en=reader.text("title.en")),
        "starts_at": reader.instant("starts_at", zone),
        "ends_at": reader.instant("ends_at", zone),
        "time_zone": zone,
        "mode": mode,
        "place": reader.text("place"),
        "prices": reader.prices(),
        "quotas": reader.pool(mode),
    }


def fill_form(content: Content) -> dict[str, str]:
    """Write a content into the form's fields, the inverse of `read_change_form`."""
    zone = ZoneInfo(content.time_zone)
    pools = {
        f"seats.{quota.mode.value}": str(quota.seats)
        for quota in content.quotas
        if quota.host is None
    }
    prices = {f"prices.{name}": _write_price(money) for name, money in content.prices.items()}
    return {
        "title.zh": content.title.zh,
        "title.en": content.title.en,
        "starts_at": f"{content.starts_at.astimezone(zone):%Y-%m-%dT%H:%M}",
        "ends_at": f"{content.ends_at.astimezone(zone):%Y-%m-%dT%H:%M}",
        "time_zone": content.time_zone,
        "mode": content.mode.value,
        "place": content.place,
        "currency": next(iter(content.prices.values())).currency,
        **pools,
        **prices,
    }


def _write_price(money: Money) -> str:
    return str(Decimal(money.amount).scaleb(-get_currency_precision(money.currency)))
