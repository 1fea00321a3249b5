"""Briefs, conditions and tables, read exactly or refused by place."""

import io
from datetime import date
from fractions import Fraction
from typing import Any

import pytest
import xlsxwriter

from think_tank.errors import BriefInvalid, ConflictsInvalid, PoolInvalid, TableUnreadable
from think_tank.rules.answers import read_question, write_answer
from think_tank.rules.briefs import parse_brief, read_number
from think_tank.rules.conditions import NotComparable, cell_holds
from think_tank.rules.pools import read_conflicts, read_pool
from think_tank.rules.selection import select_panel
from think_tank.values import Condition, Question

TODAY = date(2026, 6, 1)
RULE = {
    "id": "r", "kind": "min_share", "value": "1/2",
    "of": {"field": "front_line", "op": "eq", "value": True},
}  # fmt: skip


@pytest.mark.parametrize(
    ("field", "op", "value", "cell", "verdict"),
    [
        ("society", "eq", "math", "math", True),
        ("society", "ne", "math", "", True),
        ("society", "in", ("math", "phys"), "phys", True),
        ("seniority", "ge", "9", "10", True),
        ("seniority", "eq", "3", "3.0", True),
        ("birth_date", "le", "1980-12-31", "1980-12-31", True),
        ("birth_date", "ge", "1980-01-01", "", False),
        ("disciplines", "contains", "A01", "A0101;F02", False),
        ("disciplines", "contains", "A01", "F02; A01", True),
        ("disciplines", "eq", "A01;F02", "F02;A01", True),
        ("disciplines", "in", ("A01", "B01"), "F02;B01", True),
        ("name", "contains", "张", "张三", True),
    ],
)
def test_a_condition_holds(field: str, op: Any, value: Any, cell: str, verdict: bool) -> None:
    assert cell_holds(Condition(field, op, value), cell) is verdict


def test_words_have_no_order() -> None:
    with pytest.raises(NotComparable):
        cell_holds(Condition("seniority", "ge", "3"), "senior")


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"id": ""}, "/rules/0/id", "rule-id-missing"),
        ({"kind": "least"}, "/rules/0/kind", "kind-unknown"),
        ({"value": "3/2"}, "/rules/0/value", "share-invalid"),
        ({"value": "1/0"}, "/rules/0/value", "share-invalid"),
        ({"kind": "min_count", "value": 1.5}, "/rules/0/value", "count-invalid"),
        ({"kind": "min_count", "value": "1e999999999"}, "/rules/0/value", "count-invalid"),
        ({"of": {"field": "x", "op": "like", "value": 1}}, "/rules/0/of/op", "op-unknown"),
        ({"of": {"field": "x", "op": "in", "value": 1}}, "/rules/0/of/value", "value-invalid"),
        ({"of": {"field": "x", "op": "eq", "value": None}}, "/rules/0/of/value", "value-invalid"),
        ({"hard": "yes"}, "/rules/0/hard", "flag-invalid"),
        ({"weight": -1}, "/rules/0/weight", "weight-invalid"),
    ],
)
def test_a_faulty_rule_is_refused(change: dict[str, Any], pointer: str, code: str) -> None:
    with pytest.raises(BriefInvalid) as refused:
        parse_brief({"seats": 3, "rules": [RULE | change]}, today=TODAY)
    assert [(fault.pointer, fault.code) for fault in refused.value.errors] == [(pointer, code)]


def test_every_fault_is_named_at_once() -> None:
    with pytest.raises(BriefInvalid) as refused:
        parse_brief({"seats": True, "on": "soon", "rules": [RULE, RULE, 7]}, today=TODAY)
    assert [fault.pointer for fault in refused.value.errors] == [
        "/seats", "/on", "/rules/1/id", "/rules/2",
    ]  # fmt: skip


def test_what_is_not_known_is_told_not_used() -> None:
    brief = parse_brief(
        {"seats": 3, "rules": [RULE | {"hardness": 1}], "colour": "red"}, today=TODAY
    )
    assert brief.ignored == ("/colour", "/rules/0/hardness")


def test_numbers_are_exact() -> None:
    assert read_number(0.1) + read_number("0.2") == Fraction(3, 10)


def test_a_pool_is_read_in_every_encoding_and_from_a_workbook() -> None:
    lines = [
        ["id", "name", "society", "front_line", "disciplines", "birth_date", "score"],
        ["e1", "張曉明", "物理學會", "是", "A01；F02", "1980/5/1", "7.5"],
    ]
    text = "\n".join(",".join(line) for line in lines)
    sheet = io.BytesIO()
    with xlsxwriter.Workbook(sheet) as book:
        page = book.add_worksheet()
        for n, line in enumerate(lines):
            page.write_row(n, 0, line)
    encoded = [text.encode(name) for name in ("utf-8", "utf-8-sig", "gb18030", "big5")]
    for pool in map(read_pool, [*encoded, sheet.getvalue()]):
        assert [(c.id, c.score, c.fields["name"], c.fields["front_line"]) for c in pool] == [
            ("e1", Fraction(15, 2), "張曉明", "true")
        ]
        assert pool[0].several("disciplines") == ("A01", "F02")
        assert pool[0].fields["birth_date"] == "1980-05-01"


