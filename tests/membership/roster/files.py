"""Real files of every format that offices send, made byte by byte or by the format's own writer."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import xlsxwriter
import xlwt
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P

from membership.roster.read import read_roster
from membership.roster.values import Roster, Vocabulary

Rows = Sequence[Sequence[Any]]

HEADER = ("会员号", "姓名", "会员级别", "手机")
PEOPLE = (
    ("M0001", "张三", "普通会员", "13800138000"),
    ("M0002", "李四", "高级会员", "13900139000"),
)
VOCABULARY = Vocabulary(
    today=date(2026, 6, 1),
    grades={"ordinary": ("普通会员", "Ordinary"), "senior": ("高级会员", "Senior")},
    classes={"individual": ("个人会员", "Individual"), "student": ("学生会员", "Student")},
)


def read(data: bytes, **more: Any) -> Roster:
    """Read a roster with the vocabulary of the tests."""
    return read_roster(data, vocabulary=more.pop("vocabulary", VOCABULARY), **more)


def text(rows: Rows, encoding: str = "utf-8", delimiter: str = ",") -> bytes:
    """Delimited text, cells as they are."""
    return "\r\n".join(delimiter.join(map(str, row)) for row in rows).encode(encoding)


def xlsx(
    sheets: Mapping[str, Rows] | Rows,
    *,
    hidden: Sequence[str] = (),
    filtered: Sequence[int] = (),
    merged: Sequence[tuple[int, int, int, int, str]] = (),
    formats: Mapping[int, str] | None = None,
    date_1904: bool = False,
) -> bytes:
    """A workbook; `merged` are areas of its first sheet, `formats` number formats by column.

    `hidden` are sheets, `filtered` rows from 0 that are hidden on every sheet.
    """
    held = sheets if isinstance(sheets, Mapping) else {"Sheet1": sheets}
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, {"date_1904": date_1904}) as book:
        styles = {
            column: book.add_format({"num_format": code})
            for column, code in (formats or {}).items()
        }
        for place, (name, rows) in enumerate(held.items()):
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                for column, cell in enumerate(row):
                    _write_cell(sheet, number, column, cell, styles.get(column) if number else None)
            for number in filtered:
                sheet.set_row(number, None, None, {"hidden": True})
            for area in merged if place == 0 else ():
                sheet.merge_range(*area)
            if name in hidden:
                sheet.hide()
    return made.getvalue()


def _write_cell(sheet: Any, row: int, column: int, cell: Any, style: Any) -> None:
    if cell is None or cell == "":
        return
    if isinstance(cell, date):
        sheet.write_datetime(row, column, cell, style)
    elif isinstance(cell, str) and cell.startswith("="):
        formula, _, value = cell.partition("|")
        sheet.write_formula(row, column, formula, style, value)
    elif isinstance(cell, str):
        sheet.write_string(row, column, cell, style)
    else:
        sheet.write_number(row, column, cell, style)


def xls(
    rows: Rows,
    *,
    formats: Mapping[int, str] | None = None,
    date_1904: bool = False,
    filtered: Sequence[int] = (),
) -> bytes:
    """An Excel 97 workbook, as .xls and WPS's .et have it."""
    book = xlwt.Workbook(encoding="utf-8")
    book.dates_1904 = date_1904
    sheet = book.add_sheet("会员")
    styles = {column: xlwt.easyxf(num_format_str=code) for column, code in (formats or {}).items()}
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            style = styles.get(column) if number else None
            sheet.write(number, column, cell, *([style] if style else []))
    for number in filtered:
        sheet.row(number).hidden = True
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def ods(rows: Rows) -> bytes:
    """An OpenDocument spreadsheet."""
    document = OpenDocumentSpreadsheet()
    table = Table(name="名册")
    for row in rows:
        line = TableRow()
        for cell in row:
            if isinstance(cell, int | float):
                made = TableCell(valuetype="float", value=cell)
            else:
                made = TableCell(valuetype="string")
            made.addElement(P(text=str(cell)))
            line.addElement(made)
        table.addElement(line)
    document.spreadsheet.addElement(table)
    stream = io.BytesIO()
    document.write(stream)
    return stream.getvalue()


def rezip(data: bytes, changes: Mapping[str, bytes]) -> bytes:
    """A workbook with some of its parts replaced or added."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(made, "w", 8) as new:
        for name in old.namelist():
            if name not in changes:
                new.writestr(name, old.read(name))
        for name, content in changes.items():
            new.writestr(name, content)
    return made.getvalue()
