"""How large the rectangle of a sheet is, before a reader allocates it whole.

A sheet is read as one rectangle from its first to its last filled cell: two cells at A1 and
XFD1048576 would ask for 400 GB. So the places of filled cells are measured in the bytes first.
"""

import re
from collections.abc import Iterable
from typing import Final

RECTANGLE_LIMIT: Final = 24_000_000
"""Cells of the largest rectangle that is read: 200,000 rows of 120 columns."""

# Column BA and beyond, or row 100,000 and beyond: only then is the sheet measured exactly. Any
# attribute that ends in r may start it: beginning with a letter is what makes the search quick.
_HINT: Final = re.compile(rb"""r\s*=\s*["'](?:[B-Zb-z][A-Za-z]\d|[A-Za-z]{3}\d|[A-Za-z]*\d{6})""")
_FAR: Final = re.compile(
    rb"""r\s*=\s*["'](?:[B-Zb-z][A-Za-z]\d+|[A-Za-z]{3}\d+|[A-Za-z]+\d{6,})["'](?![^<>]*/>)"""
)
_FILLED: Final = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{1,3})(\d{1,7})["'](?![^<>]*/>)""")
_FAR_ROW: Final = re.compile(
    rb"""<(?:\w+:)?row\b[^>]*\br\s*=\s*["'](\d{6,7})["'][^>]*(?<!/)>\s*<(?:\w+:)?c\b(?![^>]*\br\s*=)"""
)
_ODS_CELL: Final = re.compile(
    rb"<table:(?:covered-)?table-cell\b([^>]*?)(/?)>(?:(?!</?table:(?:covered-)?table-cell).)*",
    re.DOTALL,
)
_LONGEST_TAG: Final = 1 << 16
# A > inside a formula ends the match too early, and then refuses a file rather than misread it.
_ODS_UNSTORED: Final = re.compile(
    rb"<table:table-cell\b(?=[^<>]*\btable:formula=)(?![^<>]*\boffice:value-type=)[^<>]*>"
)
_ODS_REPEAT: Final = re.compile(rb"""number-columns-repeated\s*=\s*["'](\d+)""")
_ODS_ROWS: Final = re.compile(rb"""^[^>]*number-rows-repeated\s*=\s*["'](\d+)""")
_ODS_ROW: Final = b"<table:table-row"


def may_be_far(piece: bytes) -> bool:
    """Say whether a piece of a worksheet has a filled cell far out.

    >>> may_be_far(b'<c r="XFD1"><v>1</v></c>'), may_be_far(b'<c r="XFD1" s="1"/>')
    (True, False)
    """
    if _HINT.search(piece) is None:
        return False
    return _FAR.search(piece) is not None or _FAR_ROW.search(piece) is not None


def measure_sheet(pieces: Iterable[bytes]) -> int:
    """Return the size of the rectangle that holds the filled cells of a worksheet's XML.

    >>> measure_sheet([b'<c r="A1"><v>1</v></c>', b'<c r="C10" t="n"><v>1</v></c>'])
    30
    """
    columns = rows = 1
    for piece in pieces:
        for found in _FILLED.finditer(piece):
            index = 0
            for letter in found[1].upper():
                index = index * 26 + letter - 64
            columns, rows = max(columns, index), max(rows, int(found[2]))
        for found in _FAR_ROW.finditer(piece):
            rows = max(rows, int(found[1]))
    return columns * rows


class OdsExtent:
    """Measures OpenDocument content as it streams by; all its sheets count together."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._rest = b""
        self._rows = 0
        self._width = 1

    def add(self, piece: bytes) -> None:
        """Take the next piece, without overlap."""
        *whole, self._rest = (self._rest + piece).split(_ODS_ROW)
        for row in whole:
            self._measure(row)

    def _measure(self, row: bytes) -> None:
        width = place = 0
        for found in _ODS_CELL.finditer(row):
            repeat = _ODS_REPEAT.search(found[1])
            place += int(repeat[1]) if repeat else 1
            if not found[2] and b"<text:p" in found[0]:
                width = place
        repeated = _ODS_ROWS.match(row)
        # Empty rows are not kept, so the last million of a sheet weighs nothing.
        self._rows += (int(repeated[1]) if repeated else 1) if width else 1
        self._width = max(self._width, width)

    @property
    def size(self) -> int:
        """Cells of the rectangle so far."""
        return self._rows * self._width


def has_uncalculated(pieces: Iterable[bytes]) -> bool:
    """Say whether OpenDocument content has a formula without its result.

    Args:
        pieces: the content without overlap, cut anywhere.

    >>> has_uncalculated([b'<table:table-cell table:for', b'mula="of:=1"/>'])
    True
    """
    rest = b""
    for piece in pieces:
        rest += piece
        if b"table:formula=" in rest and _ODS_UNSTORED.search(rest):
            return True
        rest = rest[max(rest.rfind(b"<"), len(rest) - _LONGEST_TAG, 0) :]
    return False
