"""What a roster would change: each row matched inside its society, each difference by field."""

from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, NamedTuple
from uuid import UUID

from consortium.kernel.errors import N_
from membership.roster.changes import encode_changes, encode_value
from membership.roster.matching import Index
from membership.roster.periods import (
    NO_END,
    NO_TERMS,
    REVERSED,
    TERM_FIELDS,
    Held,
    Remark,
    TermPlan,
    plan_term,
)
from membership.roster.reading import show
from membership.roster.repeats import find_same_persons
from membership.roster.values import FIELDS, NOTHING, OPEN_END, Fault, Roster

BITS: Final = {name: 1 << place for place, name in enumerate(FIELDS)}
"""The bit of each field in `RosterImportLine.asserted`; FIELDS only grows at its end."""


class Known(NamedTuple):
    """A member as stored; `values` lack what the terms say, `national_id` is the keyed digest.

    `terms` are those that count, by first day, and those that an officer has voided.
    `is_withdrawn` marks a file whose profile was taken back or erased: it is made anew.
    """

    member_id: UUID
    person_id: UUID
    is_withdrawn: bool
    terms: tuple[Held, ...]
    values: Mapping[str, object]

    @property
    def live(self) -> tuple[Held, ...]:
        """The terms that count."""
        return tuple(term for term in self.terms if term.state != "void")


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a new member gets where the roster says nothing; `since` is the day of `now`."""

    class_code: str | None
    grade_code: str | None
    since: date
    now: datetime


@dataclass(slots=True)
class Planned:
    """One row that will be applied; `values` has the filled fields in stored form.

    `changes` is empty for a new member, all of whose values are new: a tuple for each of them
    would cost a large roster a tenth of its time. Those to her terms are in `terms` only.
    """

    row: int
    action: str
    known: Known | None
    values: dict[str, object]
    changes: dict[str, tuple[object, object]]
    terms: TermPlan = field(default_factory=lambda: NO_TERMS)

    @property
    def all_changes(self) -> dict[str, tuple[object, object]]:
        """Before and after of every field on file, those of her terms included."""
        return self.changes | self.terms.changes

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
    planner.refuse_repeated_numbers()
    for row, cells in roster.rows():
        if row not in plan.refused:
            planner.plan_row(row, cells)
    planner.drop_untrue_notes()
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
        self._defaults = (
            ("class", defaults.class_code),
            ("grade", defaults.grade_code),
            ("since", defaults.since),
        )
        self._now, self._today = defaults.now, defaults.since
        self._digests = digests
        self._claimed: dict[UUID, int] = {}
        self._unpadded = dict(roster.unpadded)
        self._same_person = find_same_persons(roster)
        self._letters = {column.field: column.letter for column in roster.columns}
        self._row: Mapping[str, object] = {}
        self._identity: object = None

    def refuse_repeated_numbers(self) -> None:
        """Refuse rows whose numbers become one by the zeros that were put back."""
        if not self._unpadded:
            return
        held = self._index.numbers
        rows_of: dict[object, list[int]] = {}
        for row, number in zip(
            self._roster.numbers, self._roster.values["member_number"], strict=True
        ):
            written = self._unpadded.get(row)
            meant = written if written is not None and written in held else number
            if meant is not None and row not in self._plan.refused:
                rows_of.setdefault(meant, []).append(row)
        for number, rows in rows_of.items():
            for row in rows if len(rows) > 1 else ():
                self._row = {"member_number": number}
                others = ", ".join(str(other) for other in rows[:6] if other != row)
                params = {"row": str(row), "other": others}
                self._refuse(row, "member_number", "member-number-repeated", _ONE_NUMBER, params)

    def drop_untrue_notes(self) -> None:
        """Drop the note on zeros put back where the number was taken as written after all."""
        taken = self._roster.unpadded.keys() - self._unpadded.keys()
        if taken:
            self._plan.notes = [
                note
                for note in self._plan.notes
                if note.row not in taken or note.code != "member-number-padded"
            ]

    def plan_row(self, row: int, values: dict[str, object]) -> None:
        """Match a row and note its outcome."""
        self._row = values
        self._identity = identity = values.get("national_id")
        digests = self._digests(identity) if isinstance(identity, str) else ()
        if digests:
            values["national_id"] = digests[0]
        written = self._take_written(row, values) if row in self._unpadded else None
        match = self._index.match(values, digests, written=written)
        if match.fault is not None:
            code, message, params = match.fault
            self._refuse(row, match.field, code, message, params)
            return
        known = match.found
        if known is not None and not self._claim(row, known):
            return
        if match.number is not None:
            self._spell(row, values, match.number)
        if known is None and "member_number" not in values:
            self._refuse(row, "member_number", "member-number-missing", _NUMBER_MISSING, {})
        elif known is None or known.is_withdrawn:
            self._create(row, values, known)
        else:
            self._update(row, values, known, digests)

    def _take_written(self, row: int, values: dict[str, object]) -> str | None:
        """A number that is on file as it is written was never short of zeros."""
        written = self._unpadded[row]
        if written not in self._index.numbers:
            return written
        values["member_number"] = written
        del self._unpadded[row]
        return None

    def _spell(self, row: int, values: dict[str, object], number: str) -> None:
        """Keep the number as it was first written, so that no file turns it to and fro."""
        if number != values["member_number"]:
            self._unpadded.pop(row, None)
            values["member_number"] = number
            self._note(row, "member_number", "member-number-as-filed", _AS_FILED)

    def _claim(self, row: int, known: Known) -> bool:
        other = self._claimed.setdefault(known.member_id, row)
        if other != row:
            self._refuse(row, "name", "person-ambiguous", _SAME_MEMBER, {"row": str(other)})
        return other == row

    def _create(self, row: int, values: dict[str, object], known: Known | None) -> None:
        """Fill in what a term needs; the notes say what was assumed."""
        until = values.get("until")
        if row in self._same_person:
            other = str(self._same_person[row])
            self._refuse(row, "name", "person-repeated", _SAME_PERSON, {"row": other})
            return
        orcid = values.get("orcid")
        if orcid is not None and not self._is_free(row, orcid, known):
            return
        if not self._is_forward(row, values.get("since"), until):
            return
        assumed = self._assume(row, values, until)
        if assumed is not None:
            values.update(assumed)
            self._plan.planned.append(Planned(row, "create", known, values, {}))

    def _is_free(self, row: int, orcid: object, known: Known | None) -> bool:
        holders = [one for one in self._index.list_sharing("orcid", orcid) if one is not known]
        if holders:
            params = {"number": str(holders[0].values["member_number"])}
            self._refuse(row, "orcid", "orcid-repeated", _ORCID_HELD, params)
        return not holders

    def _assume(self, row: int, given: Container[str], until: object) -> dict[str, object] | None:
        """What a new term gets where the row is silent, each noted; None if the row is refused."""
        assumed: dict[str, object] = {}
        for name, value in self._defaults:
            if name not in given:
                if value is None:
                    self._refuse(row, name, f"{name}-missing", _CATALOGUE_EMPTY, {})
                    return None
                assumed[name] = value
        since = assumed.get("since")
        # A start before today would claim a past membership that nobody has stated.
        if isinstance(since, date) and isinstance(until, date) and until < since:
            self._refuse(row, "until", "since-missing", _SINCE_MISSING, {})
            return None
        for name in assumed:
            self._note(row, name, f"{name}-assumed", _ASSUMED[name])
        if until is None:
            self._note(row, "until", "until-assumed", _ASSUMED["until"])
        return assumed

    def _update(
        self, row: int, values: dict[str, object], known: Known, digests: Sequence[str]
    ) -> None:
        held = known.values
        changes = {
            name: (held.get(name), value)
            for name, value in values.items()
            if held.get(name) != value and name not in TERM_FIELDS
        }
        if "national_id" in changes and held.get("national_id") in digests:
            # Stored under an older secret key; the number is the same.
            del changes["national_id"]
        terms = plan_term(values, known.terms, now=self._now, today=self._today)
        if terms.opens:
            terms = self._open(row, values)
        if terms.fault is not None:
            self._refuse_term(row, values, terms.fault)
            return
        for remark in terms.notes:
            self._note(row, *remark)
        if "member_number" in changes:
            self._note(row, "member_number", "member-number-changed", _NUMBER_CHANGED)
        action = "update" if changes or terms.changes else "unchanged"
        self._plan.planned.append(Planned(row, action, known, values, changes, terms))

    def _open(self, row: int, values: Mapping[str, object]) -> TermPlan:
        """The first term of a member who has none that counts."""
        said = {name: values[name] for name in TERM_FIELDS if name in values}
        until = said.get("until")
        if not self._is_forward(row, said.get("since"), until):
            return TermPlan(fault=_REFUSED)
        assumed = self._assume(row, said, until)
        if assumed is None:
            return TermPlan(fault=_REFUSED)
        said = {"until": OPEN_END} | said | assumed
        return TermPlan(changes={name: (None, said[name]) for name in TERM_FIELDS})

    def _refuse_term(self, row: int, values: Mapping[str, object], fault: Remark) -> None:
        if fault is not _REFUSED:
            self._row = values
            self._refuse(row, *fault)

    def _is_forward(self, row: int, since: object, until: object) -> bool:
        if isinstance(since, date) and isinstance(until, date) and until < since:
            self._row = {**self._row, "until": until}
            self._refuse(row, "until", *REVERSED, {})
            return False
        return True

    def _refuse(
        self, row: int, field_name: str, code: str, message: str, params: Mapping[str, str]
    ) -> None:
        self._plan.refused.add(row)
        # What is stored of an identity number is its digest, which tells nobody anything.
        value = self._identity if field_name == "national_id" else self._row.get(field_name)
        shown = "" if value is None else show(str(encode_value(value)), field_name)
        self._plan.faults.append(self._at(row, field_name, code, message, params, shown))

    def _note(
        self,
        row: int,
        field_name: str,
        code: str,
        message: str,
        params: Mapping[str, str] = NOTHING,
    ) -> None:
        self._plan.notes.append(self._at(row, field_name, code, message, params, ""))

    def _at(
        self,
        row: int,
        field_name: str,
        code: str,
        message: str,
        params: Mapping[str, str],
        value: str,
    ) -> Fault:
        letter = self._letters.get(field_name)
        place = f"{letter}{row}" if letter else None
        return Fault(self._roster.sheet, row, place, field_name, value, code, message, params)


def encode_planned(planned: Planned) -> dict[str, object]:
    """What a row changes, as JSON; see `changes.encode_changes`."""
    if planned.action == "create":
        return {name: encode_value(value) for name, value in planned.values.items()}
    return encode_changes(planned.all_changes)


_REFUSED: Final = Remark("", "", "")
"""A fault that has been told already."""

_NUMBER_MISSING: Final = N_(
    "The member number is missing, and nobody on file matches this row. Write the number, or say "
    "which column holds it."
)
_SAME_MEMBER: Final = N_(
    "This row and row %(row)s match the same member. Correct one of them or give both numbers."
)
_CATALOGUE_EMPTY: Final = N_("The society has no classes or grades yet. Add them first.")
_ASSUMED: Final = {
    "class": N_("No class is given; the usual one was taken."),
    "grade": N_("No grade is given; the lowest one was taken."),
    "since": N_("No join date is given; the day of the import was taken."),
    "until": NO_END[1],
}
_SINCE_MISSING: Final = N_(
    "This last day has passed and no join date is given, so the term has no beginning. Add the "
    "join date."
)
_AS_FILED: Final = N_("The number is on file in another spelling, which was kept.")
_NUMBER_CHANGED: Final = N_("The member is on file under another number; this one replaces it.")
_ONE_NUMBER: Final = N_(
    "Row %(row)s and row %(other)s hold one member number once its zeros in front are put back. "
    "Correct or delete all but one."
)
_SAME_PERSON: Final = N_(
    "Row %(row)s holds the same person under another number. Delete the row with the wrong number; "
    "if they are two people, give each her own mobile number and e-mail."
)
_ORCID_HELD: Final = N_(
    "Member %(number)s has this ORCID iD on file. An ORCID iD belongs to one person; correct it."
)
