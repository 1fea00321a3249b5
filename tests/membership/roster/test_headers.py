"""Where the header stands, what the columns are called, and which rows hold a member."""

from collections.abc import Callable
from typing import Any

import pytest

from membership.roster.errors import MappingInvalid, RosterHeaderMissing
from membership.roster.header import match_header
from membership.roster.synonyms import IGNORED, SENSITIVE, SYNONYMS
from membership.roster.values import FIELDS, Vocabulary
from tests.membership.roster import files
from tests.membership.roster.files import HEADER, PEOPLE, read

WORDS = [(word, field) for field, words in SYNONYMS.items() for word in words]
AMBIGUOUS = {"no."}


@pytest.mark.parametrize(("word", "field"), WORDS)
def test_every_synonym_names_its_field(word: str, field: str) -> None:
    assert word in AMBIGUOUS or match_header(word)[0] == field


def test_every_field_has_twelve_names_in_two_languages() -> None:
    assert list(SYNONYMS) == list(FIELDS)
    for words in SYNONYMS.values():
        assert len(words) >= 12
        assert any(word.isascii() for word in words)
        assert any(not word.isascii() for word in words)


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("會員編號", "member_number"),
        ("*姓名", "name"),
        ("姓 名", "name"),
        ("姓名（必填）", "name"),
        ("姓名:", "name"),
        ("手機號碼", "mobile"),
        ("電子郵件", "email"),
        ("E-Mail Address", "email"),
        ("e_mail", "email"),
        ("Member No.", "member_number"),
        ("MEMBER_NUMBER", "member_number"),
        ("出生年月（如1975.03）", "birth_date"),
        ("Date of birth", "birth_date"),
        ("有效期至(含当日)", "until"),
        ("職稱", "title"),
        ("身份證號", "national_id"),
        ("服務單位", "employer"),
        ("性別", "gender"),
        ("ORCID iD", "orcid"),
        ("Affiliaton", "employer"),
        ("本人手机号码", "mobile"),
        ("会员的工作单位", "employer"),
    ],
)
def test_headers_are_known_in_other_spellings(header: str, field: str) -> None:
    assert match_header(header)[0] == field


@pytest.mark.parametrize(
    "header", ["备注", "紧急联系人电话", "单位电话", "证件类型", "学历", "邮编", "年龄"]
)
def test_other_columns_are_not_taken_for_a_field(header: str) -> None:
    assert match_header(header)[0] is None


@pytest.mark.parametrize(
    "header",
    [*SENSITIVE, "政治面貌（必填）", "民族:", "宗教信仰", "Political Party", "Ethnic group"],
)
def test_sensitive_columns_are_recognised_and_never_read(header: str) -> None:
    assert match_header(header)[::2] == (None, "sensitive")


@pytest.mark.parametrize("header", IGNORED)
def test_row_counters_are_no_member_numbers(header: str) -> None:
    assert match_header(header)[0] is None


def test_a_sensitive_column_is_reported_and_nothing_of_it_is_kept() -> None:
    rows = ((*HEADER, "政治面貌", "民族"), (*PEOPLE[0], "群众", "汉族"))
    roster = read(files.xlsx(rows))
    assert [column.source for column in roster.columns if column.reason == "sensitive"] == [
        "政治面貌",
        "民族",
    ]
    assert "群众" not in repr(roster.values)


@pytest.mark.parametrize("above", range(10))
def test_the_header_may_stand_in_any_of_the_first_ten_rows(above: int) -> None:
    titles = [("某某学会会员名册", "", "", "")] * above
    roster = read(files.xlsx((*titles, HEADER, *PEOPLE)))
    assert (roster.header_rows, roster.read) == ((above + 1,), 2)


def test_a_header_in_the_eleventh_row_is_not_looked_for() -> None:
    with pytest.raises(RosterHeaderMissing):
        read(files.xlsx((*[("x", "", "", "")] * 10, HEADER, *PEOPLE)))


def test_columns_may_stand_in_any_order() -> None:
    turned = [tuple(reversed(row)) for row in (HEADER, *PEOPLE)]
    assert read(files.text(turned)).values["name"] == ["张三", "李四"]


