"""Headers of the first and the last day, and columns of dates that nobody has explained."""

from datetime import date
from typing import Any

import pytest

from membership.roster.errors import DatesUnclear
from membership.roster.undated import require_dated
from membership.roster.values import Roster
from membership.roster.wording import match_header
from tests.membership.roster import files
from tests.membership.roster.files import HEADER, PEOPLE, read
from tests.membership.roster.test_wording import words


@pytest.mark.parametrize(
    "header",
    words(
        "会籍届满日 | 届满日期 | 会籍屆滿日 | 到期 | 到期日 | 截止日 | 截止日期 | 失效日 | "
        "截至日期 | 到期年份 | 有效期限 | 效期 | 会费到期日 | 會員到期日 | 有效截止日期 | "
        "有效期限至 | 止 | Expiration | "
        "Membership Expiry Date | Membership expiration date | Good until | Ends | Valid thru | "
        "Membership End | Paid until (incl.) | Expiry (dd/mm/yyyy)"
    ),
)
def test_the_last_day_is_told_by_a_word_inside(header: str) -> None:
    assert match_header(header)[0] == "until"


@pytest.mark.parametrize(
    "header",
    words(
        "入会日 | 登记日期 | 会籍生效日 | 生效日期 | 起 | 起始 | 會員登記日期 | 加入学会时间 | "
        "Date of Membership | Start of membership | Elected | Date of Election | Admitted | "
        "Joined date | Join date | Year joined | Effective from | "
        "入会 | 入會 | 加入 | 加入年月 | 入会年 | 入会年度 | 首次入会 | 加入学会 | "
        "批准入会 | 入会登记 | 注册 | 注册时间 | 注册日期 | 会员注册时间 | 登记 | 登记时间 | "
        "登记日 | 批准日 | 成为会员时间 | 起算日期 | 入本会时间 | 入会审批日期 | "
        "Joined | Member Since | Registered | Registered on | Registration date | "
        "Date registered | Approval date | Active since | Inducted | Mem. since"
    ),
)
def test_the_first_day_is_told_by_a_word_inside(header: str) -> None:
    assert match_header(header)[0] == "since"


@pytest.mark.parametrize(
    "header",
    words(
        "缴费日期 | 缴费截止日期 | 报名截止日期 | 证件有效期 | 身份证登记日期 | "
        "护照到期日 | 发证日期 | "
        "任期止 | 聘期截止 | 合同到期日 | 是否到期 | 生效状态 | 有效 | 是否入会 | 申请入会 | "
        "入会申请日期 | Passport expiry | "
        "ID expiry date | Visa expiry | Payment date | Contract end date | Term of office end | "
        "Joined the university | Start and end"
    ),
)
def test_the_end_of_something_else_is_no_membership(header: str) -> None:
    assert match_header(header)[0] not in ("since", "until")


def test_a_date_of_birth_stays_one() -> None:
    assert match_header("出生日")[0] == match_header("Date of birth")[0] == "birth_date"


UNDATED = (
    (*HEADER, "末日"),
    (*PEOPLE[0], "2015-12-31"),
    (*PEOPLE[1], "长期"),
)


def undated(roster: Roster) -> list[str]:
    """The columns whose dates nobody has explained."""
    return [column.letter for column in roster.columns if column.reason == "dates"]


def test_a_column_of_dates_that_may_be_the_last_day_is_asked_about() -> None:
    roster = read(files.xlsx(UNDATED))
    assert undated(roster) == ["E"]
    assert [(note.code, note.cell, dict(note.params)) for note in roster.notes] == [
        ("dates-unclear", "E1", {"columns": "E 末日"})
    ]
    with pytest.raises(DatesUnclear, match="E 末日"):
        require_dated(roster)


@pytest.mark.parametrize("field", ["until", "since", "birth_date", None])
def test_any_answer_settles_a_column_of_dates(field: str | None) -> None:
    rows = (UNDATED[0], (*PEOPLE[0], "2015-12-31"))
    roster = read(files.xlsx(rows), mapping={"末日": field})
    require_dated(roster)
    assert undated(roster) == []


@pytest.mark.parametrize(
    "cells",
    [
        (date(2015, 12, 31), date(2016, 1, 1)),
        ("20151231", "2016.12"),
        ("2015年", "民国105年"),
        ("03/02/2028", "2020-01-01至2028-12-31"),
    ],
)
def test_dates_are_told_in_every_spelling(cells: tuple[Any, Any]) -> None:
    rows = (UNDATED[0], (*PEOPLE[0], cells[0]), (*PEOPLE[1], cells[1]))
    assert undated(read(files.xlsx(rows, formats={4: "yyyy-mm-dd"}))) == ["E"]


def test_serial_days_and_years_are_dates_where_the_header_speaks_of_days() -> None:
    rows = (UNDATED[0], (*PEOPLE[0], 46752), (*PEOPLE[1], 2028))
    assert undated(read(files.xlsx(rows))) == ["E"]


