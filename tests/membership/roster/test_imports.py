"""Imports on a database: dry run, apply, matching inside one society, and what is kept."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from auth.services import people
from consortium.kernel import files as kernel_files
from consortium.kernel.clock import FixedClock, end_of_day
from consortium.kernel.db import db
from consortium.kernel.errors import ConsortiumError
from consortium.kernel.principal import ANONYMOUS, SYSTEM, Grant, Principal
from membership.services import members, roster_imports, terms
from membership.services.roster_reports import Report
from tests.conftest import Furnish
from tests.membership import houses
from tests.membership.roster import files

FIELDS = (
    "number", "name", "grade", "mobile", "email", "identity", "born", "employer", "since", "until",
)  # fmt: skip
HEADER = (
    "会员号", "姓名", "会员级别", "手机", "邮箱", "身份证号", "出生日期", "工作单位", "入会日期",
    "有效期至",
)  # fmt: skip
ZHANG = (
    "M0001", "张三", "普通会员", "13800138000", "zhang@math.example", "11010519491231002X",
    "1949-12-31", "山东大学", "2015-03-01", "2026-12-31",
)  # fmt: skip
LI = (
    "M0002", "李四", "高级会员", "13900139000", "li@math.example", "", "1980-05-06",
    "北山师范大学", "2018-07-01", "长期",
)  # fmt: skip
TABLES = ("person", "member", "member_profile", "term", "roster_import_line")


@pytest.fixture
def house(app: Flask, furnish: Furnish, clock: FixedClock) -> Flask:
    """Two societies with catalogues."""
    furnish(houses.register_math_and_phys)
    return app


def send(*rows: Any, society: str = "math", apply: bool = True, **more: Any) -> Report:
    """Send in a roster as a text file."""
    data = files.text((more.pop("header", HEADER), *rows))
    return roster_imports.import_roster(
        SYSTEM, society=society, data=data, file_name="名册.csv", apply=apply, **more
    )


def changed(row: tuple[str, ...], **cells: str) -> tuple[str, ...]:
    """The row with other cells."""
    return tuple({**dict(zip(FIELDS, row, strict=True)), **cells}.values())


def codes(report: Report) -> list[tuple[str | None, str]]:
    """Cell and code of each refusal."""
    return [(refusal["cell"], refusal["code"]) for refusal in report.refusals]


def count_rows() -> Mapping[str, int]:
    """Rows of the tables that an import writes."""
    db.session.close()
    return {name: db.session.scalar(sa.text(f"SELECT count(*) FROM {name}")) for name in TABLES}


def profile(number: str, society: str = "math") -> Any:
    """A member's file."""
    return members.get_member(SYSTEM, society=society, member_number=number)


def test_a_dry_run_writes_no_member(house: Flask) -> None:
    before = count_rows()
    report = send(ZHANG, LI, apply=False)
    assert (report.state, report.counts) == (
        "read",
        {"read": 2, "create": 2, "update": 0, "unchanged": 0, "refused": 0},
    )
    assert count_rows() == before


def test_applying_records_people_files_profiles_and_terms(house: Flask) -> None:
    send(ZHANG, LI)
    zhang = profile("M0001")
    assert (zhang.name, zhang.mobile, zhang.email, zhang.employer, zhang.birth_date) == (
        "张三",
        "+8613800138000",
        "zhang@math.example",
        "山东大学",
        date(1949, 12, 31),
    )
    assert people.names_of([zhang.person_id]) == {zhang.person_id: "张三"}
    (term,) = terms.list_terms(SYSTEM, society="math", member_number="M0001")
    assert (term.class_code, term.grade_code, term.state) == ("individual", "ordinary", "active")
    assert term.since == datetime(2015, 2, 28, 16, tzinfo=UTC)
    assert term.until == end_of_day(date(2026, 12, 31), "Asia/Shanghai")
    (open_term,) = terms.list_terms(SYSTEM, society="math", member_number="M0002")
    assert open_term.until is None