GROUPED = (
    ("2026年会员名册", "", "", "", "", ""),
    ("会员号", "姓名", "联系方式", "", "会员信息", ""),
    ("", "", "手机", "邮箱", "级别", "有效期至"),
    ("M0001", "张三", "13800138000", "zhang@math.example", "普通会员", "2026-12-31"),
)
MERGED = (
    (0, 0, 0, 5, "2026年会员名册"),
    (1, 0, 2, 0, "会员号"),
    (1, 1, 2, 1, "姓名"),
    (1, 2, 1, 3, "联系方式"),
    (1, 4, 1, 5, "会员信息"),
)


@pytest.mark.parametrize("data", [files.xlsx(GROUPED, merged=MERGED), files.text(GROUPED)])
def test_a_header_of_two_rows_is_read_as_one(data: bytes) -> None:
    roster = read(data)
    assert roster.header_rows == (2, 3)
    assert {column.source: column.field for column in roster.columns} == {
        "会员号": "member_number",
        "姓名": "name",
        "联系方式/手机": "mobile",
        "联系方式/邮箱": "email",
        "会员信息/级别": "grade",
        "会员信息/有效期至": "until",
    }
    assert (roster.numbers, roster.values["email"]) == ([4], ["zhang@math.example"])


@pytest.mark.parametrize(
    "footer",
    [
        ("合计", "", "", "2"),
        ("", "合计", "", ""),
        ("合  计：2人", "", "", ""),
        ("小计", "2", "", ""),
        ("總計", "", "", "2"),
        ("备注：以上会员均已缴费", "", "", ""),
        ("说明：本表由秘书处填写", "", "", ""),
        ("注：有效期含当日", "", "", ""),
        ("制表人：李秘书", "", "审核：王主任", ""),
        ("共2人", "", "", ""),
        ("Total", "", "", "2"),
        ("Total: 2", "", "", ""),
        ("Note: paid members only", "", "", ""),
        ("第1页 共1页", "", "", ""),
    ],
)
def test_totals_and_remarks_are_counted_apart(footer: tuple[str, ...]) -> None:
    roster = read(files.xlsx((HEADER, *PEOPLE, footer)))
    assert (roster.read, roster.faults, dict(roster.skipped)) == (2, (), {"footer": 1})


def test_a_header_repeated_on_each_printed_page_is_passed_over() -> None:
    roster = read(files.xlsx((HEADER, PEOPLE[0], HEADER, PEOPLE[1])))
    assert (roster.read, dict(roster.skipped)) == (2, {"header": 1})


def test_section_titles_are_passed_over() -> None:
    rows = (
        HEADER,
        ("一、普通会员", "", "", ""),
        PEOPLE[0],
        ("二、高级会员", "", "", ""),
        PEOPLE[1],
    )
    roster = read(files.xlsx(rows))
    assert (roster.read, dict(roster.skipped)) == (2, {"section": 2})


def test_people_whose_names_begin_like_a_footer_are_people() -> None:
    names = ("共工", "总裁", "单位", "负子", "联欢", "合和")
    rows = [(f"M{place}", name, "普通会员", "") for place, name in enumerate(names)]
    assert read(files.xlsx((HEADER, *rows))).values["name"] == list(names)


@pytest.mark.parametrize(
    "name", ["Notestein, Frank", "Noteboom", "Totaro", "Sumner", "Total", "以上", "说明", "负责人"]
)
def test_whoever_has_a_number_is_a_member(name: str) -> None:
    roster = read(files.xlsx((HEADER, ("M0001", name, "普通会员", ""))))
    assert (roster.values["name"], dict(roster.skipped)) == ([name], {})


@pytest.mark.parametrize("name", ["Notestein, Frank", "Noteboom", "Sumner", "Remarque"])
def test_whole_words_alone_make_an_english_footer(name: str) -> None:
    roster = read(files.xlsx((HEADER, ("", name, "", "13800138000"))))
    assert (roster.values["name"], dict(roster.skipped)) == ([name], {})


@pytest.mark.parametrize("words", ["合计", "总计：", "Total", "Grand total"])
def test_a_count_in_the_place_of_a_number_is_no_member(words: str) -> None:
    rows = (("姓名", "会员号", "会员级别"), ("张三", "M0001", "普通会员"), (words, "1", ""))
    roster = read(files.xlsx(rows))
    assert (roster.read, dict(roster.skipped_rows)) == (1, {"footer": (3,)})


