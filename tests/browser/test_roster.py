"""The secretary sends in a roster as her office keeps it, and then a file that is none."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import xlsxwriter

from tests.browser.visitor import Visitor

IMPORT = "/s/math/import"
ROWS = (
    ("示范数学会个人会员名册", "", "", "", "", ""),
    ("序号", "会员编号", "姓　名", "会员级别", "入会日期", "手机"),
    ("1", "MATH-B001", "张　三", "普通会员", "2019.03", "13800138000"),
    ("2", "MATH-B002", "阿依古丽·买买提", "高级会员", "2015年9月1日", "13900139000"),
    ("3", "MATH-B003", "𠮷田冬", "学生会员", "2024-09-01", ""),
    ("4", "MATH-B004", "李四", "特级会员", "2020-01-01", ""),
    ("合计", "4", "", "", "", ""),
)
PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"


def _write_roster(path: Path, rows: Sequence[Sequence[str]] = ROWS) -> Path:
    with xlsxwriter.Workbook(str(path)) as book:
        sheet = book.add_worksheet("名册")
        for place, row in enumerate(rows):
            sheet.write_row(place, 0, row)
    return path


def _send(secretary: Visitor, path: Path) -> None:
    secretary.page.set_input_files("[name=file]", path)
    secretary.press("main [data-primary]")


def _counts(visitor: Visitor) -> dict[str, int]:
    told = visitor.page.locator("dd[data-count]").all()
    return {each.get_attribute("data-count") or "": int(each.inner_text()) for each in told}


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_secretary_tries_a_roster_applies_it_and_takes_it_back(
    visit: Callable[..., Visitor], tmp_path: Path, language: str
) -> None:
    she = visit(language)
    she.sign_in("secretary@math.example")
    she.shoot("me-secretary")
    she.press(f'main a[href="{IMPORT}"]')
    _send(she, _write_roster(tmp_path / "会员名册 2026.xlsx"))

    assert _counts(she) == {"read": 4, "create": 3, "update": 0, "unchanged": 0, "refused": 1}
    columns = she.page.locator("tr[data-column]").all()
    assert [column.get_attribute("data-field") for column in columns] == [
        "", "member_number", "name", "grade", "since", "mobile",
    ]  # fmt: skip
    refused = she.page.locator("tr[data-code=grade-unknown]")
    assert refused.count() == 1
    assert "D6" in refused.inner_text()
    assert "特级会员" in refused.inner_text()
    she.shoot("import-dry-run")

    she.press("[name=decision][value=apply]")
    assert she.attribute("[data-report]", "data-state") == "applied"
    she.shoot("import-applied")
    applied = she.page.url
    she.open(IMPORT)
    promoted = ("1", "MATH-B001", "张　三", "高级会员", "2019.03", "13800138001")
    _send(she, _write_roster(tmp_path / "new.xlsx", (*ROWS[:2], promoted)))
    changes = she.page.locator("tr[data-changed]").all()
    assert [change.get_attribute("data-changed") for change in changes] == ["mobile", "grade"]
    assert "13800138001" in changes[0].inner_text()
    she.shoot("import-changes")
    she.open(applied)
    she.press("[name=decision][value=undo]")
    assert she.attribute("[data-report]", "data-state") == "undone"
    she.open(IMPORT)
    she.shoot("import")
    she.open("/s/math")
    she.press('main a[href="/s/math/members"]')
    assert she.page.locator("main tbody tr").count() > 0
    she.shoot("members")


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_a_pdf_named_xlsx_is_refused_in_words(
    visit: Callable[..., Visitor], tmp_path: Path, language: str
) -> None:
    she = visit(language)
    she.sign_in("secretary@math.example", then=IMPORT)
    path = tmp_path / "名册.xlsx"
    path.write_bytes(PDF)
    she.foresee(422)
    _send(she, path)
    assert she.attribute(".error-summary", "data-code") == "roster-unreadable"
    assert "PDF" in she.text(".error-summary")
    assert she.page.locator("[name=file]").count() == 1
    she.shoot("import-refused")