def test_the_last_day_counts_and_the_next_does_not(house: Flask) -> None:
    send(ZHANG)
    (term,) = terms.list_terms(SYSTEM, society="math", member_number="M0001")
    assert term.covers(datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC))
    assert not term.covers(datetime(2026, 12, 31, 16, 0, tzinfo=UTC))


def test_the_same_file_again_changes_nothing(house: Flask) -> None:
    send(ZHANG, LI)
    before = {**count_rows(), "roster_import_line": 4}
    report = send(ZHANG, LI)
    assert (report.unchanged, report.create, report.update) == (2, 0, 0)
    assert count_rows() == before


def test_a_change_is_a_new_row_of_the_term(house: Flask) -> None:
    send(ZHANG)
    (old,) = terms.list_terms(SYSTEM, society="math", member_number="M0001")
    report = send(changed(ZHANG, grade="高级会员", until="2027-12-31", employer="南湖科学院"))
    assert report.update == 1
    (new,) = terms.list_terms(SYSTEM, society="math", member_number="M0001")
    assert (new.grade_code, new.since, new.supersedes) == ("senior", old.since, old.id)
    assert profile("M0001").employer == "南湖科学院"


def test_empty_cells_leave_the_file_as_it_is(house: Flask) -> None:
    send(ZHANG)
    report = send(changed(ZHANG, mobile="", email="", employer="", until="", born="", identity=""))
    assert report.unchanged == 1
    assert profile("M0001").employer == "山东大学"


def test_a_roster_without_a_number_finds_people_by_identity(house: Flask) -> None:
    send(ZHANG)
    header = ("姓名", "身份证号", "工作单位")
    report = send(("张三", "110105491231002", "东海理工大学"), header=header)
    assert (report.update, profile("M0001").employer) == (1, "东海理工大学")


@pytest.mark.parametrize(
    ("title", "cell"),
    [("手机", "138 0013 8000"), ("邮箱", "ZHANG@math.example"), ("出生日期", "1949.12.31")],
)
def test_name_and_a_second_trait_find_a_person(house: Flask, title: str, cell: str) -> None:
    send(ZHANG)
    report = send(("张三", cell, "东海理工大学"), header=("姓名", title, "工作单位"))
    assert (report.update, report.refusals) == (1, ())


def test_a_name_alone_finds_nobody(house: Flask) -> None:
    send(ZHANG)
    report = send(("张三", "东海理工大学"), header=("姓名", "工作单位"))
    assert codes(report) == [(None, "member-number-missing")]


def test_two_people_who_could_be_meant_are_not_guessed_between(house: Flask) -> None:
    twin = ("M0003", "张三", "普通会员", "", "", "", "1949-12-31", "", "", "")
    send(ZHANG, twin)
    report = send(("张三", "1949-12-31"), header=("姓名", "出生日期"))
    assert codes(report) == [("A2", "person-ambiguous")]
    assert report.refusals[0]["params"] == {"numbers": "M0001, M0003"}


def test_a_new_number_with_a_known_name_and_birthday_is_not_guessed(house: Flask) -> None:
    send(ZHANG)
    report = send(("M0009", "张三", "1949-12-31"), header=("会员号", "姓名", "出生日期"))
    assert codes(report) == [("B2", "person-ambiguous")]


def test_a_person_keeps_her_file_when_her_number_changes(house: Flask) -> None:
    send(ZHANG)
    file = profile("M0001")
    report = send(changed(ZHANG, number="S001"))
    assert (report.update, profile("S001").id) == (1, file.id)


def test_a_number_that_belongs_to_another_identity_is_refused(house: Flask) -> None:
    send(ZHANG)
    report = send(changed(ZHANG, identity="440524188001010014"))
    assert codes(report) == [("F2", "person-differs")]


def test_an_identity_on_file_under_another_number_is_refused(house: Flask) -> None:
    send(ZHANG, LI)
    report = send(changed(LI, identity=ZHANG[5]))
    assert codes(report) == [("F2", "person-ambiguous")]


