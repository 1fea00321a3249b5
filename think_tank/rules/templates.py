"""Named beginnings of briefs, as charters word them."""

from collections.abc import Sequence
from typing import Any


def write_balanced_brief(  # a line of the form each
    *,
    seats: int,
    societies: Sequence[str],
    society_share: str = "1/3",
    front_line_share: str = "3/4",
    young_share: str = "",
    disciplines: Sequence[str] = (),
    keywords: Sequence[str] = (),
) -> dict[str, Any]:
    """A panel in which no society dominates and those at the front line prevail.

    Args:
        society_share: greatest share of each society; "" leaves the rule out, as below.
        front_line_share: least share of 基层一线.
        young_share: least share of those aged 45 or younger.
        disciplines: each gets at least one seat, and counts for fit.

    >>> [rule["id"] for rule in write_balanced_brief(seats=9, societies=["math"],
    ...                                              disciplines=["A01"])["rules"]]
    ['society-math', 'front-line', 'discipline-A01']
    """
    rules = [
        _rule(f"society-{code}", "max_share", "society", "eq", code, society_share)
        for code in societies
        if society_share
    ]
    if front_line_share:
        rules.append(_rule("front-line", "min_share", "front_line", "eq", True, front_line_share))
    if young_share:
        rules.append(_rule("young", "min_share", "age", "le", 45, young_share))
    rules += [
        _rule(f"discipline-{code}", "min_count", "disciplines", "contains", code, 1)
        for code in disciplines
    ]
    fit = {"disciplines": list(disciplines), "keywords": list(keywords)}
    return {"seats": seats, "rules": rules, "fit": fit}


def _rule(
    name: str, kind: str, field: str, op: str, wanted: object, value: object
) -> dict[str, Any]:
    of = {"field": field, "op": op, "value": wanted}
    return {"id": name, "kind": kind, "of": of, "value": value, "hard": True}
