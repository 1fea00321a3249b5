"""Workbooks of several sheets: which one is read, and what is told of the rest."""

import io
import zipfile
from collections.abc import Callable

import pytest

from membership.roster.errors import RosterHeaderMissing, SheetUnknown
from membership.roster.values import Roster
from tests.membership.roster import files
from tests.membership.roster.files import HEADER, PEOPLE, read

MORE = (("M0003", "王五", "普通会员", "13700137000"), ("M0004", "赵六", "高级会员", "13600136000"))
BOOK = files.xlsx(
    {
        "说明": (("请勿修改表头", "张三"),),
        "个人会员": (HEADER, *PEOPLE),
        "续页": MORE,
        "学生会员": (HEADER, MORE[0]),
    }
)


def told(roster: Roster) -> list[tuple[str, dict[str, str]]]:
    """The notes on sheets."""
    return [(note.code, dict(note.params)) for note in roster.notes]


def test_sheets_that_hold_members_too_are_named_with_the_way_to_import_them() -> None:
    roster = read(BOOK)
    assert (roster.sheet, roster.read) == ("个人会员", 2)
    assert told(roster) == [
        ("sheets-unread", {"sheets": "学生会员"}),
        ("sheets-headless", {"sheets": "续页"}),
    ]
    assert [sheet.continues for sheet in roster.sheets] == [False, False, True, False]


@pytest.mark.parametrize("name", ["学生会员", "學生會員"])
def test_a_sheet_can_be_chosen_by_name(name: str) -> None:
    roster = read(BOOK, sheet=name)
    assert (roster.sheet, roster.values["member_number"]) == ("学生会员", ["M0003"])
    assert told(roster)[0] == ("sheets-unread", {"sheets": "个人会员"})


def test_a_hidden_sheet_can_be_chosen_and_is_not_advertised() -> None:
    data = files.xlsx({"名册": (HEADER, *PEOPLE), "旧": (HEADER, MORE[0])}, hidden=["旧"])
    assert told(read(data)) == []
    assert read(data, sheet="旧").read == 1


def test_a_sheet_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(SheetUnknown, match="说明, 个人会员, 续页, 学生会员"):
        read(BOOK, sheet="团体会员")
    with pytest.raises(SheetUnknown):
        read(files.text((HEADER, *PEOPLE)), sheet="团体会员")


def test_a_chosen_sheet_without_header_is_refused_by_name() -> None:
    with pytest.raises(RosterHeaderMissing, match="续页"):
        read(BOOK, sheet="续页")


def test_a_hidden_sheet_that_is_read_is_told() -> None:
    data = files.xlsx({"说明": (("x",),), "旧": (HEADER, *PEOPLE)}, hidden=["旧"])
    assert told(read(data)) == [("sheet-hidden", {"sheet": "旧"})]
    assert told(read(data, sheet="旧")) == [("sheet-hidden", {"sheet": "旧"})]


@pytest.mark.parametrize("form", [files.xlsx, files.xls])
def test_hidden_rows_are_read_and_told(form: Callable[..., bytes]) -> None:
    rows = (HEADER, *PEOPLE, *MORE, ("合计", "", "", "4"))
    roster = read(form(rows, filtered=[2, 4, 5]))
    assert roster.read == 4
    assert [(note.row, note.code) for note in roster.notes] == [
        (3, "rows-hidden"),
        (5, "rows-hidden"),
    ]
    assert read(form(rows)).notes == ()


def test_a_hidden_column_hides_no_row() -> None:
    data = files.xlsx((HEADER, *PEOPLE))
    part = "xl/worksheets/sheet1.xml"
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sheet = archive.read(part)
    columns = b'<cols><col min="1" max="1" width="9" hidden="1"/></cols><sheetData>'
    data = files.rezip(data, {part: sheet.replace(b"<sheetData>", columns)})
    assert read(data).notes == ()
