"""Cells as offices type them, as tables of what is written, what is read and what is refused."""

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

import pytest

from membership.roster.characters import read_name
from membership.roster.dates import DateStyle, learn_style, read_date
from membership.roster.errors import CellFault
from membership.roster.numbers import (
    Noted,
    measure_width,
    pad_number,
    read_member_number,
    read_mobile,
)
from membership.roster.values import OPEN_END, Roster
from tests.membership.roster import files
from tests.membership.roster.files import read

PLAIN = DateStyle()


def value(found: Any) -> Any:
    """The value, whether or not a note comes with it."""
    return found.value if isinstance(found, Noted) else found


def code_of(reader: Any, *cell: Any, **more: Any) -> str:
    """The code of the refusal."""
    with pytest.raises(CellFault) as refused:
        reader(*cell, **more)
    return refused.value.code


@pytest.mark.parametrize(
    ("cell", "name"),
    [
        ("张三", "张三"),
        ("张\u3000三", "张三"),
        (" 欧阳  娜娜 ", "欧阳娜娜"),
        ("张\u00a0三", "张三"),
        ("张\u200b三", "张三"),
        ("买买提·艾力", "买买提·艾力"),
        ("买买提•艾力", "买买提·艾力"),
        ("买买提・艾力", "买买提·艾力"),
        ("买买提‧艾力", "买买提·艾力"),
        ("买买提．艾力", "买买提·艾力"),
        ("买买提.艾力", "买买提·艾力"),
        ("阿依古丽 · 买买提", "阿依古丽·买买提"),
        *((f"买买提{dot}艾力", "买买提·艾力") for dot in "﹒·․⸱⸳ꞏᐧ᛫ㆍᆞ˙◦∘∙⋅･●"),
        ("𠮷田一郎", "𠮷田一郎"),
        ("㛃某", "㛃某"),
        ("⿰亻革明", "⿰亻革明"),
        ("王\U00030000", "王\U00030000"),
        ("Ada  Lovelace", "Ada Lovelace"),
        ("J. R. Smith", "J. R. Smith"),
        ("O'Neill", "O'Neill"),
        ("O’Neill", "O’Neill"),
        ("Smith, John Jr.", "Smith, John Jr."),
        ("Jean-Luc Ó Briain", "Jean-Luc Ó Briain"),
        ("Nguye\u0302\u0303n Văn A", "Nguye\u0302\u0303n Văn A"),
        ("Kumar a/l Raju", "Kumar a/l Raju"),
        ("欧阳 娜娜", "欧阳娜娜"),
        ("王 小明", "王小明"),
        ("买买提 艾力", "买买提艾力"),
        ("张三（女）", "张三（女）"),
        ("葛\U000e0100城", "葛\U000e0100城"),
        ("\u2f45伟", "\u2f45伟"),
        ("無", None),
        ("", None),
        ("-", None),
    ],
)
def test_a_name_loses_its_padding_and_keeps_its_characters(cell: str, name: str | None) -> None:
    assert read_name(cell) == name


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("张?", "name-damaged"),
        ("张\ufffd", "name-damaged"),
        ("张□", "name-damaged"),
        ("张？", "name-damaged"),
        ("张××", "name-damaged"),
        ("123", "name-invalid"),
        (12.0, "name-invalid"),
        (True, "name-invalid"),
        ("TRUE", "name-invalid"),
        ("张三*", "name-invalid"),
        ("1张三", "name-invalid"),
        ("张三2", "name-invalid"),
        ("@张三", "name-invalid"),
        ("张三：", "name-invalid"),
        ("张三、李四", "name-several"),
        ("张三，李四", "name-several"),
        ("张三/李四", "name-several"),
        ("张三；李四", "name-several"),
        ("Ada Lovelace & Alan Turing", "name-several"),
        ("张三 李四", "name-several"),
        ("张三\n李小四", "name-several"),
    ],
)
def test_what_is_no_name_or_more_than_one_is_refused(cell: Any, code: str) -> None:
    assert code_of(read_name, cell) == code


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("M0012", "M0012"),
        ("Ｍ００１２", "M0012"),
        (" S 1234 M ", "S1234M"),
        (12.0, "12"),
        (12, "12"),
        ("00012", "00012"),
        ('="00012"', "00012"),
        ("'00012", "00012"),
        ("\t00012", "00012"),
        ("E650000123M", "E650000123M"),
        ("2020/0001", "2020/0001"),
        ("京/0012", "京/0012"),
        ("CM-00012", "CM-00012"),
        ("2020-00123-45678", "2020-00123-45678"),
        ("京(2020)00123", "京(2020)00123"),
        ("A/1", "A/1"),
        ("无", None),
    ],
)
def test_a_member_number_is_text(cell: Any, number: str | None) -> None:
    assert read_member_number(cell) == number


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("1.2E+11", "member-number-rounded"),
        (1.2e17, "member-number-rounded"),
        (12.5, "member-number-invalid"),
        ("1001;1002", "member-number-invalid"),
        ("x" * 61, "member-number-invalid"),
        ("S900010M/S900011M", "member-number-invalid"),
        ("S900010M／S900011M", "member-number-invalid"),
        ("S900010M、S900011M", "member-number-invalid"),
        ("S900010M，S900011M", "member-number-invalid"),
        ("S900010M\nS900011M", "member-number-invalid"),
        ("S900010M S900011M", "member-number-invalid"),
        ("S900010M(旧S800011M)", "member-number-invalid"),
        ("1001/1002", "member-number-invalid"),
        ("10010 10011", "member-number-invalid"),
        ("0", "member-number-invalid"),
        (0.0, "member-number-invalid"),
        (True, "member-number-invalid"),
        ("TRUE", "member-number-invalid"),
    ],
)
def test_what_is_no_member_number_or_two_is_refused(cell: Any, code: str) -> None:
    assert code_of(read_member_number, cell) == code


