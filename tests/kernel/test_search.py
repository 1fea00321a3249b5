"""Two-character words are found, in either script, on both databases alike."""

import pytest
from flask import Flask

from consortium.kernel import search
from consortium.kernel.unit_of_work import unit_of_work

TEXTS = {
    "1": "中国力学学会流体力学专业委员会 Fluid Mechanics",
    "2": "體育學會與流行病學",
    "3": "张三丰",
    "4": "李 四",
    "5": "Émile Müller-Zhang, 2024",
    "6": "流体 与 力学",
    "7": "𬭎𫖯 丁",
    "8": "100% 数学_会 'quoted' \"AND\" OR",
}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("流体", ["6", "1"]),
        ("流體力學", ["1"]),
        ("力学 流体", ["6", "1"]),
        ("体力", ["1"]),
        ("体育", ["2"]),
        ("流行病学", ["2"]),
        ("張三", ["3"]),
        ("三", ["3"]),
        ("丰", ["3"]),
        ("李", ["4"]),
        ("李四", []),
        ("李 四", ["4"]),
        ("emile", ["5"]),
        ("MULLER", ["5"]),
        ("ｚｈａｎｇ", ["5"]),
        ("zha", ["5"]),
        ("hang", []),
        ("mech 流体", ["1"]),
        ("𬭎𫖯", ["7"]),
        ("丁", ["7"]),
        ("数学", ["8"]),
        ("quoted", ["8"]),
        ("and", ["8"]),
        ("or", ["8"]),
        ("化学", []),
        ("", []),
        ("  %_'\" ", []),
        ("\x00流体\x00", ["6", "1"]),
    ],
)
def test_a_question_finds(app: Flask, query: str, found: list[str]) -> None:
    with unit_of_work():
        search.index_texts("test", TEXTS.items())

    assert search.search_ids("test", query) == found


def test_every_two_character_substring_is_found(app: Flask) -> None:
    name = "中国流体机械工程与测试技术研究会"
    with unit_of_work():
        search.index_text("test", "a", name)

    pairs = [name[start : start + 2] for start in range(len(name) - 1)]

    assert [search.search_ids("test", pair) for pair in pairs] == [["a"]] * len(pairs)


def test_words_that_are_replaced_or_removed_leave_no_ghost(app: Flask) -> None:
    with unit_of_work():
        search.index_text("test", "a", "数学学会")
    with unit_of_work():
        search.index_text("test", "a", "物理学会")

    assert search.search_ids("test", "数学") == []
    assert search.search_ids("test", "物理") == ["a"]

    with unit_of_work():
        search.remove_text("test", "a")
    assert search.search_ids("test", "物理") == []


def test_kinds_are_searched_apart_and_the_limit_holds(app: Flask) -> None:
    with unit_of_work():
        search.index_texts("test", [(f"{n:03}", "数学") for n in range(12)])
        search.index_text("other", "x", "数学")

    assert search.search_ids("test", "数学", 3) == ["000", "001", "002"]
    assert search.search_ids("other", "数学") == ["x"]


def test_words_of_a_rolled_back_transaction_are_not_found(app: Flask) -> None:
    with pytest.raises(RuntimeError), unit_of_work():
        search.index_text("test", "a", "数学")
        raise RuntimeError("rolled back")

    assert search.search_ids("test", "数学") == []
