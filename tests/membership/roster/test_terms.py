"""What a roster makes of the terms on file: renewals, promotions, and officers' endings."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from flask import Flask

from consortium.kernel.clock import FixedClock, end_of_day, start_of_day
from consortium.kernel.principal import SYSTEM
from membership import values
from membership.services import members, recognitions, roster_imports, roster_undo, terms
from membership.services.roster_reports import Report
from tests.conftest import Furnish
from tests.membership import houses
from tests.membership.roster import files
from tests.membership.statements import count_statements

ZONE = "Asia/Shanghai"
DATED = ("会员号", "姓名", "会员级别", "入会日期", "有效期至")
THIS = ("M0001", "张三", "高级会员", "2024-01-01", "2026-12-31")
NEXT = ("M0001", "张三", "高级会员", "2027-01-01", "2029-12-31")
GRADED = ("会员号", "姓名", "会员级别")
FELLOW = ("M0001", "张三", "会士")
NOVEMBER = datetime(2026, 11, 27, 4, 0, tzinfo=UTC)


@pytest.fixture
def house(app: Flask, furnish: Furnish, clock: FixedClock) -> Flask:
    """Two societies, in November 2026."""
    furnish(houses.register_math_and_phys)
    clock.at = NOVEMBER
    return app


def send(*rows: Any, header: tuple[str, ...] = DATED, apply: bool = True) -> Report:
    """Send in a roster of math."""
    data = files.text((header, *rows))
    return roster_imports.import_roster(
        SYSTEM, society="math", data=data, file_name="名册.csv", apply=apply
    )


def undo(report: Report) -> tuple[int, int, int, int]:
    """Undo it: removed, restored, kept, untouched."""
    done = roster_undo.undo_import(SYSTEM, import_id=report.import_id)
    return done.removed, done.restored, done.kept, done.untouched


def held(number: str = "M0001") -> list[values.Term]:
    """Her terms that count, oldest first."""
    found = terms.list_terms(SYSTEM, society="math", member_number=number)
    return [term for term in found if term.state != "void"]


def exact(number: str = "M0001") -> list[tuple[Any, ...]]:
    """Grades, instants and states of her terms."""
    return [(one.grade_code, one.since, one.until, one.state) for one in held(number)]


def days(number: str = "M0001") -> list[tuple[str, str, str]]:
    """Grade, first and last day of her terms."""
    return [
        (one.grade_code, _day(one.since), _day(one.until and one.until - datetime.resolution))
        for one in held(number)
    ]


def _day(at: datetime | None) -> str:
    return "" if at is None else at.astimezone(ZoneInfo(ZONE)).date().isoformat()


def ask(day: str, host: str = "math") -> values.RecognitionDecision:
    """Whether a host recognises her at noon of a day."""
    at = datetime.fromisoformat(f"{day}T04:00:00+00:00")
    return recognitions.ask_recognition(
        SYSTEM, person="math:M0001", host=host, benefit="member-price", valid_at=at
    )


def grades(*on: str) -> list[str | None]:
    """Her grades at home on some days."""
    return [ask(day).grade if ask(day).recognised else None for day in on]


def notes(report: Report) -> list[tuple[str, tuple[str, ...]]]:
    """Code and cells of what was noted, but for what new members are given."""
    return [(note.code, note.cells) for note in report.notes if "assumed" not in note.code]


def end(number: str = "M0001") -> values.Term:
    """An officer ends the membership now."""
    chosen = terms.find_term_to_end(SYSTEM, society="math", member_number=number)
    return terms.end_term(SYSTEM, term_id=chosen)


# Renewals


def test_a_renewal_leaves_the_term_in_force(house: Flask) -> None:
    send(THIS)
    report = send(NEXT)
    assert (report.update, report.create) == (1, 0)
    assert days() == [
        ("senior", "2024-01-01", "2026-12-31"),
        ("senior", "2027-01-01", "2029-12-31"),
    ]
    assert grades("2026-11-27", "2026-12-31", "2027-01-01") == ["senior"] * 3


def test_who_rejoins_keeps_her_past(house: Flask) -> None:
    send(("M0001", "张三", "普通会员", "2015-01-01", "2018-12-31"))
    send(("M0001", "张三", "高级会员", "2026-01-01", "2028-12-31"))
    assert grades("2017-01-01", "2020-01-01", "2026-06-01") == ["ordinary", None, "senior"]


def test_undoing_a_renewal_takes_it_back_and_nothing_else(house: Flask) -> None:
    send(THIS)
    before = exact()
    report = send(NEXT)
    assert undo(report) == (0, 1, 0, 0)
    assert exact() == before
    send(NEXT)
    assert len(days()) == 2


def test_each_years_file_can_be_sent_again(house: Flask) -> None:
    send(THIS)
    send(NEXT)
    before = days()
    assert [send(row).unchanged for row in (THIS, NEXT, THIS)] == [1, 1, 1]
    until = ("会员号", "姓名", "会员级别", "有效期至")
    assert send((*THIS[:3], THIS[4]), header=until).unchanged == 1
    assert send(THIS[:4], header=DATED[:4]).unchanged == 1
    assert send(THIS[:3], header=GRADED).unchanged == 1
    assert days() == before


def test_a_period_that_meets_a_term_corrects_it(house: Flask) -> None:
    send(THIS)
    report = send((*THIS[:3], "2024-01-01", "2027-06-30"))
    assert (report.update, days()) == (1, [("senior", "2024-01-01", "2027-06-30")])


def test_a_period_over_several_terms_moves_the_end_of_the_last(house: Flask) -> None:
    send(THIS)
    send(NEXT)
    report = send((*THIS[:3], "2025-06-01", "2028-12-31"))
    assert notes(report) == [("since-kept", ("D2",))]
    assert days() == [
        ("senior", "2024-01-01", "2026-12-31"),
        ("senior", "2027-01-01", "2028-12-31"),
    ]


def test_the_day_of_joining_beside_the_newest_last_day_is_on_file(house: Flask) -> None:
    send(THIS)
    send(NEXT)
    report = send((*THIS[:3], "2024-01-01", "2029-12-31"))
    assert (report.unchanged, notes(report)) == (1, [])


def test_a_last_day_alone_prolongs_the_newest_term(house: Flask) -> None:
    send(THIS)
    send(("M0001", "张三", "2028-12-31"), header=("会员号", "姓名", "有效期至"))
    assert days() == [("senior", "2024-01-01", "2028-12-31")]


def test_a_first_day_after_the_end_opens_a_term_without_end(house: Flask) -> None:
    send(("M0001", "张三", "高级会员", "2015-01-01", "2018-12-31"))
    report = send(("M0001", "张三", "2026-03-01"), header=("会员号", "姓名", "入会日期"))
    assert [note.code for note in report.notes] == ["until-assumed"]
    assert days() == [("senior", "2015-01-01", "2018-12-31"), ("senior", "2026-03-01", "")]


def test_a_renewal_that_lacks_the_grade_goes_on_in_it(house: Flask) -> None:
    send(THIS)
    send(("M0001", "张三", *NEXT[3:]), header=("会员号", "姓名", "入会日期", "有效期至"))
    assert [term.grade_code for term in held()] == ["senior", "senior"]


def test_two_periods_for_one_member_in_one_file_are_refused(house: Flask) -> None:
    report = send(THIS, NEXT)
    assert {refusal["code"] for refusal in report.refusals} == {"member-number-repeated"}


def test_a_renewal_that_two_files_say_stays_until_both_are_undone(house: Flask) -> None:
    send(THIS)
    before = exact()
    first, second = send(NEXT), send(NEXT)
    undo(first)
    assert len(exact()) == 2
    undo(second)
    assert exact() == before


def test_undoing_the_file_that_made_her_leaves_the_renewal(house: Flask) -> None:
    first, second = send(THIS), send(NEXT)
    undo(first)
    assert days() == [("senior", "2027-01-01", "2029-12-31")]
    assert undo(second) == (1, 0, 0, 0)
    assert days() == []


# Promotions


def test_a_promotion_without_a_day_holds_from_today(house: Flask) -> None:
    send(THIS)
    report = send(FELLOW, header=GRADED)
    assert (report.update, notes(report)) == (1, [])
    assert days() == [
        ("senior", "2024-01-01", "2026-11-26"),
        ("fellow", "2026-11-27", "2026-12-31"),
    ]
    assert grades("2025-11-27", "2026-11-27") == ["senior", "fellow"]
    assert send(FELLOW, header=GRADED).unchanged == 1


def test_a_promotion_with_another_last_day_holds_from_today(house: Flask) -> None:
    send(THIS)
    header = ("会员号", "姓名", "会员级别", "有效期至")
    report = send((*FELLOW, "2032-12-31"), header=header)
    assert days() == [
        ("senior", "2024-01-01", "2026-11-26"),
        ("fellow", "2026-11-27", "2032-12-31"),
    ]
    undo(report)
    assert days() == [("senior", "2024-01-01", "2026-12-31")]


def test_another_grade_with_the_terms_first_day_is_a_correction(house: Flask) -> None:
    send(THIS)
    send((*FELLOW, *THIS[3:]))
    assert days() == [("fellow", "2024-01-01", "2026-12-31")]


def test_undoing_a_promotion_restores_the_exact_instants(house: Flask) -> None:
    send(THIS)
    noon = datetime(2026, 12, 30, 5, 6, 7, 89, tzinfo=UTC)
    terms.correct_term(SYSTEM, term_id=held()[0].id, until=noon)
    before = exact()
    report = send(FELLOW, header=GRADED)
    assert [one[2] for one in exact()][-1] == noon
    assert undo(report) == (0, 1, 0, 0)
    assert exact() == before


def test_a_promotion_holds_for_the_renewal_on_file_too(house: Flask) -> None:
    send(THIS)
    send(NEXT)
    before = exact()
    report = send(FELLOW, header=GRADED)
    assert grades("2026-11-26", "2026-11-28", "2027-02-01") == [
        "senior",
        "fellow",
        "fellow",
    ]
    undo(report)
    assert exact() == before


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_two_promotions_on_different_days_can_be_undone_in_either_order(
    house: Flask, clock: FixedClock, order: tuple[int, int]
) -> None:
    send(("M0001", "张三", "普通会员", *THIS[3:]))
    before = exact()
    reports = [send(THIS[:3], header=GRADED)]
    clock.advance(days=10)
    reports.append(send(FELLOW, header=GRADED))
    assert [term.grade_code for term in held()] == ["ordinary", "senior", "fellow"]
    undo(reports[order[0]])
    assert held()[-1].grade_code == ("fellow" if order[0] == 0 else "senior")
    undo(reports[order[1]])
    assert exact() == before


def test_a_promotion_that_a_later_file_repeats_is_undone_with_that(house: Flask) -> None:
    send(THIS)
    before = exact()
    first, second = send(FELLOW, header=GRADED), send(FELLOW, header=GRADED)
    undo(first)
    assert held()[-1].grade_code == "fellow"
    undo(second)
    assert exact() == before


def test_an_officers_correction_after_a_promotion_stays(house: Flask) -> None:
    send(THIS)
    report = send(FELLOW, header=GRADED)
    end()
    before = exact()
    assert undo(report) == (0, 0, 1, 0)
    assert exact() == before


def test_a_grade_for_a_membership_that_is_over_changes_nothing(house: Flask) -> None:
    send(("M0001", "张三", "高级会员", "2015-01-01", "2018-12-31"))
    report = send(FELLOW, header=GRADED)
    assert (report.unchanged, notes(report)) == (1, [("term-over", ("2",))])
    assert days() == [("senior", "2015-01-01", "2018-12-31")]


# Officers' endings


@pytest.mark.parametrize(
    ("row", "header"),
    [
        (FELLOW, GRADED),
        (THIS, DATED),
        ((*FELLOW, *THIS[3:]), DATED),
        ((*THIS[:3], "2023-05-01", "2028-12-31"), DATED),
        ((*THIS[:3], "2026-11-27", "2028-12-31"), DATED),
        ((*FELLOW, "2030-12-31"), ("会员号", "姓名", "会员级别", "有效期至")),
        ((*FELLOW, "2024-01-01"), ("会员号", "姓名", "会员级别", "入会日期")),
    ],
)
def test_no_roster_lifts_an_officers_ending(
    house: Flask, row: tuple[str, ...], header: tuple[str, ...]
) -> None:
    send(THIS)
    end()
    before = exact()
    report = send(row, header=header)
    (note,) = report.notes
    assert (note.code, note.params, report.unchanged) == ("term-ended", {"day": "2026-11-27"}, 1)
    assert exact() == before
    assert grades("2026-11-28") == [None]
    undo(report)
    assert exact() == before


def test_a_period_after_the_ending_is_a_new_term(house: Flask) -> None:
    send(THIS)
    ended = end()
    send((*THIS[:3], "2026-11-28", "2027-12-31"))
    assert [one.until for one in held()] == [ended.until, end_of_day(date(2027, 12, 31), ZONE)]
    assert held()[1].since == start_of_day(date(2026, 11, 28), ZONE)
    report = send(THIS)
    assert notes(report) == [("term-ended", ("E2",))]
    assert len(held()) == 2


def test_an_email_for_an_ended_membership_is_taken_without_a_note(house: Flask) -> None:
    send(THIS)
    end()
    before = exact()
    report = send(("M0001", "张三", "z@math.example"), header=("会员号", "姓名", "邮箱"))
    assert (report.update, report.notes, exact()) == (1, (), before)


def test_a_suspension_stays(house: Flask) -> None:
    send(THIS)
    terms.correct_term(SYSTEM, term_id=held()[0].id, state="suspended")
    before = exact()
    report = send((*FELLOW, "2024-01-01", "2030-12-31"))
    assert (notes(report), exact()) == ([("term-suspended", ("E2",))], before)


def test_a_term_that_an_officer_withdrew_stays_away(house: Flask) -> None:
    send(THIS)
    send(NEXT)
    terms.end_term(SYSTEM, term_id=held()[1].id)
    before = exact()
    report = send(NEXT)
    assert (notes(report), exact()) == ([("term-withdrawn", ("D2",))], before)
    chosen = terms.find_term_to_restore(SYSTEM, society="math", member_number="M0001")
    terms.restore_term(SYSTEM, term_id=chosen)
    assert (len(held()), send(NEXT).unchanged) == (2, 1)


def test_a_restored_membership_is_as_any_other(house: Flask) -> None:
    send(THIS)
    end()
    send(THIS)
    chosen = terms.find_term_to_restore(SYSTEM, society="math", member_number="M0001")
    terms.restore_term(SYSTEM, term_id=chosen)
    send((*THIS[:4], "2027-12-31"))
    assert days() == [("senior", "2024-01-01", "2027-12-31")]


def test_seniority_runs_on_over_a_renewal_and_a_promotion(house: Flask) -> None:
    send(THIS)
    send(NEXT)
    send(FELLOW, header=GRADED)
    clause = houses.clause(
        "math", "phys", {"fellow": "fellow"}, conditions=[{"kind": "seniority", "months": 30}]
    )
    houses.agree("math", "phys", clause)
    found = [ask(day, "phys").reason.code for day in ("2026-11-28", "2027-03-01")]
    assert found == ["recognised", "recognised"]


def test_files_that_were_taken_back_are_not_listed(house: Flask) -> None:
    undo(send(THIS, ("M0002", "李四", "普通会员", "2024-01-01", "2026-12-31")))
    assert members.list_members(SYSTEM, society="math") == ((), None)


def test_terms_cost_a_constant_number_of_statements(house: Flask) -> None:
    def count(size: int, start: int) -> list[int]:
        numbers = [f"N{start + place:04}" for place in range(size)]
        found = []
        sent = [
            [(number, "王五", *row[2:]) for number in numbers]
            for row in (THIS, NEXT, (*FELLOW, "", ""))
        ]
        for rows in sent:
            with count_statements() as seen:
                report = send(*rows)
            found.append(len(seen))
        with count_statements() as seen:
            undo(report)
        return [*found, len(seen)]

    assert count(1, 0) == count(30, 100)


# By command


def run(app: Flask, *words: object) -> Any:
    """Run a command of membership and return what it printed last."""
    result = app.test_cli_runner().invoke(args=["membership", *map(str, words), "--json"])
    assert result.exit_code == 0, result.output
    lines = [line for line in result.stdout.splitlines() if line.startswith(("{", "["))]
    return json.loads(lines[-1])


def test_an_ending_by_command_outlives_the_roster(house: Flask, tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_bytes(files.text((DATED, THIS)))
    importing = ("roster", "import", path, "--society", "math", "--apply")
    run(house, *importing)
    ended = run(house, "term", "end", "--member", "math:M0001")
    report = run(house, *importing)
    (note,) = report["notes"]
    assert "2026-11-27" in note["message"]
    assert "flask membership term restore" in note["message"]
    assert run(house, "term", "list", "--member", "math:M0001")["id"] == ended["id"]
    restored = run(house, "term", "restore", "--member", "math:M0001")
    assert restored["until"] == "2026-12-31T16:00:00Z"


def test_a_term_is_ended_by_its_id(house: Flask) -> None:
    send(THIS)
    send(NEXT)
    later = held()[1]
    ended = run(house, "term", "end", "--member", "math:M0001", "--term", later.id)
    assert (ended["state"], len(held())) == ("void", 1)
