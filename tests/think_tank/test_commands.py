"""The commands as users run them: in a process of their own, judged by output and exit code."""

import csv
import hashlib
import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from tests.think_tank.worlds import consent_file, expert_file, found_world, row

ROOT = Path(__file__).parents[2]
HEADER = ["id", "name", "society", "employer", "birth_date", "front_line", "seniority"]
HEADER += ["disciplines", "score"]


def rule(name: str, kind: str, condition: tuple[str, str, object], value: object) -> dict[str, Any]:
    of = dict(zip(("field", "op", "value"), condition, strict=True))
    return {"id": name, "kind": kind, "of": of, "value": value}


RULES = [
    rule("front", "min_share", ("front_line", "eq", True), "3/4"),
    rule("young", "min_count", ("birth_date", "ge", "1981-01-01"), 3),
    *(
        rule(f"max-{code}", "max_share", ("society", "eq", code), "1/3")
        for code in ("math", "phys", "comp", "mech")
    ),
]


def pool_rows(seed: int, count: int = 120) -> list[list[object]]:
    """A pool in which most rows are tied."""
    draw = random.Random(seed)
    return [
        [
            f"e{n}", "张三", draw.choice(("math", "phys", "comp", "mech")), f"大学{n % 20}",
            f"{draw.randint(1955, 1992)}-03-01", draw.choice("是是否"), "senior",
            ";".join(draw.sample(("A01", "A02", "F02"), 2)), draw.choice((1, 2, 2, 3)),
        ]
        for n in range(count)
    ]  # fmt: skip


def write_table(
    path: Path, header: list[str], rows: list[list[object]], encoding: str = "utf-8"
) -> Path:
    with path.open("w", encoding=encoding, newline="") as file:
        csv.writer(file).writerows([header, *rows])
    return path


@pytest.fixture
def files(tmp_path: Path) -> Path:
    write_table(tmp_path / "pool.csv", HEADER, pool_rows(1), "gb18030")
    pairs = [[f"e{n}", f"e{n + 1}", "advisor", "", ""] for n in range(0, 100, 2)]
    write_table(tmp_path / "pairs.csv", ["a", "b", "kind", "since", "until"], pairs)
    (tmp_path / "brief.json").write_text(json.dumps({"seats": 12, "rules": RULES}))
    return tmp_path


def run(home: Path, *words: object, hash_seed: str = "0") -> tuple[int, Any]:
    environ = {
        **os.environ, "CONSORTIUM_DATA_DIR": str(home / "var"), "PYTHONHASHSEED": hash_seed,
        "FLASK_APP": "wsgi",
    }  # fmt: skip
    command = [sys.executable, "-m", "flask", "think-tank", *map(str, words), "--json"]
    ran = subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    return ran.returncode, json.loads(ran.stdout) if ran.stdout else ran.stderr


def run_here(app: Flask, *words: object) -> tuple[int, Any]:
    """The same command without the cost of a process."""
    result = app.test_cli_runner().invoke(args=["think-tank", *map(str, words), "--json"])
    return result.exit_code, json.loads(result.stdout) if result.stdout else result.stderr


def solving(home: Path, *words: object) -> tuple[object, ...]:
    given = ("--pool", home / "pool.csv", "--conflicts", home / "pairs.csv")
    return ("panel", "solve", home / "brief.json", *given, *words)


def solve(home: Path, *words: object, **options: str) -> tuple[int, Any]:
    return run(home, *solving(home, *words), **options)


def test_a_panel_is_solved_checked_and_repaired(files: Path) -> None:
    code, answer = solve(files)
    assert (code, answer["status"], answer["objective"]) == (0, "optimal", answer["bound"])
    assert all(seat["why"] and "next_best" in seat for seat in answer["seats"])
    assert len(answer["reserves"]) == 4
    panel = files / "panel.json"
    panel.write_text(json.dumps(answer, ensure_ascii=False))
    assert run(files, "panel", "check", panel)[0] == 0
    declined = answer["seats"][0]["id"]
    code, after = run(files, "panel", "replace", panel, "--declined", declined)
    assert (code, len(after["joined"]), after["left"]) == (0, 1, [])
    assert declined not in {seat["id"] for seat in after["seats"]}
    answer["seats"][0]["id"] = "e0" if declined != "e0" else "e1"
    panel.write_text(json.dumps(answer))
    code, report = run(files, "panel", "check", panel)
    assert (code, report["ok"]) == (3, False)


def test_one_question_has_one_answer(files: Path) -> None:
    """Shuffled rows, other hash seeds, other processes: the same seats for the same reasons."""
    seen = set()
    for turn, hash_seed in enumerate(("0", "1", "4242")):
        rows = pool_rows(1)
        random.Random(turn).shuffle(rows)
        write_table(files / "pool.csv", HEADER, rows)
        _, answer = solve(files, hash_seed=hash_seed)
        assert answer["first_among_equals"] is True
        seen.add(json.dumps([answer["seats"], answer["reserves"], answer["objective"]]))
    assert len(seen) == 1


