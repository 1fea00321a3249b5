"""Whom a row means when number, name and other traits disagree, and what a second file does."""

from typing import Any

import pytest
from flask import Flask

from consortium.kernel.clock import FixedClock
from consortium.kernel.principal import SYSTEM
from membership.services import members, roster_imports, terms
from membership.services.roster_reports import Report
from tests.conftest import Furnish
from tests.membership import houses
from tests.membership.roster import files

NUMBERED = ("姓名", "会员号")
REACHED = ("会员号", "姓名", "手机")
PEOPLE = tuple(
    (f"{family}一", str(900 + place)) for place, family in enumerate("王李张刘陈杨赵黄周吴徐孙")
)


@pytest.fixture
def house(app: Flask, furnish: Furnish, clock: FixedClock) -> Flask:
    """Two societies with catalogues."""
    furnish(houses.register_math_and_phys)
    return app


def send(header: tuple[str, ...], *rows: Any, data: bytes | None = None) -> Report:
    """Apply a roster."""
    return roster_imports.import_roster(
        SYSTEM,
        society="math",
        data=data or files.text((header, *rows)),
        file_name="名册.csv",
        apply=True,
    )


def codes(report: Report) -> list[tuple[str | None, str]]:
    """Cell and code of each refusal."""
    return [(refusal["cell"], refusal["code"]) for refusal in report.refusals]


def notes(report: Report) -> set[str]:
    """Codes of the notes but for what new terms are given."""
    return {note.code for note in report.notes if not note.code.endswith("-assumed")}


def on_file() -> dict[str, str | None]:
    """Names by number."""
    lines, _ = members.list_members(SYSTEM, society="math", limit=100)
    return {line.member.member_number: line.member.name for line in lines}


def test_one_padded_number_of_another_file_pads_no_number_on_file(house: Flask) -> None:
    assert send(NUMBERED, *PEOPLE).create == 12
    assert send(NUMBERED, ("吴零", "00077")).create == 1
    again = send(NUMBERED, *PEOPLE)
    assert (again.unchanged, again.create, again.refused) == (12, 0, 0)
    assert len(on_file()) == 13


def test_numbers_that_a_spreadsheet_shortened_reach_the_same_members_again(house: Flask) -> None:
    rows = [(f"{place:05}", f"{'王李张刘陈杨赵黄周'[place - 1]}一") for place in range(1, 10)]
    mixed = files.xlsx((("会员号", "姓名"), *rows, (10, "吴一"), (11, "徐一")))
    assert send((), data=mixed).create == 11
    again = send((), data=mixed)
    assert (again.unchanged, again.create) == (11, 0)
    assert {"10", "11"} < on_file().keys()


def test_zeros_once_put_back_are_found_whatever_came_between(house: Flask) -> None:
    rows = [(f"{place:05}", f"王{'一二三四五六七八九'[place - 1]}") for place in range(1, 10)]
    mixed = files.xlsx((("会员号", "姓名"), *rows, (42, "李四")))
    assert notes(send((), data=mixed)) == {"member-number-padded"}
    send(NUMBERED, *((name, f"100{number}") for name, number in PEOPLE))
    again = send((), data=mixed)
    assert (again.unchanged, notes(again)) == (10, {"member-number-padded"})
    alone = send(NUMBERED, ("李四", "42"))
    assert (alone.unchanged, notes(alone)) == (1, {"member-number-as-filed"})


def test_zeros_written_out_later_are_taken_over_and_not_lost_again(house: Flask) -> None:
    send(NUMBERED, ("张三", "77"))
    report = send(NUMBERED, ("张三", "00077"))
    assert (report.update, notes(report)) == (1, {"member-number-changed"})
    assert send(NUMBERED, ("张三", "77")).unchanged == 1
    assert on_file() == {"00077": "张三"}


def test_a_number_that_may_have_lost_its_zeros_to_another_name_is_refused(house: Flask) -> None:
    send(NUMBERED, *PEOPLE, ("张三", "00077"))
    assert codes(send(NUMBERED, ("李四", "77"))) == [("B2", "person-ambiguous")]
    assert codes(send(NUMBERED, ("王五", "0900"), ("张三", "77"))) == []


