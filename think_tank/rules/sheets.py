"""Tables as offices have them: a first row of names, then rows; every cell keeps its place."""

import csv
import io
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from consortium.kernel.errors import N_, FieldError
from think_tank.errors import TableUnreadable

SHEET_MAGIC = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
SYNONYMS: Mapping[str, str] = {
    "编号": "id", "序号": "id", "专家编号": "id", "姓名": "name", "专家姓名": "name",
    "学会": "society", "所属学会": "society", "推荐学会": "society",
    "单位": "employer", "工作单位": "employer", "所在单位": "employer",
    "职称": "title", "职务": "title", "邮箱": "email", "电子邮箱": "email", "e-mail": "email",
    "学科": "disciplines", "学科代码": "disciplines", "研究领域": "disciplines",
    "关键词": "keywords", "简介": "biography", "个人简介": "biography",
    "出生日期": "birth_date", "出生年月": "birth_date",
    "基层一线": "front_line", "是否基层一线": "front_line", "一线": "front_line",
    "资历": "seniority", "层次": "seniority", "评分": "score", "得分": "score", "分数": "score",
    "discipline": "disciplines", "organisation": "employer", "organization": "employer",
    "institution": "employer", "birthdate": "birth_date", "frontline": "front_line",
}  # fmt: skip


@dataclass(frozen=True)
class TableRow:
    """A row by column name; `number` counts from 1 as the reader's program does."""

    number: int
    cells: Mapping[str, str]
    columns: Mapping[str, int]

    def place(self, column: str) -> str:
        """The cell's name, such as B7; the row's first cell if the column is missing."""
        return f"{column_letters(self.columns.get(column, 0))}{self.number}"

    def fault(self, column: str, code: str, message: str, **params: object) -> FieldError:
        """A refusal of one cell."""
        return FieldError(code, message, cell=self.place(column), params=params)


@dataclass(frozen=True)
class Table:
    """A table's columns in order, and its rows that are not empty."""

    columns: Sequence[str]
    rows: Sequence[TableRow]


def column_letters(index: int) -> str:
    """A column's letters, counted from 0.

    >>> column_letters(0), column_letters(25), column_letters(26)
    ('A', 'Z', 'AA')
    """
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def read_table(content: bytes, *, required: Sequence[str] = ()) -> Table:
    """Read .csv (UTF-8, GB18030, Big5), .xlsx, .xls or .ods; the first row names the columns.

    Raises:
        TableUnreadable: it is no table, is empty, or lacks a required column.
    """
    lines = _read_sheet(content) if content.startswith(SHEET_MAGIC) else _read_csv(content)
    numbered = ((n, [clean(cell) for cell in line]) for n, line in enumerate(lines, start=1))
    filled = [(n, line) for n, line in numbered if any(line)]
    if not filled:
        raise TableUnreadable
    columns = [_column_name(cell) for cell in filled[0][1]]
    missing = [name for name in required if name not in columns]
    if missing:
        message = N_("The first row has no column %(column)s.")
        faults = [
            FieldError("column-missing", message, cell="A1", params={"column": m}) for m in missing
        ]
        raise TableUnreadable(errors=faults)
    places = {name: place for place, name in enumerate(columns) if name}
    rows = [TableRow(n, _by_name(line, places), places) for n, line in filled[1:]]
    return Table(tuple(places), rows)


def _by_name(line: Sequence[str], places: Mapping[str, int]) -> dict[str, str]:
    return {name: line[place] if place < len(line) else "" for name, place in places.items()}


def _column_name(cell: str) -> str:
    folded = unicodedata.normalize("NFKC", cell).strip().lower().replace(" ", "_")
    return SYNONYMS.get(folded, folded)


def clean(cell: object) -> str:
    """A cell as text: trimmed, whole floats without a point, dates as ISO 8601.

    >>> clean(" 3\u3000"), clean(3.0), clean(True), clean(date(1980, 5, 1)), clean(None)
    ('3', '3', 'true', '1980-05-01', '')
    """
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.date().isoformat()
    return "" if cell is None else str(cell).strip().strip("\ufeff").strip()


def _read_sheet(content: bytes) -> list[list[Any]]:
    import python_calamine

    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        return book.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except (python_calamine.CalamineError, ValueError, OSError, IndexError) as fault:
        raise TableUnreadable from fault


def _read_csv(content: bytes) -> Iterator[list[str]]:
    text = decode(content)
    if "\0" in text or text.startswith("%PDF"):
        raise TableUnreadable
    first = text.split("\n", 1)[0]
    separator = max(",\t;", key=first.count)
    try:
        yield from csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    except csv.Error as fault:
        raise TableUnreadable from fault


def decode(content: bytes) -> str:
    """Text from UTF-8, else from GB18030 or Big5, whichever gives the more everyday characters.

    Trying GB18030 alone would turn every Big5 file into other characters without a word.

    >>> decode("专家".encode("gb18030")), decode("專家學會".encode("big5"))
    ('专家', '專家學會')

    Raises:
        TableUnreadable: it is text in none of them.
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        tried = (_try_decode(content, encoding) for encoding in ("gb18030", "big5"))
        read = [text for text in tried if text]
    if not read:
        raise TableUnreadable
    return max(read, key=_everyday)


def _try_decode(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return ""


def _everyday(text: str) -> float:
    """The share of everyday ones among Chinese characters: level 1 of GB 2312 or of Big5."""
    chinese = [
        c for c in text if "\u3400" <= c <= "\u9fff" or c > "\uffff" or "\ue000" <= c <= "\uf8ff"
    ]
    everyday = sum(
        _level_one(c, "gb2312", 0xB0, 0xD7) or _level_one(c, "big5", 0xA4, 0xC6) for c in chinese
    )
    return everyday / len(chinese) if chinese else 0.0


def _level_one(character: str, encoding: str, first: int, last: int) -> bool:
    try:
        return first <= character.encode(encoding)[0] <= last
    except UnicodeEncodeError:
        return False


def read_day(text: str) -> date:
    """A civil date as offices write it.

    Raises:
        ValueError: it is no whole date; a year and month alone are none either.

    >>> written = ("1980-05-01", "1980/5/1", "1980.5.1", "1980年5月1日", "19800501")
    >>> {read_day(text).isoformat() for text in written}
    {'1980-05-01'}
    """
    text = unicodedata.normalize("NFKC", text).strip()
    if text.isdigit() and len(text) == 8:
        return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    for mark in "年月/.":
        text = text.replace(mark, "-")
    year, month, day = (int(part) for part in text.rstrip("日").split("-"))
    return date(year, month, day)
