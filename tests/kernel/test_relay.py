"""Handlers cost a transaction only when there is something for them to hear."""

import json
import sys
from collections.abc import Callable

import pytest
import sqlalchemy as sa
from flask import Flask

from consortium.kernel.clock import FixedClock
from consortium.kernel.db import db
from consortium.kernel.faults import Busy
from consortium.kernel.feature import Feature, Handler, Message
from consortium.kernel.outbox import relay
from consortium.kernel.outbox.models import HandlerCursor, SetAside
from consortium.kernel.outbox.relay import Relay
from consortium.kernel.outbox.sequencer import number_committed
from consortium.kernel.unit_of_work import reading, unit_of_work

MakeApp = Callable[..., Flask]


def emit(topic: str, *keys: str) -> None:
    for key in keys:
        with unit_of_work() as uow:
            uow.emit(topic, key, {"key": key})
    number_committed()


@reading
def cursor_of(name: str) -> int | None:
    return db.session.scalar(sa.select(HandlerCursor.seq).where(HandlerCursor.name == name))


def guest(name: str, topic: str, heard: list[str]) -> Feature:
    def apply(message: Message) -> None:
        heard.append(message.key)

    return Feature(name, handlers=(Handler(f"{name}.listen", (topic,), apply),))


def test_only_who_hears_the_topic_is_asked(make_app: MakeApp) -> None:
    things: list[str] = []
    others: list[str] = []
    app = make_app(guest("one", "test.thing.*", things), guest("two", "test.other", others))
    with app.app_context():
        emit("test.thing.made", "a", "b")
        assert Relay().hand_on() == 2
        assert (things, others) == (["a", "b"], [])
        assert (cursor_of("one.listen"), cursor_of("two.listen")) == (2, None)


def test_a_batch_ends_at_the_last_heard_message_or_at_the_head(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "BATCH", 2)
    heard: list[str] = []
    with make_app(guest("one", "test.thing", heard)).app_context():
        news = Relay()
        for key in "abc":
            emit("test.other", f"not-{key}")
            emit("test.thing", key)
        emit("test.other", "last")
        assert [news.hand_on(), cursor_of("one.listen")] == [2, 4]
        assert [news.hand_on(), cursor_of("one.listen")] == [1, 7]
        assert news.hand_on() == 0
        assert heard == ["a", "b", "c"]


def test_what_comes_later_is_heard_by_the_same_relay(make_app: MakeApp) -> None:
    heard: list[str] = []
    with make_app(guest("one", "test.thing", heard)).app_context():
        news = Relay()
        emit("test.thing", "a")
        news.hand_on()
        emit("test.other", "x")
        assert news.hand_on() == 0
        emit("test.thing", "b")
        assert (news.hand_on(), heard) == (1, ["a", "b"])


def test_a_handler_that_hears_nothing_is_moved_on_when_far_behind(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "FAR_BEHIND", 2)
    with make_app(guest("one", "test.thing", [])).app_context():
        emit("test.other", "a", "b")
        Relay().hand_on()
        assert cursor_of("one.listen") is None
        emit("test.other", "c")
        Relay().hand_on()
        assert cursor_of("one.listen") == 3


def test_a_handler_at_rest_is_not_asked(make_app: MakeApp, clock: FixedClock) -> None:
    tried: list[str] = []

    def apply(message: Message) -> None:
        tried.append(message.key)
        raise ValueError("not now")

    feature = Feature("one", handlers=(Handler("one.listen", ("test.thing",), apply),))
    with make_app(feature).app_context():
        emit("test.thing", "a")
        news = Relay()
        news.hand_on()
        count = len(tried)
        news.hand_on()
        assert len(tried) == count
        clock.advance(minutes=1)
        news.hand_on()
        assert len(tried) > count


def taking_over(name: str, seq: int) -> None:
    """Another worker hands messages on up to `seq`."""
    with unit_of_work() as uow:
        values = {"seq": seq, "attempts": 0, "not_before": None}
        uow.execute(sa.update(HandlerCursor).where(HandlerCursor.name == name).values(values))


@reading
def failures_of(name: str) -> int:
    return db.session.scalar(sa.select(HandlerCursor.attempts).where(HandlerCursor.name == name))


@pytest.mark.parametrize("keys", ["a", "ab"])
def test_the_next_message_is_not_blamed_for_one_that_another_worker_took(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch, keys: str
) -> None:
    note = relay._note_failure

    def note_late(handler: Handler, *told: object) -> None:
        taking_over(handler.name, 1)
        note(handler, *told)

    def apply(_message: Message) -> None:
        raise ValueError("not here")

    monkeypatch.setattr(relay, "_note_failure", note_late)
    feature = Feature("one", handlers=(Handler("one.listen", ("test.thing",), apply),))
    with make_app(feature).app_context():
        with unit_of_work() as uow:
            uow.add(HandlerCursor(name="one.listen", seq=0, attempts=0))
        emit("test.thing", *keys)
        assert Relay().hand_on() == 0
        assert failures_of("one.listen") == 0


def test_a_handler_that_exits_does_not_end_the_worker(make_app: MakeApp, clock: FixedClock) -> None:
    def apply(_message: Message) -> None:
        sys.exit()

    feature = Feature("one", handlers=(Handler("one.listen", ("test.thing",), apply),))
    with make_app(feature).app_context():
        emit("test.thing", "a")
        for _ in range(6):
            Relay().hand_on()
            clock.advance(minutes=5)
        assert db.session.scalar(sa.select(SetAside.error)) == "SystemExit: "


def test_a_busy_database_is_no_fault_of_a_message(make_app: MakeApp) -> None:
    def apply(_message: Message) -> None:
        raise Busy

    feature = Feature("one", handlers=(Handler("one.listen", ("test.thing",), apply),))
    with make_app(feature).app_context():
        emit("test.thing", "a")
        with pytest.raises(Busy):
            Relay().hand_on()
        assert cursor_of("one.listen") is None


def test_what_was_set_aside_is_listed_and_handed_on_once_more(
    make_app: MakeApp, clock: FixedClock
) -> None:
    heard: list[str] = []
    broken = {"a", "b"}

    def apply(message: Message) -> None:
        if message.key in broken:
            raise ValueError("cannot take it")
        heard.append(message.key)

    def run(*words: str) -> tuple[int, list[dict[str, object]]]:
        words = ("consortium", "news", *words, "--json")
        done = app.test_cli_runner().invoke(args=words)
        return done.exit_code, [json.loads(line) for line in done.stdout.splitlines()]

    feature = Feature("one", handlers=(Handler("one.listen", ("test.thing",), apply),))
    app = make_app(feature)
    with app.app_context():
        emit("test.thing", "a", "b", "c")
        for _ in range(12):
            Relay().hand_on()
            clock.advance(minutes=5)
        code, rows = run("list")
        assert (code, [row["key"] for row in rows]) == (0, ["a", "b"])
        assert (rows[0]["handler"], rows[0]["seq"]) == ("one.listen", 1)
        assert rows[0]["error"] == "ValueError: cannot take it"
        broken.remove("a")
        assert run("retry")[0] == 3
        assert heard == ["c", "a"]
        broken.clear()
        code, rows = run("retry", "--handler", "one.listen", "--seq", "2")
        assert (code, rows) == (0, [{"handler": "one.listen", "seq": 2, "error": None}])
        assert (heard, run("list")) == (["c", "a", "b"], (0, []))