def test_numbers_that_zeros_make_one_are_both_refused(house: Flask) -> None:
    rows = [(f"王{'一二三四五六七八九'[place - 1]}", f"{place:05}") for place in range(1, 10)]
    rows += [(f"李{'一二三四五六七八九'[place - 1]}", f"{place + 10:05}") for place in range(1, 10)]
    report = send(NUMBERED, *rows, ("张三", "5"))
    assert codes(report) == [
        ("B6", "member-number-repeated"),
        ("B20", "member-number-repeated"),
    ]
    assert report.refusals[0]["params"] == {"row": "6", "other": "20"}


@pytest.mark.parametrize(
    "number", ["cm-0001a", "ＣＭ－０００１Ａ", "CM–0001A", "CM- 0001A", "cm‑0001Ａ"]
)
def test_a_number_in_another_spelling_is_the_same_number(house: Flask, number: str) -> None:
    send(NUMBERED, ("张三", "CM-0001A"))
    report = send(NUMBERED, ("张三", number))
    assert report.unchanged == 1
    assert on_file() == {"CM-0001A": "张三"}


def test_one_number_in_two_spellings_is_refused_in_both_rows(house: Flask) -> None:
    report = send(NUMBERED, ("张三", "s001001m"), ("李四", "S001001M"))
    assert codes(report) == [("B2", "member-number-repeated"), ("B3", "member-number-repeated")]


def test_a_row_counter_taken_for_numbers_swaps_nobody(house: Flask) -> None:
    first = (("1", "张三", "13800138001"), ("2", "李四", "13800138002"))
    send(("会员号", "姓名", "手机"), *first)
    report = send(
        ("会员号", "姓名", "手机"), ("1", "李四", "13800138002"), ("2", "张三", "13800138001")
    )
    assert codes(report) == [("B2", "person-ambiguous"), ("B3", "person-ambiguous")]
    assert report.refusals[0]["params"] == {"number": "1", "numbers": "2"}
    bare = send(("会员号", "姓名"), ("1", "李四"), ("2", "张三"))
    assert codes(bare) == [("B2", "person-differs"), ("B3", "person-differs")]
    assert bare.refusals[0]["params"] == {"number": "1", "name": "张三"}
    assert bare.refusals[0]["value"] == "李四"
    assert on_file() == {"1": "张三", "2": "李四"}


@pytest.mark.parametrize(
    ("name", "mobile", "outcome"),
    [
        ("甲三", "13900139000", "person-differs"),
        ("陈伟", "13900139000", "person-differs"),
        ("陈玮", "", "person-differs"),
        ("陈玮", "13800138000", "update"),
        ("周小丽", "13800138000", "update"),
        ("陈偉", "13900139000", "update"),
        ("陈玮明", "", "update"),
        ("陈 玮", "13900139000", "update"),
    ],
)
def test_another_name_under_a_number_needs_a_trait_that_agrees(
    house: Flask, name: str, mobile: str, outcome: str
) -> None:
    held = "陈玮" if name in {"陈玮明", "陈 玮"} else "陈伟"
    held = "陈小伟" if name in {"陈伟", "甲三"} else held
    send(REACHED, ("01001", held, "13800138000"))
    report = send(REACHED, ("01001", name, mobile))
    if outcome == "update":
        assert (report.update, report.refused) == (1, 0)
    else:
        assert codes(report) == [("B2", outcome)]


def test_a_mailbox_that_an_office_shares_speaks_for_nobody(house: Flask) -> None:
    header = ("会员号", "姓名", "邮箱")
    send(header, ("1", "张三", "office@math.example"), ("2", "李四", "office@math.example"))
    report = send(header, ("1", "李四", "office@math.example"))
    assert codes(report) == [("B2", "person-ambiguous")]
    assert codes(send(header, ("1", "王五", "office@math.example"))) == [("B2", "person-differs")]


