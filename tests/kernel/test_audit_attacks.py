"""What somebody with the database's password can do to the trail, and what verify says of it.

The attacker uses plain SQL from outside; the verdict is that of `flask consortium audit verify`.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
import pytest
from flask import Flask

from consortium.kernel import signing
from consortium.kernel.audit import chaining
from consortium.kernel.audit.chain import COVERED, row_hash
from consortium.kernel.audit.chaining import heads_file
from consortium.kernel.audit.models import AuditRow
from consortium.kernel.clock import FixedClock
from consortium.kernel.health import check_sequencer
from consortium.kernel.outbox import sequencer
from consortium.kernel.outbox.sequencer import number_committed
from consortium.kernel.unit_of_work import unit_of_work
from tests.conftest import Databases

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


def verify(app: Flask, *more: str) -> tuple[int, dict[str, Any]]:
    done = app.test_cli_runner().invoke(args=["consortium", "audit", "verify", "--json", *more])
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
    clean = {"rows": ROWS, "ok": True, "first_bad": None, "kind": None}
    told = {"heads": "outside", "heads_until": ROWS, "unchained": 0}
    assert verify(trail) == (0, clean | told)


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
    assert found(trail) == (False, seq, "changed")


def test_several_changed_seals_are_not_a_recomputed_chain(trail: Flask, attacker: Attacker) -> None:
    for seq in (5, 6):
        attacker.put("seal", seq, "0" * 64)
    assert found(trail) == (False, 5, "changed")


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


@pytest.mark.parametrize("cut", [8, 5, 3, 0])
@pytest.mark.parametrize("grown", [4, 12])
def test_a_cut_tail_that_has_grown_again_is_named(
    trail: Flask, attacker: Attacker, cut: int, grown: int
) -> None:
    cut_tail(attacker, cut)
    write_rows(grown)
    assert found(trail) == (False, cut // 4 * 4 + 4, "recomputed")


def cut_tail(attacker: Attacker, last: int) -> None:
    """Cut everything after a row and leave no trace in the database."""
    hash_ = attacker.get("hash", last) if last else "0" * 64
    attacker.run(
        f"UPDATE sequencer SET audit_seq = {last}, audit_hash = '{hash_}'",
        f"DELETE FROM audit WHERE seq > {last}",
        f"DELETE FROM audit_head WHERE seq > {last}",
    )


def write_rows(count: int) -> None:
    with unit_of_work() as uow:
        for number in range(count):
            uow.audit("test.other", subject=f"s{number}")
    number_committed()


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


def test_a_recomputed_chain_that_has_grown_is_named(trail: Flask, attacker: Attacker) -> None:
    recompute_from(6, attacker)
    write_rows(3)
    assert found(trail) == (False, 6, "recomputed")


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


def test_a_lost_heads_file_alone_is_no_alarm_but_the_verdict_says_so(trail: Flask) -> None:
    heads_file().unlink()
    assert found(trail) == (True, None, None)
    _, verdict = verify(trail)
    assert (verdict["heads"], verdict["heads_until"]) == ("inside-only", 0)


def test_heads_kept_elsewhere_name_what_the_machine_alone_cannot_see(
    trail: Flask, attacker: Attacker, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "safe.jsonl"
    heads_file().rename(elsewhere)
    cut_tail(attacker, 8)
    assert verify(trail)[1]["heads"] == "inside-only"
    code, verdict = verify(trail, "--heads", str(elsewhere))
    assert (code, verdict["first_bad"], verdict["kind"]) == (3, 9, "truncated")


def test_a_renamed_heads_file_is_still_read(trail: Flask, attacker: Attacker) -> None:
    heads_file().rename(heads_file().with_name("audit-heads-2026.jsonl"))
    cut_tail(attacker, 8)
    assert found(trail) == (False, 9, "truncated")


@pytest.mark.parametrize(
    "attack",
    [
        "hash = '{zeros}'",
        "signature = 'a..b'",
        "signature = (SELECT signature FROM audit_head WHERE seq = 4)",
        "seq = seq + 100",
    ],
    ids=["hash", "signature", "another", "seq"],
)
@pytest.mark.parametrize("first", [8, 12])
@pytest.mark.parametrize("outside", [True, False])
def test_altered_heads_are_named(
    trail: Flask, attacker: Attacker, attack: str, first: int, outside: bool
) -> None:
    if not outside:
        heads_file().unlink()
    attacker.run(f"UPDATE audit_head SET {attack.format(zeros='0' * 64)} WHERE seq >= {first}")
    moved = 100 if attack.startswith("seq") else 0
    assert found(trail) == (False, first + moved, "head-unverifiable")


@pytest.mark.parametrize(
    ("table", "column", "fault"),
    [
        ("audit", "seq", (12, "changed")),
        ("audit", "position", (12, "changed")),
        ("audit_head", "seq", (2**60, "head-unverifiable")),
        ("sequencer", "audit_seq", (13, "truncated")),
    ],
)
def test_numbers_too_large_for_json_do_not_stop_the_verdict(
    trail: Flask, attacker: Attacker, table: str, column: str, fault: tuple[int, str]
) -> None:
    last = "" if table == "sequencer" else "WHERE seq = 12"
    attacker.run(f"UPDATE {table} SET {column} = {2**60} {last}")
    assert found(trail) == (False, *fault)


def test_removed_heads_are_named(trail: Flask, attacker: Attacker) -> None:
    attacker.run("DELETE FROM audit_head")
    assert found(trail) == (False, ROWS, "head-missing")


@pytest.mark.parametrize("how", ["public_jwk = '{}'", "revoked_at = created_at"])
def test_heads_do_not_lean_on_what_the_database_says_of_their_key(
    trail: Flask, attacker: Attacker, how: str
) -> None:
    attacker.run(f"UPDATE signing_key SET {how}")
    # The command is a process of its own and remembers no keys.
    trail.extensions.pop(signing.EXTENSION)
    assert found(trail) == (True, None, None)
    cut_tail(attacker, 8)
    assert found(trail) == (False, 9, "truncated")


@pytest.mark.parametrize(
    "how", ["DELETE FROM signing_key", "UPDATE signing_key SET private_encrypted = 'v1.0.0'"]
)
def test_heads_whose_key_is_gone_are_named(trail: Flask, attacker: Attacker, how: str) -> None:
    cut_tail(attacker, 8)
    attacker.run(how, "DELETE FROM audit_head")
    assert found(trail) == (False, 4, "head-unverifiable")


@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE sequencer SET audit_hash = '{zeros}'",
        "UPDATE sequencer SET audit_seq = 11",
        "UPDATE sequencer SET audit_seq = -1",
        "DELETE FROM sequencer",
    ],
)
def test_an_altered_sequencer_is_named(trail: Flask, attacker: Attacker, attack: str) -> None:
    attacker.run(attack.format(zeros="0" * 64))
    assert found(trail) == (False, ROWS, "sequencer-altered")


@pytest.mark.sqlite_only
@pytest.mark.parametrize("value", ["'zz'", "'12x'", "12.5", "X'ff'"])
def test_an_unreadable_sequencer_is_named(trail: Flask, attacker: Attacker, value: str) -> None:
    attacker.run(f"UPDATE sequencer SET audit_seq = {value}")
    assert found(trail) == (False, ROWS, "sequencer-altered")


@pytest.mark.parametrize("has_change", [True, False])
def test_a_row_put_in_past_the_program_is_named_and_never_sealed(
    trail: Flask, attacker: Attacker, has_change: bool
) -> None:
    forge_row(attacker, has_change=has_change)
    write_rows(1)
    assert found(trail) == (False, None, "unchained")
    verdict = verify(trail)[1]
    assert (verdict["rows"], verdict["unchained"]) == (ROWS + 1, 1)


def test_a_row_put_in_past_the_program_raises_the_alarm(trail: Flask, attacker: Attacker) -> None:
    assert check_sequencer() is None
    forge_row(attacker, has_change=True)
    assert (check_sequencer() or "").startswith("1 audit rows put in past the program")


def forge_row(attacker: Attacker, *, has_change: bool) -> None:
    """Copy a row under a new id, not chained yet, of a change long ago or of none."""
    names = ", ".join(set(COVERED) - {"position", "id", "change_id"})
    made_up = UUID(int=7).hex if attacker.is_sqlite else str(UUID(int=7))
    change_id = "change_id" if has_change else f"'{made_up}'"
    attacker.run(
        f"INSERT INTO audit (id, change_id, {names}) "
        f"SELECT '{made_up}', {change_id}, {names} FROM audit WHERE seq = 3"
    )


def test_rows_that_wait_for_the_worker_are_no_fault(trail: Flask) -> None:
    with unit_of_work() as uow:
        uow.audit("test.other")
    assert found(trail) == (True, None, None)
    assert verify(trail)[1]["unchained"] == 0


def test_a_round_that_dies_leaves_its_rows_to_the_next(
    trail: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    def die(*_told: object, **_named: object) -> int:
        raise RuntimeError("killed")

    with unit_of_work() as uow:
        uow.audit("test.other")
    with monkeypatch.context() as patched:
        patched.setattr(sequencer, "_stamp_changes", die)
        with pytest.raises(RuntimeError):
            number_committed()
    number_committed()
    assert found(trail) == (True, None, None)
    assert verify(trail)[1]["rows"] == ROWS + 1


def test_more_rows_than_a_batch_are_chained_over_several_rounds(
    trail: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chaining, "BATCH", 5)
    write_rows(12)
    assert (verify(trail)[1]["rows"], verify(trail)[1]["unchained"]) == (ROWS + 5, 0)
    while number_committed():
        pass
    assert found(trail) == (True, None, None)
    assert verify(trail)[1]["rows"] == ROWS + 12


def test_old_heads_in_the_table_are_thinned_to_one_an_hour(
    app: Flask, clock: FixedClock, attacker: Attacker
) -> None:
    for _ in range(6):
        clock.advance(minutes=20)
        write_rows(1)
    assert heads_inside(attacker) == [4, 8, 12, 13, 14, 15, 16, 17, 18]
    clock.advance(days=2)
    write_rows(1)
    # Their hours are 4, 5 and 6 o'clock UTC.
    assert heads_inside(attacker) == [14, 17, 18, 19]
    assert len(heads_file().read_text().splitlines()) == 10
    assert found(app) == (True, None, None)


def heads_inside(attacker: Attacker) -> list[int]:
    rows = attacker.connection.execute("SELECT seq FROM audit_head ORDER BY seq").fetchall()
    attacker.connection.commit()
    return [row[0] for row in rows]


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


@pytest.mark.parametrize("table", ["audit", "audit_head", "change", "sequencer", "signing_key"])
def test_a_table_that_was_taken_away_is_named(trail: Flask, attacker: Attacker, table: str) -> None:
    # Put back as it was: where tests share a database only its rows are wiped.
    attacker.run(f"ALTER TABLE {table} RENAME TO gone")
    try:
        assert found(trail) == (False, None, "table-missing")
    finally:
        attacker.run(f"ALTER TABLE gone RENAME TO {table}")
    assert found(trail) == (True, None, None)


def test_a_column_that_was_taken_away_is_named(trail: Flask, attacker: Attacker) -> None:
    attacker.run("ALTER TABLE audit RENAME COLUMN seal TO gone")
    try:
        assert found(trail) == (False, None, "table-missing")
    finally:
        attacker.run("ALTER TABLE audit RENAME COLUMN gone TO seal")


def test_a_database_that_was_never_migrated_is_refused_plainly(
    make_app: Callable[..., Flask], databases: Databases
) -> None:
    app = make_app(database_url=databases.empty())
    code, problem = verify(app)
    assert (code, problem["code"]) == (1, "schema-outdated")
