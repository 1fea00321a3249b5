"""Tables of web pages that a system exported under the name .xls."""

from html.parser import HTMLParser
from typing import Final

from membership.roster.encoding import decode, is_unsure, label
from membership.roster.errors import RosterTooLarge, RosterUnreadable
from membership.roster.values import Book, Cell, Grid
from membership.roster.workbook import COLUMN_LIMIT, ROW_LIMIT

_SPAN_LIMIT: Final = 200
_LINE_BREAKS: Final = frozenset(["br", "p", "div"])


class _Tables(HTMLParser):
    """Collects the outermost tables; a nested one is text of its cell."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[list[list[Cell]]] = []
        self.merged: list[list[tuple[int, int, int, int]]] = []
        self._depth = 0
        self._cell: list[str] | None = None
        self._span = (1, 1)
        self._taken: set[tuple[int, int]] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open a table, row or cell."""
        if tag == "table":
            self._depth += 1
            if self._depth == 1:
                self.tables.append([])
                self.merged.append([])
                self._taken = set()
        elif self._depth == 1 and tag == "tr":
            self._close_cell()
            self.tables[-1].append([])
        elif self._depth == 1 and tag in {"td", "th"}:
            self._close_cell()
            found = dict(attrs)
            self._cell = []
            self._span = (_span(found.get("rowspan")), _span(found.get("colspan")))
        elif tag in _LINE_BREAKS and self._cell is not None:
            self._cell.append(" ")

    def handle_endtag(self, tag: str) -> None:
        """Close a cell or table."""
        if tag == "table" and self._depth:
            self._close_cell()
            self._depth -= 1
        elif self._depth == 1 and tag in {"td", "th", "tr"}:
            self._close_cell()

    def handle_data(self, data: str) -> None:
        """Collect a cell's text."""
        if self._cell is not None:
            self._cell.append(data)

    def _close_cell(self) -> None:
        if self._cell is None or not self.tables[-1]:
            self._cell = None
            return
        rows = self.tables[-1]
        top, row = len(rows) - 1, rows[-1]
        while (top, len(row)) in self._taken:
            row.append("")
        left = len(row)
        bottom, right = top + self._span[0] - 1, left + self._span[1] - 1
        row.append(" ".join("".join(self._cell).split()))
        row.extend([""] * (right - left))
        if (bottom, right) != (top, left):
            self.merged[-1].append((top, left, bottom, right))
            self._taken.update(
                (line, place)
                for line in range(top + 1, bottom + 1)
                for place in range(left, right + 1)
            )
        self._cell = None
        if len(row) > COLUMN_LIMIT or len(rows) > ROW_LIMIT:
            raise RosterTooLarge(limit=f"{ROW_LIMIT:,} rows, {COLUMN_LIMIT:,} columns")


def _span(text: str | None) -> int:
    return max(1, min(int(text), _SPAN_LIMIT)) if text and text.isdecimal() else 1


def read_web_page(data: bytes) -> Book:
    """Read each table of a web page as a sheet.

    Raises:
        RosterUnreadable: a page without a table of at least two rows.
    """
    encoding, text = decode(data)
    tables = _Tables()
    tables.feed(text)
    tables.close()
    grids = tuple(
        Grid(f"{number}", True, rows, tuple(merged))
        for number, (rows, merged) in enumerate(zip(tables.tables, tables.merged, strict=True), 1)
        if len(rows) > 1
    )
    if not grids:
        raise RosterUnreadable(found="HTML")
    unsure = is_unsure(encoding, text)
    return Book(kind="html", encoding=label(encoding), grids=grids, unsure=unsure)