def test_faults_of_tables_are_named_by_cell() -> None:
    with pytest.raises(PoolInvalid) as refused:
        read_pool(b"id,score\n,1\ne1,\ne1,2\n")
    assert [error.cell for error in refused.value.errors] == ["A2", "B3", "A4"]
    with pytest.raises(ConflictsInvalid) as pairs:
        read_conflicts(b"a,b,since\ne1,e1,\ne1,,soon\n")
    assert [error.cell for error in pairs.value.errors] == ["B2", "B3", "C3"]
    with pytest.raises(TableUnreadable):
        read_pool(b"name\nZhang\n")
    with pytest.raises(TableUnreadable):
        read_pool(b"")


def test_a_rule_over_an_unknown_column_is_refused() -> None:
    rule = RULE | {"of": {"field": "height", "op": "ge", "value": 1}}
    question = Question(
        parse_brief({"seats": 1, "rules": [rule]}, today=TODAY), read_pool(b"id\ne1\n")
    )
    with pytest.raises(BriefInvalid) as refused:
        select_panel(question)
    assert refused.value.errors[0].code == "field-unknown"


def test_ages_are_counted_on_the_brief_s_day() -> None:
    rule = RULE | {"kind": "min_count", "value": 1, "of": {"field": "age", "op": "le", "value": 45}}
    pool = read_pool(b"id,birth_date\nold,1980-06-01\nyoung,1980-06-02\n")
    brief = parse_brief({"seats": 1, "rules": [rule], "on": "2026-06-01"}, today=TODAY)
    assert select_panel(Question(brief, pool)).ids == ("young",)


def test_expired_conflicts_do_not_bind() -> None:
    pool = read_pool(b"id\na\nb\n")
    brief = parse_brief({"seats": 2, "rules": []}, today=TODAY)
    expired = read_conflicts(b"a,b,kind,since,until\na,b,grant,2020,2026-05-31\n")
    lasting = read_conflicts(b"a,b,kind,since,until\na,b,grant,2020,2026-06-01\n")
    assert select_panel(Question(brief, pool, expired)).status == "optimal"
    refused = select_panel(Question(brief, pool, lasting))
    assert (refused.status, refused.conflict_with) == ("infeasible", ("conflicts",))


def test_one_person_gets_one_seat() -> None:
    pool = read_pool(b"id,person,score\na,p1,9\nb,p1,9\nc,p2,1\n")
    brief = parse_brief({"seats": 2, "rules": []}, today=TODAY)
    assert len({"a", "b"} & set(select_panel(Question(brief, pool)).ids)) == 1


def test_an_answer_can_be_read_back() -> None:
    pool = read_pool(b"id,society,score\na,math,9\nb,phys,0.1\n")
    brief = parse_brief({"seats": 1, "rules": [], "on": "2026-06-01"}, today=TODAY)
    question = Question(brief, pool, read_conflicts(b"a,b,kind\na,b,kin\n"), exclude=frozenset("b"))
    answer = select_panel(question)
    again, ids = read_question(write_answer(question, answer))
    assert (again.pool, again.conflicts, again.exclude) == (
        pool,
        question.conflicts,
        frozenset("b"),
    )
    assert ids == list(answer.ids) == ["a"]


@pytest.mark.parametrize("pool", [b"id\n", b"id\na\n"])
def test_too_few_people_are_no_fault_of_the_rules(pool: bytes) -> None:
    refused = select_panel(
        Question(parse_brief({"seats": 2, "rules": []}, today=TODAY), read_pool(pool))
    )
    assert (refused.status, refused.conflict_rules) == ("infeasible", ())
    assert refused.conflict_with == ("seats",)


def test_what_is_not_known_can_be_refused_at_its_places() -> None:
    written = {"seats": 3, "rules": [RULE | {"bogus": 1}, 7], "rulez": [], "a/b": 1}
    with pytest.raises(BriefInvalid) as refused:
        parse_brief(written, today=TODAY, is_strict=True)
    assert [(fault.pointer, fault.code) for fault in refused.value.errors] == [
        ("/rules/1", "not-an-object"),
        ("/rulez", "unknown-field"),
        ("/a~1b", "unknown-field"),
        ("/rules/0/bogus", "unknown-field"),
    ]