@pytest.mark.parametrize("name", ["合计明", "总计", "备注", "共计军"])
@pytest.mark.parametrize("first", ["", "6"])
def test_a_name_like_a_total_is_one_beside_a_grade_and_a_mobile(name: str, first: str) -> None:
    rows = (("序号", *HEADER), (first, "", name, "普通会员", "13800000004"))
    roster = read(files.text(rows))
    is_person = name in ("合计明", "共计军")
    assert (roster.values["name"] == [name], roster.skipped == {}) == (is_person, is_person)


@pytest.mark.parametrize(
    "row",
    [
        ("", "", "合计明", "", ""),
        ("", "", "合计二人", "普通会员", "2"),
        ("", "", "经办人", "王五", "13800000004"),
        ("", "", "经办人：王五", "普通会员", "13800000004"),
        ("", "", "Prepared by", "Ada", "13800000004"),
    ],
)
def test_a_footer_with_a_count_or_a_telephone_is_still_one(row: tuple[str, ...]) -> None:
    roster = read(files.text((("序号", *HEADER), ("1", *PEOPLE[0]), row)))
    assert (roster.read, dict(roster.skipped_rows)) == (1, {"footer": (3,)})


def test_rows_passed_over_are_named() -> None:
    rows = (HEADER, PEOPLE[0], HEADER, PEOPLE[1], ("合计", "", "", "2"), ("制表人：李", "", "", ""))
    roster = read(files.xlsx(rows))
    assert dict(roster.skipped_rows) == {"header": (3,), "footer": (5, 6)}


def test_blank_and_numbered_blank_rows_are_no_members() -> None:
    rows = (
        ("序号", *HEADER),
        (1, *PEOPLE[0]),
        ("", "", "", "", ""),
        (2, "", "", "", ""),
        (3, *PEOPLE[1]),
    )
    roster = read(files.xlsx(rows))
    assert (roster.numbers, roster.faults) == ([2, 5], ())
    assert dict(roster.skipped_rows) == {"unread": (4,)}


def test_a_row_that_fills_only_columns_which_are_not_imported_is_counted() -> None:
    rows = (
        ("序号", "会员号", "姓名", "备注"),
        (1, "M1", "张三", ""),
        ("李六", "", "", ""),
        ("", "", "", "新会员：王五，会员号AA02"),
        ("上海分会", "", "", ""),
    )
    roster = read(files.xlsx(rows))
    assert (roster.read, dict(roster.skipped_rows)) == (1, {"unread": (3, 4, 5)})


def test_a_column_called_names_is_the_name_only_where_nothing_is_better() -> None:
    rows = (("会员号", "名称", "姓名"), ("1", "个人", "张三"))
    assert read(files.xlsx(rows)).values["name"] == ["张三"]
    assert read(files.xlsx([row[:2] for row in rows])).values["name"] == ["个人"]


@pytest.mark.parametrize(
    "row",
    [
        ("示例：A001", "张三", "普通会员", ""),
        ("例：A001", "张三", "普通会员", ""),
        ("Example: A001", "Ada", "Ordinary", ""),
        ("示例", "张三", "普通会员", ""),
        ("（示例）A001", "张三", "普通会员", ""),
        ("A001", "範例：張三", "普通会员", ""),
        ("", "示例：张三", "普通会员", ""),
    ],
)
def test_the_example_of_a_template_is_no_member(row: tuple[str, ...]) -> None:
    roster = read(files.xlsx((HEADER, row, *PEOPLE)))
    assert (roster.numbers, dict(roster.skipped_rows)) == ([3, 4], {"example": (2,)})


def test_a_member_called_sample_is_one() -> None:
    roster = read(files.xlsx((HEADER, ("E1", "Sample, Mary", "", ""))))
    assert (roster.read, dict(roster.skipped)) == (1, {})


def test_a_row_without_a_name_is_refused_at_its_cell() -> None:
    roster = read(files.xlsx((HEADER, ("M0001", "", "普通会员", "13800138000"))))
    assert [(fault.cell, fault.field, fault.code) for fault in roster.faults] == [
        ("B2", "name", "name-missing")
    ]


def test_cells_merged_over_rows_speak_for_each_of_them() -> None:
    rows = ((*HEADER, "工作单位"), (*PEOPLE[0], "山东大学"), (*PEOPLE[1], ""))
    roster = read(files.xlsx(rows, merged=[(1, 4, 2, 4, "山东大学")]))
    assert roster.values["employer"] == ["山东大学", "山东大学"]


