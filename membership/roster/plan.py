"""What a roster would change: each row matched inside its society, each difference by field."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

from consortium.kernel.errors import N_
from membership.roster.matching import Index
from membership.roster.values import FIELDS, OPEN_END, Fault, Roster

BITS: Final = {name: 1 << place for place, name in enumerate(FIELDS)}
"""The bit of each field in `RosterImportLine.asserted`; FIELDS only grows at its end."""

TERM_FIELDS: Final = ("class", "grade", "since", "until")


class Known(NamedTuple):
    """A member as stored; dates are civil dates in the society's zone, `until` inclusive.

    `starts` are the first days of all her live terms; `national_id` is the keyed digest.
    `is_withdrawn` marks a file whose profile was taken back or erased: it is made anew.
    """

    member_id: UUID
    person_id: UUID
    is_withdrawn: bool
    term_id: UUID | None
    starts: tuple[date, ...]
    values: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a new member gets where the roster says nothing."""

    class_code: str | None
    grade_code: str | None
    since: date


@dataclass(slots=True)
class Planned:
    """One row that will be applied; `values` has the filled fields in stored form.

    `changes` is empty for a new member, all of whose values are new: a tuple for each of them
    would cost a large roster a tenth of its time.
    """

    row: int
    action: str
    known: Known | None
    values: dict[str, object]
    changes: dict[str, tuple[object, object]]

    @property
    def asserted(self) -> int:
        """The bits of the fields that the row fills."""
        return sum(BITS[name] for name in self.values)


@dataclass(slots=True)
class Plan:
    """The outcome for every row of a roster."""

    planned: list[Planned] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    notes: list[Fault] = field(default_factory=list)
    refused: set[int] = field(default_factory=set)

    def count(self, action: str) -> int:
        """How many rows have an outcome."""
        if action == "refused":
            return len(self.refused)
        return sum(planned.action == action for planned in self.planned)


def plan_roster(
    roster: Roster,
    known: Iterable[Known],
    *,
    defaults: Defaults,
    digests: Callable[[str], tuple[str, ...]],
) -> Plan:
    """Match every good row with the society's members and say what it changes.

    Empty cells change nothing: a roster that lacks a value does not know better than the file.

    Args:
        roster: as read; its faults refuse their rows.
        known: the society's members.
        defaults: for new members.
        digests: the keyed digests of an identity number, the one to be stored first.
    """
    plan = Plan(faults=list(roster.faults), notes=list(roster.notes), refused=set(roster.refused))
    planner = _Planner(roster, Index(known), plan, defaults, digests)
    for row, cells in roster.rows():
        if row not in plan.refused:
            planner.plan_row(row, {name: cell for name, cell in cells.items() if cell is not None})
    return plan