def test_leading_zeros_come_back_when_the_width_is_known() -> None:
    width = measure_width(["00012", "00250", "01111"])
    assert (width, pad_number("42", width), pad_number("A42", width)) == (5, "00042", "A42")


def test_numbers_without_leading_zeros_are_left_alone() -> None:
    assert measure_width(["12", "130", "1500"]) is None


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("13800138000", "+8613800138000"),
        ("１３８００１３８０００", "+8613800138000"),
        ("138 0013 8000", "+8613800138000"),
        ("138-0013-8000", "+8613800138000"),
        ("+86 13800138000", "+8613800138000"),
        ("+86-138-0013-8000", "+8613800138000"),
        ("008613800138000", "+8613800138000"),
        ("8613800138000", "+8613800138000"),
        ("(+86)13800138000", "+8613800138000"),
        ("013800138000", "+8613800138000"),
        (13800138000.0, "+8613800138000"),
        (13800138000, "+8613800138000"),
        ("13800138000.0", "+8613800138000"),
        ("'13800138000", "+8613800138000"),
        ("手机：13800138000", "+8613800138000"),
        ("13800138000/13900139000", "+8613800138000"),
        ("13800138000、010-62345678", "+8613800138000"),
        ("010-62345678 / 13800138000", "+8613800138000"),
        ("13800138000 13900139000", "+8613800138000"),
        ("13800138000\n13900139000", "+8613800138000"),
        ("+852 9123 4567", "+85291234567"),
        ("00886912345678", "+886912345678"),
        ("852-91234567", "+85291234567"),
        ("(852) 9123 4567", "+85291234567"),
        ("853 66123456", "+85366123456"),
        ("886-912345678", "+886912345678"),
        ("13800138009（微信同号）", "+8613800138009"),
        ("13800138009(微信)", "+8613800138009"),
        ("13800138009 微信同号", "+8613800138009"),
        ("13800138009（短号661234）", "+8613800138009"),
        ("Mobile: +86 138-0013-8000", "+8613800138000"),
        ("Tel. 13800138000", "+8613800138000"),
        ("本人手机13800138000", "+8613800138000"),
        ("电话/手机：13800138000", "+8613800138000"),
        ("配偶13900139000，本人13800138000", "+8613800138000"),
        ("010-62781234 13800138010", "+8613800138010"),
        ("010 6278 1234 138 0013 8010", "+8613800138010"),
        ("(010)62781234转801 13800138010", "+8613800138010"),
        ("+86 10 62781234 +86 13800138010", "+8613800138010"),
        ("62781234 13800138010", "+8613800138010"),
        ("400-810-8888 13800138010", "+8613800138010"),
        ("02-23456789 0912-345-678", "+886912345678"),
        ("13800138012(办)010-62781234(宅)", "+8613800138012"),
        ("010-62781234（宅）13800138012（办）", "+8613800138012"),
        ("010-62781234(o)13800138012(m)", "+8613800138012"),
        ("(O)010-62781234 (H)010-62785678 (M)13800138012", "+8613800138012"),
        ("手机13800138013 电话010-62781234", "+8613800138013"),
        ("办公010-62781234传真010-62781235手机13800138014", "+8613800138014"),
        ("13800138015 010-62781234(传真)", "+8613800138015"),
        ("办010-62781234 宅010-62785678", None),
        ("传真：010-62781234", None),
        ("13800138000(本人)；13900139000(配偶)", "+8613800138000"),
        ("010-62345678-801", None),
        ("+86 10 6234 5678", None),
        ("办公室：0531-88881111", None),
        ("0531-88881111", None),
        ("010-62345678转801", None),
        ("400-810-8888", None),
        ("无", None),
    ],
)
def test_a_mobile_number_is_found_in_what_is_written(cell: Any, number: str | None) -> None:
    assert value(read_mobile(cell)) == number


