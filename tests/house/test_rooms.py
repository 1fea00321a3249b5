"""The house keeps its plan: equal rooms, one place that commits, nothing overgrown."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

import wsgi
from consortium.kernel.db import db

ROOT = Path(__file__).parents[2]
PACKAGES = ("consortium", "auth", "membership", "events", "think_tank")
ROOMS = ("feature", "models", "services", "policies", "rules", "values", "errors", "templates")
OPEN_ROOMS = {"services", "values", "errors", "kernel", "migrations"}
LONGEST_FILE, LONGEST_FUNCTION, MOST_IGNORES = 400, 60, 20
TEXTS = (
    "README.md",
    "README.zh-CN.md",
    "SECURITY.md",
    "CHANGELOG.md",
    "Makefile",
    "pyproject.toml",
)
MACHINE = re.compile(r"/work/|/root/|/home/[a-z]|/tmp/w|process_api")


def sources(*folders: str) -> Iterator[Path]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if not {".venv", "__pycache__", "versions"} & set(path.parts):
                yield path


def product() -> Iterator[Path]:
    yield from sources(*PACKAGES)
    yield ROOT / "wsgi.py"


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("package", PACKAGES)
def test_every_package_has_the_same_rooms(package: str) -> None:
    present = {path.stem for path in (ROOT / package).iterdir()}
    assert [room for room in ROOMS if room not in present] == []
    doors = {"views", "api", "jobs", "handlers", "commands", "claims", "feeds"}
    assert doors & present


@pytest.mark.parametrize("package", ["consortium", "auth", "membership"])
def test_the_contract_across_packages_names_every_inner_room(package: str) -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    (contract,) = [
        found
        for found in contracts["contracts"]
        if found["name"] == f"Across packages only services, values, errors: {package}"
    ]
    rooms = {
        f"{package}.{path.stem}"
        for path in (ROOT / package).iterdir()
        if (path.suffix == ".py" or (path / "__init__.py").exists())
        and path.stem not in OPEN_ROOMS | {"__init__"}
    }
    assert sorted(rooms - set(contract["forbidden_modules"])) == []


def test_only_the_unit_of_work_commits() -> None:
    words = re.compile(r"\.commit\(|\.begin\(|AUTOCOMMIT")
    home = ROOT / "consortium/kernel/unit_of_work.py"
    found = [shown(path) for path in product() if path != home and words.search(path.read_text())]
    assert found == []


def test_there_is_no_room_called_utils() -> None:
    assert [shown(path) for path in product() if path.stem in {"utils", "util", "helpers"}] == []


def test_no_file_is_overgrown() -> None:
    lines = {shown(path): len(path.read_text().splitlines()) for path in product()}
    assert {name: count for name, count in lines.items() if count > LONGEST_FILE} == {}


def test_no_function_is_overgrown() -> None:
    found = {}
    for path in product():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or 0) - node.lineno + 1
                if length > LONGEST_FUNCTION:
                    found[f"{shown(path)}:{node.name}"] = length
    assert found == {}


def test_types_are_ignored_seldom_and_with_a_reason() -> None:
    ignores = [
        (shown(path), line.strip())
        for path in product()
        for line in path.read_text().splitlines()
        if "type: ignore" in line
    ]
    bare = [
        found for found in ignores if not re.search(r"type: ignore\[[\w, -]+\]\s+# \w", found[1])
    ]
    assert bare == []
    assert len(ignores) <= MOST_IGNORES


def test_no_document_names_a_path_of_somebodys_machine() -> None:
    texts = [ROOT / name for name in TEXTS if (ROOT / name).exists()]
    texts += list((ROOT / "docs").rglob("*.md"))
    texts += list(product())
    found = [
        f"{shown(path)}: {line.strip()[:80]}"
        for path in texts
        for line in path.read_text(encoding="utf-8").splitlines()
        if MACHINE.search(line)
    ]
    assert found == []


def own_tables() -> list[sa.Table]:
    return [table for table in db.metadata.sorted_tables if not table.name.startswith("guest_")]


def test_every_foreign_key_is_indexed() -> None:
    missing = []
    for table in own_tables():
        starts = [index.columns[0].name for index in table.indexes if len(index.columns)]
        starts += [column.name for column in list(table.primary_key.columns)[:1]]
        starts += [
            next(iter(constraint.columns)).name
            for constraint in table.constraints
            if isinstance(constraint, sa.UniqueConstraint)
        ]
        missing += [
            f"{table.name}.{key.parent.name}"
            for key in table.foreign_keys
            if key.parent.name not in {*starts} and not key.parent.index and not key.parent.unique
        ]
    assert missing == []


def test_retention_names_tables_that_exist() -> None:
    tables = {table.name for table in own_tables()}
    declared = [entry.table for feature in wsgi.FEATURES for entry in feature.retention]
    assert [name for name in declared if name not in tables] == []


def test_job_and_handler_names_are_unique_and_say_whose_they_are() -> None:
    for feature in wsgi.FEATURES:
        prefix = feature.name.replace("_", "-")
        names = [job.name for job in feature.jobs] + [handler.name for handler in feature.handlers]
        assert [name for name in names if not name.startswith((prefix, feature.name))] == []
    jobs = [job.name for feature in wsgi.FEATURES for job in feature.jobs]
    handlers = [handler.name for feature in wsgi.FEATURES for handler in feature.handlers]
    assert (len(jobs), len(handlers)) == (len(set(jobs)), len(set(handlers)))


def test_the_document_lists_every_test_of_one_engine_alone() -> None:
    marked = [
        (mark.attr.removesuffix("_only"), node.name)
        for path in sources("tests")
        if "_only" in (text := path.read_text())
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef)
        for mark in node.decorator_list
        if isinstance(mark, ast.Attribute) and mark.attr in {"sqlite_only", "postgresql_only"}
    ]
    text = (ROOT / "docs" / "tests.md").read_text()
    listed = re.findall(r"^- `(\w+)`: `(\w+)`$", text, flags=re.MULTILINE)
    assert sorted(listed) == sorted(marked)
    assert len(listed) <= 20
