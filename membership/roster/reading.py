"""Columns of cells to columns of values, one reader a field, each distinct cell read once."""

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as attribute
from datetime import date, timedelta
from typing import Final

from consortium.kernel.errors import N_
from membership.roster.characters import (
    fold,
    has_private_use,
    has_remark,
    is_nothing,
    mask,
    plain,
    read_name,
    read_text,
)
from membership.roster.contacts import read_email, read_gender
from membership.roster.dates import DateStyle, Edge, learn_style, read_date
from membership.roster.errors import CellFault
from membership.roster.identity import born_on, read_national_id, read_orcid, refuse_rounded
from membership.roster.numbers import (
    Noted,
    looks_rounded,
    measure_width,
    pad_number,
    read_member_number,
    read_mobile,
    refuse_rounded_mobile,
)
from membership.roster.values import UNCALCULATED, Cell, Vocabulary

Reader = Callable[[Cell], object]

LENGTHS: Final = {
    "name": 120, "name_latin": 120, "employer": 200, "title": 120, "branch": 60,
    "member_number": 60, "mobile": 32,
}  # fmt: skip
_ERRORS: Final = frozenset(
    ["#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!"]
)
_EDGES: Final[Mapping[str, Edge]] = {"since": "since", "until": "until", "birth_date": "birth"}
_AHEAD: Final = timedelta(days=366)
# Round numbers are sold dear; three in one roster are a spreadsheet's doing.
_SUSPECT_MOBILES: Final = 3
_POWER: Final = re.compile(r"([+-]?\d(?:\.\d{0,2})?)(\d*)(e\+?\d+)", re.IGNORECASE)
_PERSONAL: Final = frozenset(["national_id", "mobile"])
_SUFFIXES: Final = ("会员", "member", "级")


@dataclass(frozen=True, slots=True)
class ReadColumn:
    """Values in row order, and what happened at single rows, by index into them.

    `unpadded` keeps member numbers as written where zeros were put back.
    """

    values: list[object]
    faults: dict[int, CellFault]
    notes: dict[int, Noted]
    unpadded: dict[int, str] = attribute(default_factory=dict)


def show(cell: Cell, field: str) -> str:
    """Return a cell for a report: short, and masked where it identifies a person.

    >>> show("13800138000", "mobile"), show("x" * 100, "employer")[-3:]
    ('138******00', 'xx…')
    >>> show(3.7010219740315e17, "national_id"), show("1.38E+10", "mobile")
    ('3.70************e+17', '1.38E+10')
    """
    text = plain(cell)
    if field in _PERSONAL:
        # What a spreadsheet has rounded is still most of the number.
        rounded = _POWER.fullmatch(text)
        text = rounded[1] + "*" * len(rounded[2]) + rounded[3] if rounded else mask(text)
    return text if len(text) <= 80 else text[:79] + "…"


def read_column(
    field: str,
    cells: Sequence[Cell],
    *,
    vocabulary: Vocabulary,
    epoch_1904: bool,
    header: str = "",
) -> ReadColumn:
    """Read every cell of a field's column; its header may say how dates are written."""
    edge = _EDGES.get(field)
    if edge is not None:
        style = learn_style(_distinct(cells), epoch_1904=epoch_1904, header=header)
        return _read_all(lambda cell: _read_day(cell, edge, style, vocabulary), cells, limit=None)
    reader = _reader_of(field, vocabulary=vocabulary)
    column = _read_all(reader, cells, limit=LENGTHS.get(field))
    if field == "member_number":
        _pad(column, vocabulary.number_width)
    elif field == "national_id":
        _refuse_rounded_identities(column)
        _refuse_unborn(column, vocabulary.today)
    elif field == "mobile":
        _refuse_rounded_mobiles(column)
    elif field == "name":
        _note_names(column)
    return column


def _distinct(cells: Sequence[Cell]) -> Collection[Cell]:
    """Each text of a column of texts once; 1, 1.0 and True would be taken for one."""
    return set(cells) if set(map(type, cells)) == {str} else cells


