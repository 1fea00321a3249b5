"""From a clause as JSON to the clause that rules read."""

from collections.abc import Mapping, Sequence
from typing import Any

from membership.rules.facts import Clause, Condition


def read_clause(number: int, item: Mapping[str, Any]) -> Clause:
    """Return the clause that a JSON object of the API, a text or a world file describes."""
    return Clause(
        number=number,
        home=item["home"],
        host=item["host"],
        benefits=frozenset(item["benefits"]),
        grades=tuple(sorted(item["grades"].items())),
        conditions=_read_conditions(item.get("conditions", ())),
        effect=item.get("effect", "grant"),
        worth=item.get("worth", 100),
        priority=item.get("priority", 0),
        max_staleness_seconds=item.get("max_staleness_seconds"),
        if_home_suspended=item.get("if_home_suspended", "stop"),
    )


def _read_conditions(items: Sequence[Mapping[str, Any]]) -> tuple[Condition, ...]:
    return tuple(
        Condition(
            kind=item["kind"],
            months=item.get("months", 0),
            amount=item.get("amount", 0),
            currency=item.get("currency", ""),
            one_of=tuple(item.get("one_of", ())),
        )
        for item in items
    )
