"""Frozen values of the roster reader: grids, columns, faults, notes and the whole roster."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from datetime import date, datetime, time, timedelta
from types import MappingProxyType
from typing import Final, NamedTuple

Cell = str | int | float | bool | time | date | datetime | timedelta
"""What a spreadsheet cell may hold; an empty cell is the empty string."""

NOTHING: Final[Mapping[str, str]] = MappingProxyType({})
"""Of a message without places."""

FIELDS: Final = (
    "member_number",
    "name",
    "name_latin",
    "class",
    "grade",
    "branch",
    "since",
    "until",
    "email",
    "mobile",
    "employer",
    "title",
    "birth_date",
    "gender",
    "orcid",
    "national_id",
)
"""The fields of a roster, in the order in which reports show them."""

OPEN_END: Final = date.max
"""The `until` of a membership without an end (长期, 永久, 至今)."""


UNCALCULATED: Final = "#FORMULA?"
"""What stands in place of a formula whose result the file does not hold."""


def name_column(index: int) -> str:
    """Name a column as spreadsheets do, counting from 0.

    >>> name_column(0), name_column(25), name_column(26), name_column(701)
    ('A', 'Z', 'AA', 'ZZ')
    """
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet that was found in the file; `rows` counts up to the last filled row.

    `continues`: it has no header, and rows like those of the sheet that is read.
    """

    name: str | None
    visible: bool
    rows: int
    chosen: bool = False
    looks_like_roster: bool = False
    continues: bool = False


@dataclass(frozen=True, slots=True)
class Grid:
    """The cells of one sheet; a row may be shorter than the widest one.

    `merged` holds first row, first column, last row, last column, all counted from 0; `hidden` are
    the rows, counted from 0, that a filter or a hand has hidden, where the format tells them.
    """

    name: str | None
    visible: bool
    rows: list[list[Cell]]
    merged: tuple[tuple[int, int, int, int], ...] = ()
    hidden: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Book:
    """A file taken apart: its grids and how dates and letters were encoded.

    `encoding` is None for workbooks; `epoch_1904` says that day 0 is 1904-01-01; `lossy` that
    some bytes could not be decoded and stand as U+FFFD; `unsure` that too little text stands in
    the file to prove its encoding.
    """

    kind: str
    encoding: str | None
    grids: tuple[Grid, ...]
    epoch_1904: bool = False
    lossy: bool = False
    unsure: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the sheet and the field it was taken for.

    `field` is None for a column that is not imported; `reason` then says why: `unknown`,
    `sensitive`, `another` (of another person or thing), `ignored` (a row counter), `counter` (a
    number that merely counts the rows), `taken` (another column fits better), `tied` (another fits
    as well), `dates` (it may hold the last or first day, for which no other column was found),
    `joined` (the given name beside a family name), `dropped` (by the user's mapping).
    `confidence` runs from 0 to 1.
    """

    index: int
    source: str
    field: str | None
    confidence: float
    reason: str | None = None

    @property
    def letter(self) -> str:
        """The column's letter in the spreadsheet."""
        return name_column(self.index)


class Fault(NamedTuple):
    """Why a row is refused: one cell (or the row, when `cell` is None), and what to do.

    `message` is an untranslated message whose places `params` fill; `value` is masked where it
    would give away an identity number or a mobile number.
    """

    sheet: str | None
    row: int
    cell: str | None
    field: str | None
    value: str
    code: str
    message: str
    params: Mapping[str, str] = NOTHING


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What the reader must be told about the society.

    `grades` and `classes` map a code to every name it goes by; None takes any text. `branches` do
    the same, but a branch that is not registered is kept as it is called. `number_width` is the
    length of the society's member numbers when all have the same, with leading zeros.
    """

    today: date
    grades: Mapping[str, tuple[str, ...]] | None = None
    classes: Mapping[str, tuple[str, ...]] | None = None
    branches: Mapping[str, tuple[str, ...]] | None = None
    number_width: int | None = None


@dataclass(frozen=True, slots=True)
class Roster:
    """A roster as read. Row `i` is the i-th data row, found at sheet row `numbers[i]`.

    `values[field][i]` is the normalised value, or None where the cell is empty or at fault. Rows
    with a fault are in `refused`. `notes` tell what was changed or left out without refusing;
    `skipped_rows` are the sheet rows that `skipped` counts, by kind. `unpadded` holds, by sheet
    row, member numbers as written before zeros were put back.
    """

    kind: str
    encoding: str | None
    sheet: str | None
    header_rows: tuple[int, ...]
    columns: tuple[Column, ...]
    sheets: tuple[Sheet, ...]
    numbers: list[int]
    values: dict[str, list[object]]
    faults: tuple[Fault, ...]
    notes: tuple[Fault, ...]
    skipped: Mapping[str, int]
    skipped_rows: Mapping[str, tuple[int, ...]] = attribute(default_factory=dict)
    unpadded: Mapping[int, str] = attribute(default_factory=dict)

    @property
    def read(self) -> int:
        """How many rows hold a member, good or bad."""
        return len(self.numbers)

    @property
    def refused(self) -> frozenset[int]:
        """Sheet rows with at least one fault."""
        return frozenset(fault.row for fault in self.faults)

    def address(self, row: int, field_name: str) -> str | None:
        """The cell of a field in a sheet row, `C5`; None when the file has no such column."""
        for column in self.columns:
            if column.field == field_name:
                return f"{column.letter}{row}"
        return None

    def rows(self) -> Iterator[tuple[int, dict[str, object]]]:
        """Each data row as its sheet row and its filled fields, in the file's order."""
        names = list(self.values)
        for number, *cells in zip(self.numbers, *self.values.values(), strict=True):
            row = dict(zip(names, cells, strict=True))
            if None in cells:
                row = {name: cell for name, cell in row.items() if cell is not None}
            yield number, row
