"""The page on which a secretary sends in a roster, sees its report, applies and undoes."""

import io
import re

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from auth.services.enrolment import add_account
from consortium.kernel.clock import FixedClock
from consortium.kernel.db import db
from consortium.kernel.principal import SYSTEM
from membership.services import members
from tests.auth.browsing import PASSWORD, csrf_of, error_of, sign_in, submit
from tests.conftest import Furnish
from tests.membership import houses
from tests.membership.roster import files

HEADER = (*files.HEADER, "民族", "学历")
GOOD = (*files.PEOPLE[0], "汉族", "博士")
BAD = ("M0002", "李四", "钻石会员", "1380013", "汉族", "博士")


@pytest.fixture
def secretary(furnish: Furnish, client: FlaskClient, clock: FixedClock) -> FlaskClient:
    """The secretary of math, signed in."""
    furnish(houses.register_math_and_phys)
    add_account(
        SYSTEM,
        name="李秘书",
        email="secretary@math.example",
        password=PASSWORD,
        role="secretary",
        key="math",
    )
    sign_in(client, "secretary@math.example")
    return client


def send(client: FlaskClient, data: bytes, society: str = "math") -> TestResponse:
    """Choose a file on the page and send it; redirects are followed."""
    token = csrf_of(client.get("/s/math/import"))
    form = {"csrf_token": token, "file": (io.BytesIO(data), "名册.xlsx")}
    return client.post(f"/s/{society}/import", data=form, follow_redirects=True)


def counts(response: TestResponse) -> dict[str, int]:
    """The five numbers of a report."""
    found = re.findall(r'data-count="(\w+)">(\d+)<', response.text)
    return {name: int(number) for name, number in found}


def test_a_file_is_tried_first_and_applied_by_a_button(secretary: FlaskClient) -> None:
    report = send(secretary, files.xlsx((HEADER, GOOD, BAD)))
    assert report.status_code == 200
    assert counts(report) == {"read": 2, "create": 1, "update": 0, "unchanged": 0, "refused": 1}
    assert 'data-code="grade-unknown"' in report.text
    assert "C3" in report.text
    assert "D3" in report.text
    assert "1380013" not in report.text
    applied = submit(secretary, report.request.path, decision="apply")
    assert applied.status_code == 303
    done = secretary.get(report.request.path)
    assert 'data-state="applied"' in done.text
    found = members.get_member(SYSTEM, society="math", member_number="M0001")
    assert found.name == "张三"
    submit(secretary, report.request.path, decision="undo")
    undone = secretary.get(report.request.path).text
    assert 'data-state="undone"' in undone
    assert "从名册移除：1 人；恢复原状：0 人。" in undone


def test_two_files_at_once_are_refused_and_none_is_ignored(secretary: FlaskClient) -> None:
    token = csrf_of(secretary.get("/s/math/import"))

    def post(*sent: tuple[bytes, str]) -> TestResponse:
        parts = [(io.BytesIO(data), name) for data, name in sent]
        return secretary.post("/s/math/import", data={"csrf_token": token, "file": parts})

    good, bad = (files.xlsx((HEADER, row)) for row in (GOOD, BAD))
    refused = post((good, "1.xlsx"), (bad, "2.xlsx"))
    assert (refused.status_code, error_of(refused)) == (422, "file-several")
    assert "一次只发送一个文件" in refused.text
    assert post((b"", ""), (good, "1.xlsx")).status_code == 303


def test_sensitive_columns_are_shown_as_not_imported(secretary: FlaskClient) -> None:
    report = send(secretary, files.xlsx((HEADER, GOOD)))
    row = re.search(r'<tr data-column="E".*?</tr>', report.text, re.DOTALL)
    assert row is not None
    assert "民族" in row[0]
    assert "<select" not in row[0]
    assert "汉族" not in report.text


def test_a_column_can_be_taken_for_another_field(secretary: FlaskClient) -> None:
    rows = (("工号", "姓名", "会员级别"), ("7", "张三", "普通会员"))
    report = send(secretary, files.xlsx(rows))
    assert counts(report)["refused"] == 1
    form = {"decision": "columns", "column.A": "member_number", "column.B": "name", "column.C": "-"}
    again = submit(secretary, report.request.path, **form)
    assert counts(secretary.get(again.location)) == {
        "read": 1,
        "create": 1,
        "update": 0,
        "unchanged": 0,
        "refused": 0,
    }


def test_names_in_two_columns_stay_together_when_read_again(secretary: FlaskClient) -> None:
    head = ("工号", "First Name", "Last Name", "级别")
    rows = (head, ("7", "Ada", "Lovelace", "普通会员"), ("合计", "", "", ""))
    report = send(secretary, files.xlsx(rows))
    given = re.search(r'<tr data-column="B".*?</tr>', report.text, re.DOTALL)
    assert given is not None
    assert "<select" not in given[0]
    form = {"decision": "columns", "column.A": "member_number", "column.C": "name"}
    again = secretary.get(submit(secretary, report.request.path, **form).location)
    assert counts(again)["create"] == 1
    submit(secretary, again.request.path, decision="apply")
    found = members.get_member(SYSTEM, society="math", member_number="7")
    assert found.name == "Lovelace Ada"
    passed = re.search(r'<li data-code="skipped-footer">.*?</li>', again.text, re.DOTALL)
    assert passed is not None
    assert ">3<" in passed[0]


