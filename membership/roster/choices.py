"""The user's mapping from columns to fields: read, checked, and laid over the header."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from membership.roster.characters import fold
from membership.roster.errors import (
    MappingAmbiguous,
    MappingContradictory,
    MappingInvalid,
    MappingSensitive,
)
from membership.roster.values import FIELDS, name_column
from membership.roster.wording import Match

Chosen = Mapping[str, str | None]
"""The user's mapping, from a folded column name or lower-case letter to a field or None."""

_NAMES: Final = frozenset(("name", "name_latin"))


def read_choice(mapping: Mapping[str, str | None]) -> Chosen:
    """Turn a mapping in either direction into one from columns to fields.

    >>> read_choice({"member_number": "工號", "B": "name"})
    {'工号': 'member_number', 'b': 'name'}

    Raises:
        MappingInvalid: it names no field.
        MappingContradictory: it names two columns for one field.
    """
    return {fold(name): field for name, field in _from_columns(mapping).items()}


def _from_columns(mapping: Mapping[str, str | None]) -> dict[str, str | None]:
    columns: dict[str, str | None] = {}
    owners: dict[str, str] = {}
    for left, right in mapping.items():
        is_reverse = left in FIELDS and right is not None and right not in FIELDS
        name, field = (str(right), left) if is_reverse else (left, right)
        if field is not None and field not in FIELDS:
            raise MappingInvalid(name=field)
        other = owners.setdefault(field, name) if field else name
        if other != name or columns.get(name, field) != field:
            raise MappingContradictory(first=other, second=name)
        columns[name] = field
    return columns


def choose(place: int, source: str, match: Match, chosen: Chosen) -> Match:
    """The user's choice for a column, by its name, the lower half of its name, or its letter.

    Sensitive columns stay what they are, and half a name stays one, to be joined with the other.
    """
    if not source or match[2] == "sensitive":
        return match
    for name in (fold(source), fold(source.rpartition("/")[2]), name_column(place).lower()):
        if name in chosen:
            field = chosen[name]
            if field in _NAMES and match[0] in ("family", "family_latin"):
                return match
            return (field, 1.0, None) if field else (None, 0.0, "dropped")
    return match


def resolve_mapping(
    sources: Sequence[str], mapping: Mapping[str, str | None]
) -> dict[int, str | None]:
    """Read a mapping by column name, column letter, or from field to column.

    >>> resolve_mapping(["编号", "姓名"], {"编号": "member_number", "B": "name"})
    {0: 'member_number', 1: 'name'}
    >>> resolve_mapping(["编号", "姓名"], {"member_number": "编号"})
    {0: 'member_number'}

    Raises:
        MappingInvalid: it names no column.
        MappingAmbiguous: two columns bear one name.
        MappingContradictory: two names of one column, or two columns for one field.
    """
    places = _places(sources)
    letters = {name_column(index).lower(): index for index in range(len(sources))}
    chosen: dict[int, str | None] = {}
    names: dict[int, str] = {}
    for name, field in _from_columns(mapping).items():
        known = fold(name)
        found = places.get(known) or ([letters[known]] if known in letters else [])
        if not found:
            raise MappingInvalid(name=name)
        if len(found) > 1 and field is not None:
            raise MappingAmbiguous(name=name, columns=", ".join(map(name_column, found)))
        for place in found:
            if chosen.get(place, field) != field:
                raise MappingContradictory(first=names[place], second=name)
            chosen[place], names[place] = field, name
    return chosen


def _places(sources: Sequence[str]) -> dict[str, list[int]]:
    """Where each name stands; the lower half of a name counts where no whole name is like it."""
    whole: dict[str, list[int]] = {}
    lower: dict[str, list[int]] = {}
    for index, source in enumerate(sources):
        if source:
            whole.setdefault(fold(source), []).append(index)
            lower.setdefault(fold(source.rpartition("/")[2]), []).append(index)
    return lower | whole


def require_columns(mapping: Mapping[str, str | None], *, texts: Iterable[str], width: int) -> None:
    """Name the first column of a mapping that no sheet has, where no header was found.

    Args:
        mapping: the user's.
        texts: what the cells say in which a header might stand.
        width: the columns of the widest sheet.

    Raises:
        MappingInvalid: it names no column.
    """
    known = {fold(text) for text in texts} | {name_column(place).lower() for place in range(width)}
    for name in _from_columns(mapping):
        if fold(name) not in known:
            raise MappingInvalid(name=name)


def refuse_sensitive(
    chosen: Mapping[int, str | None], sources: Sequence[str], matches: Sequence[Match]
) -> None:
    """Refuse a mapping that would store a sensitive column.

    Raises:
        MappingSensitive: it does.
    """
    for index, field in chosen.items():
        if field is not None and index < len(matches) and matches[index][2] == "sensitive":
            raise MappingSensitive(name=sources[index])
