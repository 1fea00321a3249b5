"""Importing organisations as offices keep them."""

import io
from pathlib import Path

import pytest
import xlsxwriter
from flask import Flask

from consortium.errors import FileUnreadable, HeaderMissing, QuoteNotClosed
from consortium.kernel.errors import Forbidden
from consortium.kernel.principal import ANONYMOUS, SYSTEM
from consortium.services import imports, organisations
from consortium.services.tables import column_letters, read_table
from consortium.values import ImportReport

HEADER = "代码,学会名称,英文名称,统一社会信用代码,类型,登记级别,学科代码\n"
MATH = "math,数学会,Mathematical Society,91350100M000100Y43,学会,全国,A01；A02\n"
PHYS = "PHYS,物理学会,,,协会,省级,\n"
GOOD = HEADER + MATH + PHYS


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_dry_run_writes_nothing_and_applying_writes_all(app: Flask, encoding: str) -> None:
    data = GOOD.encode(encoding)

    tried = _run(data)
    assert (tried.read, tried.create, tried.refused, tried.applied) == (2, 2, 0, False)
    assert tried.encoding == encoding.removesuffix("-sig")
    assert organisations.list_organisations() == []

    applied = _run(data, apply=True)
    assert (applied.create, applied.applied) == (2, True)
    math, phys = organisations.list_organisations()
    assert (math.code, math.disciplines, math.level) == ("math", ("A01", "A02"), "national")
    assert (phys.code, phys.name_en, phys.level) == ("phys", "物理学会", "provincial")


def test_a_traditional_file_in_big5_is_not_corrupted(app: Flask) -> None:
    text = "代碼,學會名稱,英文名稱\nphys,物理學會,Physical Society\n"

    report = _run(text.encode("big5"), apply=True)

    assert report.encoding == "big5"
    assert organisations.get_organisation("phys").name_zh == "物理學會"


def test_importing_again_changes_nothing(app: Flask) -> None:
    _run(GOOD.encode(), apply=True)

    report = _run(GOOD.encode(), apply=True)

    assert (report.create, report.update, report.unchanged) == (0, 0, 2)


def test_a_missing_column_leaves_what_is_registered(app: Flask) -> None:
    _run(GOOD.encode(), apply=True)

    report = _run("学会代码,名称\nmath,中国数学会\n".encode(), apply=True)

    found = organisations.get_organisation("math")
    assert report.update == 1
    assert (found.name_zh, found.name_en) == ("中国数学会", "Mathematical Society")
    assert found.uscc == "91350100M000100Y43"


def test_every_refused_row_names_its_cell(app: Flask) -> None:
    bad = (
        "学会名单,,,,,,\n"
        + HEADER
        + MATH
        + "chem,化学会,,91350100M000100Y44,学会,全国,\n"
        + ",无代码学会,,,,,\n"
        + "math,又一数学会,,,,,\n"
        + "bio,生物学会,,91350100M000100Y43,,,\n"
        + "geo,地学会,,,俱乐部,,\n"
        + "opt,光学会,,,,,Z99\n"
        + ",,,,,,\n"
    )

    report = _run(bad.encode())

    assert [(r.row, r.cell, r.field, r.code) for r in report.refusals] == [
        (4, "D4", "uscc", "uscc-invalid"),
        (5, "A5", "code", "code-invalid"),
        (6, "A6", "code", "code-taken"),
        (7, "D7", "uscc", "uscc-taken"),
        (8, "E8", "kind", "kind-unknown"),
        (9, "G9", "disciplines", "discipline-unknown"),
    ]
    assert report.refusals[0].value == "91350100M000100Y44"
    assert report.read == report.create + report.update + report.unchanged + report.refused == 7
    assert (report.header_row, report.columns["uscc"]) == (2, "统一社会信用代码")


def test_a_workbook_is_read_with_its_title_row_and_hidden_first_sheet(app: Flask) -> None:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream) as book:
        book.add_worksheet("说明").write(0, 0, "填表说明")
        sheet = book.add_worksheet("名单")
        sheet.merge_range(0, 0, 0, 2, "成员学会名单")
        for row, line in enumerate((HEADER + MATH + PHYS).splitlines(), start=1):
            for column, cell in enumerate(line.split(",")):
                sheet.write(row, column, cell)

    report = _run(stream.getvalue(), apply=True)

    assert (report.sheet, report.header_row, report.create) == ("名单", 2, 2)
    assert report.encoding is None


@pytest.mark.parametrize(
    "data", [b"%PDF-1.7\n...", b"\x00\x01\x02", b"PK\x03\x04broken", b"\xd0\xcf\x11\xe0broken"]
)
def test_what_is_no_table_is_refused_as_a_whole(app: Flask, data: bytes) -> None:
    with pytest.raises(FileUnreadable):
        _run(data)


@pytest.mark.parametrize("data", [b"", b"a,b\n1,2\n", "姓名,手机\n张三,1\n".encode()])
def test_a_file_without_a_header_is_refused_as_a_whole(app: Flask, data: bytes) -> None:
    with pytest.raises(HeaderMissing):
        _run(data)


