"""Real files of every format: what is in them is read, what they are is judged by their bytes."""

import io
import re
import zipfile
from datetime import date
from typing import Any

import pytest
from msoffcrypto.format.ooxml import OOXMLFile

from consortium.kernel.errors import ConsortiumError
from membership.roster import container
from membership.roster.errors import RosterUncalculated
from membership.roster.values import Roster
from tests.membership.roster import files
from tests.membership.roster.files import HEADER, PEOPLE, read

NAMES = ["张三", "李四"]
TABLE = (HEADER, *PEOPLE)
SHEET = "xl/worksheets/sheet1.xml"


def code_of(data: bytes) -> str:
    """The code with which a file is refused."""
    with pytest.raises(ConsortiumError) as refused:
        read(data)
    return refused.value.code


@pytest.mark.parametrize(
    ("data", "kind", "encoding"),
    [
        (files.xlsx(TABLE), "xlsx", None),
        (files.xls(TABLE), "xls", None),
        (files.ods(TABLE), "ods", None),
        (files.text(TABLE), "csv", "utf-8"),
        (files.text(TABLE, "utf-8-sig"), "csv", "utf-8"),
        (files.text(TABLE, "gb18030"), "csv", "gb18030"),
        (files.text(TABLE, "gbk"), "csv", "gb18030"),
        (files.text(TABLE, "utf-16"), "csv", "utf-16"),
        (files.text(TABLE, "utf-16-le"), "csv", "utf-16"),
        (files.text(TABLE, "utf-16", "\t"), "csv", "utf-16"),
        (files.text(TABLE, delimiter=";"), "csv", "utf-8"),
        (files.text(TABLE, delimiter="\t"), "csv", "utf-8"),
        (files.text(TABLE, "gb18030", "\t"), "csv", "gb18030"),
        (b"sep=;\r\n" + files.text(TABLE, delimiter=";"), "csv", "utf-8"),
    ],
)
def test_every_format_gives_the_same_people(data: bytes, kind: str, encoding: str | None) -> None:
    roster = read(data)
    assert (roster.kind, roster.encoding) == (kind, encoding)
    assert roster.values["name"] == NAMES
    assert roster.values["member_number"] == ["M0001", "M0002"]
    assert roster.values["grade"] == ["ordinary", "senior"]
    assert roster.faults == ()


@pytest.mark.parametrize("encoding", ["cp950", "big5hkscs"])
def test_a_big5_file_is_not_taken_for_gb18030(encoding: str) -> None:
    rows = (
        ("會員編號", "姓名", "會員級別", "服務單位"),
        ("A001", "陳美玲", "普通會員", "國立臺灣大學"),
    )
    roster = read(files.text(rows, encoding))
    assert (roster.encoding, roster.values["name"], roster.values["employer"]) == (
        "big5",
        ["陳美玲"],
        ["國立臺灣大學"],
    )


def test_a_gb18030_file_with_rare_names_is_not_taken_for_big5() -> None:
    rows = (HEADER, ("M0001", "𠮷䶮", "普通会员", ""), ("M0002", "㛃喆", "普通会员", ""))
    roster = read(files.text(rows, "gb18030"))
    assert (roster.encoding, roster.values["name"]) == ("gb18030", ["𠮷䶮", "㛃喆"])


def test_an_english_file_in_latin_1_is_read() -> None:
    rows = (("Member No.", "Name", "Grade"), ("1001", "Zoë Müller", "Senior"))
    assert read(files.text(rows, "latin-1")).values["name"] == ["Zoë Müller"]


def test_a_lone_bad_byte_spoils_its_cell_and_nothing_else() -> None:
    data = files.text(TABLE, "gb18030").replace("张三".encode("gb18030"), b"\xd5\xc5\xff")
    roster = read(data)
    assert [(fault.cell, fault.code) for fault in roster.faults] == [("B2", "name-damaged")]
    assert roster.values["name"] == [None, "李四"]


def test_a_workbook_named_et_or_xls_is_judged_by_its_bytes() -> None:
    assert read(files.xls(TABLE)).kind == "xls"
    assert read(files.xlsx(TABLE)).kind == "xlsx"


def test_a_web_page_named_xls_is_read() -> None:
    lines = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in TABLE)
    page = f"<html><head><meta charset=gb2312></head><table border=1>{lines}</table></html>"
    roster = read(page.encode("gb18030"))
    assert (roster.kind, roster.values["name"]) == ("html", NAMES)


def test_dates_of_both_systems_are_read() -> None:
    rows = ((*HEADER, "出生日期"), (*PEOPLE[0], date(1975, 3, 2)))
    formats = {4: "yyyy-mm-dd"}
    found = [
        read(files.xlsx(rows, formats=formats)),
        read(files.xlsx(rows, formats=formats, date_1904=True)),
        read(files.xls(rows, formats=formats)),
        read(files.xls(rows, formats=formats, date_1904=True)),
    ]
    assert [roster.values["birth_date"] for roster in found] == [[date(1975, 3, 2)]] * 4