def test_of_two_numbers_the_rest_is_noted() -> None:
    found = read_mobile("13800138000/13900139000")
    assert isinstance(found, Noted)
    assert found.code == "mobile-several"


@pytest.mark.parametrize("cell", ["010-62781234 13800138010", "13800138012(办)010-62781234(宅)"])
def test_a_landline_beside_the_mobile_is_noted_as_left_out(cell: str) -> None:
    found = read_mobile(cell)
    assert isinstance(found, Noted)
    assert found.code == "mobile-several"


def test_a_label_alone_is_no_second_number() -> None:
    assert read_mobile("电话/手机：13800138000") == "+8613800138000"


def test_a_landline_is_noted_and_not_a_mobile() -> None:
    found = read_mobile("0531-88881111")
    assert isinstance(found, Noted)
    assert (found.value, found.code) == (None, "mobile-landline")


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("1.38E+10", "mobile-rounded"),
        ("1.38001E+10", "mobile-rounded"),
        ("1380013800", "mobile-invalid"),
        ("138001380001", "mobile-invalid"),
        ("12800138000", "mobile-invalid"),
        ("张三", "mobile-invalid"),
        ("见备注", "mobile-invalid"),
        ("23800138000", "mobile-invalid"),
        ("张三13800138000", "mobile-labelled"),
        ("配偶13800138000", "mobile-labelled"),
        ("配偶：13800138000", "mobile-labelled"),
        ("秘书 13800138000", "mobile-labelled"),
        ("13800138000（王老师）", "mobile-labelled"),
        ("13800138000 张三", "mobile-labelled"),
        ("wife: +8613800138000", "mobile-labelled"),
        ("010-62781234 王五13800138000", "mobile-labelled"),
        ("010-62781234(办)配偶13800138000", "mobile-labelled"),
        ("13800138000(办)010-62781234(配偶)", "mobile-labelled"),
    ],
)
def test_what_is_no_mobile_number_is_refused(cell: Any, code: str) -> None:
    assert code_of(read_mobile, cell) == code


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("1975-03-02", date(1975, 3, 2)),
        ("1975/3/2", date(1975, 3, 2)),
        ("1975.3.2", date(1975, 3, 2)),
        ("1975. 3. 2", date(1975, 3, 2)),
        ("1975年3月2日", date(1975, 3, 2)),
        ("１９７５年０３月０２日", date(1975, 3, 2)),
        ("1975年3月2号", date(1975, 3, 2)),
        ("19750302", date(1975, 3, 2)),
        (19750302, date(1975, 3, 2)),
        (19750302.0, date(1975, 3, 2)),
        ("1975-03-02 00:00:00", date(1975, 3, 2)),
        ("1975-03-02T00:00:00Z", date(1975, 3, 2)),
        ("1975.03", date(1975, 3, 1)),
        ("1975年3月", date(1975, 3, 1)),
        ("1975-03", date(1975, 3, 1)),
        ("197503", date(1975, 3, 1)),
        (1975.03, date(1975, 3, 1)),
        (1975.12, date(1975, 12, 1)),
        ("27455", date(1975, 3, 2)),
        (27455, date(1975, 3, 2)),
        (27455.0, date(1975, 3, 2)),
        ("民國64年3月2日", date(1975, 3, 2)),
        ("民国64.3.2", date(1975, 3, 2)),
        ("2 March 1975", date(1975, 3, 2)),
        ("Mar 2, 1975", date(1975, 3, 2)),
        ("2nd March, 1975", date(1975, 3, 2)),
        ("March 1975", date(1975, 3, 1)),
        ("25/12/1975", date(1975, 12, 25)),
        ("12/25/1975", date(1975, 12, 25)),
        (date(1975, 3, 2), date(1975, 3, 2)),
        (datetime(1975, 3, 2, 8, 30), date(1975, 3, 2)),
        ("1975年3月2日生", date(1975, 3, 2)),
        ("", None),
        ("不详", None),
    ],
)
def test_a_birth_date_is_read_as_written(cell: Any, day: date | None) -> None:
    assert value(read_date(cell, edge="birth", style=PLAIN)) == day


