"""Single headers: of whom they speak, what brackets add, which language and which end is meant."""

import pytest

from membership.roster.wording import match_header


def words(text: str) -> list[str]:
    """The headers of a table row, parted by bars."""
    return [word.strip() for word in text.split("|")]


@pytest.mark.parametrize(
    "header",
    words(
        "挂靠分会 | 掛靠分會 | 挂靠专委会 | 挂靠专业委员会 | 挂靠分支机构 | 隶属分会 | 归口分会 | "
        "加入分会 | 参加分会 | 所入分会 | 所属专业分会 | 所在学组 | 所属分会名称"
    ),
)
def test_the_branch_to_which_a_member_belongs_is_hers(header: str) -> None:
    assert match_header(header)[0] == "branch"


@pytest.mark.parametrize("header", words("挂靠单位 | 推荐分会 | 依托单位 | 归口单位 | 参加分会场"))
def test_what_a_branch_or_an_organisation_does_is_no_branch(header: str) -> None:
    assert match_header(header)[0] != "branch"


NUMBERS = (
    "会员 No. | 会员No. | 會員NO | 会员证书编号 | 会员卡编号 | 会籍号码 | Membership # | "
    "Member # | Member ID # | Reg. No. | Member Nr"
)
NAMES = "人名 | 名称 | Name in full | Member | Surname and Given Name | Given and Family Name"
PAPERS = (
    "台胞证号 | 回乡证号 | 港澳居民来往内地通行证号 | 台灣居民來往大陸通行證號 | ID/Passport No. | "
    "身份证编号"
)


@pytest.mark.parametrize(
    "header",
    words(
        "配偶手机 | 爱人姓名 | 导师邮箱 | 配偶出生日期 | 父亲姓名 | 母亲手机 | 子女姓名 | "
        "家属电话 | 监护人手机 | 紧急联系人手机 | 应急电话 | 联系人姓名 | 联系人邮箱 | "
        "推荐人手机 | 推荐人单位 | 推荐人会员号 | 入会介绍人 | 秘书邮箱 | 助理手机 | "
        "财务联系人手机 | 会计邮箱 | 法人姓名 | 法定代表人 | 负责人手机 | 经办人电话 | "
        "代理人姓名 | 原工作单位 | 原会员号 | 前单位 | 曾任职务 | 曾用名 | 毕业院校 | 兼职单位 | "
        "主管单位 | 挂靠单位 | 推荐单位 | 发票邮箱 | 发票编号 | 订单编号 | 单位编号 | 单位邮箱 | "
        "单位类别 | 单位代码 | 單位郵箱 | 学会职务 | 单位会员名称 | 其他学会会员号 | 发证单位 | "
        "手机（配偶） | 邮箱（导师） | 单位（原） | 邮箱（单位）"
    ),
)
def test_another_person_or_thing_gives_no_field(header: str) -> None:
    assert match_header(header) == (None, 1.0, "another")


@pytest.mark.parametrize(
    "header",
    words(
        "Spouse mobile | Spouse's Email | Emergency contact | Emergency phone | Contact person | "
        "Contact's email | Contact name | Referee | Referee's e-mail | Sponsor no. | "
        "Supervisor email | Advisor | Mentor phone | Secretary email | Assistant mobile | "
        "Parent name | Guardian | Next of kin | Billing email | Invoice no. | Previous employer | "
        "Former employer | Order ID | Company email | Mobile (spouse) | Email (for invoice)"
    ),
)
def test_another_person_or_thing_gives_no_field_in_english(header: str) -> None:
    assert match_header(header) == (None, 1.0, "another")


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("联系电话", "mobile"),
        ("联系手机", "mobile"),
        ("联系方式", "mobile"),
        ("联系邮箱", "email"),
        ("Contact email", "email"),
        ("Contact No", "mobile"),
        ("目前工作单位", "employer"),
        ("当前单位", "employer"),
        ("工作单位及院系", "employer"),
        ("会员号（由秘书处填写）", "member_number"),
        ("姓名（与发票一致）", "name"),
        ("申请人手机", "mobile"),
        ("您的手机号", "mobile"),
        ("请填写姓名", "name"),
        ("手机号码1", "mobile"),
        ("Your e-mail address", "email"),
        ("Member's mobile", "mobile"),
        ("中国数学会会员号", "member_number"),
        ("中国政治学会会员号", "member_number"),
        ("姓名 Name", "name"),
        ("会员号/Member No.", "member_number"),
        ("1、姓名", "name"),
        ("手机/电话", "mobile"),
        ("E-mail 地址", "email"),
        ("会员资格有效期", "until"),
        ("首次入会时间", "since"),
        ("Name of member", "name"),
        ("担任职务", "title"),
        *[(word, "member_number") for word in words(NUMBERS)],
        *[(word, "name") for word in words(NAMES)],
        *[(word, "national_id") for word in words(PAPERS)],
    ],
)
def test_the_members_own_columns_are_still_known(header: str, field: str) -> None:
    assert match_header(header)[0] == field