@pytest.mark.parametrize("write", [files.xlsx, files.xls])
def test_bare_serials_follow_the_workbooks_system(write: Any) -> None:
    rows = ((*HEADER, "出生日期"), (*PEOPLE[0], 27455))
    early = ((*HEADER, "出生日期"), (*PEOPLE[0], 27455 - 1462))
    assert read(write(rows)).values["birth_date"] == [date(1975, 3, 2)]
    assert read(write(early, date_1904=True)).values["birth_date"] == [date(1975, 3, 2)]


@pytest.mark.parametrize("write", [files.xlsx, files.xls])
def test_a_number_format_of_zeros_keeps_leading_zeros(write: Any) -> None:
    rows = (HEADER, (42, "张三", "普通会员", ""), (12345, "李四", "普通会员", ""))
    assert read(write(rows, formats={0: "00000"})).values["member_number"] == ["00042", "12345"]


@pytest.mark.parametrize("write", [files.xlsx, files.xls, files.ods])
def test_numbers_of_text_and_of_number_mean_the_same(write: Any) -> None:
    rows = (
        HEADER,
        (10023, "张三", "普通会员", 13800138000),
        ("10024", "李四", "普通会员", "13900139000"),
    )
    roster = read(write(rows))
    assert roster.values["member_number"] == ["10023", "10024"]
    assert roster.values["mobile"] == ["+8613800138000", "+8613900139000"]


def test_formulas_count_by_their_values_and_errors_are_refused() -> None:
    rows = (
        HEADER,
        ('="M"&"0001"|M0001', "张三", "普通会员", ""),
        ("M0002", "=1/0|#DIV/0!", "普通会员", ""),
    )
    roster = read(files.xlsx(rows))
    assert roster.values["member_number"] == ["M0001", "M0002"]
    assert [(fault.cell, fault.code, fault.value) for fault in roster.faults] == [
        ("B3", "formula-error", "#DIV/0!")
    ]


@pytest.mark.parametrize("stored", [b"", b"<v></v>", b"<v/>", b"<v />"])
def test_a_formula_without_its_result_refuses_its_row(stored: bytes) -> None:
    rows = (
        (*HEADER, "有效期至"),
        (*PEOPLE[0], "2026-12-31"),
        (*PEOPLE[1], "=DATE(2019,12,31)|43830"),
        ('="M"&"3"|M3', "王五", "普通会员", "", "=DATE(2019,12,31)|43830"),
    )
    roster = read(uncalculated(files.xlsx(rows), b"43830", stored))
    assert [(fault.cell, fault.code) for fault in roster.faults] == [
        ("E3", "formula-uncalculated"),
        ("E4", "formula-uncalculated"),
    ]
    assert roster.values["member_number"][2] == "M3"


