"""Delimited text to rows, and quotation marks that were never closed and swallow rows."""

import csv
import io
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

_FIELD_LIMIT: Final = 20_000
# No cell is an end of transmission, so a row of this one alone is the end of the text.
_END: Final = "\x04"
_SAMPLE: Final = 200
_SHARE: Final = 0.9

_Long = tuple[int, int, list[str]]
"""A row of several lines: its first line from 0, the line after its last, its cells."""


class QuoteOpen(ValueError):
    """A quotation mark is opened in `line`, from 1, and not closed where its cell ends."""

    def __init__(self, line: int) -> None:
        """Name the line."""
        super().__init__(f"a quotation mark in line {line} is not closed")
        self.line = line


class TooManyCells(ValueError):
    """The text has more rows, or a row more cells, than were allowed."""


def cut_rows(text: str, delimiter: str, *, rows: int, columns: int) -> list[list[str]]:
    r"""Cut a text into rows of cells.

    >>> cut_rows('a;"b;c"\r\nd', ";", rows=9, columns=9)
    [['a', 'b;c'], ['d']]

    Args:
        rows: at most so many.
        columns: at most so many in a row.

    Raises:
        QuoteOpen: a cell in quotation marks runs on over the rows after it.
        TooManyCells: the limits are exceeded.
    """
    found: list[list[str]] = []
    csv.field_size_limit(_FIELD_LIMIT)
    end = _END if text.endswith(("\n", "\r")) else f"\n{_END}"
    lines = split_lines(text + end)
    # Not strict: offices write stray quotes inside cells, and a stray quote loses nothing.
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    long: list[_Long] = []
    first = 0
    try:
        for row in reader:
            found.append(row)
            if reader.line_num - first > 1:
                long.append((first, reader.line_num, row))
            if len(row) > columns or len(found) > rows:
                raise TooManyCells
            first = reader.line_num
    except csv.Error as error:
        raise QuoteOpen(first + 1) from error
    if found[-1] != [_END]:
        # The last cell has swallowed the end of the text, from the line where its quote stands.
        raise QuoteOpen(len(lines) - len(split_lines(found[-1][-1])) + 1)
    found.pop()
    swallowed = _find_swallowed(found, lines, long, delimiter)
    if swallowed is not None:
        raise QuoteOpen(swallowed)
    return found


def split_lines(text: str) -> list[str]:
    r"""Cut a text after each line break as files have them, and at no other character.

    >>> split_lines("a\r\nb\rc\x0bd")
    ['a\r\n', 'b\r', 'c\x0bd']
    """
    return io.StringIO(text, newline="").readlines()


def _find_swallowed(
    rows: Sequence[list[str]], lines: Sequence[str], long: Sequence[_Long], delimiter: str
) -> int | None:
    """Return the line, counted from 1, where a quotation mark opens that swallows other rows.

    An address on several lines is one cell; a cell whose later lines are cut like rows, with digits
    where rows have digits, is several rows.
    """
    if not long:
        return None
    usual = _usual_width(rows) - 1
    digits = _columns_of_digits(rows, usual + 1)
    for first, last, cells in long:
        is_broken = _is_broken(lines[first:last], delimiter)
        for cell in cells:
            pieces = split_lines(cell)
            if len(pieces) > 1 and _holds_rows(pieces, delimiter, usual, digits, is_broken):
                start = pieces[0].strip()
                within = (place for place, line in enumerate(lines[first:last]) if start in line)
                return first + next(within, 0) + 1
    return None


def _usual_width(rows: Iterable[list[str]]) -> int:
    return Counter(map(len, rows)).most_common(1)[0][0]


def _columns_of_digits(rows: Sequence[list[str]], width: int) -> list[int]:
    """The columns that have a digit in nearly every row of one line: numbers, dates, addresses."""
    plain = [row for row in rows[1:_SAMPLE] if len(row) == width and not _has_break(row)]
    return [
        column
        for column in range(width)
        if plain and sum(_has_digit(row[column]) for row in plain) >= _SHARE * len(plain)
    ]


def _has_break(row: Iterable[str]) -> bool:
    return any("\n" in cell or "\r" in cell for cell in row)


def _has_digit(text: str) -> bool:
    return any(map(str.isdigit, text))


def _is_broken(lines: Iterable[str], delimiter: str) -> bool:
    """Whether text stands behind a closing quote: it was the opening one of another cell."""
    try:
        list(csv.reader(lines, delimiter=delimiter, skipinitialspace=True, strict=True))
    except csv.Error:
        return True
    return False


def _holds_rows(
    pieces: Sequence[str], delimiter: str, usual: int, digits: Sequence[int], is_broken: bool
) -> bool:
    later = [line for line in pieces[1:] if line.strip()]
    if is_broken and "".join(pieces).count(delimiter) >= max(1, usual * len(later) - 1):
        return True
    return any(_is_row(line.split(delimiter), usual, digits) for line in later)


def _is_row(pieces: Sequence[str], usual: int, digits: Sequence[int]) -> bool:
    if len(pieces) - 1 < max(1, usual - 1):
        return False
    if not digits:
        return usual > 1 and len(pieces) > usual
    return all(column < len(pieces) and _has_digit(pieces[column]) for column in digits)