@pytest.mark.parametrize(
    ("header", "cell"),
    [
        ("工号", 10023),
        ("毕业年份", "1998"),
        ("缴费日期", "2026-01-01"),
        ("发证日期", "2026-01-01"),
        ("配偶出生日期", "1980-01-01"),
        ("入党时间", "1999-07-01"),
        ("更新时间", "2026-01-01"),
        ("聘用", "长期"),
        ("邮编", "100084"),
    ],
)
def test_what_is_known_to_be_something_else_is_not_asked_about(header: str, cell: Any) -> None:
    assert undated(read(files.xlsx(((*HEADER, header), (*PEOPLE[0], cell))))) == []


def test_nothing_is_asked_where_the_last_day_is_known() -> None:
    rows = ((*UNDATED[0], "有效期至"), (*PEOPLE[0], "2015-12-31", "2026-12-31"))
    assert undated(read(files.xlsx(rows))) == []
    period = ((*UNDATED[0], "会籍起始"), (*PEOPLE[0], "2015-12-31", "2020-01-01至2028-12-31"))
    assert undated(read(files.xlsx(period))) == []


def test_a_nameless_column_of_dates_and_two_tied_last_days_are_asked_about() -> None:
    nameless = ((*HEADER, "入会日期", ""), (*PEOPLE[0], "2015-12-31", "2016-12-31"))
    assert undated(read(files.xlsx(nameless))) == ["F"]
    tied = ((*HEADER, "有效期至", "到期日期"), (*PEOPLE[0], "2015-12-31", "2016-12-31"))
    assert undated(read(files.xlsx(tied))) == ["E", "F"]


@pytest.mark.parametrize("header", ["入会", "加入", "注册时间", "登记", "Registered"])
@pytest.mark.parametrize("date_1904", [False, True])
def test_a_join_date_under_a_short_header_is_read(header: str, date_1904: bool) -> None:
    rows = ((*HEADER, header, "有效期至"), (*PEOPLE[0], date(2015, 1, 1), date(2028, 12, 31)))
    data = files.xlsx(rows, formats={4: "yyyy-mm-dd", 5: "yyyy-mm-dd"}, date_1904=date_1904)
    roster = read(data)
    assert (roster.values["since"], roster.notes) == ([date(2015, 1, 1)], ())
    texts = ((*HEADER, header, "有效期至"), (*PEOPLE[0], "2015-01-01", "2028-12-31"))
    assert read(files.text(texts)).values["since"] == [date(2015, 1, 1)]


def test_a_short_header_over_yes_and_no_is_no_join_date() -> None:
    rows = ((*HEADER, "入会", "有效期至"), (*PEOPLE[0], "是", "2028-12-31"))
    roster = read(files.text(rows))
    assert (roster.columns[4].reason, undated(roster), roster.faults) == ("unknown", [], ())


def test_joining_over_two_columns_is_a_mere_title() -> None:
    rows = (
        ("会员号", "姓名", "入会", ""),
        ("", "", "级别", "日期"),
        ("M1", "张三", "普通会员", "2015-01-01"),
    )
    assert read(files.text(rows)).values["since"] == [date(2015, 1, 1)]


UNJOINED = ((*HEADER, "有效期至", "来会"), (*PEOPLE[0], "2028-12-31", "2015-01-01"))


def test_a_column_of_dates_that_may_be_the_first_day_is_asked_about() -> None:
    roster = read(files.text(UNJOINED))
    assert undated(roster) == ["F"]
    (note,) = roster.notes
    assert (note.code, note.cell, dict(note.params)) == (
        "dates-unclear",
        "F1",
        {"columns": "F 来会"},
    )
    assert "first day of membership" in note.message
    with pytest.raises(DatesUnclear, match="first day of membership: F 来会"):
        require_dated(roster)
    for field in ("since", None):
        require_dated(read(files.text(UNJOINED), mapping={"来会": field}))


@pytest.mark.parametrize(
    "header",
    words(
        "出生年月（农历） | 出生登记 | 阳历生日 | 证件截止 | 护照有效期至 | 末次缴费 | 交费日 | "
        "入职年月 | 换证日 | 领证时间 | 退休年月 | 最近登录 | Birth (lunar) | Last contact | "
        "Passport issue | Degree conferred"
    ),
)
def test_the_day_of_something_else_is_no_first_day(header: str) -> None:
    rows = ((*UNJOINED[0][:-1], header), UNJOINED[1])
    assert undated(read(files.text(rows))) == []


def test_nothing_is_asked_where_the_first_day_is_known() -> None:
    rows = ((*UNJOINED[0], "入会日期"), (*UNJOINED[1], "2015-01-01"))
    assert undated(read(files.text(rows))) == []
    period = ((*HEADER, "有效期", "来会"), (*PEOPLE[0], "2020-01-01至2028-12-31", "2015-01-01"))
    assert undated(read(files.text(period))) == []


def test_a_nameless_column_of_dates_and_two_tied_first_days_are_asked_about() -> None:
    nameless = ((*UNJOINED[0][:-1], ""), UNJOINED[1])
    assert undated(read(files.text(nameless))) == ["F"]
    tied = ((*HEADER, "有效期至", "入会日期", "加入日期"), (*UNJOINED[1], "2016-01-01"))
    assert undated(read(files.text(tied))) == ["F", "G"]