@pytest.mark.parametrize(
    "header",
    words(
        "证件有效期至 | 身份证有效期 | 护照到期日 | 缴费截止日期 | 职称取得日期 | 职称获得时间 | "
        "发证日期 | 申请级别 | 获奖级别 | 学科类别 | 职工编号 | 学生证号 | 会员职务 | 会员信息 | "
        "手机2 | 手机/邮箱 | 工作单位及职务 | Passport expiry | Office phone | Work phone"
    ),
)
def test_a_name_among_words_that_change_it_is_no_field(header: str) -> None:
    assert match_header(header)[0] is None


@pytest.mark.parametrize(
    "header",
    words(
        "党内职务 | 党组织关系所在单位 | 党派职务 | 政治面貌/职务 | 政治面貌类别 | 党员联系电话 | "
        "入党年月 | 党支部 | 党龄 | 共青团员 | 入团时间 | 團員 | 九三学社职务 | 民盟盟员 | "
        "少数民族 | 民族成份 | 宗教职务 | 信教与否 | Political | Political affiliation | "
        "Political status | PoliticalStatus | Party member(ship) | CPC Member | CPC_MEMBER | "
        "Party position | Ethnic origin | Race/Ethnicity | Race | Religious affiliation | "
        "Religion (optional) | Faith"
    ),
)
def test_a_sensitive_word_anywhere_wins(header: str) -> None:
    assert match_header(header) == (None, 1.0, "sensitive")


@pytest.mark.parametrize("header", ["Grace period", "Terrace", "Counterpart", "政治学会会员号"])
def test_a_word_that_only_looks_sensitive_is_not(header: str) -> None:
    assert match_header(header)[2] != "sensitive"


def test_a_party_school_may_be_an_employer() -> None:
    assert match_header("工作单位（高校、党校、研究所）")[0] == "employer"


@pytest.mark.parametrize(
    ("header", "field"),
    [
        ("姓名（中文）", "name"),
        ("姓名（必填）", "name"),
        ("【姓名】", "name"),
        ("姓名（中英文）", "name"),
        ("姓名（拼音）", "name_latin"),
        ("姓名（英文）", "name_latin"),
        ("Name (Chinese)", "name"),
        ("Name (English)", "name_latin"),
        ("Name (in pinyin)", "name_latin"),
        ("Member No.", "member_number"),
        ("会员号（必填）", "member_number"),
        ("编号（会员）", "member_number"),
        ("身份证号（18位）", "national_id"),
        ("证件号（护照）", "national_id"),
        ("性别（男/女）", "gender"),
        ("职称（职务）", "title"),
        ("联系方式（手机）", "mobile"),
        ("联系方式（邮箱）", "email"),
    ],
)
def test_brackets_of_any_width_explain(header: str, field: str) -> None:
    found, confidence, _ = match_header(header)
    assert (found, confidence >= 0.9) == (field, True)


@pytest.mark.parametrize(
    "header", ["联系方式（座机）", "电话（办公）", "单位（地址）", "有效期（年）"]
)
def test_a_remark_may_say_that_it_is_something_else(header: str) -> None:
    assert match_header(header)[0] is None


@pytest.mark.parametrize(
    "header",
    words(
        "有效期（起） | 有效期(起) | 有效期起 | 有效期（始） | 有效期（开始） | 有效期开始日期 | "
        "会员有效期（自） | 有效期限（起始） | 会籍（起） | 有效期 from | Valid (from) | "
        "Validity start | Membership from"
    ),
)
def test_the_beginning_of_the_period_is_since(header: str) -> None:
    assert match_header(header)[0] == "since"


@pytest.mark.parametrize(
    "header",
    words(
        "有效期（止） | 有效期(止) | 有效期止 | 有效期（终） | 有效期（结束） | 有效期结束日期 | "
        "会员有效期（至） | 有效期限（截止） | 会籍（止） | 有效期 to | Valid (to) | "
        "Validity end | Membership until"
    ),
)
def test_the_end_of_the_period_is_until(header: str) -> None:
    assert match_header(header)[0] == "until"


@pytest.mark.parametrize("header", ["有效期起止", "有效期（起止）", "起止日期", "有效期（起—止）"])
def test_a_column_of_both_ends_is_neither(header: str) -> None:
    assert match_header(header)[0] is None


@pytest.mark.parametrize(
    ("field", "headers"),
    [
        ("member_number", "会员登记证号 | 会员代号 | 证号 | Membership card no. | Mem_No"),
        ("grade", "会员层次"),
        ("since", "加入时间 | 批准时间 | Joining Date"),
        ("until", "会费缴至 | 截止时间 | Valid thru | Paid to"),
        ("email", "邮件地址"),
        ("mobile", "Telephone Number | Tel No. | Contact No"),
        ("employer", "院校 | Organisation name"),
        ("branch", "SIG | 所属二级学会"),
        ("national_id", "HKID"),
    ],
)
def test_offices_also_write(field: str, headers: str) -> None:
    assert [match_header(header)[0] for header in words(headers)] == [field] * len(words(headers))
