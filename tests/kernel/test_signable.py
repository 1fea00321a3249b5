"""What is emitted or audited can be signed, whatever the database; else its writer hears so."""

from datetime import date
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from consortium.kernel.db import Change, db
from consortium.kernel.outbox.feed import read_feed
from consortium.kernel.outbox.sequencer import number_committed
from consortium.kernel.signable import DEEPEST, LARGEST
from consortium.kernel.signing import canonical_bytes
from consortium.kernel.unit_of_work import reading, unit_of_work


def nested(levels: int) -> Any:
    value: Any = 0
    for _ in range(levels):
        value = [value]
    return value


ENDLESS: dict[str, Any] = {}
ENDLESS["self"] = ENDLESS

UNSIGNABLE: list[Any] = [
    ["a list"],
    None,
    {1: 2},
    {"n": 2**53},
    {"n": -(2**53)},
    {"n": 10**400},
    {"n": float("nan")},
    {"n": float("inf")},
    {"n": 1e300},
    {"n": "\x00"},
    {"n": "\ud800"},
    {"n": "学\udfff"},
    {"\x00": 1},
    {"\ud800": 1},
    {"n": [{"deep": 2**53}]},
    {"n": nested(DEEPEST + 1)},
    {"n": UUID(int=0)},
    {"n": date(2026, 1, 1)},
    {"n": {1, 2}},
    {"n": b"bytes"},
    ENDLESS,
]
GOOD: dict[str, Any] = {
    "largest": LARGEST,
    "least": -LARGEST,
    "small": 1e-7,
    "whole": 1.0,
    "text": "学会\u2028😀\x01",
    "nothing": None,
    "yes": True,
    "more": [{"a": [1, "b"]}, nested(DEEPEST - 4)],
}


@reading
def count_changes() -> int:
    return db.session.scalar(sa.select(sa.func.count()).select_from(Change)) or 0


@pytest.mark.parametrize("data", UNSIGNABLE, ids=lambda data: ascii(data)[:24])
def test_what_cannot_be_signed_is_refused_at_once(app: Flask, data: Any) -> None:
    with unit_of_work() as uow:
        with pytest.raises(ValueError, match="data"):
            uow.emit("test.thing.made", "k", data)
        if data is not None:
            with pytest.raises(ValueError, match="detail"):
                uow.audit("test.made", detail=data)
    assert count_changes() == 0


@pytest.mark.parametrize(
    ("topic", "key"),
    [("t" * 121, "k"), ("t\x00", "k"), ("t", "k" * 256), ("t", "\x00"), ("t", "\ud800")],
    ids=["long topic", "topic with NUL", "long key", "key with NUL", "half a pair"],
)
def test_a_topic_or_key_without_room_is_refused_at_once(app: Flask, topic: str, key: str) -> None:
    with unit_of_work() as uow, pytest.raises(ValueError, match=r"topic|key"):
        uow.emit(topic, key, {})
    with unit_of_work() as uow, pytest.raises(ValueError, match=r"action|subject"):
        uow.audit(topic, subject=key)
    assert count_changes() == 0


def test_news_without_a_topic_or_key_is_refused_at_once(app: Flask) -> None:
    for topic, key in (("", "k"), ("t", "")):
        with unit_of_work() as uow, pytest.raises(ValueError, match="an empty text"):
            uow.emit(topic, key, {})
    assert count_changes() == 0


def test_ordinary_data_comes_back_as_it_went_and_can_be_signed(app: Flask) -> None:
    with unit_of_work() as uow:
        uow.emit("t" * 120, "学" * 255, GOOD)
        uow.audit("a" * 120, subject="学" * 255, detail=GOOD)
    number_committed()
    (record,) = read_feed(None, limit=1).records
    assert record.data == GOOD
    assert canonical_bytes(record.data) == canonical_bytes(GOOD)