def test_two_rows_that_mean_one_member_are_refused(house: Flask) -> None:
    send(ZHANG)
    rows = (ZHANG, changed(ZHANG, number="", identity=""))
    report = send(*rows)
    assert (report.unchanged, codes(report)) == (1, [("B3", "person-ambiguous")])


def test_another_societys_members_are_nobody_here(house: Flask) -> None:
    send(ZHANG, society="phys")
    report = send(ZHANG)
    assert report.create == 1
    assert profile("M0001").person_id != profile("M0001", "phys").person_id


def test_identity_numbers_are_kept_as_digests_that_differ_between_societies(house: Flask) -> None:
    send(ZHANG)
    send(ZHANG, society="phys")
    db.session.close()
    digests = db.session.scalars(sa.text("SELECT national_id_digest FROM member_profile")).all()
    assert len(set(digests)) == 2
    lines = db.session.scalars(sa.text("SELECT changes FROM roster_import_line")).all()
    assert ZHANG[5] not in repr(lines) + repr(digests)


def test_an_unknown_grade_refuses_its_row_alone(house: Flask) -> None:
    report = send(changed(ZHANG, grade="钻石会员"), LI)
    assert (report.create, codes(report)) == (1, [("C2", "grade-unknown")])
    assert report.refusals[0]["params"] == {"known": "普通会员, 高级会员, 会士"}


def test_every_row_has_one_outcome(house: Flask) -> None:
    send(ZHANG, LI)
    rows = (
        changed(ZHANG, employer="金陵"),
        LI,
        changed(LI, number="M0003", name="王五", mobile="", email=""),
        changed(LI, number="M0004", name="", mobile="1"),
        ("合计", "", "", "", "", "", "", "", "", ""),
    )
    report = send(*rows)
    # 王五 is told from 李四 by her name; the nameless row is one refusal of two cells.
    assert report.counts == {"read": 4, "create": 1, "update": 1, "unchanged": 1, "refused": 1}
    assert codes(report) == [("B5", "name-missing"), ("D5", "mobile-invalid")]
    assert dict(report.skipped) == {"footer": 1}


def test_a_new_member_without_grade_or_dates_gets_the_lowest_from_today(house: Flask) -> None:
    report = send(("M0001", "张三"), header=("会员号", "姓名"))
    (term,) = terms.list_terms(SYSTEM, society="math", member_number="M0001")
    assert (term.grade_code, term.since) == ("ordinary", datetime(2026, 5, 31, 16, tzinfo=UTC))
    assert {note.code: note.cells for note in report.notes} == {
        "class-assumed": ("2",),
        "grade-assumed": ("2",),
        "since-assumed": ("2",),
        "until-assumed": ("2",),
    }


def test_a_membership_that_would_end_before_it_begins_is_refused(house: Flask) -> None:
    send(ZHANG)
    report = send(("M0001", "张三", "2010-12-31"), header=("会员号", "姓名", "有效期至"))
    assert codes(report) == [("C2", "period-reversed")]


def test_a_read_import_is_applied_once(house: Flask) -> None:
    read = send(ZHANG, apply=False)
    applied = roster_imports.apply_import(SYSTEM, import_id=read.import_id)
    assert (applied.state, applied.create) == ("applied", 1)
    with pytest.raises(ConsortiumError) as refused:
        roster_imports.apply_import(SYSTEM, import_id=read.import_id)
    assert refused.value.code == "import-applied"


def test_applying_judges_by_the_roster_of_the_moment(house: Flask) -> None:
    read = send(ZHANG, apply=False)
    send(ZHANG)
    assert roster_imports.apply_import(SYSTEM, import_id=read.import_id).unchanged == 1


def test_the_report_can_be_read_again(house: Flask) -> None:
    report = send(changed(ZHANG, grade="?"), LI, apply=False)
    again = roster_imports.get_import(SYSTEM, society="math", import_id=report.import_id)
    assert again.as_json() == report.as_json()


