"""Civil dates as people write them: 1975.03, 1975年3月2日, 民國75年, spreadsheet serials, 长期."""

import re
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, Literal

from consortium.kernel.errors import N_
from membership.roster.characters import is_nothing, narrow, plain
from membership.roster.errors import CellFault
from membership.roster.numbers import Noted
from membership.roster.values import OPEN_END, Cell

Edge = Literal["since", "until", "birth"]
"""What a date is for: it decides what a missing day or month becomes."""

_FIRST_YEAR: Final = 1880
_LAST_YEAR: Final = 2199
_EPOCH_1900: Final = date(1899, 12, 30)
_EPOCH_1904: Final = date(1904, 1, 1)
_LAST_SERIAL: Final = 110_000
_FIRST_SERIAL: Final = 3_000

# As programs write it; there is nothing else it could mean, and most rosters hold no other.
_PLAIN: Final = re.compile(r"(\d{4})-(\d\d?)-(\d\d?)", re.ASCII)
_FULL: Final = re.compile(r"(\d{4})\s*[-/.年_]\s*(\d{1,2})\s*[-/.月_]\s*(\d{1,2})\s*[日号號.]?")
_MONTH: Final = re.compile(r"(\d{4})\s*(?:[-/._]|年)\s*(\d{1,2})\s*[月.]?(?:份)?")
_YEAR: Final = re.compile(r"(\d{4})\s*年?")
_COMPACT: Final = re.compile(r"(\d{4})(\d{2})(\d{2})?")
_REPUBLIC: Final = re.compile(
    r"(?:民[国國]|中[华華]民[国國])\s*(\d{1,3})\s*[-/.年]\s*"
    r"(?:(\d{1,2})\s*[-/.月]?\s*(?:(\d{1,2})\s*[日号號]?)?)?"
)
_SHORT_YEAR: Final = re.compile(
    r"(\d{1,3})\s*[-/.年]\s*(\d{1,2})\s*(?:[-/.月]\s*(?:(\d{1,2})\s*[日号號]?)?)?"
)
_LAST_REPUBLIC: Final = 150
_OF_REPUBLIC: Final = re.compile(r"民[国國]|\bROC\b|\bR\.O\.C\.")
_WORDED: Final = re.compile(
    r"(?:(\d{1,2})(?:st|nd|rd|th)?[\s\-.,]+)?([a-z]{3,9})\.?[\s\-.,]+(?:(\d{1,2})(?:st|nd|rd|th)?[\s,]+)?(\d{4})"
)
_NUMERIC: Final = re.compile(r"(\d{1,2})\s*[-/.]\s*(\d{1,2})\s*[-/.]\s*(\d{4})")
_CLOCK: Final = re.compile(
    r"[ t]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:z|[+-]\d\d:?\d\d)?(?:\s*[ap]m)?$"
)
_RANGE: Final = re.compile(r"\s*(?:至|到|~|～|—+|–|\bto\b|(?<=[\d日月])\s*-\s*(?=\d{4})|\s-\s)\s*")
_REMARK: Final = re.compile(r"[((][^()]*[))]$|(?:生|出生|止|截止|前|含当日|含當日)$")
_SERIAL: Final = re.compile(r"\d{4,6}(?:\.\d+)?")
_PADDED_MONTH: Final = re.compile(r"\d{4}\.0[1-9]")
_BARE_MONTH: Final = re.compile(r"\d{4}\.1")
_SINGLE_MONTH: Final = re.compile(r"\d{4}\s*(?:[-/._]\s*[2-9]|年\s*[1-9]\s*月)")
_DAY_FIRST: Final = re.compile(r"d{1,2}[-/.]?m{1,2}[-/.]?y{2,4}|日[-/.]?月[-/.]?年")
_MONTH_FIRST: Final = re.compile(r"m{1,2}[-/.]?d{1,2}[-/.]?y{2,4}|月[-/.]?日[-/.]?年")
_MONTHS: Final = (
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
)  # fmt: skip
_OPEN: Final = frozenset(
    (
        "长期", "長期", "长期有效", "長期有效", "至今", "永久", "永久有效", "终身", "終身", "终生",
        "終生", "现在", "現在", "无固定期限", "無固定期限", "不限", "permanent", "present",
        "lifetime", "life", "indefinite", "open", "forever", "now", "ongoing",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DateStyle:
    """How a column writes dates, learnt from all its cells.

    `padded_months`: the column writes 1975.03, so 1975.1 is October; `single_months`: it writes
    1975-3, so 1975.1 is January. `day_first`: 13/02/1975 occurs or the header says DD/MM/YYYY
    (True), 02/13/1975 occurs (False), or neither (None). `epoch_1904` belongs to the workbook.
    `republic`: years are those of the Republic, as the header says or 109/1/1 shows.
    """

    epoch_1904: bool = False
    padded_months: bool = False
    single_months: bool = False
    day_first: bool | None = None
    republic: bool = False


def order_of(header: str) -> bool | None:
    """Say whether a header puts the day first (True) or the month (False); None if it is silent.

    >>> order_of("Date of Birth (DD/MM/YYYY)"), order_of("生日（月/日/年）"), order_of("生日")
    (True, False, None)
    """
    text = "".join(narrow(header).lower().split())
    if _DAY_FIRST.search(text):
        return True
    return False if _MONTH_FIRST.search(text) else None


def learn_style(cells: Iterable[Cell], *, epoch_1904: bool = False, header: str = "") -> DateStyle:
    """Learn from a column how its ambiguous dates are meant; each distinct cell is enough.

    The cells go before the header: where they contradict it, nothing is known.

    >>> learn_style(["1975.03", "1980.1"]).padded_months
    True
    >>> learn_style(["03/02/1975", "25/12/1980"]).day_first
    True
    >>> learn_style(["03/02/1975"], header="Birthday (MM/DD/YYYY)").day_first
    False
    >>> learn_style(["109/01/01", "98/3/2"]).republic, learn_style(["98/3/2"]).republic
    (True, False)
    """
    padded = single = western = False
    firsts = seconds = years = 0
    for cell in cells:
        if not isinstance(cell, str | float):
            western = western or isinstance(cell, date)
            continue
        if isinstance(cell, str) and _PLAIN.fullmatch(cell):
            western = True
            continue
        text = narrow(cell).strip() if isinstance(cell, str) else repr(cell)
        if not padded and _PADDED_MONTH.fullmatch(text):
            padded = True
        elif not single and _SINGLE_MONTH.fullmatch(text) and isinstance(cell, str):
            single = True
        elif (found := _NUMERIC.fullmatch(text)) is not None:
            firsts = max(firsts, int(found[1]))
            seconds = max(seconds, int(found[2]))
        elif (found := _SHORT_YEAR.fullmatch(text)) is not None and found[3]:
            years = max(years, int(found[1]))
        elif text[:4].isdecimal():
            western = True
    seen = None if (firsts > 12) == (seconds > 12) else firsts > 12
    stated = order_of(header)
    silent = max(firsts, seconds) <= 12
    day_first = stated if silent or stated == seen else None if stated is not None else seen
    # No other count of years has come to a hundred and some yet.
    republic = 100 <= years <= _LAST_REPUBLIC and not (western or padded or single or firsts)
    republic = republic or _OF_REPUBLIC.search(header) is not None
    return DateStyle(epoch_1904, padded, single, day_first, republic)


def read_date(cell: Cell, *, edge: Edge, style: DateStyle) -> date | Noted | None:
    """Read a civil date; `until` is the last day that counts, OPEN_END when there is none.

    A month without a day is its first day, for `until` its last; a year alone likewise (not for a
    birth date, which then stays out). What was filled in is noted.

    >>> plainly = DateStyle()
    >>> read_date("1975年3月2日", edge="birth", style=plainly)
    datetime.date(1975, 3, 2)
    >>> read_date("2026.02", edge="until", style=plainly).value
    datetime.date(2026, 2, 28)
    >>> read_date(27455, edge="birth", style=plainly)
    datetime.date(1975, 3, 2)
    >>> read_date("长期", edge="until", style=plainly) == OPEN_END
    True

    Raises:
        CellFault: no date, an impossible one, or one that can be meant in two ways.
    """
    found = _read_cell(cell, edge=edge, style=style)
    if edge != "until" and (found.value if isinstance(found, Noted) else found) == OPEN_END:
        raise _no_such_year()
    return found


def _read_cell(cell: Cell, *, edge: Edge, style: DateStyle) -> date | Noted | None:
    if isinstance(cell, str) and (found := _PLAIN.fullmatch(cell)) is not None:
        return _make(int(found[1]), int(found[2]), int(found[3]))
    if isinstance(cell, datetime):
        return _checked(cell.date())
    if isinstance(cell, date):
        return _checked(cell)
    if isinstance(cell, bool | time | timedelta):
        raise _unclear()
    if isinstance(cell, int | float):
        return _read_number(float(cell), edge=edge, style=style)
    text = narrow(plain(cell)).strip().lower().replace("。", ".").replace("、", ".")
    if is_nothing(text):
        return None
    if "".join(text.split()) in _OPEN:
        if edge == "until":
            return OPEN_END
        raise _unclear()
    return _read_phrase(text, edge=edge, style=style)


def _read_phrase(text: str, *, edge: Edge, style: DateStyle) -> date | Noted:
    parts = [part for part in _RANGE.split(text) if part]
    if len(parts) == 2 and edge != "birth":
        return _read_period(parts[0], parts[1], edge=edge, style=style)
    return _read_written(text.removeprefix("至"), edge=edge, style=style)


def _read_period(first: str, last: str, *, edge: Edge, style: DateStyle) -> Noted:
    """Both days of a period, the one that was asked for as the value."""
    since: object = _read_written(first, edge="since", style=style)
    until: object = OPEN_END
    if last not in _OPEN:
        until = _read_written(last, edge="until", style=style)
    since = since.value if isinstance(since, Noted) else since
    until = until.value if isinstance(until, Noted) else until
    if since == OPEN_END:
        raise _no_such_year()
    value, other = (since, until) if edge == "since" else (until, since)
    return Noted(
        value, "date-range", N_("The cell holds a period; both its days were read."), other
    )


def _read_written(text: str, *, edge: Edge, style: DateStyle) -> date | Noted:
    text = _REMARK.sub("", _CLOCK.sub("", text)).strip()
    if found := _FULL.fullmatch(text):
        return _make(int(found[1]), int(found[2]), int(found[3]))
    if _BARE_MONTH.fullmatch(text):
        return _read_bare_month(int(text[:4]), edge=edge, style=style)
    if found := _COMPACT.fullmatch(text):
        return _read_compact(found[1], found[2], found[3], edge=edge, style=style)
    if found := _MONTH.fullmatch(text):
        return _fill(int(found[1]), int(found[2]), edge=edge)
    if found := _YEAR.fullmatch(text):
        return _fill(int(found[1]), None, edge=edge)
    if _SERIAL.fullmatch(text):
        return _read_number(float(text), edge=edge, style=style)
    if found := _REPUBLIC.fullmatch(text):
        return _read_republic(found, edge=edge)
    if found := _NUMERIC.fullmatch(text):
        return _read_numeric(int(found[1]), int(found[2]), int(found[3]), style=style)
    if found := _WORDED.fullmatch(text):
        return _read_worded(found, edge=edge)
    if found := _SHORT_YEAR.fullmatch(text):
        if style.republic and 1 <= int(found[1]) <= _LAST_REPUBLIC:
            return _read_republic(found, edge=edge)
        raise CellFault("date-unclear", _SHORT)
    raise _unclear()


def _read_compact(
    year: str, month: str, day: str | None, *, edge: Edge, style: DateStyle
) -> date | Noted:
    """YYYYMMDD or YYYYMM; five or six digits that are no such month are a serial day."""
    if day is not None:
        return _make(int(year), int(month), int(day))
    if _FIRST_YEAR <= int(year) <= _LAST_YEAR and 1 <= int(month) <= 12:
        return _fill(int(year), int(month), edge=edge)
    return _read_number(float(year + month), edge=edge, style=style)


def _read_number(number: float, *, edge: Edge, style: DateStyle) -> date | Noted:
    if number.is_integer():
        return _read_whole(int(number), edge=edge, style=style)
    if _FIRST_YEAR <= number < _LAST_YEAR + 1:
        month = round((number - int(number)) * 100, 6)
        if not month.is_integer():
            raise _unclear()
        if month == 10 and (style.single_months or not style.padded_months):
            raise CellFault(
                "date-ambiguous",
                N_(
                    "This may be January or October: the number lost a final zero. Format the "
                    "column as text and write 1975.01 or 1975.10."
                ),
            )
        if month == 10:
            return _october(int(number), edge=edge)
        # Unpadded months come as tenths: .2 was typed for February, .03 for March.
        single = month.is_integer() and int(month) % 10 == 0 and not style.padded_months
        return _fill(int(number), int(month) // 10 if single else int(month), edge=edge)
    if _FIRST_SERIAL <= number <= _LAST_SERIAL:
        return _from_serial(int(number), style=style)
    raise _unclear()


def _read_whole(number: int, *, edge: Edge, style: DateStyle) -> date | Noted:
    if _FIRST_YEAR <= number <= _LAST_YEAR:
        return _fill(number, None, edge=edge)
    if _FIRST_SERIAL <= number <= _LAST_SERIAL:
        return _from_serial(number, style=style)
    text = str(number)
    if len(text) == 8:
        return _make(int(text[:4]), int(text[4:6]), int(text[6:]))
    if len(text) == 6 and number > 0:
        return _fill(int(text[:4]), int(text[4:]), edge=edge)
    raise _unclear()


def _from_serial(days: int, *, style: DateStyle) -> date:
    epoch = _EPOCH_1904 if style.epoch_1904 else _EPOCH_1900
    return _checked(epoch + timedelta(days=days))


def _read_bare_month(year: int, *, edge: Edge, style: DateStyle) -> Noted:
    """1975.1 as text: what the column's other months say, else January, and a word about it."""
    if style.padded_months and not style.single_months:
        return _october(year, edge=edge)
    filled = _fill(year, 1, edge=edge)
    if style.single_months and not style.padded_months:
        return filled
    return Noted(
        filled.value, "date-january", N_("Read as January. If October is meant, write 1975-10.")
    )


def _october(year: int, *, edge: Edge) -> Noted:
    filled = _fill(year, 10, edge=edge)
    return Noted(
        filled.value,
        "date-october",
        N_("Read as October: this column writes months with two digits, and a zero was lost."),
    )


def _read_republic(found: re.Match[str], *, edge: Edge) -> date | Noted:
    year = int(found[1]) + 1911
    if found[2] and found[3]:
        return _make(year, int(found[2]), int(found[3]))
    return _fill(year, int(found[2]) if found[2] else None, edge=edge)


def _read_numeric(first: int, second: int, year: int, *, style: DateStyle) -> date:
    day_first = True if first > 12 else False if second > 12 else style.day_first
    if first == second:
        day_first = True
    if day_first is None:
        raise CellFault(
            "date-ambiguous",
            N_("Day and month could be exchanged here. Write the date as 1975-03-02."),
        )
    return _make(year, second, first) if day_first else _make(year, first, second)


def _read_worded(found: re.Match[str], *, edge: Edge) -> date | Noted:
    if found[2][:3] not in _MONTHS:
        raise _unclear()
    month = _MONTHS.index(found[2][:3]) + 1
    day = found[1] or found[3]
    if day:
        return _make(int(found[4]), month, int(day))
    return _fill(int(found[4]), month, edge=edge)


def _fill(year: int, month: int | None, *, edge: Edge) -> Noted:
    if month is None and edge == "birth":
        _make(year, 1, 1)
        return Noted(None, "birth-year-only", N_("A year alone is no birth date; it was left out."))
    last = edge == "until"
    chosen = month or (12 if last else 1)
    first_day = _make(year, chosen, 1)
    if first_day == OPEN_END:
        return Noted(OPEN_END, "date-completed", N_("The year 9999 stands for no end."))
    day = monthrange(year, chosen)[1] if last else 1
    message = (
        N_("The day is not given; the last day of the period was taken.")
        if last
        else N_("The day is not given; the first day of the period was taken.")
    )
    return Noted(first_day.replace(day=day), "date-completed", message)


def _make(year: int, month: int, day: int) -> date:
    try:
        return _checked(date(year, month, day))
    except ValueError as error:
        if isinstance(error, CellFault):
            raise
        raise CellFault("date-impossible", N_("There is no such day. Correct the date.")) from error


def _checked(day: date) -> date:
    if _FIRST_YEAR <= day.year <= _LAST_YEAR:
        return day
    # Some offices write 9999-12-31 for a membership without end.
    if day.year == OPEN_END.year:
        return OPEN_END
    raise _no_such_year()


def _no_such_year() -> CellFault:
    return CellFault("date-impossible", N_("This year cannot be right. Correct the date."))


def _unclear() -> CellFault:
    return CellFault(
        "date-unclear", N_("This is no date that can be read. Write it as 1975-03-02.")
    )


_SHORT: Final = N_(
    "The year has no four digits. Write the date as 1975-03-02; or, if the column counts the years "
    "of the Republic, write 民國 into its header."
)
