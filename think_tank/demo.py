"""The think tank's part of the demonstration: an institute, its pool and three briefs.

Experts enter only by the importers that offices use, from files made here with a fixed seed.
"""

import csv
import io
import random
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from consortium.kernel.clock import read_now, start_of_day
from consortium.kernel.principal import SYSTEM, acting_as
from consortium.services.disciplines import get_discipline, list_disciplines
from consortium.services.organisations import list_organisations
from think_tank.rules.templates import write_balanced_brief
from think_tank.services.briefs import write_brief
from think_tank.services.consents import import_consents
from think_tank.services.experts import import_experts
from think_tank.services.institutes import found_institute
from think_tank.services.panels import publish_panel, seat_panel
from think_tank.services.solves import ask_solve, run_solve

SLUG, CONSORTIUM, ZONE = "demo-institute", "demo", "Asia/Shanghai"
EXPERTS, SEED = 300, 20260601
FIELDS: Mapping[str, Sequence[str]] = {
    "math": ("A01", "F03"),
    "phys": ("A04", "A05"),
    "comp": ("F02", "F06"),
    "mech": ("A02", "E05"),
}
SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余"
GIVEN = "明华建国文军平志伟东海燕丽红敏静洁颖琳倩晨宇航博思远嘉欣怡然子涵立新宏斌杰勇涛磊"
EMPLOYERS = (
    "江北大学", "云岭大学", "滨海理工大学", "东湖科技大学", "望江师范大学", "青山工业大学",
    "南浦交通大学", "北原林业大学", "江北数学研究所", "云岭计算技术研究所", "滨海物理研究所",
    "东湖力学研究中心", "望江气象台", "青山钢铁集团研究院", "南浦造船厂", "北原农业科技推广站",
    "清源县中心实验室", "石门水电站", "临川仪器厂", "平湖中学",
)  # fmt: skip
RANKS = (
    ("教授", "senior"), ("研究员", "senior"), ("副教授", "associate"), ("高级工程师", "associate"),
    ("讲师", "junior"), ("工程师", "junior"),
)  # fmt: skip
HEADER = ("编号", "姓名", "所属学会", "工作单位", "职称", "邮箱", "学科代码", "关键词", "个人简介",
          "出生日期", "基层一线", "资历")  # fmt: skip
CHARTER_ZH = (
    "第一条 本研究所为学会联合体设立的虚拟专业研究所，不具有法人资格。\n"
    "第二条 专家组由各成员学会推荐并经本人授权的专家组成，任何一个学会不超过三分之一。\n"
    "第三条 专家组中基层一线专家不少于四分之三。\n"
)
CHARTER_EN = (
    "1. This is a virtual institute of the consortium without legal personality.\n"
    "2. Panels are drawn from experts whom member societies propose and who have consented; "
    "no society has more than a third.\n"
    "3. At least three quarters of a panel work at the front line.\n"
)


def load() -> None:
    """Found the institute, import its pool, write three briefs and seat the first."""
    with acting_as(SYSTEM):
        import_experts(SYSTEM, write_expert_file())
        import_consents(SYSTEM, write_consent_file())
        year = read_now().year
        found_institute(
            SYSTEM,
            slug=SLUG,
            consortium=CONSORTIUM,
            name_zh="演示虚拟专业研究所",
            name_en="Demo Virtual Institute",
            charter_zh=CHARTER_ZH,
            charter_en=CHARTER_EN,
            since=start_of_day(date(year, 1, 1), ZONE),
            until=start_of_day(date(year + 3, 1, 1), ZONE),
        )
        _seat_first()
        _write("复杂流动计算方法评议组", "Panel on methods for complex flows", _flow_brief())
        _write("条件冲突的组建要求示例", "A brief that cannot be met", _unmeetable_brief())


def show() -> Mapping[str, Any]:
    """What the demonstration offers of ours."""
    return {"institutes": [SLUG]}


