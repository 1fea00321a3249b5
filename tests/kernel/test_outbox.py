"""News: numbered after commit, read by cursor, heard once."""

from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from consortium.kernel.clock import FixedClock
from consortium.kernel.db import Change, db
from consortium.kernel.feature import Feature, Handler, Message
from consortium.kernel.outbox import feed
from consortium.kernel.outbox.models import HandlerCursor, SetAside
from consortium.kernel.outbox.relay import relay_news
from consortium.kernel.outbox.sequencer import find_position, number_committed, open_epoch
from consortium.kernel.unit_of_work import reading, unit_of_work

MakeApp = Callable[..., Flask]


def emit(*keys: str) -> None:
    for key in keys:
        with unit_of_work() as uow:
            uow.emit("test.thing.made", key, {"key": key})


def test_unnumbered_news_is_not_read(app: Flask) -> None:
    emit("a")
    assert feed.read_feed(None, limit=10).records == []


def test_pages_follow_each_other_without_gap_or_repeat(app: Flask) -> None:
    emit(*"abcde")
    number_committed()
    first = feed.read_feed(None, limit=2)
    second = feed.read_feed(first.next, limit=2)
    third = feed.read_feed(second.next, limit=2)
    keys = [record.key for page in (first, second, third) for record in page.records]
    assert keys == list("abcde")
    assert third.next == third.head


def test_versions_of_one_key_grow(app: Flask) -> None:
    emit("a", "a", "a")
    number_committed()
    versions = [record.version for record in feed.read_feed(None, limit=9).records]
    assert versions == sorted(set(versions))


def test_a_changed_cursor_is_refused(app: Flask) -> None:
    emit("a")
    number_committed()
    cursor = feed.read_feed(None, limit=1).next
    with pytest.raises(feed.CursorInvalid):
        feed.read_feed("x" + cursor, limit=1)


def test_a_cursor_of_an_earlier_epoch_is_gone(app: Flask) -> None:
    emit("a")
    number_committed()
    cursor = feed.read_feed(None, limit=1).next
    open_epoch()
    with pytest.raises(feed.EpochChanged):
        feed.read_feed(cursor, limit=1)


def test_a_cursor_ahead_of_the_head_is_gone_for_a_copy_was_put_back(app: Flask) -> None:
    emit("a")
    number_committed()
    position = find_position()
    here = feed.make_cursor(position.epoch, position.seq)
    ahead = feed.make_cursor(position.epoch, position.seq + 1)
    assert feed.read_feed(here, limit=1).records == []
    with pytest.raises(feed.EpochChanged):
        feed.read_feed(ahead, limit=1)


def test_a_cursor_of_the_empty_database_stands_at_the_beginning(app: Flask) -> None:
    cursor = feed.read_feed(None, limit=1).next
    emit("a")
    number_committed()
    assert [record.key for record in feed.read_feed(cursor, limit=1).records] == ["a"]


def test_every_change_is_stamped_and_the_watermark_never_goes_back(app: Flask) -> None:
    marks = []
    for _ in range(3):
        emit("a")
        number_committed()
        marks.append(find_position().watermark)
    assert marks == sorted(set(marks))

    @reading
    def unstamped() -> int:
        query = sa.select(sa.func.count()).where(Change.recorded_at.is_(None))
        return db.session.scalar(query) or 0

    assert unstamped() == 0


def listening(apply: Callable[[Message], None]) -> Feature:
    return Feature("guest", handlers=(Handler("guest.listen", ("test.*",), apply),))


def test_a_handler_hears_each_message_once_in_order(make_app: MakeApp) -> None:
    heard: list[str] = []
    guest = listening(lambda message: heard.append(message.key))
    with make_app(guest).app_context():
        emit(*"abc")
        number_committed()
        while relay_news():
            pass
        assert heard == ["a", "b", "c"]


def test_a_message_that_keeps_failing_is_set_aside_and_the_next_goes_on(
    make_app: MakeApp, clock: FixedClock
) -> None:
    heard: list[str] = []

    def apply(message: Message) -> None:
        if message.key == "b":
            raise ValueError("cannot take b")
        heard.append(message.key)

    with make_app(listening(apply)).app_context():
        emit(*"abc")
        number_committed()
        for _ in range(10):
            relay_news()
            clock.advance(minutes=5)
        assert heard[-1] == "c"

        @reading
        def aside() -> list[tuple[str, int]]:
            rows = db.session.execute(sa.select(SetAside.handler, SetAside.seq))
            return [tuple(row) for row in rows]

        assert aside() == [("guest.listen", 2)]

        @reading
        def cursor() -> int:
            return db.session.scalar(
                sa.select(HandlerCursor.seq).where(HandlerCursor.name == "guest.listen")
            )

        assert cursor() >= 3
