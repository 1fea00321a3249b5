"""The demonstration's catalogues and four signed agreements; its members come by roster."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from auth.services import accounts, grants
from auth.values import ACR_SINGLE_FACTOR
from consortium.kernel.clock import read_now
from consortium.kernel.principal import SYSTEM, Grant, Principal
from membership.services import agreement_register, agreements, catalogue

ZONE = "Asia/Shanghai"
SOCIETIES = ("math", "phys", "comp", "mech")
CLASSES = (
    ("individual", "个人会员", "Individual", ("个人", "正式会员", "full member")),
    ("student", "学生会员", "Student", ("学生", "student member")),
    ("unit", "单位会员", "Unit", ("单位", "团体", "institutional")),
    ("overseas", "境外会员", "Overseas", ("境外", "海外", "international")),
)
GRADES = (
    ("student", "学生会员", "Student", 1, ("学生",)),
    (
        "ordinary",
        "普通会员",
        "Ordinary",
        2,
        ("普通", "专业会员", "member", "regular", "professional"),
    ),
    ("senior", "高级会员", "Senior", 3, ("高级", "资深会员", "senior member")),
    ("fellow", "会士", "Fellow", 4, ("会员会士", "荣誉会士")),
)
BENEFITS = ("membership", "member-price", "publications")


# home, host, grade map. The member of math counts as senior at comp and as ordinary at phys; mech
# recognises members of comp, and nobody recognises members of mech.
AGREEMENTS: tuple[tuple[str, str, tuple[tuple[str, str, Mapping[str, str]], ...]], ...] = (
    (
        "math",
        "comp",
        (
            ("math", "comp", {"ordinary": "ordinary", "senior": "senior", "fellow": "fellow"}),
            ("comp", "math", {"ordinary": "ordinary", "senior": "senior", "fellow": "fellow"}),
        ),
    ),
    (
        "math",
        "phys",
        (
            ("math", "phys", {"senior": "ordinary", "fellow": "senior"}),
            ("phys", "math", {"senior": "ordinary", "fellow": "senior"}),
        ),
    ),
    (
        "comp",
        "phys",
        (
            ("comp", "phys", {"student": "student", "ordinary": "ordinary", "senior": "senior"}),
            ("phys", "comp", {"student": "student", "ordinary": "ordinary", "senior": "senior"}),
        ),
    ),
    ("comp", "mech", (("comp", "mech", {"senior": "ordinary", "fellow": "senior"}),)),
)


def load_catalogues() -> None:
    """Give each society its classes and grades, with the words offices use for them."""
    start = datetime(2000, 1, 1, tzinfo=ZoneInfo(ZONE)).astimezone(UTC)
    for society in SOCIETIES:
        for code, name_zh, name_en, synonyms in CLASSES:
            catalogue.add_class(
                SYSTEM,
                society=society,
                code=code,
                name_zh=name_zh,
                name_en=name_en,
                synonyms=synonyms,
                since=start,
            )
        for code, name_zh, name_en, rank, words in GRADES:
            catalogue.add_grade(
                SYSTEM,
                society=society,
                code=code,
                name_zh=name_zh,
                name_en=name_en,
                rank=rank,
                synonyms=words,
                since=start,
            )


def load_agreements() -> None:
    """Draft each agreement as one secretary and sign it as both, as they would."""
    now = read_now()
    year = now.astimezone(ZoneInfo(ZONE)).year
    for one, other, clauses in AGREEMENTS:
        drafter = _secretary(one)
        made = agreements.create_agreement(
            drafter,
            form="bilateral",
            title_zh="会员互认协议",
            title_en="Agreement on mutual recognition of members",
            parties=(one, other),
        )
        sealed = agreements.add_version(
            drafter,
            agreement_id=made.id,
            since=datetime(year, 1, 1, tzinfo=ZoneInfo(ZONE)).astimezone(UTC),
            until=datetime(year + 3, 1, 1, tzinfo=ZoneInfo(ZONE)).astimezone(UTC),
            clauses=[
                {"home": home, "host": host, "benefits": BENEFITS, "grades": dict(grades)}
                for home, host, grades in clauses
            ],
        )
        for society in (one, other):
            agreements.sign_version(
                _secretary(society),
                agreement_id=made.id,
                version=sealed.version,
                society=society,
                digest=sealed.hash,
            )


def _secretary(society: str) -> Principal:
    """Return the society's secretary as if she had just signed in with her password."""
    account = accounts.find_account_by(f"secretary@{society}.example")
    if account is None:
        raise LookupError(f"the demonstration has no secretary of {society}")
    now = read_now() + timedelta(seconds=1)
    held = tuple(
        Grant(found.role, found.kind, found.key)
        for found in grants.list_grants(account.person_id)
        if found.since <= now and (found.until is None or now < found.until)
    )
    return Principal(
        person_id=account.person_id, grants=held, acr=ACR_SINGLE_FACTOR, auth_time=read_now()
    )


def show_agreements() -> Mapping[str, Any]:
    """Return who recognises whose members."""
    found, _ = agreement_register.list_agreements()
    return {
        "agreements": [
            {"id": str(agreement.id), "parties": list(agreement.parties)} for agreement in found
        ]
    }