def _write(title_zh: str, title_en: str, brief: dict[str, Any]) -> Any:
    return write_brief(
        SYSTEM,
        institute=SLUG,
        title_zh=title_zh,
        title_en=title_en,
        brief=brief,
        disclosure="public",
    )


def _seat_first() -> None:
    brief = write_balanced_brief(seats=9, societies=list(FIELDS), disciplines=("A01", "F02"))
    written = _write("青年科技论坛选题专家组", "Topic panel of the young scientists' forum", brief)
    run = run_solve(ask_solve(SYSTEM, brief_id=written.id).id)
    publish_panel(SYSTEM, panel_id=seat_panel(SYSTEM, solve_id=run.id).id)


def _flow_brief() -> dict[str, Any]:
    codes = ("A01", "A02", "A04", "F02")
    brief = write_balanced_brief(
        seats=12, societies=list(FIELDS), young_share="1/3", disciplines=codes, keywords=("流体",)
    )
    at_least_one = [
        {
            "id": f"from-{code}",
            "kind": "min_count",
            "of": {"field": "society", "op": "eq", "value": code},
            "value": 2,
        }
        for code in ("math", "phys", "comp")
    ]
    return brief | {"rules": brief["rules"] + at_least_one}


def _unmeetable_brief() -> dict[str, Any]:
    brief = write_balanced_brief(seats=12, societies=list(FIELDS), front_line_share="3/4")
    too_many = {
        "id": "half-math",
        "kind": "min_share",
        "of": {"field": "society", "op": "eq", "value": "math"},
        "value": "1/2",
    }
    return brief | {"rules": [*brief["rules"], too_many]}


def write_expert_file(count: int = EXPERTS, seed: int = SEED) -> bytes:
    """A file of experts as an office would send it: Chinese header, GB18030."""
    draw = random.Random(seed)  # noqa: S311  the same people in every demonstration
    names = {society.code: society.name_zh for society in list_organisations(CONSORTIUM)}
    leaves = {code: _leaves(fields) for code, fields in FIELDS.items()}
    rows = [HEADER, *(_expert(draw, n, names, leaves) for n in range(1, count + 1))]
    return _as_csv(rows).encode("gb18030")


def _leaves(fields: Sequence[str]) -> list[str]:
    return [child.code for field in fields for child in list_disciplines(within=field)]


def _expert(
    draw: random.Random, n: int, names: Mapping[str, str], leaves: Mapping[str, Sequence[str]]
) -> tuple[str, ...]:
    code = sorted(FIELDS)[n % len(FIELDS)]
    chosen = draw.sample(list(leaves[code]), draw.choice((1, 2, 2, 3)))
    title, seniority = draw.choice(RANKS)
    given = "".join(draw.sample(GIVEN, draw.choice((1, 2, 2))))
    born = date(1952, 1, 1) + timedelta(days=draw.randrange(42 * 365))
    topics = [get_discipline(one).name("zh") for one in chosen]
    employer = draw.choice(EMPLOYERS)
    front_line = draw.choices(("是", "否", ""), weights=(13, 5, 2))[0]
    return (
        f"E{n:04d}", draw.choice(SURNAMES) + given, names.get(code, code), employer, title,
        f"expert{n:04d}@example.org", "；".join(chosen), "；".join(topics),
        f"{employer}{title}，从事{'、'.join(topics)}研究。", born.isoformat(), front_line,
        seniority,
    )  # fmt: skip


def write_consent_file(count: int = EXPERTS) -> bytes:
    """Consents already held on paper: every tenth expert has not answered yet."""
    rows: list[tuple[str, ...]] = [("id", "society", "purpose", "given_at", "evidence")]
    for n in range(1, count + 1):
        if n % 10 == 0:
            continue
        code = sorted(FIELDS)[n % len(FIELDS)]
        purposes = ("panel", "publication") if n % 10 < 8 else ("panel",)
        rows += [(f"E{n:04d}", code, p, "2026-01-15", f"授权书 2026-{n:04d}") for p in purposes]
    return _as_csv(rows).encode()


def _as_csv(rows: Sequence[Sequence[str]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue()
