"""Reads a table of organisations out of the files that offices keep."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from python_calamine import CalamineError, CalamineWorkbook

from consortium.errors import FileUnreadable, HeaderMissing, QuoteNotClosed
from consortium.kernel.delimited import QuoteOpen, TooManyCells, cut_rows
from consortium.kernel.search import fold

# What offices call the columns; compared after folding, so traditional characters match too.
SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "code": ("code", "代码", "简码", "学会代码", "组织代码", "short code"),
    "name_zh": (
        "name_zh",
        "名称",
        "中文名称",
        "学会名称",
        "单位名称",
        "组织名称",
        "社会组织名称",
        "chinese name",
        "name",
    ),
    "name_en": ("name_en", "英文名称", "英文名", "english name"),
    "abbreviation": ("abbreviation", "简称", "缩写", "英文简称", "英文缩写"),
    "kind": ("kind", "类型", "组织类型", "单位性质", "type"),
    "uscc": (
        "uscc",
        "统一社会信用代码",
        "社会信用代码",
        "信用代码",
        "unified social credit code",
    ),
    "level": ("level", "级别", "登记级别", "层级"),
    "supervising_unit": ("supervising_unit", "业务主管单位", "主管单位", "supervising unit"),
    "supporting_unit": (
        "supporting_unit",
        "支撑单位",
        "挂靠单位",
        "依托单位",
        "supporting unit",
    ),
    "disciplines": ("disciplines", "学科", "学科代码", "学科领域", "discipline"),
    "time_zone": ("time_zone", "时区", "time zone"),
}
REQUIRED = ("code", "name_zh")
HEADER_ROWS = 10
ENCODINGS = ("utf-8-sig", "gb18030", "big5")
DELIMITERS = ",\t;|"
# As many as a workbook has room for.
ROW_LIMIT, COLUMN_LIMIT = 1_048_576, 16_384


@dataclass(frozen=True, slots=True)
class Table:
    """The rows below a header.

    Attributes:
        encoding: of a CSV file; None for a workbook.
        header_row: its number, from 1.
        columns: field name to column number, from 0.
        titles: field name to the header as it is written.
        rows: row number from 1, and the cells as trimmed text.
    """

    encoding: str | None
    sheet: str
    header_row: int
    columns: Mapping[str, int]
    titles: Mapping[str, str]
    rows: tuple[tuple[int, tuple[str, ...]], ...]

    def cell(self, field: str, row: int) -> str:
        """The cell of a field as spreadsheets write it, for instance C7."""
        column = self.columns.get(field)
        return f"{column_letters(column)}{row}" if column is not None else f"{row}:{row}"


def read_table(data: bytes) -> Table:
    """Find the header in a workbook's sheets or in a CSV file, and the rows below it.

    Raises:
        FileUnreadable: it is neither a workbook nor text.
        QuoteNotClosed: a quotation mark swallows the rows after it.
        HeaderMissing: no row of the first ten names code and name.
    """
    for encoding, sheet, rows in _candidates(data):
        for number, cells in enumerate(rows[:HEADER_ROWS], start=1):
            columns = match_header(cells)
            if _is_header(columns):
                titles = {field: cells[column] for field, column in columns.items()}
                body = tuple(
                    (line, row)
                    for line, row in enumerate(rows[number:], start=number + 1)
                    if any(row)
                )
                return Table(encoding, sheet, number, columns, titles, body)
    raise HeaderMissing(columns="代码 (code), 名称 (name_zh)")


def match_header(cells: Sequence[str]) -> dict[str, int]:
    """Columns by field; the first column that bears one of a field's names.

    >>> match_header(["序号", "學會名稱", "代码", "英文名称"])
    {'name_zh': 1, 'code': 2, 'name_en': 3}
    """
    known = {fold(name): field for field, names in SYNONYMS.items() for name in names}
    found: dict[str, int] = {}
    for column, title in enumerate(cells):
        field = known.get(" ".join(fold(title).split()).strip("*: "))
        if field is not None:
            found.setdefault(field, column)
    return found


def column_letters(column: int) -> str:
    """A column's letters in a spreadsheet.

    >>> column_letters(0), column_letters(25), column_letters(26)
    ('A', 'Z', 'AA')
    """
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _candidates(data: bytes) -> Iterator[tuple[str | None, str, list[tuple[str, ...]]]]:
    if data[:4] in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0"):
        yield from _read_workbook(data)
        return
    if b"\x00" in data[:4096] or data[:5] == b"%PDF-":
        raise FileUnreadable
    # A wrong decoding seldom fails but never names the header, so each is tried in turn; nor
    # does a wrong delimiter, whatever stands in the rows above the header.
    for encoding in ENCODINGS:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        for delimiter in DELIMITERS:
            if _has_header(text, delimiter):
                yield encoding.removesuffix("-sig"), "", _read_csv(text, delimiter)


def _is_header(columns: Mapping[str, int]) -> bool:
    return all(field in columns for field in REQUIRED)


def _has_header(text: str, delimiter: str) -> bool:
    """Whether one of the first rows is a header if they are cut at `delimiter`."""
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    try:
        return any(_is_header(match_header(row)) for row in islice(rows, HEADER_ROWS))
    except csv.Error:
        return False


def _read_workbook(data: bytes) -> Iterator[tuple[None, str, list[tuple[str, ...]]]]:
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        for name in book.sheet_names:
            rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
            yield None, name, [tuple(_text(cell) for cell in row) for row in rows]
    except (CalamineError, OSError, ValueError) as error:
        raise FileUnreadable from error


def _read_csv(text: str, delimiter: str) -> list[tuple[str, ...]]:
    try:
        rows = cut_rows(text, delimiter, rows=ROW_LIMIT, columns=COLUMN_LIMIT)
    except QuoteOpen as error:
        raise QuoteNotClosed(line=error.line) from error
    except TooManyCells as error:
        raise FileUnreadable from error
    return [tuple(cell.strip() for cell in row) for row in rows]


def _text(cell: object) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip() if cell is not None else ""