@pytest.mark.parametrize(
    ("cell", "code"),
    [
        ("75年?", "date-unclear"),
        ("75年3月", "date-unclear"),
        ("75.3.2", "date-unclear"),
        ("1975-13-02", "date-impossible"),
        ("1975-02-30", "date-impossible"),
        ("0975-03-02", "date-impossible"),
        ("03/02/1975", "date-ambiguous"),
        (1975.1, "date-ambiguous"),
        ("75.3.5", "date-unclear"),
        ("一九七五年三月", "date-unclear"),
        ("9999-12-31", "date-impossible"),
        (date.max, "date-impossible"),
        ("三月", "date-unclear"),
        ("1975年三月", "date-unclear"),
        (True, "date-unclear"),
        (time(8, 0), "date-unclear"),
        (12.0, "date-unclear"),
        ("长期", "date-unclear"),
    ],
)
def test_a_date_that_can_be_meant_otherwise_is_refused(cell: Any, code: str) -> None:
    assert code_of(read_date, cell, edge="birth", style=PLAIN) == code


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("2026-12-31", date(2026, 12, 31)),
        ("2026.12", date(2026, 12, 31)),
        ("2028年2月", date(2028, 2, 29)),
        ("2026", date(2026, 12, 31)),
        ("2026年", date(2026, 12, 31)),
        ("长期", OPEN_END),
        ("長期", OPEN_END),
        ("永久", OPEN_END),
        ("至今", OPEN_END),
        ("终身", OPEN_END),
        ("9999-12-31", OPEN_END),
        ("Lifetime", OPEN_END),
        ("至2026-12-31", date(2026, 12, 31)),
        ("2026-12-31止", date(2026, 12, 31)),
        ("2026-12-31(含当日)", date(2026, 12, 31)),
        ("2024-01-01至2026-12-31", date(2026, 12, 31)),
        ("2024.01-2026.12", date(2026, 12, 31)),
        ("2024-01-01 ~ 长期", OPEN_END),
    ],
)
def test_the_last_day_of_a_membership_counts(cell: Any, day: date) -> None:
    assert value(read_date(cell, edge="until", style=PLAIN)) == day


@pytest.mark.parametrize("cell", ["9999-12-31", "99991231", "9999年", "9999-12-31至9999-12-31"])
def test_a_membership_does_not_begin_at_the_end_of_time(cell: str) -> None:
    assert code_of(read_date, cell, edge="since", style=PLAIN) == "date-impossible"


def test_an_end_in_words_that_name_no_day_is_refused() -> None:
    assert code_of(read_date, "2028年底", edge="until", style=PLAIN) == "date-unclear"
    assert code_of(read_date, "2020-01-01至换届", edge="since", style=PLAIN) == "date-unclear"


def test_a_serial_of_the_1904_system_is_four_years_later() -> None:
    early = read_date(27455, edge="since", style=DateStyle(epoch_1904=False))
    late = read_date(27455 - 1462, edge="since", style=DateStyle(epoch_1904=True))
    assert early == late == date(1975, 3, 2)


def test_a_column_of_padded_months_tells_october() -> None:
    style = learn_style([1975.03, 1980.1, 1981.12])
    assert value(read_date(1980.1, edge="birth", style=style)) == date(1980, 10, 1)


def test_one_day_past_the_twelfth_tells_the_order_of_a_column() -> None:
    style = learn_style(["03/02/1975", "25/12/1980"])
    assert read_date("03/02/1975", edge="birth", style=style) == date(1975, 2, 3)


def test_a_year_alone_is_no_birth_date() -> None:
    found = read_date("1975", edge="birth", style=PLAIN)
    assert isinstance(found, Noted)
    assert (found.value, found.code) == (None, "birth-year-only")


