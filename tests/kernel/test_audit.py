"""The audit trail names what was done to it: bar 5 of the first walk."""

import pytest
import sqlalchemy as sa
from flask import Flask

from consortium.kernel.audit.chain import row_hash
from consortium.kernel.audit.chaining import heads_file
from consortium.kernel.audit.verify import verify_audit
from consortium.kernel.db import db
from consortium.kernel.outbox.sequencer import number_committed
from consortium.kernel.unit_of_work import unit_of_work


@pytest.fixture
def trail(app: Flask) -> Flask:
    """Twelve chained rows in three batches."""
    for _ in range(3):
        for number in range(4):
            with unit_of_work() as uow:
                uow.audit("test.acted", subject=f"s{number}", detail={"n": number, "名": "数"})
        number_committed()
    return app


def tamper(*statements: str) -> None:
    """What somebody with the database's password could do."""
    with unit_of_work() as uow:
        for statement in statements:
            uow.execute(sa.text(statement))


def found() -> tuple[bool, int | None, str | None]:
    verdict = verify_audit()
    return verdict.ok, verdict.first_bad, verdict.kind


def test_an_untouched_chain_is_right(trail: Flask) -> None:
    verdict = verify_audit()
    assert (verdict.rows, verdict.ok) == (12, True)


def test_a_changed_byte_is_named(trail: Flask) -> None:
    tamper("UPDATE audit SET subject = 's9' WHERE seq = 5")
    assert found() == (False, 5, "changed")


def test_a_removed_row_is_named(trail: Flask) -> None:
    tamper("DELETE FROM audit WHERE seq = 7")
    assert found() == (False, 7, "removed")


def test_swapped_numbers_are_named(trail: Flask) -> None:
    tamper(
        "UPDATE audit SET seq = -1 WHERE seq = 3",
        "UPDATE audit SET seq = 3 WHERE seq = 6",
        "UPDATE audit SET seq = 6 WHERE seq = -1",
    )
    assert found() == (False, 3, "swapped")


def test_swapped_contents_are_named(trail: Flask) -> None:
    tamper(
        "UPDATE audit SET subject = 'hold' WHERE seq = 2",
        "UPDATE audit SET subject = (SELECT subject FROM audit WHERE seq = 4) WHERE seq = 2",
        "UPDATE audit SET subject = 's1' WHERE seq = 4",
    )
    ok, first_bad, _ = found()
    assert (ok, first_bad) == (False, 2)


@pytest.mark.parametrize("also", ["", "UPDATE sequencer SET audit_seq = 9"])
def test_a_cut_tail_is_named_even_if_the_counter_is_set_back(trail: Flask, also: str) -> None:
    tamper("DELETE FROM audit WHERE seq > 9", "DELETE FROM audit_head", *([also] if also else []))
    assert found() == (False, 10, "truncated")


def test_a_chain_recomputed_from_a_row_is_named(trail: Flask) -> None:
    recompute_from(6)
    assert found() == (False, 6, "recomputed")


def recompute_from(first: int) -> None:
    """Change a row and mend every hash after it, as an attacker would who knows the code."""
    with unit_of_work() as uow:
        uow.execute(sa.text("UPDATE audit SET subject = 'x' WHERE seq = :seq"), {"seq": first})
        table = sa.Table("audit", sa.MetaData(), autoload_with=uow.session.connection())
        from consortium.kernel.audit.models import AuditRow

        rows = uow.session.scalars(sa.select(AuditRow).order_by(AuditRow.seq)).all()
        previous = next(row.hash for row in rows if row.seq == first - 1)
        for row in rows[first - 1 :]:
            row.previous_hash = previous
            row.hash = previous = row_hash(vars(row), seq=row.seq, previous_hash=previous)
        del table


def test_heads_are_kept_outside_the_database(trail: Flask) -> None:
    assert len(heads_file().read_text().splitlines()) == 3


def test_a_line_cut_short_on_file_counts_for_nothing(trail: Flask) -> None:
    with heads_file().open("a") as file:
        file.write('{"seq": 13, "ha')
    assert found() == (True, None, None)


def test_a_forged_head_on_file_does_not_pass_for_a_cut_tail(trail: Flask) -> None:
    with heads_file().open("a") as file:
        file.write(
            '{"seq": 99, "hash": "00", "at": "2026-01-01T00:00:00+00:00", "signature": "a..b"}\n'
        )
    assert found() == (False, 99, "head-unverifiable")


def test_reading_the_trail_twice_gives_the_same(trail: Flask) -> None:
    assert verify_audit() == verify_audit()
    db.session.remove()
