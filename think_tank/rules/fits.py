"""How well an expert fits what a brief is about, and why a search found her."""

from collections.abc import Callable, Collection, Iterator, Mapping
from fractions import Fraction
from typing import Any

from think_tank.values import Match

SAME_CODE, BELOW_CODE, SAME_FIELD, KEYWORD = 10, 8, 3, 2


def rank_fit(
    codes: Collection[str],
    text: str,
    wanted: Mapping[str, Any],
    *,
    ancestors: Callable[[str], Collection[str]],
    fold: Callable[[str], str] = str.casefold,
) -> Fraction:
    """Points of fit: the best for each wanted code, and 2 for each wanted keyword.

    A wanted code itself gives 10, one below it 8, one of the same top field 3.

    Args:
        codes: the expert's disciplines.
        text: her keywords and biography.
        wanted: `disciplines` and `keywords` of the brief's `fit`; empty means all are equal.
        ancestors: the codes above a code.

    >>> above = {"A010101": ("A0101", "A01"), "A0102": ("A01",), "A0101": ("A01",)}
    >>> def fit(codes):
    ...     return int(rank_fit(codes, "graph", {"disciplines": ["A0101"], "keywords": ["Graph"]},
    ...                         ancestors=lambda code: above.get(code, ())))
    >>> fit(["A0101"]), fit(["A010101"]), fit(["A0102"]), fit(["F02"])
    (12, 10, 5, 2)
    """
    points = sum(
        max((_points(code, want, ancestors) for code in codes), default=0)
        for want in wanted.get("disciplines", ())
    )
    folded = fold(text)
    points += KEYWORD * sum(fold(str(word)) in folded for word in wanted.get("keywords", ()))
    return Fraction(points)


def _points(code: str, want: str, ancestors: Callable[[str], Collection[str]]) -> int:
    if code == want:
        return SAME_CODE
    above = ancestors(code)
    if want in above:
        return BELOW_CODE
    return SAME_FIELD if ({code, *above} & {want, *ancestors(want)}) else 0


def list_matches(
    query: str, fields: Mapping[str, str], fold: Callable[[str], str]
) -> Iterator[Match]:
    """The fields in which a part of the question stands.

    >>> [match.field for match in list_matches("Flow 张", {"name": "张三", "keywords": "flows"},
    ...                                        str.casefold)]
    ['name', 'keywords']
    """
    parts = fold(query).split()
    for name, text in fields.items():
        folded = fold(text)
        if any(part in folded for part in parts):
            yield Match(name, text[:200])