def test_the_seed_settles_ties_and_changes_no_objective(app: Flask, files: Path) -> None:
    first = run_here(app, *solving(files))[1]
    second = run_here(app, *solving(files, "--seed", "plum"))[1]
    assert first["objective"] == second["objective"]
    assert {seat["id"] for seat in first["seats"]} != {seat["id"] for seat in second["seats"]}


def test_among_equal_people_the_smallest_digests_are_seated(app: Flask, tmp_path: Path) -> None:
    write_table(tmp_path / "pool.csv", ["id"], [[f"p{n}"] for n in range(30)])
    write_table(tmp_path / "pairs.csv", ["a", "b"], [])
    (tmp_path / "brief.json").write_text('{"seats": 5, "rules": []}')
    _, answer = run_here(app, *solving(tmp_path, "--seed", "s"))
    order = sorted((hashlib.sha256(f"s|p{n}".encode()).digest(), f"p{n}") for n in range(30))
    assert {seat["id"] for seat in answer["seats"]} == {name for _, name in order[:5]}


def test_an_unmeetable_brief_names_rules_and_repairs(app: Flask, files: Path) -> None:
    half = rule("half", "min_share", ("society", "eq", "math"), "1/2")
    (files / "brief.json").write_text(json.dumps({"seats": 12, "rules": [*RULES, half]}))
    code, problem = run_here(app, *solving(files))
    assert (code, problem["code"]) == (1, "brief-infeasible")
    assert problem["conflict_rules"] == ["max-math", "half"]
    assert [repair["cost"] for repair in problem["repairs"]] == [2, 2, 2]
    assert all(repair["zh"] and repair["en"] for repair in problem["repairs"])


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--keep", "nobody"), "expert-unknown"),
        (("--keep", "e1", "--exclude", "e1"), "kept-and-excluded"),
    ],
)
def test_a_question_without_sense_is_refused_by_the_name_in_it(
    app: Flask, files: Path, words: tuple[str, ...], code: str
) -> None:
    exit_code, problem = run_here(app, *solving(files, *words))
    assert (exit_code, problem["code"]) == (1, code)
    assert words[1] in problem["detail"]
    assert [fault["pointer"] for fault in problem["errors"]] == ["/keep"]


def test_a_rule_that_compares_nothing_is_named(app: Flask, files: Path) -> None:
    young = rule("young", "min_count", ("birth_date", "ge", "1980-13-45"), 3)
    (files / "brief.json").write_text(json.dumps({"seats": 12, "rules": [*RULES, young]}))
    code, problem = run_here(app, *solving(files))
    assert (code, problem["code"]) == (1, "brief-invalid")
    (fault,) = problem["errors"]
    assert fault["pointer"] == f"/rules/{len(RULES)}/of/value"
    assert fault["message"].startswith("Rule young: 1980-13-45 is no day.")


def test_faulty_pool_rows_are_named_by_cell(app: Flask, files: Path) -> None:
    rows = [["e1", "", "", "", "soon", "", "", "", "1"], ["e1", "", "", "", "", "", "", "", "x"]]
    write_table(files / "pool.csv", HEADER, rows)
    code, problem = run_here(app, *solving(files))
    assert (code, problem["code"]) == (1, "pool-invalid")
    assert [error["cell"] for error in problem["errors"]] == ["E2", "I3", "A3"]


def test_keep_and_exclude_are_obeyed(app: Flask, files: Path) -> None:
    _, answer = run_here(app, *solving(files))
    out = answer["seats"][0]["id"]
    kept = next(f"e{n}" for n in range(120) if f"e{n}" not in {s["id"] for s in answer["seats"]})
    _, after = run_here(app, *solving(files, "--keep", kept, "--exclude", out))
    seats = {seat["id"] for seat in after["seats"]}
    assert kept in seats
    assert out not in seats


def test_a_missing_file_is_wrong_usage(app: Flask, tmp_path: Path) -> None:
    assert run_here(app, "panel", "check", tmp_path / "none.json")[0] == 2


def test_expert_files_report_refused_rows_and_exit_3(app: Flask, tmp_path: Path) -> None:
    found_world()
    (tmp_path / "experts.csv").write_bytes(expert_file(3, row(3, disciplines="Z9")))
    code, report = run_here(app, "expert", "import", tmp_path / "experts.csv")
    assert (code, report["created"], report["refused"]) == (3, 3, 1)
    assert report["refusals"][0]["cell"] == "G5"
    (tmp_path / "consents.csv").write_bytes(consent_file(0, 1))
    assert run_here(app, "expert", "consent", tmp_path / "consents.csv")[0] == 0
    (tmp_path / "unknown.csv").write_bytes(consent_file(9))
    code, report = run_here(app, "expert", "consent", tmp_path / "unknown.csv")
    assert (code, report["refusals"][0]["code"]) == (3, "expert-unknown")
    assert run_here(app, "expert", "withdraw", "math:E000")[1] == {"ended": 1}
    assert run_here(app, "expert", "invite", "--society", "comp")[1] == {"links": 1}
