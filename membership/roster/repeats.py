"""What occurs twice in one file: numbers, papers, and people under two numbers."""

from collections.abc import Iterator, Mapping, Sequence

from membership.roster.characters import is_same_name
from membership.roster.values import Roster

_TRAITS = ("mobile", "email", "orcid")


def list_repeated(values: Sequence[object]) -> list[list[int]]:
    """Return the places of each value that occurs more than once; None is no value.

    >>> list_repeated(["a", None, "b", "a", None])
    [[0, 3]]
    """
    known = len(values) - values.count(None)
    if len(set(values)) - (known < len(values)) == known:
        return []
    places: dict[object, list[int]] = {}
    for index, value in enumerate(values):
        if value is not None:
            places.setdefault(value, []).append(index)
    return [indexes for indexes in places.values() if len(indexes) > 1]


def find_same_persons(roster: Roster) -> Mapping[int, int]:
    """Map each sheet row to an earlier one with another number, the same name and one more trait.

    Two people may share a telephone or a name, hardly both.
    """
    names, numbers = roster.values["name"], roster.values.get("member_number", [])
    found: dict[int, int] = {}
    for trait in _TRAITS if numbers else ():
        for indexes in list_repeated(roster.values.get(trait, [])):
            for first, later in _pairs(indexes, names):
                if numbers[first] != numbers[later]:
                    found.setdefault(roster.numbers[later], roster.numbers[first])
    return found


def _pairs(indexes: Sequence[int], names: Sequence[object]) -> Iterator[tuple[int, int]]:
    """Each later place with the first one of the same name."""
    firsts: list[int] = []
    for index in indexes:
        first = next((one for one in firsts if is_same_name(names[one], names[index])), None)
        if first is None:
            firsts.append(index)
        else:
            yield first, index