def test_one_field_for_two_columns_is_refused_on_the_page(secretary: FlaskClient) -> None:
    report = send(secretary, files.xlsx((HEADER, GOOD)))
    form = {"decision": "columns", "column.A": "name", "column.B": "name"}
    response = submit(secretary, report.request.path, **form)
    assert (response.status_code, error_of(response)) == (422, "roster-mapping-invalid")


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"%PDF-1.7\n", 422, "roster-unreadable"),
        (b"", 422, "roster-empty"),
        (files.xlsx((("a", "b"), ("c", "d"))), 422, "roster-header-missing"),
        (files.xlsx((files.HEADER, *files.PEOPLE))[:2000], 422, "roster-unreadable"),
    ],
)
def test_a_bad_file_is_refused_on_the_page_with_its_code(
    secretary: FlaskClient, data: bytes, status: int, code: str
) -> None:
    response = send(secretary, data)
    assert (response.status_code, error_of(response)) == (status, code)
    assert 'name="file"' in response.text


def test_a_form_without_a_file_is_refused_at_its_field(secretary: FlaskClient) -> None:
    response = submit(secretary, "/s/math/import")
    assert (response.status_code, error_of(response)) == (422, "file-missing")
    assert 'href="#f-file"' in response.text


def test_a_form_of_another_site_is_refused(secretary: FlaskClient) -> None:
    form = {"csrf_token": "x", "file": (io.BytesIO(b"x"), "x.csv")}
    response = secretary.post("/s/math/import", data=form)
    assert (response.status_code, error_of(response)) == (400, "csrf-failed")


def test_another_societys_import_is_not_found_and_noted(secretary: FlaskClient) -> None:
    assert secretary.get("/s/phys/import").status_code == 404
    assert send(secretary, files.xlsx((HEADER, GOOD)), society="phys").status_code == 404
    db.session.close()
    query = "SELECT society FROM audit WHERE action = 'membership.roster.denied'"
    assert list(db.session.scalars(sa.text(query))) == ["phys", "phys"]


def test_another_societys_report_is_not_found(secretary: FlaskClient) -> None:
    report = send(secretary, files.xlsx((HEADER, GOOD)))
    path = report.request.path.replace("/s/math/", "/s/phys/")
    assert secretary.get(path).status_code == 404
    assert secretary.get("/s/math/import/nothing").status_code == 404


def test_an_anonymous_reader_is_asked_to_sign_in(app: Flask, client: FlaskClient) -> None:
    response = client.get("/s/math/import")
    assert response.status_code == 302
    assert "/sign-in" in response.location


def test_every_refused_cell_can_be_downloaded(secretary: FlaskClient) -> None:
    data = files.text((HEADER, GOOD, BAD, ("M0003", "王五", "=1+1", "", "", "")))
    report = send(secretary, data)
    table = secretary.get(f"{report.request.path}/refusals.csv")
    assert table.content_type.startswith("text/csv")
    lines = table.data.decode("utf-8-sig").splitlines()
    assert [line.split(",")[2] for line in lines] == ["cell", "C3", "D3", "C4"]
    assert "'=1+1" in lines[3]


def test_a_dry_run_shows_what_would_change_cell_by_cell(secretary: FlaskClient) -> None:
    submit(secretary, send(secretary, files.xlsx((HEADER, GOOD))).request.path, decision="apply")
    other = list(GOOD)
    other[HEADER.index("会员级别")] = "高级会员"
    report = send(secretary, files.xlsx((HEADER, tuple(other))))
    assert counts(report)["update"] == 1
    (row,) = re.findall(r'<tr data-row="2" data-changed="grade">(.*?)</tr>', report.text, re.S)
    assert re.findall(r"<td [^>]*>(.*?)</td>", row)[1:] == ["普通会员", "高级会员"]
    assert "M0001" in row
    table = secretary.get(f"{report.request.path}/changes.csv").data.decode("utf-8-sig")
    assert table.splitlines()[1:] == ["2,M0001,张三,grade,ordinary,senior"]


def test_the_list_of_imports_runs_a_constant_number_of_statements(secretary: FlaskClient) -> None:
    def count() -> int:
        seen: list[str] = []
        listen = lambda *args: seen.append(args[2])  # noqa: E731
        sa.event.listen(db.engine, "before_cursor_execute", listen)
        secretary.get("/s/math/import")
        sa.event.remove(db.engine, "before_cursor_execute", listen)
        return len(seen)

    send(secretary, files.xlsx((HEADER, GOOD)))
    one = count()
    send(secretary, files.xlsx((HEADER, GOOD)))
    send(secretary, files.xlsx((HEADER, GOOD)))
    assert count() == one


