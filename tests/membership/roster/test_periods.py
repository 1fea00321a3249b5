"""Days that a cell gives to two fields, and days that cannot be."""

from datetime import date
from typing import Any

import pytest

from membership.roster.identity import check_digit
from membership.roster.values import OPEN_END, Roster
from tests.membership.roster import files
from tests.membership.roster.files import read

START, END = date(2020, 1, 1), date(2028, 12, 31)


def roster(*titles: str, cells: tuple[Any, ...]) -> Roster:
    """One member and her dates."""
    return read(files.text((("会员号", "姓名", *titles), ("S1", "张三", *cells))))


def term(found: Roster) -> tuple[Any, Any]:
    """First and last day as read."""
    return found.values["since"][0], found.values["until"][0]


@pytest.mark.parametrize("title", ["入会日期", "有效期"])
@pytest.mark.parametrize(
    ("cell", "end"),
    [
        ("2020-01-01至2028-12-31", END),
        ("2020.01-2028.12", END),
        ("2020年1月1日—2028年12月31日", END),
        ("2020-01-01 至 长期", OPEN_END),
    ],
)
def test_a_period_in_one_cell_gives_both_its_days(title: str, cell: str, end: date) -> None:
    found = roster(title, cells=(cell,))
    assert term(found) == (START, end)
    assert [(note.cell, note.code) for note in found.notes] == [("C2", "date-range")]
    assert "both" in found.notes[0].message


def test_an_empty_cell_takes_its_day_from_the_period_beside_it() -> None:
    found = roster("入会日期", "有效期至", cells=("2020-01-01至2028-12-31", "—"))
    assert term(found) == (START, END)


def test_what_the_own_column_says_goes_before_and_the_note_says_so() -> None:
    found = roster("入会日期", "有效期至", cells=("2015-03-01", "2020-01-01至2028-12-31"))
    assert term(found) == (date(2015, 3, 1), END)
    assert "its last day was read" in found.notes[0].message
    found = roster("入会日期", "有效期至", cells=("2020-01-01至2028-12-31", "2026-12-31"))
    assert term(found) == (START, date(2026, 12, 31))
    assert "its first day was read" in found.notes[0].message


@pytest.mark.parametrize("title", ["入会日期", "有效期"])
def test_a_period_the_wrong_way_round_is_refused(title: str) -> None:
    found = roster(title, cells=("2026-12-31至2020-01-01",))
    assert [(fault.code, fault.value) for fault in found.faults] == [
        ("period-reversed", "2026-12-31至2020-01-01")
    ]


@pytest.mark.parametrize(
    ("title", "cell"), [("入会日期", "2027-06-03"), ("有效期", "2030-01-01至2031-12-31")]
)
def test_a_join_date_more_than_a_year_ahead_is_refused(title: str, cell: str) -> None:
    assert [fault.code for fault in roster(title, cells=(cell,)).faults] == ["date-impossible"]


def test_a_join_date_a_few_months_ahead_is_read() -> None:
    assert roster("入会日期", cells=("2027-01-01",)).values["since"] == [date(2027, 1, 1)]


def test_an_identity_number_of_somebody_unborn_is_refused() -> None:
    first17 = "11010520991231001"
    found = roster("身份证号", cells=(first17 + check_digit(first17),))
    assert [(fault.cell, fault.code) for fault in found.faults] == [("C2", "national-id-invalid")]


def test_a_formula_that_found_nothing_refuses_its_row() -> None:
    rows = (
        ("会员号", "姓名", "工作单位"),
        ("S1", "张三", "=VLOOKUP(1,A:A,1)|0"),
        ("S2", "李四", "北大"),
    )
    found = read(files.xlsx(rows))
    assert [(fault.cell, fault.code) for fault in found.faults] == [("C2", "text-invalid")]