UNSEEN = ["A\x00B", "A\x07B", "A\x1b[2JB", "A\u202eB", "A\nB"]
TEXTS = "代码,名称,英文名称,简称,业务主管单位,支撑单位"


@pytest.mark.parametrize("text", UNSEEN)
@pytest.mark.parametrize("column", range(6))
def test_no_text_holds_what_cannot_be_seen(app: Flask, column: int, text: str) -> None:
    cells = ["math", "数学会", "Maths", "MS", "科协", "大学"]
    cells[column] = text
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream) as book:
        sheet = book.add_worksheet()
        for row, line in enumerate((TEXTS.split(","), cells)):
            for place, cell in enumerate(line):
                sheet.write_string(row, place, cell)
    quoted = ",".join(f'"{cell}"' for cell in cells)

    # A file with NUL near its beginning is taken for no text at all.
    above = "学会" * 1000
    for data in (f"{above}\n{TEXTS}\n{quoted}\n".encode(), stream.getvalue()):
        report = _run(data, apply=True)
        assert (report.read, report.refused, report.create) == (1, 1, 0), data
        code = "text-unprintable" if column else "code-invalid"
        assert report.refusals[0].code == code
        assert report.refusals[0].cell == f"{column_letters(column)}{report.header_row + 1}"


@pytest.mark.parametrize("sign", [";", "\t", "|", ","])
@pytest.mark.parametrize("above", ["", "成员学会名单\n", "名单，共 2 家, 2026 年,\n\n", "sep=;\n"])
def test_the_delimiter_is_the_headers(app: Flask, above: str, sign: str) -> None:
    report = _run((above + GOOD.replace(",", sign)).encode())

    assert (report.read, report.create) == (2, 2)
    assert report.header_row == above.count("\n") + 1


@pytest.mark.parametrize(
    ("line", "rows"),
    [
        (2, '"math,数学会\nphys,物理学会\nchem,化学会\n'),
        (3, 'math,数学会\nphys,"物理学会\nchem,化学会\nbio,生物学会\n'),
        (4, 'math,数学会\nphys,物理学会\nchem,"化学会\n'),
        (4, 'math,数学会\nphys,物理学会\nchem,"化学会'),
        (3, 'math,数学会\nphys,"物理学会\nchem,化学会\nbio,"生物学会"\n'),
    ],
)
def test_a_quotation_mark_that_swallows_rows_refuses_the_file(
    app: Flask, line: int, rows: str
) -> None:
    with pytest.raises(QuoteNotClosed) as refused:
        _run(f"代码,名称\n{rows}".encode())

    assert refused.value.params == {"line": line}


def test_a_cell_of_several_lines_swallows_nothing(app: Flask) -> None:
    data = '代码,名称,备注\nmath,数学会,"北京\n中关村"\nphys,物理学会,\n'.encode()

    assert _run(data).create == 2


def test_only_the_operator_imports(app: Flask) -> None:
    with pytest.raises(Forbidden):
        imports.import_organisations(ANONYMOUS, GOOD.encode(), apply=False)


def test_the_command_exits_by_what_it_found(app: Flask, tmp_path: Path) -> None:
    runner = app.test_cli_runner()
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text(GOOD, "utf-8")
    bad.write_text(HEADER + "!,数学会,,,,,\n", "utf-8")

    def run(*words: str) -> tuple[int, str]:
        found = runner.invoke(args=["consortium", "organisation", *words])
        return found.exit_code, found.stdout

    assert run("import", str(good))[0] == 0
    assert run("list", "--json") == (0, "")
    assert run("import", str(good), "--apply")[0] == 0
    assert len(run("list", "--json")[1].splitlines()) == 2
    code, printed = run("import", str(bad), "--json")
    assert code == 3
    assert '"cell": "A2"' in printed
    assert run("import", str(tmp_path / "none.csv"))[0] == 2
    (tmp_path / "x.pdf").write_bytes(b"%PDF-1.7")
    code, printed = run("import", str(tmp_path / "x.pdf"), "--json")
    assert code == 1
    assert '"code": "file-unreadable"' in printed


def test_cells_after_z_have_two_letters() -> None:
    assert [column_letters(n) for n in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]


def test_a_table_of_tabs_is_a_table(app: Flask) -> None:
    assert read_table(GOOD.replace(",", "\t").encode()).columns["name_zh"] == 1


def _run(data: bytes, *, apply: bool = False) -> ImportReport:
    return imports.import_organisations(SYSTEM, data, apply=apply)


def test_each_faulty_cell_of_a_row_is_refused_by_itself(app: Flask) -> None:
    report = _run((HEADER + MATH + "geo,地学会,,,俱乐部,,Z99 Y98\n").encode())
    assert [(one.row, one.cell, one.field, one.code, one.value) for one in report.refusals] == [
        (3, "E3", "kind", "kind-unknown", "俱乐部"),
        (3, "G3", "disciplines", "discipline-unknown", "Z99 Y98"),
    ]
    first, second = (one.message for one in report.refusals)
    assert "Z99" not in first
    assert "Z99" in second
    assert "Y98" in second
    assert (report.read, report.create, report.refused) == (2, 1, 1)