@pytest.mark.parametrize(
    ("header", "born"),
    [
        ("Date of Birth (DD/MM/YYYY)", date(1975, 2, 3)),
        ("Date of Birth (MM/DD/YYYY)", date(1975, 3, 2)),
        ("出生日期（日/月/年）", date(1975, 2, 3)),
        ("出生日期（月-日-年）", date(1975, 3, 2)),
    ],
)
def test_the_header_may_say_which_number_is_the_day(header: str, born: date) -> None:
    rows = (("会员号", "姓名", header), ("1", "张三", "03/02/1975"))
    roster = read(files.text(rows))
    assert (roster.faults, roster.values["birth_date"]) == ((), [born])


def test_a_header_that_its_cells_contradict_is_not_believed() -> None:
    rows = (
        ("会员号", "姓名", "出生日期（DD/MM/YYYY）"),
        ("1", "张三", "03/02/1975"),
        ("2", "李四", "02/25/1975"),
    )
    roster = read(files.text(rows))
    assert [(fault.cell, fault.code) for fault in roster.faults] == [("C2", "date-ambiguous")]


@pytest.mark.parametrize(
    ("other", "month", "code"),
    [
        ("1975-3", 1, "date-completed"),
        ("1975.03", 10, "date-october"),
        ("1975-03-02", 1, "date-january"),
    ],
)
def test_a_text_that_may_be_january_is_read_as_its_column_writes(
    other: str, month: int, code: str
) -> None:
    rows = (("会员号", "姓名", "出生年月"), ("1", "张三", "1975.1"), ("2", "李四", other))
    roster = read(files.text(rows))
    assert roster.values["birth_date"][0] == date(1975, month, 1)
    assert [note.code for note in roster.notes if note.cell == "C2"] == [code]


def test_a_column_that_writes_months_both_ways_tells_nothing() -> None:
    texts = ("1975.1", "1975-3", "1975.03")
    rows = [("会员号", "姓名", "出生年月")]
    rows += [(str(place), "张三", text) for place, text in enumerate(texts)]
    roster = read(files.text(rows))
    assert roster.values["birth_date"][0] == date(1975, 1, 1)
    assert roster.notes[0].code == "date-january"


@pytest.mark.parametrize("cell", ["0912345678", "0912-345-678", "+886 912 345 678"])
def test_a_mobile_as_dialled_in_taiwan_is_one(cell: str) -> None:
    assert read_mobile(cell) == "+886912345678"


def test_a_landline_of_the_mainland_is_still_one() -> None:
    for cell in ("0931-8888888", "09318888888", "010-62345678"):
        assert isinstance(found := read_mobile(cell), Noted)
        assert found.code == "mobile-landline"


REPUBLIC = (
    ("109/01/01", date(2020, 1, 1)),
    ("98/5/1", date(2009, 5, 1)),
    ("112.12.31", date(2023, 12, 31)),
    ("110年3月2日", date(2021, 3, 2)),
    ("民國109年1月1日", date(2020, 1, 1)),
)


def _joined(header: str, texts: Sequence[str]) -> Roster:
    rows = [(str(place), "张三", text) for place, text in enumerate(texts, start=1)]
    return read(files.text([("会员号", "姓名", header), *rows]))


def test_years_of_the_republic_are_told_by_one_past_the_hundredth() -> None:
    roster = _joined("入会日期", [text for text, _ in REPUBLIC])
    assert (roster.faults, roster.values["since"]) == ((), [day for _, day in REPUBLIC])


@pytest.mark.parametrize("header", ["入会日期（民國）", "入会日期(民国)", "Join date (ROC)"])
def test_years_of_the_republic_are_told_by_the_header(header: str) -> None:
    roster = _joined(header, ["75/03/02", "8.1.2", "89年7月"])
    assert roster.faults == ()
    assert roster.values["since"] == [date(1986, 3, 2), date(1919, 1, 2), date(2000, 7, 1)]


@pytest.mark.parametrize(
    "others", [("98/05/01",), ("2020-01-01", "109/01/01"), ("2020/1/1", "109/01/01"), ("151/1/1",)]
)
def test_years_that_may_be_meant_otherwise_are_refused_with_the_remedy(
    others: tuple[str, ...],
) -> None:
    roster = _joined("入会日期", ["75/03/02", *others])
    fault = roster.faults[0]
    assert (fault.cell, fault.code) == ("C2", "date-unclear")
    assert "write 民國 into its header" in fault.message


def test_the_last_day_counts_in_years_of_the_republic_too() -> None:
    roster = _joined("有效期至", ["114/12/31", "115/2", "長期"])
    assert roster.values["until"] == [date(2025, 12, 31), date(2026, 2, 28), OPEN_END]