def test_a_column_of_dates_must_be_explained_before_the_roster_is_applied(
    secretary: FlaskClient,
) -> None:
    rows = ((*files.HEADER, "末日"), (*files.PEOPLE[0], "2015-12-31"))
    report = send(secretary, files.xlsx(rows))
    assert 'data-code="dates-unclear"' in report.text
    assert 'value="apply"' not in report.text
    refused = submit(secretary, report.request.path, decision="apply")
    assert (refused.status_code, error_of(refused)) == (422, "dates-unclear")
    form = {"decision": "columns", "column.A": "member_number", "column.B": "name"}
    unanswered = secretary.get(submit(secretary, report.request.path, **form).location)
    assert 'data-code="dates-unclear"' in unanswered.text
    form["column.E"] = "-"
    answered = secretary.get(submit(secretary, report.request.path, **form).location)
    assert 'value="apply"' in answered.text
    assert submit(secretary, answered.request.path, decision="apply").status_code == 303


def test_another_sheet_is_chosen_applied_and_keeps_its_columns(secretary: FlaskClient) -> None:
    book = {
        "个人": (files.HEADER, *files.PEOPLE),
        "学生": (("工号", "姓名", "会员级别"), ("S9", "王五", "普通会员")),
    }
    report = send(secretary, files.xlsx(book))
    assert counts(report)["read"] == 2
    assert 'data-code="sheets-unread"' in report.text
    form = {"decision": "sheet", "sheet": "学生"}
    other = secretary.get(submit(secretary, report.request.path, **form).location)
    assert (counts(other)["read"], counts(other)["refused"]) == (1, 1)
    form = {"decision": "columns", "column.A": "member_number"}
    again = secretary.get(submit(secretary, other.request.path, **form).location)
    assert counts(again)["create"] == 1
    submit(secretary, again.request.path, decision="apply")
    assert members.get_member(SYSTEM, society="math", member_number="S9").name == "王五"


def test_one_row_is_not_called_rows(secretary: FlaskClient) -> None:
    report = send(secretary, files.xlsx({"个人": (files.HEADER, *files.PEOPLE), "x": (("y",),)}))
    page = secretary.get(report.request.path, headers={"Accept-Language": "en"})
    assert ">1 row<" in page.text


def test_the_member_list_shows_every_term_and_no_file_taken_back(secretary: FlaskClient) -> None:
    header = ("会员号", "姓名", "会员级别", "入会日期", "有效期至")
    this = ("M0001", "张三", "普通会员", "2024-01-01", "2026-12-31")
    later = ("M0001", "张三", "普通会员", "2027-01-01", "2029-12-31")
    gone = ("M0002", "李四", "普通会员", "2024-01-01", "2026-12-31")
    for rows in ((this,), (later, gone)):
        path = send(secretary, files.text((header, *rows))).request.path
        submit(secretary, path, decision="apply")
    shown = secretary.get("/s/math/members").text
    listed = re.findall(r'data-member="math:(\w+)"', shown)
    assert listed == ["M0001", "M0001", "M0002"]
    submit(secretary, path, decision="undo")
    again = secretary.get("/s/math/members").text
    assert re.findall(r'data-member="math:(\w+)"', again) == ["M0001"]


def test_an_undo_tells_what_a_later_import_holds(secretary: FlaskClient) -> None:
    paths = []
    for _ in range(2):
        paths.append(send(secretary, files.xlsx((HEADER, GOOD))).request.path)
        submit(secretary, paths[-1], decision="apply")
    submit(secretary, paths[0], decision="undo")
    assert "由其后的导入所承接（须一并撤销该次导入）：1 人。" in secretary.get(paths[0]).text


def test_a_form_without_a_file_says_so_once(secretary: FlaskClient) -> None:
    answer = submit(secretary, "/s/math/import")
    assert (answer.status_code, error_of(answer)) == (422, "file-missing")
    summary = answer.text.partition('class="error-summary"')[2].partition("</section>")[0]
    assert summary.count("请选择名册文件。") == 1


def test_a_file_without_a_good_row_is_not_applied(secretary: FlaskClient) -> None:
    path = send(secretary, files.xlsx((HEADER, BAD))).request.path
    answer = submit(secretary, path, decision="apply")
    assert (answer.status_code, error_of(answer)) == (409, "import-all-refused")
    assert 'data-state="applied"' not in secretary.get(path).text


@pytest.mark.parametrize("form", [{"decision": "bogus"}, {"decision": ""}, {}])
def test_a_decision_that_the_page_does_not_offer_is_refused(
    secretary: FlaskClient, form: dict[str, str]
) -> None:
    report = send(secretary, files.xlsx((HEADER, GOOD)))
    path = report.request.path
    told = submit(secretary, path, **form)
    assert (told.status_code, error_of(told)) == (422, "decision-unknown")
