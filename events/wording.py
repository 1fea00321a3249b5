"""Doors' words: prices' reasons and names in the reader's language."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date

from babel.dates import format_skeleton
from flask_babel import get_locale
from markupsafe import Markup

from consortium.kernel.errors import fill
from consortium.kernel.web import select_language, write_day
from consortium.kernel.web.answers import say
from events.rules.pricing import REASON_TEXTS
from events.services.reads import name_societies
from events.values import EventSummary, EventView, PriceReason, Text


def in_language(text: Text) -> str:
    """Give a text in the reader's language, or in the other where that is empty."""
    return text.in_language(select_language().html)


def reason_text(reason: PriceReason, names: Mapping[str, Text] | None = None) -> str:
    """Say in the reader's language why a price is what it is.

    Args:
        names: of the societies, by code; looked up if left out.
    """
    known = names if names is not None else reason_names([reason])
    params = {
        name: in_language(known[code]) if code in known else code
        for name, code in (("host", reason.host or ""), ("home", reason.home or ""))
    }
    return fill(say(REASON_TEXTS[reason.code]), params)


def reason_names(reasons: Collection[PriceReason]) -> Mapping[str, Text]:
    """Name the societies of several reasons in one statement."""
    codes = {code for reason in reasons for code in (reason.host, reason.home) if code}
    return name_societies(codes)


def write_days(event: EventSummary | EventView) -> Markup:
    """Write the civil days of an event no more exactly than they are known."""
    if event.precision == "year":
        return _span(event.starts_on, format_skeleton("y", event.starts_on, locale=get_locale()))
    if event.precision == "month":
        first = format_skeleton("yMMMM", event.starts_on, locale=get_locale())
        last = format_skeleton("yMMMM", event.ends_on, locale=get_locale())
        return _span(event.starts_on, first if first == last else f"{first} – {last}")
    if event.starts_on == event.ends_on:
        return write_day(event.starts_on)
    return Markup("%s – %s") % (
        write_day(event.starts_on),
        write_day(event.ends_on),
    )


def _span(first: date, text: str) -> Markup:
    return Markup('<time datetime="%s">%s</time>') % (f"{first:%Y-%m}", text)