def _reader_of(field: str, *, vocabulary: Vocabulary) -> Reader:
    if field == "grade":
        return _choice(vocabulary.grades, "grade-unknown", _GRADE_UNKNOWN)
    if field == "class":
        return _choice(vocabulary.classes, "class-unknown", _CLASS_UNKNOWN)
    if field == "branch":
        return _branch(vocabulary.branches or {})
    readers: dict[str, Reader] = {
        "member_number": read_member_number,
        "name": read_name,
        "email": read_email,
        "mobile": read_mobile,
        "gender": read_gender,
        "orcid": read_orcid,
        "national_id": read_national_id,
    }
    return readers.get(field, read_text)


_GRADE_UNKNOWN: Final = N_("The society has no such grade. Write one of: %(known)s.")
_CLASS_UNKNOWN: Final = N_("The society has no such membership class. Write one of: %(known)s.")


def _read_day(cell: Cell, edge: Edge, style: DateStyle, vocabulary: Vocabulary) -> object:
    found = read_date(cell, edge=edge, style=style)
    day = found.value if isinstance(found, Noted) else found
    if edge == "birth" and isinstance(day, date) and day > vocabulary.today:
        raise CellFault("date-impossible", N_("This birth date lies in the future. Correct it."))
    start = day if edge == "since" else found.other if isinstance(found, Noted) else None
    if edge != "birth" and isinstance(start, date) and start - vocabulary.today > _AHEAD:
        raise CellFault(
            "date-impossible", N_("This join date lies more than a year ahead. Correct it.")
        )
    return found


def share_periods(columns: dict[str, ReadColumn], *, rows: int) -> None:
    """Give both days of a period in one cell to their fields, where these are empty.

    What the field's own column says goes before; the note then says which day was read.
    """
    for field, other in (("since", "until"), ("until", "since")):
        column = columns.get(field)
        if column is None:
            continue
        for index, note in column.notes.items():
            if note.code != "date-range":
                continue
            beside = columns.setdefault(other, ReadColumn([None] * rows, {}, {}))
            if index in beside.faults:
                continue
            if beside.values[index] is None:
                beside.values[index] = note.other
            elif beside.values[index] != note.other:
                column.notes[index] = replace(note, message=_ONE_DAY[field])


_ONE_DAY: Final = {
    "since": N_("The cell holds a period; its first day was read, the last has its own column."),
    "until": N_("The cell holds a period; its last day was read, the first has its own column."),
}


def _choice(names: Mapping[str, tuple[str, ...]] | None, code: str, message: str) -> Reader:
    """A reader that turns any name of an entry, with or without 会员, into the entry's code."""
    if names is None:
        return read_text
    known: dict[str, str] = {}
    for entry, every in names.items():
        for name in (entry, *every):
            known.setdefault(fold(name), entry)
    for name, entry in list(known.items()):
        known.setdefault(stem(name), entry)
    shown = ", ".join(every[0] if every else entry for entry, every in names.items())

    def read(cell: Cell) -> object:
        text = fold(plain(cell))
        if is_nothing(text):
            return None
        found = known.get(text) or known.get(stem(text))
        if found is None:
            raise CellFault(code, message, known=shown)
        return found

    return read


def _branch(names: Mapping[str, tuple[str, ...]]) -> Reader:
    """A reader that turns a registered branch's name into its code and keeps any other name."""
    known = {fold(name): code for code, every in names.items() for name in (code, *every) if name}

    def read(cell: Cell) -> object:
        text = read_text(cell)
        if text is None:
            return None
        return known.get(fold(text)) or Noted(text, "branch-unregistered", _UNREGISTERED)

    return read


_UNREGISTERED: Final = N_("This branch is not in the register; its name was kept as written.")


def stem(folded: str) -> str:
    """Return a folded name without 会员, member or 级 at its end.

    >>> stem("高级会员"), stem("seniormember")
    ('高', 'senior')
    """
    for suffix in _SUFFIXES:
        if len(folded) > len(suffix):
            folded = folded.removesuffix(suffix)
    return folded


def _read_all(reader: Reader, cells: Iterable[Cell], *, limit: int | None) -> ReadColumn:
    values: list[object] = []
    faults: dict[int, CellFault] = {}
    notes: dict[int, Noted] = {}
    seen: dict[object, object] = {}
    for index, cell in enumerate(cells):
        if cell == "":
            values.append(None)
            continue
        key = (type(cell), cell) if not isinstance(cell, str) else cell
        found = seen.get(key, seen)
        if found is seen:
            found = seen[key] = _read_one(reader, cell, limit)
        if isinstance(found, CellFault):
            faults[index] = found
            found = None
        elif isinstance(found, Noted):
            notes[index] = found
            found = found.value
        values.append(found)
    return ReadColumn(values, faults, notes)


