"""Dates of conferences, as their call pages write them.

The lists of ccf-deadlines give an edition's dates as free text ("March 30 - April 1,
2022", "Dec, 2025", "TBD"). A text is read by grammar only: words become days, months,
years and one dash; no edition has a correction of its own.

Source: ccfddl/ccf-deadlines, field `date`.
"""

from __future__ import annotations

import calendar
import difflib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

_MONTHS = {
    name.lower(): number
    for names in (calendar.month_name, calendar.month_abbr)
    for number, name in enumerate(names)
    if name
} | {"sept": 9}
_NOISE = re.compile(
    "mon|tue|tues|wed|thu|thur|thurs|fri|sat|sun|"
    "monday|tuesday|wednesday|thursday|friday|saturday|sunday|"
    "st|nd|rd|th|of|the|on|from|in|between|exact|exactly|dates?|days?|"
    "tbd|tba|tbc|tentative|tentatively|expected|cnmonth"
)
_TO_BE_ANNOUNCED = re.compile(
    r"(?i)\W*(?:tb[adc]|to be (?:announced|determined|decided|confirmed)|待定|未定)\W*"
)
_ISO = re.compile(r"\b((?:19|20)\d\d)[-/.](\d{1,2})(?:[-/.](\d{1,2}))?\b(?!\d)")
_CHINESE = re.compile(r"(\d+)\s*([年月日号號])")
_ISO_TAIL = re.compile(r"(?<=\d)\s*-\s*(\d{1,2})[./](\d{1,2})\s*$")
_REMARK = re.compile(r"\([^()\d]*\)|（[^（）\d]*）")
_TOKEN = re.compile(r"[^\W\d_]+|\d+|-")
_DASHES = re.compile(r"[\u2010-\u2015\u2212~\u301c]|--+")
_RANGE_WORDS = frozenset({"to", "until", "till", "through", "thru", "and", "至", "到"})
_THIRDS = {"early": (1, 10), "mid": (11, 20), "late": (21, 31)}
LONGEST_DAYS = 92


@dataclass(frozen=True, slots=True)
class StatedDates:
    """What a text says: first and last day, both included, and how exactly.

    `precision` is `day`, `month` or `year`; `code` is None when nothing is to be
    said, else why the dates are weak (`to-be-announced`, `year-assumed`,
    `year-differs`) or, with no dates at all, why the text was refused.
    """

    start: date | None
    end: date | None
    precision: str | None
    code: str | None = None

    @property
    def is_parsed(self) -> bool:
        """Tell whether the text gave dates of any precision."""
        return self.start is not None


@dataclass(frozen=True, slots=True)
class _Point:
    day: int | None = None
    month: int | None = None
    year: int | None = None
    third: str | None = None


class _Unreadable(Exception):
    """The text says something the grammar does not hold; carries the code."""


def parse_dates(text: str, *, year: int) -> StatedDates:
    """Read an edition's dates.

    Args:
        text: the words of the call page, in English, Chinese or ISO 8601.
        year: the edition's year, used when the text names none.

    >>> found = parse_dates("February 22 - March 1, 2022", year=2022)
    >>> found.start.isoformat(), found.end.isoformat(), found.precision, found.code
    ('2022-02-22', '2022-03-01', 'day', None)
    >>> parse_dates("December 28 - January 2, 2026", year=2026).start.isoformat()
    '2025-12-28'
    >>> found = parse_dates("Dec, 2025", year=2025)
    >>> found.start.isoformat(), found.end.isoformat(), found.precision
    ('2025-12-01', '2025-12-31', 'month')
    >>> parse_dates("TBD", year=2027).precision, parse_dates("TBD", year=2027).code
    ('year', 'to-be-announced')
    >>> parse_dates("Extended", year=2021).code, parse_dates("May 32, 2024", year=2024).code
    ('date-unreadable', 'date-impossible')
    """
    words = unicodedata.normalize("NFKC", text).strip()
    if _TO_BE_ANNOUNCED.fullmatch(words):
        return replace(_span(_Point(year=year), _Point(year=year)), code="to-be-announced")
    try:
        first, last = _points(_tokens(words))
        stated = last.year or first.year
        found = _span(*_complete(first, last, year=year))
    except _Unreadable as fault:
        return StatedDates(None, None, None, code=str(fault))
    if stated is None:
        return replace(found, code="year-assumed")
    return replace(found, code="year-differs") if _year_differs(found, year) else found


def _year_differs(found: StatedDates, year: int) -> bool:
    assert found.start is not None and found.end is not None
    return not found.start.year <= year <= found.end.year


