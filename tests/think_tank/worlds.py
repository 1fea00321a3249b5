"""A consortium of four societies with an institute and a pool."""

from datetime import UTC, datetime

from consortium.kernel.principal import SYSTEM, Grant, Principal
from consortium.services.consortia import found_consortium
from consortium.services.members import admit_member
from consortium.services.organisations import register_organisation
from think_tank.services.consents import import_consents
from think_tank.services.experts import import_experts
from think_tank.services.institutes import found_institute
from think_tank.values import Institute

SOCIETIES = {"math": "数学会", "phys": "物理学会", "comp": "计算机学会", "mech": "力学学会"}
COORDINATOR = Principal(grants=(Grant("coordinator", "consortium", "demo"),))
STRANGER = Principal(grants=(Grant("coordinator", "consortium", "other"),))
HEADER = (
    "id,name,society,employer,title,email,disciplines,keywords,biography,birth_date,"
    "front_line,seniority"
)
CODES = ("A0101", "A0401", "F0201", "A0201")


def found_world() -> Institute:
    """The consortium `demo` with its societies, and an institute `flows`."""
    found_consortium(
        SYSTEM,
        code="demo",
        kind="consortium",
        name_zh="演示联合体",
        name_en="Demo",
        charter_zh="章程",
    )
    for code, name in SOCIETIES.items():
        register_organisation(SYSTEM, code=code, name_zh=f"演示{name}", name_en=f"Demo {code}")
        admit_member(SYSTEM, code, consortium="demo")
    return found_institute(
        COORDINATOR,
        slug="flows",
        consortium="demo",
        name_zh="流动研究所",
        name_en="Institute of Flows",
        charter_zh="章程",
        charter_en="Charter",
        since=datetime(2026, 1, 1, tzinfo=UTC),
        until=None,
    )


def row(n: int, **cells: str) -> str:
    """A line of an expert file; every fourth expert belongs to the same society."""
    society = tuple(SOCIETIES)[n % 4]
    values = {
        "id": f"E{n:03d}", "name": f"专家{n}", "society": society, "employer": f"大学{n % 7}",
        "title": "教授", "email": f"e{n}@example.org", "disciplines": CODES[n % 4],
        "keywords": "流体力学;turbulence", "biography": "", "birth_date": f"{1960 + n % 30}-05-01",
        "front_line": "否" if n % 5 == 0 else "是", "seniority": "senior",
    }  # fmt: skip
    return ",".join((values | cells)[name] for name in HEADER.split(","))


def expert_file(count: int, *more: str) -> bytes:
    """An expert file in UTF-8."""
    return "\n".join([HEADER, *(row(n) for n in range(count)), *more]).encode()


def consent_file(*numbers: int, purpose: str = "panel") -> bytes:
    """A consent file."""
    lines = ["id,society,purpose,given_at,evidence"]
    lines += [f"E{n:03d},{tuple(SOCIETIES)[n % 4]},{purpose},2026-05-01,form {n}" for n in numbers]
    return "\n".join(lines).encode()


def found_world_with_pool() -> None:
    """The same with forty experts who have agreed."""
    found_world()
    fill_pool()


def fill_pool(count: int = 40) -> None:
    """Import experts; all consent to panels, all but the last to publication."""
    import_experts(SYSTEM, expert_file(count))
    import_consents(SYSTEM, consent_file(*range(count)))
    import_consents(SYSTEM, consent_file(*range(count - 1), purpose="publication"))
