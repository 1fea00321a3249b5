"""What somebody with the database's password can do to the trail, and what verify says of it.

The attacker uses plain SQL from outside; the verdict is that of `flask consortium audit verify`.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from flask import Flask

from consortium.kernel.audit.chain import COVERED, row_hash
from consortium.kernel.audit.chaining import heads_file
from consortium.kernel.audit.models import AuditRow
from consortium.kernel.outbox.sequencer import number_committed
from consortium.kernel.unit_of_work import unit_of_work

ROWS = 12
COLUMNS = sorted(column.name for column in AuditRow.__table__.columns)


class Attacker:
    """Plain SQL from outside, without foreign keys in the way."""

    def __init__(self, url: str) -> None:
        self.is_sqlite = url.startswith("sqlite")
        if self.is_sqlite:
            self.connection: Any = sqlite3.connect(url.removeprefix("sqlite:///"))
        else:
            self.connection = psycopg.connect(url.replace("+psycopg", ""))
            self.connection.execute("SET session_replication_role = replica")

    def run(self, *statements: str) -> None:
        for statement in statements:
            self.connection.execute(statement)
        self.connection.commit()

    def get(self, column: str, seq: int) -> Any:
        query = f"SELECT {column} FROM audit WHERE seq = {seq}"
        return self.connection.execute(query).fetchone()[0]

    def put(self, column: str, seq: int, value: object) -> None:
        mark = "?" if self.is_sqlite else "%s"
        if isinstance(value, dict):
            value = json.dumps(value)
        statement = f"UPDATE audit SET {column} = {mark} WHERE seq = {seq}"
        self.connection.execute(statement, (value,))
        self.connection.commit()


@pytest.fixture
def trail(app: Flask) -> Flask:
    """Twelve chained rows in three batches."""
    write_trail()
    return app


def write_trail() -> None:
    for batch in range(3):
        for number in range(4):
            with unit_of_work() as uow:
                detail = {"n": batch * 4 + number}
                uow.audit("test.acted", subject=f"s{number}", society="math", detail=detail)
        number_committed()


@pytest.fixture
def attacker(trail: Flask, database_url: str) -> Iterator[Attacker]:
    attacker = Attacker(database_url)
    yield attacker
    attacker.connection.close()


def verify(app: Flask) -> tuple[int, dict[str, Any]]:
    done = app.test_cli_runner().invoke(args=["consortium", "audit", "verify", "--json"])
    return done.exit_code, json.loads(done.stdout)


def found(app: Flask) -> tuple[bool, int | None, str | None]:
    code, verdict = verify(app)
    assert code == (0 if verdict["ok"] else 3)
    return verdict["ok"], verdict["first_bad"], verdict["kind"]


def change(value: object, column: str) -> object:
    """The value with one byte changed, still of its type."""
    match value:
        case None:
            return str(UUID(int=1)) if column == "actor_person" else "x"
        case dict():
            return {"n": value["n"] + 1}
        case UUID():
            return UUID(int=value.int ^ 1)
        case datetime():
            return value + timedelta(microseconds=1)
        case int():
            return value + 1000
        case str() if column == "at":
            return str(datetime.fromisoformat(value) + timedelta(microseconds=1))
        case str() if column == "detail":
            return value.replace("5", "6")
        case str():
            return value[:-1] + ("0" if value[-1] != "0" else "1")
    raise AssertionError(value)


def test_an_untouched_trail_is_right(trail: Flask) -> None:
    assert verify(trail) == (0, {"rows": ROWS, "ok": True, "first_bad": None, "kind": None})


@pytest.mark.parametrize("column", COLUMNS)
def test_a_changed_byte_in_any_column_is_named(
    trail: Flask, attacker: Attacker, column: str
) -> None:
    attacker.put(column, 6, change(attacker.get(column, 6), column))
    assert found(trail) == (False, 6, "changed")


@pytest.mark.parametrize("seq", [1, 6, ROWS])
def test_a_changed_seal_is_named_wherever_it_stands(
    trail: Flask, attacker: Attacker, seq: int
) -> None:
    attacker.put("seal", seq, "0" * 64)
    ok, first_bad, _ = found(trail)
    assert (ok, first_bad) == (False, seq)


@pytest.mark.parametrize(("seq", "kind"), [(1, "removed"), (6, "removed"), (12, "truncated")])
@pytest.mark.parametrize(
    "how", ["DELETE FROM audit WHERE seq = {}", "UPDATE audit SET seq = NULL WHERE seq = {}"]
)
def test_a_removed_row_is_named(
    trail: Flask, attacker: Attacker, seq: int, kind: str, how: str
) -> None:
    attacker.run(how.format(seq))
    assert found(trail) == (False, seq, kind)


@pytest.mark.parametrize(("one", "other"), [(1, 2), (3, 9), (5, 6), (11, 12), (1, 12)])
@pytest.mark.parametrize(
    "parts",
    [
        ("seq",),
        ("position",),
        ("seq", "previous_hash"),
        ("seq", "previous_hash", "hash", "seal"),
        tuple(name for name in COVERED if name not in {"position", "id"}),
        tuple(name for name in COLUMNS if name not in {"position", "id", "seq"}),
    ],
    ids=["seq", "position", "linked", "whole", "content", "all-but-numbers"],
)
def test_swapped_rows_are_named(
    trail: Flask, attacker: Attacker, one: int, other: int, parts: tuple[str, ...]
) -> None:
    swap(attacker, one, other, parts)
    ok, first_bad, kind = found(trail)
    assert (ok, first_bad) == (False, one)
    # Without their ids the contents were mixed, not swapped.
    mixed = "seq" not in parts and "position" not in parts
    assert kind == ("changed" if mixed else "swapped")


def swap(attacker: Attacker, one: int, other: int, parts: tuple[str, ...]) -> None:
    values = {name: (attacker.get(name, one), attacker.get(name, other)) for name in parts}
    keyed = [name for name in parts if name in {"seq", "position"}]
    plain = [name for name in parts if name not in keyed]
    for name in plain:
        attacker.put(name, one, values[name][1])
        attacker.put(name, other, values[name][0])
    for name in keyed:
        key = "position" if name == "seq" else "seq"
        mine, its = attacker.get(key, one), attacker.get(key, other)
        for at, value in ((mine, -1), (its, values[name][0]), (mine, values[name][1])):
            attacker.run(f"UPDATE audit SET {name} = {value} WHERE {key} = {at}")


@pytest.mark.parametrize(
    "also",
    [
        [],
        ["DELETE FROM audit_head"],
        ["UPDATE sequencer SET audit_seq = 9"],
        ["DELETE FROM audit_head", "UPDATE sequencer SET audit_seq = 9"],
        ["DELETE FROM audit_head", "DELETE FROM sequencer"],
        ["UPDATE audit_head SET seq = 9 WHERE seq = 12", "UPDATE sequencer SET audit_seq = 9"],
    ],
    ids=["bare", "heads", "counter", "both", "no-counter", "head-moved"],
)
def test_a_cut_tail_is_named(trail: Flask, attacker: Attacker, also: list[str]) -> None:
    attacker.run("DELETE FROM audit WHERE seq > 9", *also)
    assert found(trail) == (False, 10, "truncated")


def test_a_cut_tail_that_has_grown_again_is_named(trail: Flask, attacker: Attacker) -> None:
    attacker.run(
        "UPDATE sequencer SET audit_seq = 8, audit_hash = (SELECT hash FROM audit WHERE seq = 8)",
        "DELETE FROM audit WHERE seq > 8",
        "DELETE FROM audit_head WHERE seq > 8",
    )
    with unit_of_work() as uow:
        for number in range(4):
            uow.audit("test.other", subject=f"s{number}")
    number_committed()
    assert found(trail) == (False, 12, "recomputed")


@pytest.mark.parametrize("first", [1, 6, ROWS])
def test_a_chain_recomputed_from_a_row_is_named(
    trail: Flask, attacker: Attacker, first: int
) -> None:
    recompute_from(first, attacker)
    assert found(trail) == (False, first, "recomputed")


def recompute_from(first: int, attacker: Attacker) -> None:
    """Change a row and mend every hash after it, as one would who knows the code."""
    attacker.put("subject", first, "changed")
    previous = "0" * 64 if first == 1 else attacker.get("hash", first - 1)
    for seq in range(first, ROWS + 1):
        row = {name: told(name, attacker.get(name, seq)) for name in COVERED}
        made = row_hash(row, seq=seq, previous_hash=previous)
        attacker.put("previous_hash", seq, previous)
        attacker.put("hash", seq, made)
        previous = made
    attacker.run(f"UPDATE sequencer SET audit_hash = '{previous}'", "DELETE FROM audit_head")


def told(name: str, value: Any) -> Any:
    """A stored value as the program reads it."""
    if name == "at":
        at = datetime.fromisoformat(value) if isinstance(value, str) else value
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    if name in {"id", "change_id"}:
        return UUID(str(value))
    return json.loads(value) if name == "detail" and isinstance(value, str) else value


def test_a_trail_without_any_row_is_named(trail: Flask, attacker: Attacker) -> None:
    attacker.run("DELETE FROM audit", "DELETE FROM audit_head", "DELETE FROM sequencer")
    assert found(trail) == (False, 1, "truncated")


def test_a_lost_heads_file_alone_is_no_alarm(trail: Flask) -> None:
    heads_file().unlink()
    assert found(trail) == (True, None, None)


BYTES: list[tuple[str, Callable[[Any], str]]] = [
    ("id", lambda value: f"'{value.upper()}'"),
    ("detail", lambda value: f"'{value.replace(':', ': ')}'"),
    ("detail", lambda value: "'{not json'"),
    ("at", lambda value: "'yesterday'"),
    ("subject", lambda value: "CAST(X'ff' AS TEXT)"),
    ("position", lambda value: f"{value}000"),
    ("seq", lambda value: f"'{value}x'"),
    ("hash", lambda value: "NULL"),
    ("seal", lambda value: "CAST(X'ff' AS TEXT)"),
    ("seal", lambda value: "'\u00e9'"),
    ("change_id", lambda value: "'short'"),
]


@pytest.mark.sqlite_only
def test_bytes_that_read_alike_or_not_at_all_are_named(trail: Flask, attacker: Attacker) -> None:
    for column, make in BYTES:
        key = "position" if column == "seq" else "seq"
        at = attacker.get(key, 6)
        before = attacker.get(f"quote({column})", 6)
        attack = make(attacker.get(column, 6))
        attacker.run(f"UPDATE audit SET {column} = {attack} WHERE {key} = {at}")
        assert (column, attack, found(trail)) == (column, attack, (False, 6, "changed"))
        attacker.run(f"UPDATE audit SET {column} = {before} WHERE {key} = {at}")
        assert found(trail) == (True, None, None)


@pytest.mark.sqlite_only
def test_unreadable_heads_do_not_stop_the_verdict(trail: Flask, attacker: Attacker) -> None:
    attacker.run(
        "UPDATE audit_head SET at = 'yesterday', signature = CAST(X'ff' AS TEXT)",
        "UPDATE sequencer SET watermark = 'never', audit_hash = CAST(X'ff' AS TEXT)",
        "DELETE FROM audit WHERE seq = 12",
    )
    assert found(trail) == (False, 12, "truncated")