def test_one_number_in_two_rows_refuses_both_and_names_both_cells() -> None:
    rows = (HEADER, PEOPLE[0], ("M0001", "李四", "高级会员", "13900139000"))
    roster = read(files.xlsx(rows))
    assert [(fault.cell, fault.code, dict(fault.params)) for fault in roster.faults] == [
        ("A2", "member-number-repeated", {"cell": "A2", "other": "A3"}),
        ("A3", "member-number-repeated", {"cell": "A3", "other": "A2"}),
    ]


def test_a_row_repeated_word_for_word_counts_once() -> None:
    roster = read(files.xlsx((HEADER, *PEOPLE, PEOPLE[0])))
    assert [(fault.row, fault.code) for fault in roster.faults] == [(4, "row-repeated")]


def test_an_unknown_grade_names_the_known_ones() -> None:
    roster = read(files.xlsx((HEADER, ("M0001", "张三", "钻石会员", ""))))
    (fault,) = roster.faults
    assert (fault.code, fault.value, dict(fault.params)) == (
        "grade-unknown",
        "钻石会员",
        {"known": "普通会员, 高级会员"},
    )


@pytest.mark.parametrize(
    "cell", ["高级会员", "高级", "高級會員", "Senior", "senior member", "SENIOR", "高級"]
)
def test_a_grade_is_known_by_all_its_names(cell: str) -> None:
    assert read(files.xlsx((HEADER, ("M0001", "张三", cell, "")))).values["grade"] == ["senior"]


def test_grades_under_a_header_of_classes_are_told_by_their_words() -> None:
    rows = (("会员号", "姓名", "会员类别"), ("1", "张三", "普通会员"), ("2", "李四", "高级会员"))
    assert read(files.xlsx(rows)).values["grade"] == ["ordinary", "senior"]


@pytest.mark.parametrize(
    "header",
    ["会员等第", "会级", "分档", "档", "會員職級", "Class of membership", "Member Status", "状态"],
)
def test_a_column_of_grades_is_one_whatever_it_is_called(header: str) -> None:
    rows = (("会员号", "姓名", header), ("1", "张三", "普通会员"), ("2", "李四", "高级会员"))
    assert read(files.xlsx(rows)).values["grade"] == ["ordinary", "senior"]


@pytest.mark.parametrize(("header", "is_grade"), [("会员等第", True), ("水平", False)])
def test_half_a_grades_name_counts_under_a_header_of_members(header: str, is_grade: bool) -> None:
    rows = (("会员号", "姓名", header), ("1", "张三", "高级"), ("2", "李四", "普通"))
    assert ("grade" in read(files.xlsx(rows)).values) == is_grade


@pytest.mark.parametrize("header", ["申请级别", "拟晋升档次", "配偶会员等第", "Proposed status"])
def test_a_grade_that_somebody_wishes_or_another_has_is_not_hers(header: str) -> None:
    rows = (("会员号", "姓名", header), ("1", "张三", "普通会员"))
    assert "grade" not in read(files.xlsx(rows)).values


def test_a_header_that_names_the_grade_goes_before_cells_that_look_like_it() -> None:
    rows = (("会员号", "姓名", "级别", "档"), ("1", "张三", "金卡", "普通会员"))
    roster = read(files.xlsx(rows))
    assert [fault.code for fault in roster.faults] == ["grade-unknown"]
    assert roster.columns[3].reason == "unknown"


def test_a_grade_that_is_not_in_the_catalogue_refuses_its_row_and_not_the_column() -> None:
    words = ("普通会员", "高级会员", "会士")
    rows = [(f"M{place}", "张三", word) for place, word in enumerate(words)]
    roster = read(files.xlsx((("会员号", "姓名", "会员等第"), *rows)))
    assert [(fault.cell, fault.code) for fault in roster.faults] == [("C4", "grade-unknown")]


def test_a_column_with_a_few_words_of_grades_is_none() -> None:
    rows = (("会员号", "姓名", "档"), ("1", "张三", "普通会员"), ("2", "李四", "第三柜"))
    assert "grade" not in read(files.xlsx(rows)).values