def test_other_columns_make_an_import_of_their_own(house: Flask) -> None:
    report = send(("7", "张三", "普通会员"), header=("工号", "姓名", "会员级别"), apply=False)
    assert codes(report) == [(None, "member-number-missing")]
    again = roster_imports.remap_import(
        SYSTEM, import_id=report.import_id, mapping={"A": "member_number"}
    )
    assert (again.create, again.import_id != report.import_id) == (1, True)


def test_the_raw_file_is_unreadable_on_disk_and_gone_after_thirty_days(
    house: Flask, clock: FixedClock
) -> None:
    report = send(ZHANG, apply=False)
    folder = house.extensions["consortium.settings"].data_dir / "files"
    stored = [path.read_bytes() for path in folder.glob("*/*")]
    assert len(stored) == 2
    assert not any("张三".encode() in content for content in stored)
    clock.advance(days=30)
    kernel_files.delete_expired_files(clock.now())
    with pytest.raises(ConsortiumError) as refused:
        roster_imports.apply_import(SYSTEM, import_id=report.import_id)
    assert (refused.value.status, refused.value.code) == (410, "import-expired")


ACTORS = [
    (ANONYMOUS, False),
    (Principal(grants=(Grant("secretary", "society", "math"),)), True),
    (Principal(grants=(Grant("society_admin", "society", "math"),)), True),
    (Principal(grants=(Grant("secretary", "society", "phys"),)), False),
    (Principal(grants=(Grant("organiser", "society", "math"),)), False),
    (Principal(grants=(Grant("operator", "node"),)), False),
    (Principal(grants=(Grant("coordinator", "consortium", "demo"),)), False),
    (Principal(client_id="c", society="math"), False),
    (SYSTEM, True),
]


@pytest.mark.parametrize(("actor", "may"), ACTORS)
def test_only_the_societys_own_officers_import(house: Flask, actor: Principal, may: bool) -> None:
    data = files.text((HEADER, ZHANG))
    wish: dict[str, Any] = {"society": "math", "data": data, "file_name": "x.csv"}
    if may:
        assert roster_imports.import_roster(actor, **wish).create == 1
        return
    before = _denials()
    with pytest.raises(ConsortiumError) as refused:
        roster_imports.import_roster(actor, **wish)
    assert (refused.value.status, _denials() - before) == (404, 1)


@pytest.mark.parametrize(("actor", "may"), ACTORS)
def test_only_the_societys_own_officers_see_an_import(
    house: Flask, actor: Principal, may: bool
) -> None:
    report = send(ZHANG, apply=False)
    if may:
        assert roster_imports.list_imports(actor, society="math")
        return
    for ask in (
        lambda: roster_imports.list_imports(actor, society="math"),
        lambda: roster_imports.get_import(actor, society="math", import_id=report.import_id),
        lambda: roster_imports.apply_import(actor, import_id=report.import_id),
    ):
        with pytest.raises(ConsortiumError) as refused:
            ask()
        assert refused.value.status == 404


def _denials() -> int:
    db.session.close()
    query = "SELECT count(*) FROM audit WHERE action = 'membership.roster.denied'"
    found: int = db.session.scalar(sa.text(query))
    return found


def test_a_file_that_cannot_be_read_changes_no_table(house: Flask) -> None:
    before = count_rows()
    with pytest.raises(ConsortiumError):
        roster_imports.import_roster(
            SYSTEM, society="math", data=b"%PDF-1.7", file_name="x.xlsx", apply=True
        )
    assert count_rows() == before


def test_an_import_runs_a_constant_number_of_statements(house: Flask) -> None:
    def count(rows: int, start: int) -> int:
        seen: list[str] = []
        listen = lambda *args: seen.append(args[2])  # noqa: E731
        sa.event.listen(db.engine, "before_cursor_execute", listen)
        nobody = changed(LI, name="王五", mobile="", email="", born="")
        send(*(changed(nobody, number=f"N{start + place:04}") for place in range(rows)))
        sa.event.remove(db.engine, "before_cursor_execute", listen)
        return len(seen)

    assert count(1, 0) == count(30, 100)
