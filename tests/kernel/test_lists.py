"""A list as one parameter."""

from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from consortium.kernel.db import Change
from consortium.kernel.ids import new_id
from consortium.kernel.lists import is_any_of
from consortium.kernel.rows import fetch_rows
from consortium.kernel.unit_of_work import unit_of_work

IDS = sa.select(Change.id).where(is_any_of(Change.id, "ids"))
WORDS = sa.select(Change.request_id).where(is_any_of(Change.request_id, "words"))


@pytest.mark.parametrize("count", [0, 1, 3])
def test_ids_are_found_by_a_list_of_any_length(app: Flask, count: int) -> None:
    made = [_record(f"r{number}") for number in range(3)]
    wanted = made[:count]
    found = fetch_rows(IDS, ids=[*wanted, new_id()])
    assert sorted(row.id for row in found) == sorted(wanted)


@pytest.mark.parametrize("word", ["math", "数学", "a'b\"c\\d", "[1,2]", "é" * 20])
def test_texts_are_found_as_they_are(app: Flask, word: str) -> None:
    _record(word)
    assert [row.request_id for row in fetch_rows(WORDS, words=[word, "other"])] == [word]
    assert fetch_rows(WORDS, words=["other"]) == []


def _record(request_id: str) -> UUID:
    with unit_of_work() as uow:
        made = uow.add(Change(id=new_id(), at=uow.now, request_id=request_id))
    return made.id
