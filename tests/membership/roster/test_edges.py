"""Headers of the first and the last day, and columns of dates that nobody has explained."""

import pytest

from membership.roster.wording import match_header
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
        "Joined date | Join date | Year joined | Effective from"
    ),
)
def test_the_first_day_is_told_by_a_word_inside(header: str) -> None:
    assert match_header(header)[0] == "since"


@pytest.mark.parametrize(
    "header",
    words(
        "缴费日期 | 缴费截止日期 | 报名截止日期 | 证件有效期 | 身份证登记日期 | "
        "护照到期日 | 发证日期 | "
        "任期止 | 聘期截止 | 合同到期日 | 是否到期 | 生效状态 | 有效 | 入会 | "
        "入会申请日期 | Passport expiry | "
        "ID expiry date | Visa expiry | Payment date | Contract end date | Term of office end | "
        "Joined the university | Start and end"
    ),
)
def test_the_end_of_something_else_is_no_membership(header: str) -> None:
    assert match_header(header)[0] not in ("since", "until")


def test_a_date_of_birth_stays_one() -> None:
    assert match_header("出生日")[0] == match_header("Date of birth")[0] == "birth_date"
