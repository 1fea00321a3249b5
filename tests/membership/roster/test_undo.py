"""Undo takes back what an import made or changed, and nothing that others did."""

from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from auth.services import accounts, people
from consortium.kernel.clock import FixedClock
from consortium.kernel.db import db
from consortium.kernel.errors import ConsortiumError
from consortium.kernel.principal import SYSTEM
from consortium.kernel.unit_of_work import unit_of_work
from membership import models, values
from membership.errors import MemberNotFound
from membership.services import members, roster_imports, roster_undo, terms
from membership.services.roster_reports import Report
from membership.services.roster_undo import Undone
from tests.conftest import Furnish
from tests.membership import houses
from tests.membership.roster import files

HEADER = ("会员号", "姓名", "会员级别", "手机", "职称", "入会日期", "有效期至")
ZHANG = ("M0001", "张三", "普通会员", "13800138000", "讲师", "2015-03-01", "2026-12-31")
LI = ("M0002", "李四", "高级会员", "13900139000", "教授", "2018-07-01", "2026-12-31")


@pytest.fixture
def house(app: Flask, furnish: Furnish, clock: FixedClock) -> Flask:
    """Two societies with catalogues."""
    furnish(houses.register_math_and_phys)
    return app


def send(*rows: Any, header: tuple[str, ...] = HEADER) -> Report:
    """Apply a roster."""
    return roster_imports.import_roster(
        SYSTEM, society="math", data=files.text((header, *rows)), file_name="x.csv", apply=True
    )


def undo(report: Report) -> Undone:
    """Undo it."""
    return roster_undo.undo_import(SYSTEM, import_id=report.import_id)


def outcome(undone: Undone) -> tuple[int, int, int, int]:
    """Removed, restored, kept, untouched."""
    return undone.removed, undone.restored, undone.kept, undone.untouched


def member(number: str = "M0001") -> values.Member:
    """A member's file."""
    return members.get_member(SYSTEM, society="math", member_number=number)


def term(number: str = "M0001") -> values.Term:
    """Her newest term that counts, else the newest void one."""
    found = terms.list_terms(SYSTEM, society="math", member_number=number)
    return ([one for one in found if one.state != "void"] or list(found))[-1]


def test_what_an_import_made_is_gone(house: Flask) -> None:
    report = send(ZHANG, LI)
    person = member().person_id
    assert outcome(undo(report)) == (2, 0, 0, 0)
    assert (member().name, term().state) == (None, "void")
    assert people.names_of([person]) == {}


def test_what_an_import_changed_is_as_before(house: Flask) -> None:
    send(ZHANG)
    before = (member(), term().grade_code, term().since, term().until)
    report = send(("M0001", "张三丰", "会士", "13700137000", "教授", "2014-01-01", "2030-12-31"))
    assert term().grade_code == "fellow"
    assert outcome(undo(report)) == (0, 1, 0, 0)
    assert (member(), term().grade_code, term().since, term().until) == before
    assert people.names_of([member().person_id]) == {member().person_id: "张三"}


def test_after_undo_the_same_file_makes_the_same_people_again(house: Flask) -> None:
    undo(send(ZHANG, LI))
    report = send(ZHANG, LI)
    assert (report.create, member().name, term().state) == (2, "张三", "active")
    assert outcome(undo(report)) == (2, 0, 0, 0)


def test_an_import_is_undone_once(house: Flask) -> None:
    report = send(ZHANG)
    undo(report)
    with pytest.raises(ConsortiumError) as refused:
        undo(report)
    assert refused.value.code == "import-not-applied"


def test_a_dry_run_cannot_be_undone(house: Flask) -> None:
    report = roster_imports.import_roster(
        SYSTEM, society="math", data=files.text((HEADER, ZHANG)), file_name="x.csv"
    )
    with pytest.raises(ConsortiumError) as refused:
        undo(report)
    assert refused.value.code == "import-not-applied"


def test_undo_ends_with_the_file_after_thirty_days(house: Flask, clock: FixedClock) -> None:
    report = send(ZHANG)
    clock.advance(days=30)
    with pytest.raises(ConsortiumError) as refused:
        undo(report)
    assert refused.value.code == "import-expired"


def test_an_account_that_was_activated_stays(house: Flask) -> None:
    report = send(ZHANG, LI)
    person = member().person_id
    accounts.open_account(SYSTEM, person_id=person, mobile="13800138000", password="plum-river-42x")
    assert outcome(undo(report)) == (1, 0, 1, 0)
    assert (member().name, term().state) == ("张三", "void")
    assert people.names_of([person]) == {person: "张三"}
    assert accounts.find_account(person) is not None


