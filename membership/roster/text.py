"""Delimited text to a grid: which delimiter, which quotes."""

import re
from collections.abc import Iterable
from typing import Final

from consortium.kernel.delimited import QuoteOpen, TooManyCells, cut_rows
from membership.roster.encoding import decode, is_unsure, label
from membership.roster.errors import RosterQuoteOpen, RosterTooLarge
from membership.roster.values import Book, Cell, Grid
from membership.roster.workbook import COLUMN_LIMIT, ROW_LIMIT

_TEXT_LIMIT_BYTES: Final = 100 * 1024 * 1024
_DELIMITERS: Final = ",\t;|"
_WIDE_COMMA: Final = "\uff0c"
_QUOTED: Final = re.compile(r'"[^"]*"')


def read_text_file(data: bytes) -> Book:
    """Read .csv and .tsv in UTF-8, UTF-16, GB18030 or Big5, whatever the file is called.

    Raises:
        RosterUnreadable: no text in any of these encodings.
        RosterQuoteOpen: a quotation mark is opened and not closed where its cell ends.
        RosterTooLarge: more text or rows than a roster can have.
    """
    if len(data) > _TEXT_LIMIT_BYTES:
        raise RosterTooLarge(limit=f"{_TEXT_LIMIT_BYTES >> 20} MiB")
    encoding, text = decode(data)
    text, delimiter = _choose_delimiter(text)
    grid = Grid(None, True, _split(text, delimiter))
    return Book(
        kind="csv",
        encoding=label(encoding),
        grids=(grid,),
        lossy="\ufffd" in text,
        unsure=is_unsure(encoding, text),
    )


def _choose_delimiter(text: str) -> tuple[str, str]:
    """Take the delimiter that cuts the first lines into the most, and most equal, pieces."""
    first, _, rest = text.partition("\n")
    if first.strip().lower().startswith("sep=") and len(first.strip()) == 5:
        return rest, first.strip()[4]
    lines = [line for line in _QUOTED.sub('""', text[:20_000]).splitlines() if line.strip()][:30]
    best = max(_DELIMITERS, key=lambda sign: _evenness(lines, sign))
    wide = {line.count(_WIDE_COMMA) for line in text.splitlines() if line.strip()}
    if len(wide) == 1 and wide != {0} and best not in (lines[0] if lines else ""):
        # Typed under a Chinese keyboard; commas in prose would not be the same in every line.
        best = _WIDE_COMMA
    return text, best


def _evenness(lines: Iterable[str], sign: str) -> float:
    counts = [line.count(sign) for line in lines]
    if not any(counts):
        return 0.0
    usual = max(set(counts), key=lambda count: (counts.count(count), count))
    return counts.count(usual) / len(counts) * min(usual, 20) + 0.001 * sum(counts)


def _split(text: str, delimiter: str) -> list[list[Cell]]:
    """Cut a text into rows of cells.

    Raises:
        RosterQuoteOpen: a cell in quotation marks runs on over the rows after it.
        RosterTooLarge: more rows, or more cells in one, than a roster can have.
    """
    try:
        rows = cut_rows(text, delimiter, rows=ROW_LIMIT, columns=COLUMN_LIMIT)
    except QuoteOpen as error:
        raise RosterQuoteOpen(line=error.line) from error
    except TooManyCells as error:
        raise RosterTooLarge(limit=f"{ROW_LIMIT:,} rows, {COLUMN_LIMIT:,} columns") from error
    return [list(row) for row in rows]
