"""Columns of dates that nobody has explained, in a roster that lacks the first or the last day.

A last day under a name that is not known would make every member permanent, the expired ones too; a
first day would be lost, and every new member join on the day of the import. So such a column must
be explained, or left out by choice, before the roster is applied.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from consortium.kernel.errors import N_
from membership.roster.characters import fold, is_nothing, plain
from membership.roster.dates import DateStyle, Edge, learn_style, read_date
from membership.roster.errors import CellFault, DatesUnclear, FirstDayUnclear
from membership.roster.numbers import Noted
from membership.roster.values import OPEN_END, Cell, Column, Fault, Roster, name_column
from membership.roster.wording import Match

CODE: Final = "dates-unclear"

_BOTH: Final[tuple[Edge, ...]] = ("until", "since")

_SAMPLE: Final = 120
# 40023 may be a staff number and 2018 a class at school, unless the header speaks of days; eight
# digits that make a day are hardly either.
_BARE_DIGITS: Final = re.compile(r"(?!\d{8}$)\d+(?:\.0)?")
_DAYS: Final = re.compile(r"日|期|时|年|date|day|year|valid", re.IGNORECASE)
# What cannot be a first day: the end of something, or the day of something else. A last day is
# asked for whatever the name says, because missing it does the greater harm.
_NO_FIRST: Final = re.compile(
    r"末|到期|截[止至]|届满|期满|失效|终止|[止至]$|退|离|故|逝|去世|出生|生日|诞|毕业|入学|学位|入职|"
    r"参加工作|聘|任[职期]|退休|[缴交付汇退]费|付款|汇款|收款|开票|发票|[发领制换补]证|证件|证书|护照|"
    r"身份证|有效|更新|修改|变更|提交|填[表报写]|导出|打印|登录|创建|录入|建档|会议|培训|活动|年检|"
    r"下次|最近|上次|birth|born|dob|expir|until|end|paid|pay|due|renew|graduat|hire|employ|retire|"
    r"updat|modif|creat|login|print|issu|passport|visa|idcard|degree|left|resign|deceas|last|next"
)


def mark_undated(
    columns: Sequence[Column], samples: Sequence[Sequence[Cell]], matches: Sequence[Match]
) -> tuple[Column, ...]:
    """Give the reason `dates` to columns that could hold a last or first day that is not known.

    Args:
        columns: as assigned.
        samples: the first filled cells of each column.
        matches: what the header says; a name known to mean something else explains its column.
    """
    missing = [edge for edge in _BOTH if not _knows(edge, columns, samples)]
    if not missing:
        return tuple(columns)
    held = {column.index for column in columns}
    nameless = [
        Column(index, name_column(index), None, 0.0, "dates")
        for index, sample in enumerate(samples)
        if index not in held and holds_dates(sample)
    ]
    marked = [
        replace(column, reason="dates")
        if column.reason == "unknown"
        and not _is_explained(matches[column.index])
        and ("until" in missing or not _NO_FIRST.search(fold(column.source)))
        and column.index < len(samples)
        and holds_dates(samples[column.index], header=column.source)
        else replace(column, reason="dates")
        if column.reason == "tied" and matches[column.index][0] in missing
        else column
        for column in columns
    ]
    return tuple(sorted([*marked, *nameless], key=lambda column: column.index))


def _knows(edge: Edge, columns: Sequence[Column], samples: Sequence[Sequence[Cell]]) -> bool:
    """Whether a column was found for a day, or one of periods that give both days."""
    places = {column.field: column.index for column in columns if column.field}
    other = places.get("since" if edge == "until" else "until")
    if edge in places or other is None or other >= len(samples):
        return edge in places
    found = [_read(cell, DateStyle()) for cell in samples[other][:_SAMPLE]]
    periods = [day for day in found if isinstance(day, Noted) and day.code == "date-range"]
    return len(periods) * 2 > len(found)


def _is_explained(match: Match) -> bool:
    field, confidence, _ = match
    return field is None and confidence > 0


def holds_dates(sample: Sequence[Cell], *, header: str = "") -> bool:
    """Say whether most filled cells hold dates; words such as 长期 count beside at least one.

    >>> holds_dates(["2026-12-31", "长期", ""]), holds_dates(["10023", "1998", "山东大学"])
    (True, False)
    """
    filled = [cell for cell in sample if not is_nothing(plain(cell))][:_SAMPLE]
    style = learn_style(filled, header=header)
    is_dated = _DAYS.search(header) is not None
    days = [
        day
        for cell in filled
        if (is_dated or not _is_bare(cell)) and (day := _read(cell, style)) is not None
    ]
    return len(days) * 2 > len(filled) and any(day != OPEN_END for day in days)


def _is_bare(cell: Cell) -> bool:
    return not isinstance(cell, date) and _BARE_DIGITS.fullmatch(plain(cell)) is not None


def _read(cell: Cell, style: DateStyle) -> object:
    try:
        return read_date(cell, edge="until", style=style)
    except CellFault as fault:
        # 03/02/2028 is a date, whichever is its day.
        return fault if fault.code == "date-ambiguous" else None


def note_undated(columns: Sequence[Column], *, sheet: str | None, row: int) -> tuple[Fault, ...]:
    """The note of a dry run that asks what these columns hold; `row` is the header's."""
    undated = [column for column in columns if column.reason == "dates"]
    if not undated:
        return ()
    cell = f"{undated[0].letter}{row}"
    asked = _FIRST_ASKED if _lacks_first_only(columns) else _ASKED
    return (Fault(sheet, row, cell, None, "", CODE, asked, {"columns": _name(undated)}),)


def _lacks_first_only(columns: Sequence[Column]) -> bool:
    fields = {column.field for column in columns}
    return "until" in fields and "since" not in fields


def require_dated(roster: Roster) -> None:
    """Refuse to apply a roster with dates that nobody has explained.

    Raises:
        DatesUnclear: it has such columns; FirstDayUnclear if they may hold the first day only.
    """
    undated = [column for column in roster.columns if column.reason == "dates"]
    if undated:
        refusal = FirstDayUnclear if _lacks_first_only(roster.columns) else DatesUnclear
        raise refusal(columns=_name(undated))


def _name(columns: Sequence[Column]) -> str:
    return ", ".join(
        column.letter if column.source == column.letter else f"{column.letter} {column.source}"
        for column in columns
    )


_ASKED: Final = N_(
    "These columns hold dates and no column was found for the last day of membership: %(columns)s. "
    "Nothing is applied until you say what they hold, or that they are not used."
)
_FIRST_ASKED: Final = N_(
    "These columns hold dates and no column was found for the first day of membership: "
    "%(columns)s. Nothing is applied until you say what they hold, or that they are not used."
)