def uncalculated(data: bytes, result: bytes, stored: bytes, kind: bytes = b"") -> bytes:
    """A workbook whose formulas of one result hold something else, as other writers leave them."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sheet = archive.read(SHEET)
    pattern = rb' t="str"(><f>[^<]*</f>)<v>' + result + b"</v>"
    made, count = re.subn(pattern, lambda found: kind + found[1] + stored, sheet)
    assert count > 0
    return files.rezip(data, {SHEET: made})


def test_an_empty_text_is_a_formulas_result() -> None:
    data = files.xlsx(((*HEADER, "有效期至"), (*PEOPLE[0], '=IF(1,"","")|43830')))
    assert read(uncalculated(data, b"43830", b"<v></v>", b' t="str"')).faults == ()


def test_the_last_rows_are_not_lost_when_nothing_in_them_is_calculated() -> None:
    rows = (HEADER, PEOPLE[0], ("=A2|987", "=B2|987", "", ""))
    roster = read(uncalculated(files.xlsx(rows), b"987", b""))
    assert (roster.read, roster.refused) == (2, {3})


def test_an_open_document_of_formulas_without_results_is_refused() -> None:
    made = files.ods((HEADER, PEOPLE[0]))
    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        content = archive.read("content.xml")
    cell = b'<table:table-cell table:formula="of:=DATE(2019;12;31)"/></table:table-row>'
    bad = content.replace(b"</table:table-row>", cell)
    with pytest.raises(RosterUncalculated):
        read(files.rezip(made, {"content.xml": bad}))
    good = bad.replace(b"table:formula", b'office:value-type="string" table:formula')
    assert read(files.rezip(made, {"content.xml": good})).read == 1


def test_the_sheet_that_looks_like_a_roster_is_chosen_and_the_others_are_named() -> None:
    data = files.xlsx(
        {
            "填表说明": (("请勿修改表头",), ("有问题请联系秘书处",)),
            "会员名册": TABLE,
            "旧名册": (HEADER, *PEOPLE, ("M0003", "王五", "普通会员", "")),
            "代码表": (("代码", "名称"), ("1", "普通会员")),
        },
        hidden=["旧名册"],
    )
    roster = read(data)
    assert (roster.sheet, roster.read) == ("会员名册", 2)
    assert [(sheet.name, sheet.visible, sheet.looks_like_roster) for sheet in roster.sheets] == [
        ("填表说明", True, False),
        ("会员名册", True, True),
        ("旧名册", False, True),
        ("代码表", True, False),
    ]


def test_a_hidden_sheet_is_read_when_no_other_is_a_roster() -> None:
    roster = read(files.xlsx({"封面": (("某学会",),), "数据": TABLE}, hidden=["数据"]))
    assert (roster.sheet, roster.values["name"]) == ("数据", NAMES)


def encrypted(password: str) -> bytes:
    """The roster under a password, as Excel writes it."""
    made = io.BytesIO()
    OOXMLFile(io.BytesIO(files.xlsx(TABLE))).encrypt(password, made)
    return made.getvalue()


def test_a_file_with_a_password_is_named_as_such() -> None:
    assert code_of(encrypted("secret")) == "roster-encrypted"


def test_a_file_that_is_only_protected_against_changes_is_read() -> None:
    assert read(encrypted("VelvetSweatshop")).values["name"] == NAMES


def test_an_open_document_with_a_password_is_named_as_such() -> None:
    manifest = b'<manifest:manifest><manifest:encryption-data manifest:checksum="x"/>'
    data = files.rezip(files.ods(TABLE), {"META-INF/manifest.xml": manifest})
    assert code_of(data) == "roster-encrypted"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "roster-empty"),
        (b"  \r\n ", "roster-empty"),
        (b"\xef\xbb\xbf", "roster-empty"),
        (b"%PDF-1.7\n1 0 obj", "roster-unreadable"),
        (b"{\\rtf1 x}", "roster-unreadable"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "roster-unreadable"),
        (b"\xff\xd8\xff\xe0" + bytes(50), "roster-unreadable"),
        (b"Rar!\x1a\x07" + bytes(50), "roster-unreadable"),
        (b"PK\x03\x04" + bytes(50), "roster-unreadable"),
        (files.xlsx(TABLE)[:3000], "roster-unreadable"),
        (files.xls(TABLE)[:600], "roster-unreadable"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "roster-unreadable"),
        (bytes(range(256)) * 20, "roster-unreadable"),
        (b"<html><body>no table</body></html>", "roster-unreadable"),
        (files.text((("一", "二"), ("三", "四"))), "roster-header-missing"),
        (files.xlsx((("姓名",), ("张三",))), "roster-header-missing"),
        (files.xlsx(()), "roster-empty"),
    ],
)
def test_what_is_no_roster_is_refused_by_what_it_is(data: bytes, code: str) -> None:
    assert code_of(data) == code


def test_an_xml_spreadsheet_of_2003_is_called_one() -> None:
    data = (
        b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>'
        b'<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"></Workbook>'
    )
    with pytest.raises(ConsortiumError, match="Excel 2003") as refused:
        read(data)
    assert refused.value.code == "roster-unreadable"


def test_a_word_document_is_called_one() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("word/document.xml", "<x/>")
    with pytest.raises(ConsortiumError, match="Word"):
        read(made.getvalue())


def test_a_changed_byte_inside_a_workbook_is_found_by_its_check_sum() -> None:
    data = bytearray(files.xlsx(TABLE))
    place = data.index(b"xl/worksheets/sheet1.xml") + 60
    data[place] ^= 0xFF
    assert code_of(bytes(data)) == "roster-unreadable"


def test_a_workbook_that_unpacks_to_gigabytes_is_refused_before_it_does() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            for _ in range(330):
                part.write(bytes(1 << 20))
    assert len(made.getvalue()) < 1_000_000
    assert code_of(made.getvalue()) == "roster-too-large"


def test_two_cells_at_the_ends_of_a_sheet_do_not_ask_for_all_between() -> None:
    sheet = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        b'<row r="1"><c r="A1"><v>1</v></c></row>'
        b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'
    )
    data = files.rezip(files.xlsx(TABLE), {"xl/worksheets/sheet1.xml": sheet})
    assert code_of(data) == "roster-too-large"


def test_formatted_but_empty_cells_at_the_far_end_do_no_harm() -> None:
    data = files.xlsx(TABLE)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml")
    far = b'<row r="1048576"><c r="XFD1048576" s="0"/></row></sheetData>'
    changed = files.rezip(data, {"xl/worksheets/sheet1.xml": sheet.replace(b"</sheetData>", far)})
    assert read(changed).values["name"] == NAMES


def test_a_filled_row_repeated_a_million_times_is_refused() -> None:
    data = files.ods(TABLE)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        content = archive.read("content.xml")
    many = content.replace(
        b"<table:table-row>", b'<table:table-row table:number-rows-repeated="1000000">', 1
    )
    assert code_of(files.rezip(data, {"content.xml": many})) == "roster-too-large"


def test_a_sheet_with_too_many_cells_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container, "CELL_LIMIT", 10)
    assert code_of(files.xlsx((HEADER, *PEOPLE * 5))) == "roster-too-large"


def test_a_quoted_cell_may_hold_delimiters_and_line_breaks() -> None:
    data = '会员号,姓名,会员级别,工作单位\n1,张三,普通会员,"山东大学,\n数学学院"\n'.encode()
    roster: Roster = read(data)
    assert roster.values["employer"] == ["山东大学, 数学学院"]
