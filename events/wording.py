"""Doors' words: prices' reasons and names in the reader's language."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date

from babel.dates import format_skeleton
from flask_babel import get_locale
from markupsafe import Markup

from consortium.kernel.clock import read_now
from consortium.kernel.errors import fill
from consortium.kernel.web import select_language, write_day
from consortium.kernel.web.answers import say
from events.rules.pricing import DETAIL_TEXTS, REASON_TEXTS
from events.services.reads import name_societies
from events.values import EventSummary, EventView, PriceReason, Text
from membership.services.recognition_names import word_reasons
from membership.values import Reason


def in_language(text: Text) -> str:
    """Give a text in the reader's language, or in the other where that is empty."""
    return text.in_language(select_language().html)


def reason_text(reason: PriceReason, names: Mapping[str, Text] | None = None) -> str:
    """Say in the reader's language why a price is what it is, without what stands in her file.

    Args:
        names: of the societies, by code; looked up if left out.
    """
    known = names if names is not None else reason_names([reason])
    return fill(say(REASON_TEXTS[reason.code]), _named(reason, known))


def explain_prices(reasons: Sequence[PriceReason]) -> list[str]:
    """Say to the person herself why her prices are what they are, and what she can do.

    Four statements at most, however many reasons there are.
    """
    known = reason_names(reasons)
    told = {
        place: Reason(each.detail, dict(each.params))
        for place, each in enumerate(reasons)
        if each.detail and each.params and each.detail not in DETAIL_TEXTS
    }
    worded = word_reasons(list(told.values()), say, at=read_now(), lang=select_language().code)
    sentences = dict(zip(told, worded, strict=True))
    return [_explain(each, known, sentences.get(place)) for place, each in enumerate(reasons)]


def _explain(reason: PriceReason, known: Mapping[str, Text], sentence: str | None) -> str:
    own = DETAIL_TEXTS.get(reason.detail or "") if reason.params else None
    if own is not None:
        return fill(say(own), _named(reason, known))
    if sentence is None:
        return reason_text(reason, known)
    if reason.code == "recognition-unknown":
        return say("%(what)s %(why)s") % {"what": reason_text(reason, known), "why": sentence}
    return sentence


def _named(reason: PriceReason, known: Mapping[str, Text]) -> dict[str, str]:
    return {
        name: in_language(known[code]) if code in known else code
        for name, code in (("host", reason.host or ""), ("home", reason.home or ""))
    }


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
