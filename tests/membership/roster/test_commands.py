"""`flask membership roster import|undo`: what is printed, and the exit codes."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.membership import houses
from tests.membership.roster import files


@pytest.fixture
def house(app: Flask) -> Flask:
    """A society with a catalogue."""
    houses.register("math")
    return app


def run(app: Flask, *arguments: object) -> tuple[int, Any]:
    """Run a command with --json; its exit code and what it printed."""
    words = ["membership", "roster", *map(str, arguments), "--json"]
    result = app.test_cli_runner().invoke(args=words)
    lines = [line for line in result.stdout.splitlines() if line.startswith("{")]
    return result.exit_code, json.loads(lines[-1]) if lines else None


def write(folder: Path, name: str, data: bytes) -> Path:
    """Put a file into a folder."""
    path = folder / name
    path.write_bytes(data)
    return path


def test_a_dry_run_prints_the_report(house: Flask, tmp_path: Path) -> None:
    path = write(tmp_path, "r.csv", files.text((files.HEADER, *files.PEOPLE), "gb18030"))
    code, report = run(house, "import", path, "--society", "math")
    assert code == 0
    assert {
        name: report[name] for name in ("encoding", "sheet", "header_row", "read", "create")
    } == {
        "encoding": "gb18030",
        "sheet": None,
        "header_row": 1,
        "read": 2,
        "create": 2,
    }
    first = report["columns"][0]
    assert (first["source"], first["field"], first["confidence"]) == (
        "会员号",
        "member_number",
        1.0,
    )
    assert report["refusals"] == []


def test_refused_rows_exit_3_and_are_named_by_cell(house: Flask, tmp_path: Path) -> None:
    rows = (files.HEADER, files.PEOPLE[0], ("M0002", "李四", "钻石会员", ""))
    path = write(tmp_path, "r.xlsx", files.xlsx(rows))
    code, report = run(house, "import", path, "--society", "math", "--apply")
    assert (code, report["create"], report["refused"]) == (3, 1, 1)
    (refusal,) = report["refusals"]
    assert refusal == {
        "sheet": "Sheet1",
        "row": 3,
        "cell": "C3",
        "field": "grade",
        "value": "钻石会员",
        "code": "grade-unknown",
        "message": "The society has no such grade. Write one of: 普通会员, 高级会员, 会士.",
    }


def test_a_refused_file_exits_1_with_a_problem(house: Flask, tmp_path: Path) -> None:
    path = write(tmp_path, "r.xlsx", b"%PDF-1.7")
    code, problem = run(house, "import", path, "--society", "math")
    assert (code, problem["code"], problem["status"]) == (1, "roster-unreadable", 422)


def test_an_unknown_society_exits_1(house: Flask, tmp_path: Path) -> None:
    path = write(tmp_path, "r.csv", files.text((files.HEADER, *files.PEOPLE)))
    code, problem = run(house, "import", path, "--society", "nobody")
    assert (code, problem["code"]) == (1, "roster-not-found")


def test_a_missing_file_is_wrong_usage(house: Flask) -> None:
    assert run(house, "import", "nowhere.csv", "--society", "math")[0] == 2


@pytest.mark.parametrize(
    "mapping",
    [
        {"工号": "member_number"},
        {"member_number": "工号"},
        {"A": "member_number"},
        [{"source": "工号", "field": "member_number", "confidence": 0}],
        {"columns": [{"source": "工号", "field": "member_number"}]},
    ],
)
def test_columns_can_be_given(house: Flask, tmp_path: Path, mapping: Any) -> None:
    path = write(tmp_path, "r.csv", files.text((("工号", "姓名"), ("7", "张三"))))
    chosen = write(tmp_path, "map.json", json.dumps(mapping).encode())
    code, report = run(house, "import", path, "--society", "math", "--columns", chosen)
    assert (code, report["create"]) == (0, 1)


@pytest.mark.parametrize("text", ["[]x", "3", '{"A": 5}', '{"A": "nickname"}', '{"没有": "name"}'])
def test_a_mapping_that_names_nothing_exits_1(house: Flask, tmp_path: Path, text: str) -> None:
    path = write(tmp_path, "r.csv", files.text((("工号", "姓名", "手机"), ("7", "张三", ""))))
    chosen = write(tmp_path, "map.json", text.encode())
    code, problem = run(house, "import", path, "--society", "math", "--columns", chosen)
    assert (code, problem["code"]) == (1, "roster-mapping-invalid")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[]x", "map.json is not JSON"),
        ("{", "map.json is not JSON"),
        ("[1]", "it holds 1"),
        ("3", "it holds 3"),
        ('{"工号": {}}', "{}"),
        ('{"A": 5}', "5"),
        ('{"X": "name"}', "names X,"),
        ('{"工号": "member_number", "手机": "member_number"}', "工号 and 手机"),
    ],
)
def test_a_faulty_mapping_is_told_by_its_fault(
    house: Flask, tmp_path: Path, text: str, words: str
) -> None:
    path = write(tmp_path, "r.csv", files.text((("工号", "某某", "手机"), ("7", "张三", ""))))
    chosen = write(tmp_path, "map.json", text.encode())
    code, problem = run(house, "import", path, "--society", "math", "--columns", chosen)
    assert (code, problem["code"]) == (1, "roster-mapping-invalid")
    assert words in problem["detail"]


def test_the_columns_of_a_report_read_the_same_roster_again(house: Flask, tmp_path: Path) -> None:
    head = ("会员号", "First Name", "Last Name", "手机", "手机", "民族")
    row = ("M1", "Ada", "Lovelace", "13800138000", "13900139000", "x")
    path = write(tmp_path, "r.csv", files.text((head, row)))
    _, report = run(house, "import", path, "--society", "math")
    chosen = write(tmp_path, "map.json", json.dumps(report).encode())
    code, again = run(house, "import", path, "--society", "math", "--columns", chosen)
    fields = [[column["field"] for column in one["columns"]] for one in (report, again)]
    assert (code, fields[0]) == (0, fields[1])


def test_undo_prints_what_it_did(house: Flask, tmp_path: Path) -> None:
    path = write(tmp_path, "r.csv", files.text((files.HEADER, *files.PEOPLE)))
    _, report = run(house, "import", path, "--society", "math", "--apply")
    assert run(house, "undo", report["import_id"]) == (
        0,
        {
            "import_id": report["import_id"], "removed": 2, "restored": 0, "kept": 0,
            "untouched": 0, "held_by": [],
        },
    )  # fmt: skip
    code, problem = run(house, "undo", report["import_id"])
    assert (code, problem["code"]) == (1, "import-not-applied")


def test_undoing_nothing_exits_1(house: Flask) -> None:
    code, problem = run(house, "undo", "nothing")
    assert (code, problem["code"]) == (1, "import-not-found")


def test_dates_that_nobody_explained_are_not_applied(house: Flask, tmp_path: Path) -> None:
    rows = (("会员号", "姓名", "末日"), ("M1", "张三", "2015-12-31"))
    path = write(tmp_path, "r.csv", files.text(rows))
    code, report = run(house, "import", path, "--society", "math")
    assert (code, report["notes"][0]["code"]) == (0, "dates-unclear")
    assert "C 末日" in report["notes"][0]["message"]
    code, problem = run(house, "import", path, "--society", "math", "--apply")
    assert (code, problem["code"], problem["status"]) == (1, "dates-unclear", 422)
    assert "C 末日" in problem["detail"]
    same = write(tmp_path, "same.json", json.dumps(report).encode())
    columns = ("--apply", "--columns")
    code, problem = run(house, "import", path, "--society", "math", *columns, same)
    assert (code, problem["code"]) == (1, "dates-unclear")
    chosen = write(tmp_path, "map.json", json.dumps({"末日": None}).encode())
    code, report = run(house, "import", path, "--society", "math", *columns, chosen)
    assert (code, report["create"]) == (0, 1)


def test_a_sheet_can_be_given(house: Flask, tmp_path: Path) -> None:
    book = {"个人": (files.HEADER, *files.PEOPLE), "学生": (files.HEADER, ("S9", "王五", "", ""))}
    path = write(tmp_path, "r.xlsx", files.xlsx(book))
    code, report = run(house, "import", path, "--society", "math", "--sheet", "学生")
    assert (code, report["sheet"], report["read"]) == (0, "学生", 1)
    code, problem = run(house, "import", path, "--society", "math", "--sheet", "团体")
    assert (code, problem["code"]) == (1, "roster-sheet-unknown")


@pytest.mark.parametrize("text", ["{}", '{"columns": []}'])
def test_an_empty_mapping_changes_nothing(house: Flask, tmp_path: Path, text: str) -> None:
    path = write(tmp_path, "r.csv", files.text((files.HEADER, *files.PEOPLE)))
    chosen = write(tmp_path, "map.json", text.encode())
    code, report = run(house, "import", path, "--society", "math", "--columns", chosen)
    assert (code, report["create"]) == (0, 2)


def test_a_number_under_an_unknown_header_is_asked_about_once(house: Flask, tmp_path: Path) -> None:
    path = write(tmp_path, "r.csv", files.text((("工号", "姓名", "级别"), ("Z7", "张三", ""))))
    code, report = run(house, "import", path, "--society", "math")
    assert code == 3
    assert [(note["code"], note["count"]) for note in report["notes"]] == [("number-unclear", 1)]
    assert "A 工号" in report["notes"][0]["message"]
    assert all("say which column holds it" in one["message"] for one in report["refusals"])


def test_undo_tells_which_later_import_holds_its_members(house: Flask, tmp_path: Path) -> None:
    path = write(tmp_path, "r.csv", files.text((files.HEADER, *files.PEOPLE)))
    _, first = run(house, "import", path, "--society", "math", "--apply")
    _, second = run(house, "import", path, "--society", "math", "--apply")
    code, told = run(house, "undo", first["import_id"])
    assert (code, told["removed"], told["untouched"]) == (3, 0, 2)
    assert told["held_by"] == [second["import_id"]]
    assert told["note"] == "Held by a later import, which you would have to undo too: 2."


def test_undo_says_in_words_what_holds_its_members(house: Flask, tmp_path: Path) -> None:
    path = write(tmp_path, "r.csv", files.text((files.HEADER, *files.PEOPLE)))
    _, first = run(house, "import", path, "--society", "math", "--apply")
    _, second = run(house, "import", path, "--society", "math", "--apply")
    words = ["membership", "roster", "undo", first["import_id"]]
    told = house.test_cli_runner().invoke(args=words)
    assert told.exit_code == 3
    assert "Held by a later import" in told.stdout
    assert second["import_id"] in told.stdout


@pytest.mark.parametrize("make", [files.xlsx, files.ods])
def test_a_rounded_identity_number_is_not_shown_nearly_whole(
    house: Flask, tmp_path: Path, make: Callable[..., bytes]
) -> None:
    rows = (("会员号", "姓名", "身份证号"), ("M1", "张三", 370102197403150000))
    path = write(tmp_path, "r.bin", make(rows))
    code, report = run(house, "import", path, "--society", "math")
    (refusal,) = report["refusals"]
    assert (code, refusal["code"], refusal["cell"]) == (3, "national-id-rounded", "C2")
    assert re.fullmatch(r"3\.70\*+e\+17", refusal["value"])
    assert "0102197" not in json.dumps(report)
