"""The demonstration's societies and consortium, by the users' own importer and services."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from consortium.kernel.principal import SYSTEM
from consortium.services import consortia, imports, members, organisations

DATA = Path(__file__).parent / "data"
CODE = "demo"
SOCIETIES = ("math", "phys", "comp", "mech")


def load_demo() -> None:
    """Register four societies from a file, found the consortium, admit them."""
    file = DATA / "demo-organisations.csv"
    report = imports.import_organisations(SYSTEM, file.read_bytes(), apply=True)
    if report.refused:
        raise ValueError(f"the demonstration's own file has faults: {report.refusals}")
    consortia.found_consortium(
        SYSTEM,
        code=CODE,
        kind="consortium",
        name_zh="示范学会联合体",
        name_en="Demonstration Consortium of Societies",
        charter_zh=(DATA / "demo-charter.zh.txt").read_text("utf-8"),
        charter_en=(DATA / "demo-charter.en.txt").read_text("utf-8"),
        kinds_admitted=("society",),
    )
    for code in SOCIETIES:
        members.admit_member(SYSTEM, code, consortium=CODE)
    consortia.appoint(SYSTEM, CODE, lead="math", legal_representative="comp")
    for code, name_zh, name_en in (
        ("algebra", "代数专业委员会", "Committee on Algebra"),
        ("statistics", "统计专业委员会", "Committee on Statistics"),
    ):
        organisations.add_branch(SYSTEM, "math", code=code, name_zh=name_zh, name_en=name_en)


def show_demo() -> Mapping[str, Any]:
    """The societies and their pages."""
    found = organisations.list_organisations(CODE)
    return {
        "societies": [
            {"code": society.code, "name_zh": society.name_zh, "name_en": society.name_en}
            for society in found
        ],
        "consortia": [{"code": CODE}],
    }