class _Planner:
    """Holds what every row needs, so that rows stay cheap."""

    def __init__(
        self,
        roster: Roster,
        index: "Index[Known]",
        plan: Plan,
        defaults: Defaults,
        digests: Callable[[str], tuple[str, ...]],
    ) -> None:
        self._roster = roster
        self._index = index
        self._plan = plan
        self._defaults = defaults
        self._digests = digests
        self._claimed: dict[UUID, int] = {}
        self._letters = {column.field: column.letter for column in roster.columns}

    def plan_row(self, row: int, values: dict[str, object]) -> None:
        """Match a row and note its outcome."""
        identity = values.get("national_id")
        digests = self._digests(identity) if isinstance(identity, str) else ()
        if digests:
            values["national_id"] = digests[0]
        match = self._index.match(values, digests)
        if match.fault is not None:
            code, message, params = match.fault
            self._refuse(row, match.field, code, message, params)
            return
        known = match.found
        if known is not None and not self._claim(row, known):
            return
        if known is None and "member_number" not in values:
            self._refuse(row, "member_number", "member-number-missing", _NUMBER_MISSING, {})
        elif known is None or known.is_withdrawn:
            self._create(row, values, known)
        else:
            self._update(row, values, known, digests)

    def _claim(self, row: int, known: Known) -> bool:
        other = self._claimed.setdefault(known.member_id, row)
        if other != row:
            self._refuse(row, "name", "person-ambiguous", _SAME_MEMBER, {"row": str(other)})
        return other == row

    def _create(self, row: int, values: dict[str, object], known: Known | None) -> None:
        """Fill in what a term needs; the notes say what was assumed."""
        for name, assumed, message in (
            ("class", self._defaults.class_code, _CLASS_ASSUMED),
            ("grade", self._defaults.grade_code, _GRADE_ASSUMED),
            ("since", self._defaults.since, _SINCE_ASSUMED),
        ):
            if name in values:
                continue
            if assumed is None:
                self._refuse(row, name, f"{name}-missing", _CATALOGUE_EMPTY, {})
                return
            values[name] = assumed
            if name != "class":
                self._note(row, name, f"{name}-assumed", message)
        if not self._is_forward(row, values["since"], values.get("until")):
            return
        self._plan.planned.append(Planned(row, "create", known, values, {}))

    def _update(
        self, row: int, values: dict[str, object], known: Known, digests: Sequence[str]
    ) -> None:
        held = known.values
        changes = {
            name: (held.get(name), value)
            for name, value in values.items()
            if held.get(name) != value
        }
        if "national_id" in changes and held.get("national_id") in digests:
            # Stored under an older secret key; the number is the same.
            del changes["national_id"]
        if "since" in changes and known.term_id is not None:
            self._keep_history(row, changes, known)
        if changes and not changes.keys().isdisjoint(TERM_FIELDS):
            since = changes["since"][1] if "since" in changes else held.get("since")
            until = changes["until"][1] if "until" in changes else held.get("until")
            if known.term_id is None and not self._complete_term(row, changes, held):
                return
            if not self._is_forward(row, since, until):
                return
        action = "update" if changes else "unchanged"
        self._plan.planned.append(Planned(row, action, known, values, changes))

    def _keep_history(
        self, row: int, changes: dict[str, tuple[object, object]], known: Known
    ) -> None:
        """With several terms on file, a join date names the first of them, not the newest."""
        since = changes["since"][1]
        if since in known.starts:
            del changes["since"]
        elif len(known.starts) > 1:
            del changes["since"]
            self._note(row, "since", "since-kept", _SINCE_KEPT)

    def _complete_term(
        self, row: int, changes: dict[str, tuple[object, object]], held: Mapping[str, object]
    ) -> bool:
        """A member without a live term gets one; what the row lacks is assumed."""
        for name, assumed in (
            ("class", self._defaults.class_code),
            ("grade", self._defaults.grade_code),
            ("since", self._defaults.since),
        ):
            if name not in changes:
                if assumed is None:
                    self._refuse(row, name, f"{name}-missing", _CATALOGUE_EMPTY, {})
                    return False
                changes[name] = (held.get(name), assumed)
        return True

    def _is_forward(self, row: int, since: object, until: object) -> bool:
        if isinstance(since, date) and isinstance(until, date) and until < since:
            self._refuse(row, "until", "period-reversed", _REVERSED, {})
            return False
        return True

    def _refuse(
        self, row: int, field_name: str, code: str, message: str, params: Mapping[str, str]
    ) -> None:
        self._plan.refused.add(row)
        self._plan.faults.append(self._at(row, field_name, code, message, params))

    def _note(self, row: int, field_name: str, code: str, message: str) -> None:
        self._plan.notes.append(self._at(row, field_name, code, message, {}))

    def _at(
        self, row: int, field_name: str, code: str, message: str, params: Mapping[str, str]
    ) -> Fault:
        letter = self._letters.get(field_name)
        place = f"{letter}{row}" if letter else None
        return Fault(self._roster.sheet, row, place, field_name, "", code, message, params)


def encode_planned(planned: Planned) -> dict[str, object]:
    """What a row changes, as JSON; see `encode_changes`."""
    if planned.action == "create":
        return {name: _encode(value) for name, value in planned.values.items()}
    return encode_changes(planned.changes)


def encode_changes(changes: Mapping[str, tuple[object, object]]) -> dict[str, object]:
    """Changes as JSON: before and after; the value alone where nothing was before.

    >>> encode_changes({"until": (None, OPEN_END), "title": ("讲师", "教授")})
    {'until': 'open', 'title': ['讲师', '教授']}
    """
    return {
        name: _encode(after) if before is None else [_encode(before), _encode(after)]
        for name, (before, after) in changes.items()
    }


def decode_changes(found: Mapping[str, object]) -> dict[str, tuple[object, object]]:
    """Read back what `encode_changes` made.

    >>> decode_changes({"since": "2026-01-02"})
    {'since': (None, datetime.date(2026, 1, 2))}
    """
    changes = {}
    for name, said in found.items():
        before, after = said if isinstance(said, list) else (None, said)
        changes[name] = (_decode(name, before), _decode(name, after))
    return changes


def _encode(value: object) -> object:
    if isinstance(value, date):
        return "open" if value == OPEN_END else value.isoformat()
    return value


def _decode(name: str, value: object) -> object:
    if name in _DAYS and isinstance(value, str):
        return OPEN_END if value == "open" else date.fromisoformat(value)
    return value


_DAYS: Final = frozenset(("since", "until", "birth_date"))
_NUMBER_MISSING: Final = N_("The member number is missing, and nobody on file matches this row.")
_SAME_MEMBER: Final = N_(
    "This row and row %(row)s match the same member. Correct one of them or give both numbers."
)
_CATALOGUE_EMPTY: Final = N_("The society has no classes or grades yet. Add them first.")
_CLASS_ASSUMED: Final = N_("No class is given; the usual one was taken.")
_GRADE_ASSUMED: Final = N_("No grade is given; the lowest one was taken.")
_SINCE_ASSUMED: Final = N_("No join date is given; the day of the import was taken.")
_SINCE_KEPT: Final = N_("Several terms are on file; their beginnings were kept.")
_REVERSED: Final = N_("The membership would end before it begins. Correct one of the dates.")
