"""Headers of two rows, names in two columns, columns that tie, and counters."""

from collections.abc import Sequence

import pytest

from membership.roster.errors import NamesTied, RosterHeaderMissing
from membership.roster.values import Roster
from tests.membership.roster import files
from tests.membership.roster.files import read

MOBILE = "13800138000"


def taken(roster: Roster) -> dict[str, str | None]:
    """What each column was taken for, or why it was not, by its letter."""
    return {column.letter: column.field or column.reason for column in roster.columns}


def below(title: str, *names: str) -> tuple[tuple[str, ...], ...]:
    """A header of two rows: number and name, then a title over some names."""
    blank = ("",) * (len(names) - 1)
    return (("会员号", "姓名", title, *blank), ("", "", *names))


def merged(names: Sequence[str], title: str) -> list[tuple[int, int, int, int, str]]:
    """The merged areas of `below`."""
    return [(0, 0, 1, 0, "会员号"), (0, 1, 1, 1, "姓名"), (0, 2, 0, 1 + len(names), title)]


@pytest.mark.parametrize(
    ("title", "names", "reason"),
    [
        ("紧急联系人", ("姓名", "手机"), "another"),
        ("紧急联系人信息", ("姓名", "手机"), "another"),
        ("配偶", ("姓名", "出生日期"), "another"),
        ("推荐人", ("姓名", "会员号"), "another"),
        ("Emergency contact", ("Name", "Mobile"), "another"),
        ("Contact", ("Name", "Mobile"), "another"),
        ("发票", ("单位", "邮箱"), "another"),
        ("兼职情况", ("单位", "职务"), "another"),
        ("甲方", ("姓名", "手机"), "another"),
        ("政治面貌", ("类别", "时间"), "sensitive"),
        ("党内职务", ("职务", "单位"), "sensitive"),
        ("Political status", ("Type", "Date joined"), "sensitive"),
    ],
)
@pytest.mark.parametrize("kind", ["merged", "text"])
def test_a_title_of_another_keeps_its_columns_out(
    title: str, names: tuple[str, str], reason: str, kind: str
) -> None:
    rows = (*below(title, *names), ("M1", "张三", "王母", MOBILE))
    data = files.text(rows) if kind == "text" else files.xlsx(rows, merged=merged(names, title))
    roster = read(data)
    assert taken(roster) == {"A": "member_number", "B": "name", "C": reason, "D": reason}
    assert roster.values == {"member_number": ["M1"], "name": ["张三"]}


@pytest.mark.parametrize("title", ["紧急联系人", "配偶", "甲方"])
def test_a_title_above_a_whole_row_of_names_counts_too(title: str) -> None:
    rows = (
        ("基本信息", "", "", title, ""),
        ("会员号", "姓名", "级别", "姓名", "手机"),
        ("M1", "张三", "普通会员", "王母", MOBILE),
    )
    assert taken(read(files.text(rows)))["E"] == "another"
    areas = [(0, 0, 0, 2, "基本信息"), (0, 3, 0, 4, title)]
    assert taken(read(files.xlsx(rows, merged=areas))) == {
        "A": "member_number", "B": "name", "C": "grade", "D": "another", "E": "another",
    }  # fmt: skip


@pytest.mark.parametrize(
    "above",
    [
        ("填报单位", "数学学院", "联系人", "李四"),
        ("负责人：王五", "", "联系人：李四", ""),
        ("某学会推荐会员名册", "", "", ""),
    ],
)
def test_a_line_of_a_form_above_the_table_is_no_title(above: tuple[str, ...]) -> None:
    rows = (above, files.HEADER, *files.PEOPLE)
    assert read(files.xlsx(rows)).values["mobile"] == ["+8613800138000", "+8613900139000"]


@pytest.mark.parametrize(
    ("title", "names", "fields"),
    [
        ("联系方式", ("手机", "邮箱"), ("mobile", "email")),
        ("有效期", ("起", "止"), ("since", "until")),
        ("有效期", ("开始日期", "截止日期"), ("since", "until")),
        ("会员", ("级别", "类别"), ("grade", "class")),
        ("工作单位", ("名称", "职务"), ("employer", "title")),
        ("工作单位", ("名称", "电话"), ("employer", "another")),
        ("身份证", ("号码", "有效期"), ("national_id", "unknown")),
        ("职称", ("名称", "级别"), ("title", "unknown")),
    ],
)
def test_a_title_and_a_name_are_read_together(
    title: str, names: tuple[str, str], fields: tuple[str, str]
) -> None:
    rows = (*below(title, *names), ("M1", "张三", "", ""))
    roster = read(files.xlsx(rows, merged=merged(names, title)))
    assert (taken(roster)["C"], taken(roster)["D"]) == fields
    assert roster.header_rows == (1, 2)


def test_a_header_in_two_languages_names_nobody() -> None:
    rows = (("会员号", "姓名", "手机"), ("Member No.", "Name", "Mobile"), ("M1", "张三", MOBILE))
    roster = read(files.xlsx((*rows, *rows[:2], ("M2", "李四", "13900139000"))))
    assert roster.header_rows == (1, 2)
    assert roster.values["name"] == ["张三", "李四"]
    assert dict(roster.skipped_rows) == {"header": (4, 5)}


def test_numbers_beside_another_persons_name_are_that_persons() -> None:
    rows = (
        ("会员号", "姓名", "紧急联系人", "与本人关系", "联系电话", "级别"),
        ("M1", "张三", "李四", "母亲", MOBILE, "普通会员"),
    )
    roster = read(files.xlsx(rows))
    assert taken(roster)["E"] == "another"
    assert list(roster.values) == ["member_number", "name", "grade"]