def test_an_identity_number_on_file_lets_a_name_be_corrected(house: Flask) -> None:
    header = ("会员号", "姓名", "身份证号")
    send(header, ("1", "张三", "11010519491231002X"))
    assert send(header, ("1", "章珊", "11010519491231002X")).update == 1


def test_a_namesakes_number_with_her_own_mobile_is_not_overwritten(house: Flask) -> None:
    send(REACHED, ("1", "王伟", "13800138001"), ("2", "王伟", "13800138002"))
    report = send(REACHED, ("2", "王伟", "13800138001"))
    assert codes(report) == [("B2", "person-ambiguous")]


def test_a_name_in_traditional_letters_finds_its_person(house: Flask) -> None:
    send(REACHED, ("1", "张伟", "13800138001"))
    report = send(("姓名", "手机"), ("張偉", "13800138001"))
    assert (report.update, report.refused) == (1, 0)


@pytest.mark.parametrize(
    ("title", "cell"),
    [("手机", "13800138000"), ("邮箱", "z@math.example"), ("ORCID", "0000-0002-1825-0097")],
)
def test_one_person_under_two_numbers_is_made_once(house: Flask, title: str, cell: str) -> None:
    header = ("会员号", "姓名", title)
    report = send(header, ("1", "张伟", cell), ("2", "李四", ""), ("3", "張偉", cell))
    assert (report.create, codes(report)) == (2, [("B4", "person-repeated")])
    assert report.refusals[0]["params"] == {"row": "2"}


def test_people_who_share_a_telephone_or_a_name_are_two(house: Flask) -> None:
    report = send(
        REACHED,
        ("1", "张三", "13800138000"),
        ("2", "李四", "13800138000"),
        ("3", "张三", "13900139000"),
        ("4", "张三", ""),
    )
    assert (report.create, report.refused) == (4, 0)


def test_one_orcid_for_two_names_is_refused_in_both_rows(house: Flask) -> None:
    header = ("会员号", "姓名", "ORCID")
    orcid = "0000-0002-1825-0097"
    report = send(header, ("1", "张三", orcid), ("2", "李四", orcid))
    assert codes(report) == [("C2", "orcid-repeated"), ("C3", "orcid-repeated")]
    send(header, ("1", "张三", orcid))
    report = send(header, ("2", "李四", orcid))
    assert (codes(report), report.refusals[0]["value"]) == ([("C2", "orcid-repeated")], orcid)


@pytest.mark.parametrize("cell", ["", "—", "/", "N/A", "无"])
def test_a_membership_without_a_last_day_is_noted(house: Flask, cell: str) -> None:
    report = send(("会员号", "姓名", "有效期至"), ("1", "张三", cell))
    assert "until-assumed" in {note.code for note in report.notes}
    (term,) = terms.list_terms(SYSTEM, society="math", member_number="1")
    assert term.until is None


def test_a_membership_said_to_be_without_end_is_not_noted(house: Flask) -> None:
    report = send(("会员号", "姓名", "有效期至"), ("1", "张三", "长期"))
    assert "until-assumed" not in {note.code for note in report.notes}


def test_a_lapsed_member_without_a_join_date_gets_no_invented_one(house: Flask) -> None:
    report = send(("会员号", "姓名", "有效期至"), ("1", "张三", "2023-12-31"))
    assert codes(report) == [("C2", "since-missing")]
    assert report.refusals[0]["value"] == "2023-12-31"


def test_a_period_reversed_shows_its_last_day(house: Flask) -> None:
    header = ("会员号", "姓名", "入会日期", "有效期至")
    report = send(header, ("1", "张三", "2024-01-01", "2023-12-31"))
    assert (codes(report), report.refusals[0]["value"]) == (
        [("D2", "period-reversed")],
        "2023-12-31",
    )
    send(header, ("1", "张三", "2024-01-01", "2028-12-31"))
    later = send(("会员号", "姓名", "入会日期"), ("1", "张三", "2025-01-01"))
    assert later.update == 1
    early = send(("会员号", "姓名", "有效期至"), ("1", "张三", "2010-12-31"))
    assert (codes(early), early.refusals[0]["value"]) == (
        [("C2", "period-reversed")],
        "2010-12-31",
    )