_UNCALCULATED: Final = N_(
    "The file does not hold this formula's result. Open it in Excel or WPS, save it there and send "
    "it again."
)
# C0 and DEL without the white space that sheets do hold; PostgreSQL refuses NUL in any text.
_CONTROLS = frozenset(chr(code) for code in (*range(32), 127)) - frozenset("\t\n\v\f\r")


def _read_one(reader: Reader, cell: Cell, limit: int | None) -> object:
    try:
        if isinstance(cell, str) and cell[0] == "#" and cell in _ERRORS:
            raise CellFault(
                "formula-error", N_("The formula in this cell gives an error. Correct it.")
            )
        if cell == UNCALCULATED:
            raise CellFault("formula-uncalculated", _UNCALCULATED)
        if isinstance(cell, str) and not cell.isprintable() and _CONTROLS.intersection(cell):
            raise CellFault(
                "text-damaged", N_("This cell holds invisible control characters. Type it anew.")
            )
        found = reader(cell)
    except CellFault as fault:
        # Kept for the whole column: a traceback would keep every frame alive with it.
        return fault.with_traceback(None)
    text = found.value if isinstance(found, Noted) else found
    if limit is not None and isinstance(text, str) and len(text) > limit:
        return CellFault(
            "text-too-long",
            N_("At most %(limit)s characters fit here. Shorten it."),
            limit=str(limit),
        )
    return found


def _pad(column: ReadColumn, width: int | None) -> None:
    texts = [value for value in column.values if isinstance(value, str)]
    width = width or measure_width(texts)
    if width is None:
        return
    for index, value in enumerate(column.values):
        if isinstance(value, str) and len(value) < width:
            padded = pad_number(value, width)
            if padded != value:
                column.values[index] = padded
                column.unpadded[index] = value
                column.notes[index] = Noted(padded, "member-number-padded", _PADDED)


_PADDED: Final = N_("Leading zeros that the spreadsheet dropped were put back.")


def _refuse_rounded_identities(column: ReadColumn) -> None:
    """In a column where numbers were rounded to …000, one may fit its check digit by chance."""
    if not any(fault.code == "national-id-rounded" for fault in column.faults.values()):
        return
    for index, value in enumerate(column.values):
        if isinstance(value, str) and len(value) == 18 and value.endswith("000"):
            column.values[index] = None
            column.faults[index] = refuse_rounded()


def _refuse_unborn(column: ReadColumn, today: date) -> None:
    latest = today.strftime("%Y%m%d")
    for index, value in enumerate(column.values):
        if isinstance(value, str) and value[6:14] > latest:
            born = born_on(value)
            if born is not None and born > today:
                column.values[index] = None
                column.faults[index] = CellFault(
                    "national-id-invalid",
                    N_("The birth date in this number lies in the future. Correct the number."),
                )


def _refuse_rounded_mobiles(column: ReadColumn) -> None:
    """13800000000 may be a number; several such, or one beside 1.38E+10, were rounded."""
    suspects = [index for index, value in enumerate(column.values) if looks_rounded(value)]
    rounded = any(fault.code == "mobile-rounded" for fault in column.faults.values())
    if not rounded and len(suspects) < _SUSPECT_MOBILES:
        return
    for index in suspects:
        column.values[index] = None
        column.faults[index] = refuse_rounded_mobile()


def _note_names(column: ReadColumn) -> None:
    for index, value in enumerate(column.values):
        if isinstance(value, str) and not value.isascii():
            if has_private_use(value):
                column.notes[index] = Noted(value, "name-private-use", _PRIVATE)
            elif has_remark(value):
                column.notes[index] = Noted(value, "name-remark", _REMARK)


_PRIVATE: Final = N_(
    "The name holds a character of a private font. Ask for its standard form, if it has one."
)
_REMARK: Final = N_("Brackets stand beside the name; they were kept as part of it.")