@pytest.mark.parametrize(
    ("header", "row", "names"),
    [
        (("First Name", "Last Name"), ("Ada", "Lovelace"), {"name": ["Lovelace Ada"]}),
        (("Family name", "Given name"), ("Li", "Bo"), {"name": ["Li Bo"]}),
        (("Surname", "Forename"), ("Li", "Bo"), {"name": ["Li Bo"]}),
        (("Name", "Surname"), ("Ada", "Lovelace"), {"name": ["Lovelace Ada"]}),
        (("Name", "Surname"), ("Ada Lovelace", "Lovelace"), {"name": ["Ada Lovelace"]}),
        (("姓", "名"), ("欧阳", "修"), {"name": ["欧阳修"]}),
        (("姓氏", "名字"), ("李", "白"), {"name": ["李白"]}),
        (
            ("姓名", "Given Name", "Middle Name", "Surname"),
            ("欧阳修", "Xiu", "Q", "Ouyang"),
            {"name": ["欧阳修"], "name_latin": ["Ouyang Xiu Q"]},
        ),
        (
            ("姓", "名", "Last Name", "First Name"),
            ("欧阳", "修", "Ouyang", "Xiu"),
            {"name": ["欧阳修"], "name_latin": ["Ouyang Xiu"]},
        ),
        (
            ("姓名", "姓（拼音）", "名（拼音）"),
            ("欧阳修", "Ouyang", "Xiu"),
            {"name": ["欧阳修"], "name_latin": ["Ouyang Xiu"]},
        ),
    ],
)
def test_a_name_in_two_columns_is_put_together(
    header: tuple[str, ...], row: tuple[str, ...], names: dict[str, list[str]]
) -> None:
    roster = read(files.xlsx((("会员号", *header), ("M1", *row))))
    found = {
        field: roster.values[field] for field in ("name", "name_latin") if field in roster.values
    }
    assert (found, roster.faults) == (names, ())


def test_a_name_in_two_columns_below_a_title_is_put_together() -> None:
    rows = (("会员号", "姓名", ""), ("", "姓", "名"), ("M1", "欧阳", "修"))
    roster = read(files.xlsx(rows, merged=[(0, 0, 1, 0, "会员号"), (0, 1, 0, 2, "姓名")]))
    assert roster.values == {"member_number": ["M1"], "name": ["欧阳修"]}


def test_a_repeated_header_of_names_in_two_columns_is_passed_over() -> None:
    head = ("会员号", "First Name", "Last Name")
    roster = read(files.text((head, ("M1", "Ada", "Lovelace"), head, ("M2", "Bo", "Li"))))
    assert roster.values["name"] == ["Lovelace Ada", "Li Bo"]
    assert dict(roster.skipped_rows) == {"header": (3,)}


def test_half_a_name_is_no_name() -> None:
    with pytest.raises(RosterHeaderMissing):
        read(files.text((("会员号", "Last Name", "手机"), ("M1", "Li", MOBILE))))


def test_the_users_choice_of_one_half_keeps_the_name_together() -> None:
    rows = (("工号", "First Name", "Last Name"), ("7", "Ada", "Lovelace"))
    roster = read(files.text(rows), mapping={"A": "member_number", "C": "name"})
    assert roster.values["name"] == ["Lovelace Ada"]
    assert taken(roster)["B"] == "joined"


def test_of_two_columns_that_fit_alike_none_is_taken() -> None:
    rows = (("会员号", "姓名", "手机", "手机"), ("M1", "张三", MOBILE, "13900139000"))
    roster = read(files.xlsx(rows))
    assert taken(roster) == {"A": "member_number", "B": "name", "C": "tied", "D": "tied"}


def test_two_columns_that_say_the_same_are_one() -> None:
    rows = (("会员号", "姓名", "姓名", "手机", "手机"), ("M1", "张三", "张三", "", MOBILE))
    roster = read(files.xlsx(rows))
    assert roster.values["name"] == ["张三"]
    assert (taken(roster)["D"], taken(roster)["E"]) == ("taken", "mobile")


def test_two_columns_of_different_names_are_refused_by_letter() -> None:
    with pytest.raises(NamesTied, match="B 姓名, C 姓名"):
        read(files.xlsx((("会员号", "姓名", "姓名"), ("M1", "张三", "李四"))))


@pytest.mark.parametrize("name", ["编号", "ID", "会员序号"])
def test_a_column_that_counts_the_rows_is_no_member_number(name: str) -> None:
    people = [(place, "张三", MOBILE) for place in (1, 2, 3)]
    roster = read(files.xlsx(((name, "姓名", "手机"), *people)))
    assert taken(roster)["A"] == "counter"
    assert "member_number" not in roster.values


def test_a_counter_gives_way_to_any_other_number() -> None:
    rows = (("编号", "证书编号", "姓名"), (1, "A7", "张三"), (2, "A9", "李四"))
    roster = read(files.xlsx(rows))
    assert (roster.values["member_number"], taken(roster)["A"]) == (["A7", "A9"], "taken")


@pytest.mark.parametrize(
    ("name", "numbers"),
    [
        ("会员号", ("1", "2")),
        ("编号", ("0001", "0002")),
        ("编号", ("2", "1")),
        ("编号", ("7", "8")),
    ],
)
def test_numbers_that_were_given_out_are_member_numbers(
    name: str, numbers: tuple[str, str]
) -> None:
    rows = ((name, "姓名"), (numbers[0], "张三"), (numbers[1], "李四"))
    assert read(files.xlsx(rows)).values["member_number"] == list(numbers)


def test_a_counter_chosen_by_hand_is_a_member_number() -> None:
    rows = (("编号", "姓名"), (1, "张三"), (2, "李四"))
    roster = read(files.xlsx(rows), mapping={"编号": "member_number"})
    assert roster.values["member_number"] == ["1", "2"]
