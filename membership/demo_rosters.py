"""The demonstration's rosters, as four offices would send them: 2,000 invented people.

math: .xlsx with title, header of two rows, totals and remarks; phys: .csv in GB18030; comp: .xls
with numbers as numbers; mech: .xlsx in English. They come in through the importer like any other.
"""

import csv
import io
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, Final

import xlsxwriter
import xlwt

_FAMILY: Final = (
    "王 Wang 李 Li 张 Zhang 刘 Liu 陈 Chen 杨 Yang 赵 Zhao 黄 Huang 周 Zhou 吴 Wu 徐 Xu 孙 Sun "
    "胡 Hu 朱 Zhu 高 Gao 林 Lin 何 He 郭 Guo 马 Ma 罗 Luo 梁 Liang 宋 Song 郑 Zheng 谢 Xie 韩 "
    "Han 唐 Tang 冯 Feng 于 Yu 董 Dong 萧 Xiao 程 Cheng 曹 Cao 袁 Yuan 邓 Deng 许 Xu 傅 Fu 沈 "
    "Shen 曾 Zeng 彭 Peng 吕 Lyu 欧阳 Ouyang 司马 Sima 诸葛 Zhuge"
)
_GIVEN: Final = (
    "伟 wei 芳 fang 娜 na 敏 min 静 jing 丽 li 强 qiang 磊 lei 军 jun 洋 yang 勇 yong 艳 yan 杰 "
    "jie 娟 juan 涛 tao 明 ming 超 chao 秀 xiu 霞 xia 平 ping 刚 gang 桂 gui 英 ying 华 hua 玉 "
    "yu 萍 ping 红 hong 建 jian 国 guo 志 zhi 宇 yu 浩 hao 轩 xuan 涵 han 欣 xin 怡 yi 雨 yu 思 "
    "si 佳 jia 梓 zi 晨 chen 俊 jun 琳 lin 雪 xue 梅 mei 婷 ting 慧 hui 颖 ying 倩 qian 喆 zhe "
    "堃 kun 镕 rong 䶮 yan"
)
FAMILY: Final = tuple(_FAMILY.split())
GIVEN: Final = tuple(_GIVEN.split())
EMPLOYERS: Final = (
    ("示范大学数学学院", "School of Mathematics, Demonstration University"),
    ("东海理工大学", "Donghai University of Technology"),
    ("北山师范大学", "Beishan Normal University"),
    ("南湖科学院力学研究所", "Institute of Mechanics, Nanhu Academy"),
    ("西原电子科技大学", "Xiyuan University of Electronics"),
    ("长河计算中心", "Changhe Computing Centre"),
    ("云岭天文台", "Yunling Observatory"),
    ("金陵第二中学", "Jinling No. 2 Middle School"),
    ("海鸥重工集团有限公司", "Haiou Heavy Industries Ltd"),
    ("江左软件股份有限公司", "Jiangzuo Software Co."),
)
TITLES: Final = (
    ("教授", "Professor"),
    ("副教授", "Associate Professor"),
    ("讲师", "Lecturer"),
    ("研究员", "Research Fellow"),
    ("高级工程师", "Senior Engineer"),
    ("工程师", "Engineer"),
)
SIZES: Final = {"math": 620, "phys": 540, "comp": 500, "mech": 340}
"""How many members each roster holds; 2,000 together."""

GRADES: Final = {
    "math": ("普通会员", "高级会员", "会士"),
    "phys": ("普通会员", "高级会员", "会士"),
    "comp": ("专业会员", "高级会员", "会士"),
    "mech": ("Member", "Senior Member", "Fellow"),
}
"""Each society's grades, lowest first, as its own roster writes them."""

STORY: Final = {"math": ("林知远", "Zhiyuan Lin", "女"), "mech": ("周明川", "Mingchuan Zhou", "男")}
"""Name, Latin name and gender of the members who can sign in, `member@<society>.example`."""

STORY_PLACE: Final = 7
_FIRST_BIRTH: Final = date(1948, 1, 1)
_FIRST_JOIN: Final = date(1996, 1, 1)


@dataclass(frozen=True, slots=True)
class Someone:
    """One invented member; `until` is the last day, None for no end."""

    number: str
    name: str
    name_latin: str
    gender: str
    born: date
    grade: str
    since: date
    until: date | None
    employer: tuple[str, str]
    title: tuple[str, str]
    email: str
    mobile: str