def _tokens(words: str) -> list[str]:
    spelled = _DASHES.sub("-", words)
    spelled = _REMARK.sub(" ", spelled)
    if _ISO.search(spelled):
        # After a year-first date the order month, day is settled: "2025.10.3-10.5".
        spelled = _ISO_TAIL.sub(r" - \1 cnmonth \2", spelled)
    spelled = _ISO.sub(_spell_iso, spelled)
    spelled = _CHINESE.sub(lambda m: f" {m[1]}{_UNITS[m[2]]} ", spelled)
    spelled = spelled.replace("至", " - ").replace("到", " - ")
    return [token.lower() for token in _TOKEN.findall(spelled)]


_UNITS = {"年": " ", "月": " cnmonth ", "日": " ", "号": " ", "號": " "}


def _spell_iso(match: re.Match[str]) -> str:
    month = int(match[2])
    if not 1 <= month <= 12:
        raise _Unreadable("date-impossible")
    return f" {match[1]} {calendar.month_name[month]} {match[3] or ''} "


def _points(tokens: Sequence[str]) -> tuple[_Point, _Point]:
    halves = [_Point()]
    dashed = False
    for index, word in enumerate(tokens):
        if word == "-" or word in _RANGE_WORDS:
            # "mid-May" and a stray dash before the first word open no range.
            dashed = halves[-1] not in (_Point(), _Point(third=halves[-1].third))
            continue
        following = tokens[index + 1] if index + 1 < len(tokens) else ""
        if _NOISE.fullmatch(word):
            continue
        if dashed:
            halves.append(_Point())
            dashed = False
        halves[-1] = _read(halves[-1], word, names_month=following == "cnmonth")
    if len(halves) > 2 or halves[0] == _Point():
        raise _Unreadable("date-unreadable")
    return halves[0], halves[-1]


def _read(point: _Point, token: str, *, names_month: bool) -> _Point:
    if token in _THIRDS and point.third is None:
        return replace(point, third=token)
    if not token.isdigit():
        month = _month_named(token)
        if month is None or point.month is not None:
            raise _Unreadable("date-unreadable")
        return replace(point, month=month)
    number = int(token)
    if names_month and point.month is None:
        if not 1 <= number <= 12:
            raise _Unreadable("date-impossible")
        return replace(point, month=number)
    if len(token) == 4 and 1900 <= number <= 2199 and point.year is None:
        return replace(point, year=number)
    if len(token) <= 2 and point.day is None:
        return replace(point, day=number)
    raise _Unreadable("date-unreadable")


def _month_named(word: str) -> int | None:
    """Name the month, one slip of the pen forgiven ("Septemper")."""
    if word in _MONTHS:
        return _MONTHS[word]
    near = difflib.get_close_matches(word, _MONTHS, n=2, cutoff=0.85) if len(word) >= 5 else []
    return _MONTHS[near[0]] if len(near) == 1 else None


def _complete(first: _Point, last: _Point, *, year: int) -> tuple[_Point, _Point]:
    """Let each half lend the other what it leaves out, month and year."""
    first = replace(first, month=first.month or last.month)
    last = replace(last, month=last.month or first.month)
    if (first.day or last.day) and first.month is None:
        raise _Unreadable("date-unreadable")
    wraps = int((first.month or 0) > (last.month or 0))
    if last.year is not None:
        return replace(first, year=first.year or last.year - wraps), last
    opening = first.year or year
    return replace(first, year=opening), replace(last, year=opening + wraps)


def _span(first: _Point, last: _Point) -> StatedDates:
    assert first.year is not None and last.year is not None
    if first.month is None or last.month is None:
        return _checked(date(first.year, 1, 1), date(last.year, 12, 31), "year")
    if first.day is not None and last.day is not None:
        start, end = _day(first, first.day), _day(last, last.day)
        if (end - start).days > LONGEST_DAYS:
            raise _Unreadable("date-too-long")
        return _checked(start, end, "day")
    opens = _THIRDS[first.third][0] if first.third else 1
    closes = calendar.monthrange(last.year, last.month)[1]
    if last.third:
        closes = min(closes, _THIRDS[last.third][1])
    return _checked(
        date(first.year, first.month, opens), date(last.year, last.month, closes), "month"
    )


def _day(point: _Point, day: int) -> date:
    assert point.year is not None and point.month is not None
    try:
        return date(point.year, point.month, day)
    except ValueError:
        raise _Unreadable("date-impossible") from None


def _checked(start: date, end: date, precision: str) -> StatedDates:
    if end < start:
        raise _Unreadable("date-reversed")
    return StatedDates(start, end, precision)
