"""Which columns could hold the member number, where no header says so."""

from collections.abc import Sequence
from typing import Final

from consortium.kernel.errors import N_
from membership.roster.characters import plain
from membership.roster.columns import share
from membership.roster.numbers import read_member_number
from membership.roster.undated import holds_dates
from membership.roster.values import Cell, Column, Fault
from membership.roster.wording import Match

_UNEXPLAINED: Final = ("unknown", "counter")
_LONGEST: Final = 20


def note_unnumbered(
    columns: Sequence[Column],
    samples: Sequence[Sequence[Cell]],
    matches: Sequence[Match],
    *,
    sheet: str | None,
    row: int,
) -> list[Fault]:
    """Name the columns that could hold the member number, once for all rows that lack it.

    Args:
        columns: as assigned.
        samples: the first filled cells of each column.
        matches: what the header says.
        sheet: the sheet's name.
        row: the header's.
    """
    if any(column.field == "member_number" for column in columns):
        return []
    likely = [
        column
        for column in columns
        if column.reason in _UNEXPLAINED
        and column.index < len(samples)
        and (column.reason == "counter" or not _is_explained(matches[column.index]))
        and _numbers_people(samples[column.index])
    ]
    if not likely:
        return []
    names = ", ".join(f"{column.letter} {column.source}" for column in likely)
    cell = f"{likely[0].letter}{row}"
    return [Fault(sheet, row, cell, None, "", "number-unclear", _ASKED, {"columns": names})]


def _is_explained(match: Match) -> bool:
    return match[0] is None and match[1] > 0


def _numbers_people(sample: Sequence[Cell]) -> bool:
    """Whether every cell is short, has a digit, and stands there once."""
    texts = [plain(cell) for cell in sample]
    return (
        bool(texts)
        and len(set(texts)) == len(texts)
        and all(len(text) <= _LONGEST and any(map(str.isdigit, text)) for text in texts)
        and share(sample, read_member_number) == 1.0
        and not holds_dates(sample)
    )


_ASKED: Final = N_(
    "No column was found for the member number; these could hold it: %(columns)s. If one does, "
    "choose it on the page or give it with --columns, and read the file again."
)