def test_a_word_that_is_both_class_and_grade_does_not_hide_the_grades() -> None:
    vocabulary = Vocabulary(
        today=files.VOCABULARY.today,
        grades={"student": ("学生会员",), "ordinary": ("普通会员",), "senior": ("高级会员",)},
        classes={"individual": ("个人会员",), "student": ("学生会员",)},
    )
    rows = [
        (str(place), "张三", word)
        for place, word in enumerate(("学生会员", "普通会员", "高级会员"))
    ]
    roster = read(files.xlsx((("会员号", "姓名", "会员类别"), *rows)), vocabulary=vocabulary)
    assert roster.values["grade"] == ["student", "ordinary", "senior"]


def test_classes_under_their_own_header_stay_classes() -> None:
    rows = (("会员号", "姓名", "会员类别"), ("1", "张三", "个人会员"), ("2", "李四", "学生会员"))
    assert read(files.xlsx(rows)).values["class"] == ["individual", "student"]


def test_the_surer_of_two_columns_is_taken_and_the_other_reported() -> None:
    rows = (("编号", "会员号", "姓名"), ("1", "M0001", "张三"))
    roster = read(files.xlsx(rows))
    assert roster.values["member_number"] == ["M0001"]
    assert (roster.columns[0].source, roster.columns[0].reason) == ("编号", "taken")


def test_addresses_under_a_header_of_contacts_are_addresses() -> None:
    rows = (("会员号", "姓名", "联系方式"), ("1", "张三", "zhang@math.example"))
    assert read(files.xlsx(rows)).values["email"] == ["zhang@math.example"]


@pytest.mark.parametrize(
    "mapping",
    [
        {"工号": "member_number"},
        {"A": "member_number"},
        {"member_number": "工号"},
        {"member_number": "A"},
        {"工号": "member_number", "姓名": "name", "会员级别": None},
    ],
)
def test_the_user_may_name_a_column(mapping: dict[str, Any]) -> None:
    rows = (("工号", "姓名", "会员级别"), ("7", "张三", "普通会员"))
    roster = read(files.xlsx(rows), mapping=mapping)
    assert roster.values["member_number"] == ["7"]
    assert ("grade" in roster.values) == ("会员级别" not in mapping)


@pytest.mark.parametrize("mapping", [{"姓名": None}, {"B": None}, {"姓名": "title"}])
def test_a_mapping_without_a_name_is_told_so(mapping: dict[str, Any]) -> None:
    with pytest.raises(MappingInvalid, match="leaves out the name: B 姓名"):
        read(files.xlsx((HEADER, *PEOPLE)), mapping=mapping)


@pytest.mark.parametrize("mapping", [{"没有": "name"}, {"姓名": "nickname"}])
def test_a_mapping_to_nothing_is_refused(mapping: dict[str, Any]) -> None:
    with pytest.raises(MappingInvalid):
        read(files.xlsx((HEADER, *PEOPLE)), mapping=mapping)


@pytest.mark.parametrize(
    ("rows", "mapping", "words"),
    [
        ((("甲", "乙"), ("1", "张三")), {"X": "name"}, "X"),
        ((HEADER, PEOPLE[0]), {"手机": "mobile", "会员级别": "mobile"}, "手机 and 会员级别"),
        ((HEADER, PEOPLE[0]), {"mobile": "手机", "D": "email"}, "手机 and D"),
        ((HEADER, PEOPLE[0]), {"手机": "mobile", "mobile": "会员级别"}, "手机 and 会员级别"),
        ((("会员号", "姓名", "手机", "手机"), PEOPLE[0]), {"手机": "mobile"}, "C, D"),
        ((("会员号", "姓名", "政治面貌"), PEOPLE[0]), {"政治面貌": "title"}, "政治面貌"),
        ((("会员号", "姓名", "Ethnic origin"), PEOPLE[0]), {"C": "employer"}, "Ethnic origin"),
    ],
)
def test_a_mapping_that_contradicts_itself_is_refused_by_name(
    rows: files.Rows, mapping: dict[str, Any], words: str
) -> None:
    with pytest.raises(MappingInvalid, match=words):
        read(files.xlsx(rows), mapping=mapping)


def test_a_sensitive_column_left_out_by_hand_is_still_reported_as_such() -> None:
    rows = (("会员号", "姓名", "民族"), ("M1", "张三", "汉族"))
    roster = read(files.xlsx(rows), mapping={"民族": None})
    assert roster.columns[2].reason == "sensitive"