@dataclass(frozen=True, slots=True)
class RosterFile:
    """A roster as it would arrive."""

    society: str
    name: str
    data: bytes


def make_people(society: str) -> list[Someone]:
    """Invent a society's members; the same ones every time."""
    dice = random.Random(f"roster-{society}")  # noqa: S311  no secret
    return [_invent(society, place, dice) for place in range(SIZES[society])]


def _invent(society: str, place: int, dice: random.Random) -> Someone:
    family = dice.randrange(len(FAMILY) // 2) * 2
    given = [dice.randrange(len(GIVEN) // 2) * 2 for _ in range(dice.choice((1, 2, 2)))]
    name = FAMILY[family] + "".join(GIVEN[one] for one in given)
    latin = f"{''.join(GIVEN[one + 1] for one in given).capitalize()} {FAMILY[family + 1]}"
    grades = GRADES[society]
    grade = dice.choices(grades, weights=(70, 24, 6))[0]
    since = _FIRST_JOIN + timedelta(days=dice.randrange(10_000))
    until = date(dice.choice((2027, 2028, 2029)), 12, 31)
    someone = Someone(
        number=_number(society, place),
        name=name,
        name_latin=latin,
        gender=dice.choice("男女"),
        born=_FIRST_BIRTH + timedelta(days=dice.randrange(19_000)),
        grade=grade,
        since=since,
        until=None if grade in ("会士", "Fellow") else until,
        employer=dice.choice(EMPLOYERS),
        title=dice.choice(TITLES),
        email=f"{latin.lower().replace(' ', '.')}.{place}@{society}.example",
        mobile=f"199{list(SIZES).index(society)}{place:07}",
    )
    return _known(society, place, someone)


def _number(society: str, place: int) -> str:
    forms: dict[str, Callable[[int], str]] = {
        "math": lambda one: f"S{one:06}M",
        "phys": lambda one: f"WL2{one:05}",
        "comp": lambda one: f"{one:05}",
        "mech": lambda one: f"CM-{one:05}",
    }
    return forms[society](1001 + place)


def _known(society: str, place: int, someone: Someone) -> Someone:
    """The people of the story, whose accounts the demonstration prints."""
    if place != STORY_PLACE or society not in STORY:
        return someone
    name, latin, gender = STORY[society]
    return replace(
        someone,
        name=name,
        name_latin=latin,
        gender=gender,
        born=date(1986, 5, 17),
        grade=GRADES[society][1],
        since=date(2015, 3, 1),
        until=date(2028, 12, 31),
        email=f"member@{society}.example",
    )


def make_rosters() -> Iterator[RosterFile]:
    """Write the four files."""
    yield RosterFile("math", "数学会会员名册2026.xlsx", _write_math(make_people("math")))
    yield RosterFile("phys", "物理学会会员.csv", _write_phys(make_people("phys")))
    yield RosterFile("comp", "会员信息导出.xls", _write_comp(make_people("comp")))
    yield RosterFile("mech", "Members 2026.xlsx", _write_mech(make_people("mech")))


def _write_math(people: list[Someone]) -> bytes:
    """A title, a header of two rows with merged groups, a total, a remark, a sheet of notes."""
    made = io.BytesIO()
    with xlsxwriter.Workbook(made) as book:
        sheet = book.add_worksheet("会员名册")
        centred = book.add_format({"align": "center", "valign": "vcenter", "bold": True})
        _write_math_header(sheet, centred)
        for place, one in enumerate(people):
            sheet.write_row(place + 3, 0, _math_row(place, one))
        last = len(people) + 3
        sheet.merge_range(last, 0, last, 2, "合计", centred)
        sheet.write_number(last, 3, len(people))
        sheet.write_string(last + 1, 0, "备注：有效期至当日（含）。")
        notes = book.add_worksheet("填表说明")
        notes.write_string(0, 0, "请勿改动表头；身份证件号码请勿填写。")
        old = book.add_worksheet("2019年旧表")
        old.write_row(0, 0, ["会员号", "姓名"])
        old.hide()
    return made.getvalue()


def _write_math_header(sheet: Any, style: Any) -> None:
    sheet.merge_range(0, 0, 0, 13, "示范数学会会员名册（2026年）", style)
    single = ("序号", "会员号", "姓名", "性别", "民族", "出生年月", "工作单位", "职称")
    for column, title in enumerate(single):
        sheet.merge_range(1, column, 2, column, title, style)
    sheet.merge_range(1, 8, 1, 9, "联系方式", style)
    sheet.merge_range(1, 10, 1, 13, "会籍", style)
    sheet.write_row(2, 8, ["手机", "邮箱", "会员类别", "会员级别", "入会日期", "有效期至"], style)


def _math_row(place: int, one: Someone) -> list[Any]:
    # Habits of the office: padded names of two characters, a second number in the cell.
    name = f"{one.name[0]}\u3000{one.name[1]}" if len(one.name) == 2 else one.name
    mobile = f"{one.mobile}、0531-8888{place % 10_000:04}" if place % 97 == 5 else one.mobile
    until = one.until.strftime("%Y-%m-%d") if one.until else "长期"
    return [
        place + 1, one.number, name, one.gender, "汉族", one.born.strftime("%Y.%m"),
        one.employer[0], one.title[0], mobile, one.email, "个人会员", one.grade,
        one.since.strftime("%Y年%m月%d日"), until,
    ]  # fmt: skip


def _write_phys(people: list[Someone]) -> bytes:
    """A text file in the encoding of Chinese Windows, months for join dates."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\r\n")
    rows.writerow(
        ["会员编号", "姓名", "性别", "出生日期", "手机号码", "电子邮箱", "工作单位", "职称",
         "会员级别", "入会时间", "有效期至"]
    )  # fmt: skip
    for one in people:
        rows.writerow(
            [one.number, one.name, one.gender, one.born.strftime("%Y/%m/%d"), one.mobile,
             one.email, one.employer[0], one.title[0], one.grade, one.since.strftime("%Y.%m"),
             one.until or "永久"]
        )  # fmt: skip
    return text.getvalue().encode("gb18030")


def _write_comp(people: list[Someone]) -> bytes:
    """An old workbook: numbers under a format of zeros, telephones as numbers, real dates."""
    book = xlwt.Workbook(encoding="utf-8")
    sheet = book.add_sheet("导出")
    zeros = xlwt.easyxf(num_format_str="00000")
    day = xlwt.easyxf(num_format_str="yyyy-mm-dd")
    header = ("学会会员号", "姓名", "性别", "生日", "单位", "职务职称", "移动电话", "E-mail",
              "会员等级", "加入日期", "到期日期")  # fmt: skip
    for column, title in enumerate(header):
        sheet.write(0, column, title)
    for row, one in enumerate(people, start=1):
        sheet.write(row, 0, int(one.number), zeros)
        texts = (
            (1, one.name), (2, one.gender), (4, one.employer[0]), (5, one.title[0]),
            (7, one.email), (8, one.grade),
        )  # fmt: skip
        for column, text in texts:
            sheet.write(row, column, text)
        sheet.write(row, 3, one.born, day)
        sheet.write(row, 6, int(one.mobile))
        sheet.write(row, 9, one.since, day)
        if one.until is None:
            sheet.write(row, 10, "终身")
        else:
            sheet.write(row, 10, one.until, day)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def _write_mech(people: list[Someone]) -> bytes:
    """A workbook in English from a membership database."""
    made = io.BytesIO()
    with xlsxwriter.Workbook(made) as book:
        sheet = book.add_worksheet("Members")
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_row(
            0, 0,
            ["Member No.", "Chinese Name", "Name in English", "Sex", "Date of Birth", "Affiliation",
             "Job Title", "Mobile", "E-mail Address", "Membership Grade", "Date Joined",
             "Valid Until"],
        )  # fmt: skip
        for row, one in enumerate(people, start=1):
            gender = "M" if one.gender == "男" else "F"
            sheet.write_row(row, 0, [one.number, one.name, one.name_latin, gender])
            sheet.write_datetime(row, 4, one.born, day)
            sheet.write_row(
                row, 5, [one.employer[1], one.title[1], f"+86 {one.mobile}", one.email, one.grade]
            )
            sheet.write_datetime(row, 10, one.since, day)
            if one.until is None:
                sheet.write_string(row, 11, "lifetime")
            else:
                sheet.write_datetime(row, 11, one.until, day)
    return made.getvalue()
