"""The register of organisations."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from consortium.errors import CodeTaken, OrganisationInvalid, OrganisationNotFound, UsccTaken
from consortium.kernel import signing
from consortium.kernel.clock import FixedClock
from consortium.kernel.db import db
from consortium.kernel.errors import Forbidden
from consortium.kernel.outbox.models import OutboxRow
from consortium.kernel.principal import ANONYMOUS, SYSTEM
from consortium.services import organisations, selects
from tests.kernel.counting import count_statements

USCC = "91350100M000100Y43"


def test_a_registered_organisation_is_found_with_its_key_and_its_news(app: Flask) -> None:
    made = organisations.register_organisation(
        SYSTEM,
        code="math",
        name_zh=" 数学会 ",
        name_en="Mathematical Society",
        abbreviation="MS",
        uscc="９１３５０１００m000100y43",
        disciplines=("a01", "A0101"),
        time_zone="Asia/Taipei",
    )

    found = organisations.get_organisation("math")
    assert found == made
    assert (found.name_zh, found.uscc, found.disciplines) == ("数学会", USCC, ("A01", "A0101"))
    assert (found.standing, found.is_home) == ("active", True)
    assert organisations.get_organisation_by_id(found.id) == found
    assert len(signing.list_keys("math")) == 1
    assert [(row.topic, row.key) for row in _news()] == [("consortium.organisation", "math")]


def test_every_fault_is_listed_at_once(app: Flask) -> None:
    with pytest.raises(OrganisationInvalid) as refused:
        organisations.register_organisation(
            SYSTEM,
            code="Math!",
            name_zh="",
            name_en="x" * 201,
            abbreviation="x" * 41,
            kind="club",
            uscc="123",
            level="galactic",
            disciplines=("A01", "Z99"),
            time_zone="Asia/Atlantis",
        )

    assert [(fault.pointer, fault.code) for fault in refused.value.errors] == [
        ("/code", "code-invalid"),
        ("/name_zh", "name-missing"),
        ("/name_en", "name-too-long"),
        ("/abbreviation", "abbreviation-too-long"),
        ("/uscc", "uscc-invalid"),
        ("/kind", "kind-unknown"),
        ("/level", "level-unknown"),
        ("/time_zone", "time-zone-unknown"),
        ("/disciplines/1", "discipline-unknown"),
    ]
    assert organisations.list_organisations() == []


def test_codes_and_credit_codes_are_unique(app: Flask) -> None:
    _register("math", uscc=USCC)

    with pytest.raises(CodeTaken):
        _register("math")
    with pytest.raises(UsccTaken):
        _register("phys", uscc=USCC)


def test_only_the_operator_registers(app: Flask) -> None:
    with pytest.raises(Forbidden):
        organisations.register_organisation(ANONYMOUS, code="ma", name_zh="数", name_en="M")


def test_a_correction_changes_what_it_names_and_tells_it(app: Flask) -> None:
    _register("math", abbreviation="MS")

    organisations.update_organisation(SYSTEM, "math", name_en="Society of Mathematics")
    organisations.update_organisation(SYSTEM, "math", name_en="Society of Mathematics")

    found = organisations.get_organisation("math")
    assert (found.name_en, found.abbreviation) == ("Society of Mathematics", "MS")
    assert len(_news()) == 2


def test_an_unknown_organisation_is_not_found(app: Flask) -> None:
    with pytest.raises(OrganisationNotFound) as refused:
        organisations.get_organisation("none")

    assert refused.value.as_problem()["code"] == "organisation-not-found"
    assert organisations.find_organisation("none") is None


def test_pages_of_the_register_cover_it_without_overlap(app: Flask) -> None:
    codes = [f"soc{number:02}" for number in range(7)]
    for code in reversed(codes):
        _register(code)

    first = organisations.list_organisations(limit=3)
    second = organisations.list_organisations(after=first[-1].code, limit=3)
    third = organisations.list_organisations(after=second[-1].code, limit=3)

    assert [found.code for found in [*first, *second, *third]] == codes


def test_a_list_costs_the_same_at_one_row_and_at_three(app: Flask) -> None:
    costs = []
    for code in ("math", "phys", "comp"):
        _register(code)
        with count_statements() as seen:
            organisations.list_organisations()
        costs.append(len(seen))

    assert len(set(costs)) == 1


@pytest.mark.parametrize(
    ("query", "codes"),
    [
        ("数学", ["math"]),
        ("數學", ["math"]),
        ("soc phys", ["phys"]),
        ("化学", []),
        ("math", ["math"]),
    ],
)
def test_organisations_are_found_in_either_script(app: Flask, query: str, codes: list[str]) -> None:
    organisations.register_organisation(
        SYSTEM, code="math", name_zh="中国数学会", name_en="Mathematical Society"
    )
    organisations.register_organisation(
        SYSTEM, code="phys", name_zh="中國物理學會", name_en="Physical Society"
    )

    assert [found.code for found in organisations.search_organisations(query)] == codes


def test_partners_share_disciplines(app: Flask) -> None:
    _register("math", disciplines=("A01",))
    _register("stat", disciplines=("A0104", "F02"))
    _register("phys", disciplines=("A04",))

    assert organisations.list_suggested_partners("math") == [("stat", 1)]


def test_a_branch_belongs_to_its_society(app: Flask) -> None:
    _register("math")
    made = organisations.add_branch(SYSTEM, "math", code="algebra", name_zh="代数专业委员会")

    assert organisations.list_branches("math") == [made]
    with pytest.raises(CodeTaken):
        organisations.add_branch(SYSTEM, "math", code="algebra", name_zh="代数专业委员会")


def test_the_published_selects_keep_their_columns(app: Flask, clock: FixedClock) -> None:
    at = clock.now() + timedelta(days=1)

    assert selects.select_names().selected_columns.keys() == [
        "id",
        "code",
        "name_zh",
        "name_en",
        "abbreviation",
        "time_zone",
    ]
    assert selects.select_inactive(at).selected_columns.keys() == ["organisation_id", "standing"]
    assert selects.select_members(at).selected_columns.keys() == [
        "consortium_id",
        "consortium",
        "organisation_id",
        "since",
    ]


def _register(code: str, **wish: object) -> None:
    organisations.register_organisation(
        SYSTEM, code=code, name_zh=f"{code}学会", name_en=f"Society {code}", **wish
    )


def _news() -> list[OutboxRow]:
    db.session.rollback()
    return list(db.session.scalars(select(OutboxRow).order_by(OutboxRow.position)))
