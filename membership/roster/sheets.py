"""Which sheet of a workbook is read, and what is said of the others that hold members too."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from consortium.kernel.errors import N_
from membership.roster.characters import fold
from membership.roster.choices import Chosen
from membership.roster.columns import share, test_of
from membership.roster.errors import RosterHeaderMissing, SheetHeaderless, SheetUnknown
from membership.roster.header import HEADER_ROWS, Header, find_header
from membership.roster.values import Book, Cell, Column, Fault, Grid, Sheet

_SAMPLE: Final = 50
_ALIKE: Final = 0.8
# Told by their form; any text could be an employer's.
_TELLING: Final = (
    "member_number", "since", "until", "email", "mobile", "birth_date", "orcid", "national_id",
    "gender",
)  # fmt: skip


def choose_sheet(
    book: Book, chosen: Chosen | None = None, *, wish: str | None = None
) -> tuple[Grid, Header, tuple[Sheet, ...]]:
    """Choose the sheet that looks most like a roster; a hidden one only if no visible one does.

    Args:
        book: the file taken apart.
        chosen: the user's columns.
        wish: the name of the sheet that the user wants read.

    Raises:
        RosterHeaderMissing: no sheet has a header, or not the one wished for.
        SheetUnknown: there is no sheet of that name.
    """
    found = [(grid, find_header(grid, chosen)) for grid in book.grids]
    wished = None if wish is None else _find(book.grids, wish)
    likely = [
        (grid.visible, len(grid.rows) > header.first_data_row, header.score, len(grid.rows), index)
        for index, (grid, header) in enumerate(found)
        if header is not None and wished in (None, index)
    ]
    if not likely:
        if wished is not None:
            raise SheetHeaderless(rows=HEADER_ROWS, sheet=book.grids[wished].name or "")
        raise RosterHeaderMissing(rows=HEADER_ROWS)
    # Of two sheets alike, the longer one; of two alike in length, the first.
    best = max(likely, key=lambda one: (one[0], one[1], round(one[2]), one[3], -one[4]))[-1]
    roster, header = found[best]
    assert header is not None
    sheets = tuple(
        Sheet(grid.name, grid.visible, len(grid.rows), grid is roster, head is not None)
        for grid, head in found
    )
    return roster, header, sheets


def _find(grids: Sequence[Grid], wish: str) -> int:
    names = [grid.name or "" for grid in grids]
    for alike in (names, [fold(name) for name in names]):
        sought = wish if alike is names else fold(wish)
        if sought in alike:
            return alike.index(sought)
    raise SheetUnknown(name=wish, sheets=", ".join(filter(None, names)) or "–")


def mark_continuations(
    grids: Sequence[Grid], sheets: Sequence[Sheet], columns: Sequence[Column]
) -> tuple[Sheet, ...]:
    """Mark the sheets without header whose rows are like those of the sheet that is read."""
    return tuple(
        replace(sheet, continues=True)
        if not sheet.looks_like_roster and _is_alike(grid, columns)
        else sheet
        for grid, sheet in zip(grids, sheets, strict=True)
    )


def _is_alike(grid: Grid, columns: Sequence[Column]) -> bool:
    """Whether names stand where names do, and one more field's cells where they do."""
    rows = [row for row in grid.rows if any(cell != "" for cell in row)][:_SAMPLE]
    places = {column.field: column.index for column in columns if column.field}
    told = [field for field in _TELLING if field in places]
    return bool(rows) and all(
        any(_fits(rows, places[field], field) for field in fields) for fields in (("name",), told)
    )


def _fits(rows: Sequence[Sequence[Cell]], place: int, field: str) -> bool:
    cells = [row[place] for row in rows if place < len(row) and row[place] != ""]
    if field == "member_number" and not all(any(map(str.isdigit, str(cell))) for cell in cells):
        return False
    test = test_of(field, cells, header="")
    return len(cells) * 2 > len(rows) and test is not None and share(cells, test) >= _ALIKE


def note_hidden(grid: Grid, rows: Sequence[int], *, row: int) -> list[Fault]:
    """Notes on what was read though nobody sees it on opening the file.

    Args:
        grid: the sheet that was read.
        rows: its rows that were read, counted from 0.
        row: the header's.
    """
    notes = []
    if not grid.visible:
        params = {"sheet": grid.name or ""}
        notes.append(Fault(grid.name, row, None, None, "", "sheet-hidden", _HIDDEN, params))
    if grid.hidden:
        notes += [
            Fault(grid.name, place + 1, None, None, "", "rows-hidden", _ROWS_HIDDEN, {})
            for place in rows
            if place in grid.hidden
        ]
    return notes


def note_sheets(sheets: Sequence[Sheet], *, row: int) -> list[Fault]:
    """Notes on visible sheets that hold members too and were not read; `row` is the header's."""
    read = next((sheet.name for sheet in sheets if sheet.chosen), None)
    others = [sheet for sheet in sheets if sheet.visible and not sheet.chosen]
    kinds = (
        ("sheets-unread", _UNREAD, [one.name or "" for one in others if one.looks_like_roster]),
        ("sheets-headless", _HEADLESS, [one.name or "" for one in others if one.continues]),
    )
    return [
        Fault(read, row, None, None, "", code, message, {"sheets": ", ".join(names)})
        for code, message, names in kinds
        if names
    ]


_UNREAD: Final = N_(
    "One sheet is read at a time. These look like rosters too and were not read: %(sheets)s. "
    "Import each by itself: choose it on the page, or give --sheet."
)
_HEADLESS: Final = N_(
    "These sheets have rows like this one's, but no header, and were not read: %(sheets)s. Move "
    "their rows below the first sheet's, or give them its header row and import each by itself."
)
_HIDDEN: Final = N_(
    "The sheet that was read is hidden: %(sheet)s. Show it in the spreadsheet (right click on the "
    "tabs, Unhide) and see that it is the roster you mean."
)
_ROWS_HIDDEN: Final = N_(
    "Rows that a filter or a hand has hidden in the sheet were read like the others. Delete those "
    "that are not meant, and send the file again."
)
