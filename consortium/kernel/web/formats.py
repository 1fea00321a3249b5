"""How amounts, instants and days are written for people."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, get_currency_precision
from flask import Flask
from flask_babel import get_locale
from markupsafe import Markup

from consortium.kernel.clock import last_day

DEFAULT_ZONE = "Asia/Shanghai"


def _locale() -> Locale:
    # Dates of the catalogue language "en" are written day before month nowhere but there.
    locale: Locale = get_locale() or Locale("en")
    return Locale("en", "GB") if locale.language == "en" else locale


def write_money(money: Any) -> str:
    """An amount in minor units, written with its currency.

    >>> write_money({"amount": 120050, "currency": "USD"})
    'US$1,200.50'
    """
    is_mapping = isinstance(money, Mapping)
    amount = money["amount"] if is_mapping else money.amount
    currency = money["currency"] if is_mapping else money.currency
    value = Decimal(amount).scaleb(-get_currency_precision(currency))
    return format_currency(value, currency, locale=_locale())


def write_instant(instant: datetime | None, zone: str = DEFAULT_ZONE) -> Markup:
    """`<time>` with the instant in the zone, which is named when the reader could not guess it.

    Args:
        instant: UTC aware; None is written as a dash.
        zone: IANA name of the zone of the society whose instant it is.
    """
    if instant is None:
        return Markup("<span>–</span>")  # an en dash is meant
    local = instant.astimezone(ZoneInfo(zone))
    pattern = "yyyy年M月d日 HH:mm" if _locale().language == "zh" else "d MMM yyyy, HH:mm"
    text = format_datetime(local, pattern, locale=_locale())
    machine = instant.isoformat().replace("+00:00", "Z")
    return Markup('<time datetime="%s" title="%s">%s</time>') % (
        machine,
        f"{zone} {_offset(local)}",
        text if zone == DEFAULT_ZONE else f"{text} ({_offset(local)})",
    )


def _offset(local: datetime) -> str:
    ahead = local.utcoffset() or timedelta()
    hours, rest = divmod(abs(ahead), timedelta(hours=1))
    sign = "-" if ahead < timedelta() else "+"
    return f"UTC{sign}{hours}" + (f":{rest // timedelta(minutes=1):02d}" if rest else "")


def write_day(day: date | None) -> Markup:
    """`<time>` with a civil day."""
    if day is None:
        return Markup("<span>–</span>")  # an en dash is meant
    pattern = "yyyy年M月d日" if _locale().language == "zh" else "d MMM yyyy"
    text = format_date(day, pattern, locale=_locale())
    return Markup('<time datetime="%s">%s</time>') % (day.isoformat(), text)


def write_first_day(since: datetime, zone: str = DEFAULT_ZONE) -> Markup:
    """`<time>` with the civil day of the zone on which a period begins."""
    return write_day(since.astimezone(ZoneInfo(zone)).date())


def write_last_day(until: datetime | None, zone: str = DEFAULT_ZONE) -> Markup:
    """`<time>` with the last day, included, of a period that ends before `until`."""
    return write_day(last_day(until, zone) if until else None)


def init_formats(app: Flask) -> None:
    """Offer the formats as template filters of the same meaning."""
    app.jinja_env.filters.update(
        money=write_money,
        instant=write_instant,
        day=write_day,
        first_day=write_first_day,
        last_day=write_last_day,
    )
