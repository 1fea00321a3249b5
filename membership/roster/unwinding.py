"""Taking one import back out of a history in which later imports may say the same, or more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from membership.roster.plan import BITS, TERM_FIELDS

Changes = dict[str, tuple[object, object]]

_REQUIRED: Final = frozenset(["name", "member_number", *TERM_FIELDS])


@dataclass(slots=True)
class Line:
    """What one import said of one member, as `RosterImportLine` keeps it."""

    action: str
    asserted: int
    changes: Changes

    def speaks_of(self, name: str) -> bool:
        """Whether the import had a value for the field, changed or not."""
        return bool(self.asserted & BITS[name]) or name in self.changes


@dataclass(slots=True)
class Unwound:
    """What taking a line back means for its member.

    `restore` holds the fields to set back; `kept` those that somebody else has changed since.
    `is_removed` says that the file existed through this import alone. Heirs among the later lines
    have been changed in place; `heirs` counts them by position.
    """

    restore: dict[str, object] = field(default_factory=dict)
    kept: list[str] = field(default_factory=list)
    is_removed: bool = False
    heirs: set[int] = field(default_factory=set)


def unwind(line: Line, later: Sequence[Line], current: Mapping[str, object]) -> Unwound:
    """Take a line out of its member's history.

    A later import that speaks of a field becomes its heir: the field stays as it is, and undoing
    the heir will lead back past this import. Without an heir the field goes back to what it was,
    unless somebody has changed it in the meantime.

    Args:
        line: the line to take back.
        later: the member's lines of later imports that are in force, in order; heirs among them
            are changed in place.
        current: the member's fields as they are now.

    >>> first = Line("update", BITS["title"], {"title": ("讲师", "教授")})
    >>> unwind(first, [], {"title": "教授"}).restore
    {'title': '讲师'}
    >>> unwind(first, [], {"title": "院士"}).kept
    ['title']
    >>> second = Line("update", BITS["title"], {"title": ("教授", "院士")})
    >>> unwind(first, [second], {"title": "院士"}).restore, second.changes
    ({}, {'title': ('讲师', '院士')})
    """
    found = Unwound()
    is_created = line.action == "create"
    if is_created and later:
        later[0].action = "create"
        found.heirs.add(0)
    elif is_created:
        return _remove(line, current)
    for name, (before, after) in line.changes.items():
        place = next((place for place, one in enumerate(later) if one.speaks_of(name)), None)
        if place is not None:
            heir = later[place]
            heir.changes[name] = (before, heir.changes.get(name, (before, after))[1])
            found.heirs.add(place)
        elif is_created and before is None and name in _REQUIRED:
            # The file goes on through the later import; it cannot do without these.
            later[0].changes[name] = (None, after)
        elif current.get(name) == after:
            found.restore[name] = before
        else:
            found.kept.append(name)
    return found


def _remove(line: Line, current: Mapping[str, object]) -> Unwound:
    """A file goes as a whole; if somebody has worked on its term since, it stays as a whole."""
    kept: list[str] = [
        name
        for name in TERM_FIELDS
        if name in line.changes and current.get(name) != line.changes[name][1]
    ]
    return Unwound(kept=kept, is_removed=not kept)