def test_the_user_may_take_another_persons_column() -> None:
    rows = (("会员号", "姓名", "秘书邮箱"), ("M1", "张三", "zhang@math.example"))
    roster = read(files.xlsx(rows), mapping={"秘书邮箱": "email"})
    assert roster.values["email"] == ["zhang@math.example"]


def test_zeros_that_the_society_uses_come_back() -> None:
    vocabulary = Vocabulary(today=files.VOCABULARY.today, number_width=5)
    rows = (("会员号", "姓名"), ("42", "张三"), ("12345", "李四"))
    roster = read(files.text(rows), vocabulary=vocabulary)
    assert roster.values["member_number"] == ["00042", "12345"]
    assert [(note.cell, note.code) for note in roster.notes] == [("A2", "member-number-padded")]


@pytest.mark.parametrize("form", [files.text, files.xlsx])
def test_a_number_that_still_begins_with_a_zero_has_lost_none(
    form: Callable[[files.Rows], bytes],
) -> None:
    vocabulary = Vocabulary(today=files.VOCABULARY.today, number_width=6)
    rows = (
        ("会员号", "姓名"),
        ("0012", "丁四"),
        ("00077", "戊五"),
        ("088", "己六"),
        ("99", "庚七"),
    )
    roster = read(form(rows), vocabulary=vocabulary)
    assert roster.values["member_number"] == ["0012", "00077", "088", "000099"]
    assert [(note.cell, note.code) for note in roster.notes] == [("A5", "member-number-padded")]


def test_zeros_come_back_onto_cells_that_hold_numbers() -> None:
    vocabulary = Vocabulary(today=files.VOCABULARY.today, number_width=6)
    roster = read(files.xlsx((("会员号", "姓名"), (88, "己六"))), vocabulary=vocabulary)
    assert roster.values["member_number"] == ["000088"]


def test_identity_and_mobile_numbers_are_masked_in_the_report() -> None:
    rows = ((*HEADER, "身份证号"), ("1", "张三", "普通会员", "1380013800", "110105194912310021"))
    roster = read(files.xlsx(rows))
    assert [(fault.cell, fault.value) for fault in roster.faults] == [
        ("D2", "138*****00"),
        ("E2", "110*************21"),
    ]


def test_in_a_rounded_column_a_number_that_fits_by_chance_is_refused_too() -> None:
    fits = next(
        f"110105194912{day:02}{first}000"
        for day in range(10, 31)
        for first in range(10)
        if _fits(f"110105194912{day:02}{first}000")
    )
    rows = (
        ("会员号", "姓名", "身份证号"),
        ("1", "张三", fits),
        ("2", "李四", "110105194912310000"),
    )
    codes = [fault.code for fault in read(files.text(rows)).faults]
    assert codes == ["national-id-rounded", "national-id-rounded"]
    alone = read(files.text(rows[:2]))
    assert alone.values["national_id"] == [fits]


def _fits(number: str) -> bool:
    from membership.roster.identity import check_digit

    return check_digit(number[:17]) == number[17]


PERSONAL = ("会员号", "姓名", "身份证号", "手机", "单位", "人数")


@pytest.mark.parametrize(
    "row",
    [
        ("", "北京小计", "", "", "", "128"),
        ("", "上海市 合计：", "", "", "两个单位", "7"),
        ("", "各省總計", "", "", "", "300"),
        ("", "", "", "", "北京小计", "128"),
    ],
)
def test_a_subtotal_of_a_place_is_passed_over(row: tuple[str, ...]) -> None:
    people = (("M1", "张三", "", "13800138000", "山东大学", ""),)
    roster = read(files.xlsx((PERSONAL, *people, row)))
    assert (roster.read, roster.faults, dict(roster.skipped)) == (1, (), {"footer": 1})


@pytest.mark.parametrize(
    "row",
    [
        ("M2", "王小计", "", "", "", ""),
        ("", "王小计", "11010519491231002X", "", "", ""),
        ("", "王小计", "", "13900139000", "", ""),
        ("", "合计明", "", "13900139000", "山东大学", ""),
        ("", "张合计明", "", "", "山东大学", ""),
    ],
)
def test_who_is_called_like_a_subtotal_is_a_person(row: tuple[str, ...]) -> None:
    people = (("M1", "张三", "", "13800138000", "山东大学", ""),)
    roster = read(files.xlsx((PERSONAL, *people, row)))
    assert roster.values["name"] == ["张三", row[1]]