def test_a_consent_that_was_given_keeps_the_file(house: Flask) -> None:
    report = send(ZHANG)
    with unit_of_work() as uow:
        file = member()
        society = uow.session.get_one(models.Member, file.id).society_id
        uow.add(
            models.RecognitionConsent(
                member_id=file.id, host_id=society, purpose="recognition", since=uow.now
            )
        )
    assert outcome(undo(report)) == (0, 0, 1, 0)
    assert member().name == "张三"


def test_a_field_that_somebody_changed_since_stays(house: Flask) -> None:
    send(ZHANG)
    report = send(("M0001", "张三", "普通会员", "13700137000", "教授", "", ""))
    with unit_of_work() as uow:
        uow.session.get_one(models.MemberProfile, member().id).mobile = "+8613600136000"
    assert outcome(undo(report)) == (0, 1, 0, 0)
    assert (member().mobile, member().title) == ("+8613600136000", "讲师")


def test_a_term_that_an_officer_corrected_since_keeps_the_file(house: Flask) -> None:
    report = send(ZHANG)
    terms.correct_term(SYSTEM, term_id=term().id, grade_code="fellow")
    assert outcome(undo(report)) == (0, 0, 1, 0)
    assert (term().grade_code, term().state) == ("fellow", "active")


def test_a_later_import_that_says_the_same_keeps_the_file(house: Flask) -> None:
    first = send(ZHANG)
    second = send(ZHANG)
    assert outcome(undo(first)) == (0, 0, 0, 1)
    assert (member().name, member().title, term().grade_code) == ("张三", "讲师", "ordinary")
    assert outcome(undo(second)) == (1, 0, 0, 0)
    assert member().name is None


def test_what_only_the_first_import_said_goes_with_it(house: Flask) -> None:
    first = send(ZHANG)
    send(("M0001", "张三", "普通会员", "", "", "", ""))
    undo(first)
    assert (member().name, member().title, member().mobile) == ("张三", None, None)
    assert (term().grade_code, term().state) == ("ordinary", "active")


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_two_imports_can_be_undone_in_either_order(house: Flask, order: tuple[int, int]) -> None:
    send(ZHANG)
    reports = {
        1: send(("M0001", "张三", "高级会员", "", "副教授", "", "")),
        2: send(("M0001", "张三", "会士", "", "教授", "", "")),
    }
    undo(reports[order[0]])
    between = (term().grade_code, member().title)
    assert between == (("fellow", "教授") if order[0] == 1 else ("senior", "副教授"))
    undo(reports[order[1]])
    assert (term().grade_code, member().title) == ("ordinary", "讲师")


def test_undoing_the_middle_of_three_leaves_the_last_word(house: Flask) -> None:
    send(ZHANG)
    middle = send(("M0001", "张三", "", "", "副教授", "", ""))
    last = send(("M0001", "张三", "", "", "教授", "", ""))
    undo(middle)
    assert member().title == "教授"
    undo(last)
    assert member().title == "讲师"


def test_a_number_goes_back_unless_another_has_taken_it(house: Flask) -> None:
    send(ZHANG)
    renumbered = send(("S0001", *ZHANG[1:]))
    send(("M0001", "王五", "普通会员", "", "", "", ""))
    undo(renumbered)
    assert (member("S0001").name, member("M0001").name) == ("张三", "王五")


def test_an_undo_without_heirs_gives_the_number_back(house: Flask) -> None:
    send(ZHANG)
    undo(send(("S0001", *ZHANG[1:])))
    assert member("M0001").name == "张三"
    with pytest.raises(MemberNotFound):
        member("S0001")


def test_the_world_hears_of_what_was_made_and_taken_back(house: Flask) -> None:
    undo(send(ZHANG))
    db.session.close()
    rows = db.session.execute(
        sa.text("SELECT key, op FROM outbox WHERE topic = 'membership.member' ORDER BY position")
    ).all()
    assert [tuple(row) for row in rows] == [("math:M0001", "upsert"), ("math:M0001", "delete")]


def test_terms_are_never_deleted(house: Flask) -> None:
    report = send(ZHANG)
    send(("M0001", "张三", "高级会员", "", "", "", ""))
    undo(report)
    db.session.close()
    rows = db.session.scalar(sa.text("SELECT count(*) FROM term"))
    # The term, its part before the promotion, and the one from then on.
    assert rows == 3
    assert term().since.date() == date(2026, 5, 31)


def test_undo_names_the_later_import_that_holds_its_members(house: Flask) -> None:
    first = send(ZHANG, LI)
    second = send((*ZHANG[:4], "教授", *ZHANG[5:]))
    done = undo(first)
    assert (outcome(done), done.held_by) == ((1, 0, 0, 1), (second.import_id,))
    assert undo(second).held_by == ()
