"""The demonstration's members: catalogues, rosters by the importer, accounts of the story's two."""

from datetime import UTC, datetime
from typing import Final

from auth.services import accounts
from consortium.kernel.principal import SYSTEM
from membership.demo_rosters import make_people, make_rosters
from membership.roster.errors import RosterUnreadable
from membership.services import catalogue, members, roster_imports

PASSWORD: Final = "demo-plum-river-42"  # noqa: S105  published; refused wherever others reach the node
_SINCE: Final = datetime(1990, 1, 1, tzinfo=UTC)

CATALOGUE: Final = {
    "math": (
        ("ordinary", "普通会员", "Ordinary member"),
        ("senior", "高级会员", "Senior member"),
        ("fellow", "会士", "Fellow"),
    ),
    "phys": (
        ("member", "会员", "Member"),
        ("senior", "高级会员", "Senior member"),
        ("fellow", "会士", "Fellow"),
    ),
    "comp": (
        ("ordinary", "普通会员", "Ordinary member"),
        ("senior", "高级会员", "Senior member"),
        ("distinguished", "杰出会员", "Distinguished member"),
        ("fellow", "会士", "Fellow"),
    ),
    "mech": (
        ("member", "普通会员", "Member"),
        ("senior", "高级会员", "Senior Member"),
        ("fellow", "会士", "Fellow"),
    ),
}
"""Grades by society, lowest first: code, Chinese name, English name."""

CLASSES: Final = (
    ("individual", "个人会员", "Individual"),
    ("student", "学生会员", "Student"),
    ("unit", "单位会员", "Organisational"),
    ("overseas", "境外会员", "Overseas"),
)

ACCOUNTS: Final = (("math", "member@math.example"), ("mech", "member@mech.example"))


def load_catalogues() -> None:
    """Give each society its grades and classes."""
    for society, grades in CATALOGUE.items():
        for rank, (code, name_zh, name_en) in enumerate(grades, start=1):
            catalogue.add_grade(
                SYSTEM,
                society=society,
                code=code,
                name_zh=name_zh,
                name_en=name_en,
                rank=rank,
                since=_SINCE,
            )
        for code, name_zh, name_en in CLASSES:
            catalogue.add_class(
                SYSTEM, society=society, code=code, name_zh=name_zh, name_en=name_en, since=_SINCE
            )


def load_members() -> None:
    """Import the four rosters and let the two members of the story sign in."""
    for file in make_rosters():
        report = roster_imports.import_roster(
            SYSTEM,
            society=file.society,
            data=file.data,
            file_name=file.name,
            apply=True,
            is_demo=True,
        )
        if report.refused:
            raise RosterUnreadable(found=f"{file.name}: {report.refusals[0]['code']}")
    for society, email in ACCOUNTS:
        number = next(one.number for one in make_people(society) if one.email == email)
        member = members.get_member(SYSTEM, society=society, member_number=number)
        accounts.open_account(
            SYSTEM, person_id=member.person_id, email=email, password=PASSWORD
        )
