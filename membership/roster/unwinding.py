"""Taking one import back out of a history in which later imports may say the same, or more."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from membership.roster.periods import TERM_FIELDS, Changes
from membership.roster.plan import BITS

Step = tuple[UUID, UUID | None]
"""A row of `term` that an import wrote, and the one that it superseded."""

_REQUIRED: Final = frozenset(["name", "member_number"])


@dataclass(slots=True)
class Line:
    """What one import said of one member, as `RosterImportLine` keeps it.

    `term_id` is the row of the term that it speaks of, `superseded` the one before it, if the
    import wrote it. `roots` name its terms by the row that opened each; lines are about one term
    if they share a root.
    """

    action: str
    asserted: int
    changes: Changes
    term_id: UUID | None = None
    superseded: UUID | None = None
    steps: tuple[Step, ...] = ()
    roots: frozenset[UUID] = frozenset()

    def speaks_of(self, name: str) -> bool:
        """Whether the import had a value for the field, changed or not."""
        return bool(self.asserted & BITS[name]) or name in self.changes

    @property
    def opens(self) -> bool:
        """Whether the import opened the term that it speaks of."""
        return not self.steps and any(
            name in self.changes and self.changes[name][0] is None
            for name in ("class", "grade", "since")
        )

    def is_about(self, other: "Line") -> bool:
        """Whether both speak of one term."""
        return not self.roots.isdisjoint(other.roots)

    def inherit(self, other: "Line") -> None:
        """Take over what an earlier line did to terms, so that undoing leads back past both."""
        if other.steps or self.steps:
            self.steps = compose(other, self)
        for name in TERM_FIELDS:
            if name in other.changes:
                before, after = other.changes[name]
                self.changes[name] = (before, self.changes.get(name, (before, after))[1])
        if self.term_id is None:
            self.term_id, self.superseded = other.term_id, other.superseded
        self.roots |= other.roots


@dataclass(slots=True)
class Unwound:
    """What taking a line back means for its member.

    `restore` holds the fields to set back; `kept` those that somebody else has changed since.
    `is_removed` says that the file existed through this import alone. Heirs among the later lines
    have been changed in place; `heirs` counts them by position. `reverts` asks to take the steps of
    the line back, if nobody has changed those terms since.
    """

    restore: dict[str, object] = field(default_factory=dict)
    kept: list[str] = field(default_factory=list)
    is_removed: bool = False
    reverts: bool = False
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
        if name in TERM_FIELDS:
            continue
        place = next((place for place, one in enumerate(later) if one.speaks_of(name)), None)
        if place is not None:
            _bequeath(line, name, later, place, found)
        elif is_created and before is None and name in _REQUIRED:
            # The file goes on through the later import; it cannot do without these.
            later[0].changes[name] = (None, after)
        else:
            _set_back(line, name, current, found)
    _unwind_terms(line, later, current, found)
    return found


def _bequeath(line: Line, name: str, later: Sequence[Line], place: int, found: Unwound) -> None:
    heir = later[place]
    before, after = line.changes[name]
    heir.changes[name] = (before, heir.changes.get(name, (before, after))[1])
    found.heirs.add(place)


def _set_back(line: Line, name: str, current: Mapping[str, object], found: Unwound) -> None:
    before, after = line.changes[name]
    if current.get(name) == after:
        found.restore[name] = before
    else:
        found.kept.append(name)


def _unwind_terms(
    line: Line, later: Sequence[Line], current: Mapping[str, object], found: Unwound
) -> None:
    """Take back what a line did to terms; later lines about the same term are its heirs."""
    changed = [name for name in TERM_FIELDS if name in line.changes]
    if not changed:
        return
    about = [place for place, one in enumerate(later) if one.is_about(line)]
    has_steps = bool(line.steps) or any(later[place].steps for place in about)
    if line.action == "create" and not about and not any(one.opens for one in later):
        # The file goes on through the later import; it cannot do without a term.
        about = [0]
    if about and (line.opens or has_steps):
        later[about[0]].inherit(line)
        found.heirs.add(about[0])
    elif line.steps:
        found.reverts = True
    elif line.opens and any(current.get(name) != line.changes[name][1] for name in changed):
        found.kept += changed
    else:
        for name in changed:
            place = next((place for place in about if later[place].speaks_of(name)), None)
            if place is None:
                _set_back(line, name, current, found)
            else:
                _bequeath(line, name, later, place, found)


def compose(earlier: Line, later: Line) -> tuple[Step, ...]:
    """The steps of two lines as those of one.

    >>> a, b, c = UUID(int=1), UUID(int=2), UUID(int=3)
    >>> first = Line("update", 0, {"grade": ("ordinary", "senior")}, b, a)
    >>> second = Line("update", 0, {}, c, steps=((c, None), (a, b)))
    >>> compose(first, second) == ((c, None), (a, a))
    True
    """
    before = dict(_steps_of(earlier))
    joined: list[Step] = []
    for written, superseded in _steps_of(later):
        if superseded is not None and superseded in before:
            joined.append((written, before.pop(superseded)))
        else:
            joined.append((written, superseded))
    return (*before.items(), *joined)


def _steps_of(line: Line) -> tuple[Step, ...]:
    if line.steps or line.term_id is None or line.changes.keys().isdisjoint(TERM_FIELDS):
        return line.steps
    return ((line.term_id, None if line.opens else line.superseded),)


def _remove(line: Line, current: Mapping[str, object]) -> Unwound:
    """A file goes as a whole; if somebody has worked on its terms since, it stays as a whole."""
    if line.steps:
        return Unwound(is_removed=True, reverts=True)
    kept: list[str] = [
        name
        for name in TERM_FIELDS
        if name in line.changes and current.get(name) != line.changes[name][1]
    ]
    return Unwound(kept=kept, is_removed=not kept)
