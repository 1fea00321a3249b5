"""When a change counts as known: after it began, and never before what was known already."""

import threading
from collections.abc import Callable
from datetime import datetime

import pytest
import sqlalchemy as sa
from flask import Flask

from consortium.kernel.db import Change, db
from consortium.kernel.faults import Busy
from consortium.kernel.outbox import sequencer
from consortium.kernel.outbox.sequencer import find_position, number_committed
from consortium.kernel.unit_of_work import current_unit_of_work, reading, transaction


@transaction
def change_something(key: str) -> None:
    current_unit_of_work().audit("test.acted", subject=key)


@transaction
def only_change() -> None:
    # A change without news or audit rows: nothing but its own row tells of it.
    assert current_unit_of_work().change_id


@reading
def stamps() -> list[tuple[datetime, datetime | None]]:
    query = sa.select(Change.at, Change.recorded_at).order_by(Change.at)
    return [(at, recorded_at) for at, recorded_at in db.session.execute(query)]


def in_a_thread(app: Flask, act: Callable[[], None]) -> None:
    def run() -> None:
        with app.app_context():
            act()
            db.session.remove()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(timeout=30)
    assert not thread.is_alive()


@pytest.mark.postgresql_only
def test_a_change_that_began_during_a_round_is_not_known_before_it_began(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    chain = sequencer.chain_audit_rows

    def chain_slowly(*told: object) -> object:
        made = chain(*told)  # type: ignore[arg-type]
        in_a_thread(app, only_change)
        return made

    change_something("a")
    monkeypatch.setattr(sequencer, "chain_audit_rows", chain_slowly)
    number_committed()
    found = stamps()
    assert len(found) == 2
    assert [recorded_at is not None and recorded_at >= at for at, recorded_at in found] == [
        True
    ] * 2
    assert find_position().watermark == max(stamp for _, stamp in found if stamp)


def test_the_watermark_is_the_newest_stamp(app: Flask) -> None:
    for key in "abc":
        change_something(key)
        number_committed()
        newest = [recorded_at for _, recorded_at in stamps()]
        assert newest == sorted(newest, key=lambda stamp: stamp or datetime.min)
        assert newest[-1] == find_position().watermark


@pytest.mark.postgresql_only
def test_waiting_for_a_lock_in_vain_is_refused_as_busy(
    make_app: Callable[..., Flask],
) -> None:
    app = make_app(database_wait_seconds=1)
    with app.app_context():
        change_something("a")
        number_committed()
        held, go_on = threading.Event(), threading.Event()

        @transaction
        def hold() -> None:
            sequencer.lock_sequencer(current_unit_of_work())
            held.set()
            go_on.wait(timeout=30)

        def run() -> None:
            with app.app_context():
                hold()
                db.session.remove()

        thread = threading.Thread(target=run)
        thread.start()
        held.wait(timeout=30)
        try:
            with pytest.raises(Busy):
                lock_it()
        finally:
            go_on.set()
            thread.join(timeout=30)


@transaction
def lock_it() -> None:
    sequencer.lock_sequencer(current_unit_of_work())
