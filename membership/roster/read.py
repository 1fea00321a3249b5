"""The whole way from a file's bytes to a roster: take apart, find the sheet, read, cross-check."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from consortium.kernel.errors import N_
from consortium.kernel.member_numbers import fold_number
from membership.roster import columns as column_rules
from membership.roster.characters import is_same_name
from membership.roster.choices import read_choice, require_columns
from membership.roster.container import detect_kind
from membership.roster.errors import CellFault, MappingNameless, RosterHeaderMissing
from membership.roster.groups import said
from membership.roster.header import HEADER_ROWS, Header
from membership.roster.identity import born_on
from membership.roster.joining import join_names
from membership.roster.lines import Lines
from membership.roster.reading import ReadColumn, read_column, share_periods, show
from membership.roster.repeats import list_repeated
from membership.roster.sheets import choose_sheet, mark_continuations, note_hidden, note_sheets
from membership.roster.synonyms import HALVES
from membership.roster.text import read_text_file
from membership.roster.undated import note_undated
from membership.roster.unnumbered import note_unnumbered
from membership.roster.values import (
    Book,
    Cell,
    Column,
    Fault,
    Grid,
    Roster,
    Sheet,
    Vocabulary,
    name_column,
)
from membership.roster.webpage import read_web_page
from membership.roster.workbook import read_workbook

_SAMPLE_ROWS: Final = 400


def take_apart(data: bytes) -> Book:
    """Read a file of any supported kind into grids, judged by its bytes, not by its name.

    Raises:
        ConsortiumError: one of the refusals of `membership.roster.errors`.
    """
    kind = detect_kind(data)
    if kind == "text":
        return read_text_file(data)
    if kind == "html":
        return read_web_page(data)
    return read_workbook(data, kind)


def read_roster(
    data: bytes,
    *,
    vocabulary: Vocabulary,
    mapping: Mapping[str, str | None] | None = None,
    sheet: str | None = None,
) -> Roster:
    """Read a roster; every row below the header is a member, refused, or counted as skipped.

    Args:
        data: the file's bytes.
        vocabulary: what the reader must know of the society.
        mapping: columns chosen by the user (`columns.assign`).
        sheet: the sheet chosen by the user; without it, the one most like a roster.

    Raises:
        RosterHeaderMissing: no sheet has a header.
        SheetUnknown: there is no such sheet.
        MappingInvalid: the mapping names no column, no field, or contradicts itself.
        ConsortiumError: the file cannot be read at all.
    """
    book = take_apart(data)
    grid, header, sheets = _choose_sheet(book, mapping or {}, sheet)
    samples = _sample(grid, header)
    columns = column_rules.assign(header, samples, vocabulary=vocabulary, mapping=mapping)
    if not any(column.field == "name" for column in columns):
        raise RosterHeaderMissing(rows=HEADER_ROWS)
    lines = Lines(grid, header, columns)
    rows = lines.select()
    read = {
        column.field: read_column(
            column.field,
            _cells(grid, rows, column.index),
            vocabulary=vocabulary,
            epoch_1904=book.epoch_1904,
            header=column.source,
        )
        for column in columns
        if column.field
    }
    sheets = mark_continuations(book.grids, sheets, columns)
    report = _report(book, grid, header, columns, rows, read)
    row = header.rows[-1] + 1
    report.notes += note_unnumbered(columns, samples, header.matches, sheet=grid.name, row=row)
    report.notes += note_sheets(sheets, row=row) + note_hidden(grid, rows, row=row)
    return Roster(
        kind=book.kind,
        encoding=book.encoding,
        sheet=grid.name,
        header_rows=tuple(row + 1 for row in header.rows),
        columns=columns,
        sheets=sheets,
        numbers=[row + 1 for row in rows],
        values={field: found.values for field, found in read.items()},
        faults=report.faults_in_order(),
        notes=tuple(sorted(report.notes, key=lambda note: note.row)),
        skipped={kind: len(places) for kind, places in lines.skipped.items()},
        skipped_rows={kind: tuple(places) for kind, places in lines.skipped.items()},
        unpadded=report.unpadded,
    )


def _report(
    book: Book,
    grid: Grid,
    header: Header,
    columns: Sequence[Column],
    rows: Sequence[int],
    read: dict[str, ReadColumn],
) -> "_Report":
    """Gather what is at fault in cells, between the cells of a row, and between rows."""
    share_periods(read, rows=len(rows))
    report = _Report(grid, columns, rows)
    if book.unsure:
        report.note_encoding(header)
    report.notes += note_undated(columns, sheet=grid.name, row=header.rows[-1] + 1)
    for field, found in read.items():
        report.take(field, found)
    report.cross_check({field: found.values for field, found in read.items()})
    if book.kind == "csv":
        report.refuse_long_rows(max(len(grid.rows[row]) for row in header.rows))
    return report


def _choose_sheet(
    book: Book, mapping: Mapping[str, str | None], wish: str | None
) -> tuple[Grid, Header, tuple[Sheet, ...]]:
    """Choose the sheet and join names that stand in two columns.

    A mapping that names no column is why there is no header, so it is told.
    """
    try:
        grid, header, sheets = choose_sheet(book, read_choice(mapping), wish=wish)
    except RosterHeaderMissing:
        rows = [row for grid in book.grids for row in grid.rows[:HEADER_ROWS]]
        texts = [said(cell) for row in rows for cell in row]
        require_columns(mapping, texts=texts, width=max(map(len, rows), default=0))
        _require_name(book, mapping, wish)
        raise
    if header.pairs:
        joined = join_names(grid, header.first_data_row, header.pairs, header.matches)
        header = replace(header, matches=joined)
    return grid, header, sheets


def _require_name(book: Book, mapping: Mapping[str, str | None], wish: str | None) -> None:
    """Tell of a mapping without which there would be a header.

    Raises:
        MappingNameless: the mapping takes the names away.
    """
    if not mapping:
        return
    try:
        _, header, _ = choose_sheet(book, wish=wish)
    except RosterHeaderMissing:
        return
    names = [
        f"{name_column(place)} {source}"
        for place, (source, match) in enumerate(zip(header.sources, header.matches, strict=True))
        if match[0] == "name" or match[0] in HALVES
    ]
    raise MappingNameless(columns=", ".join(names))


def _sample(grid: Grid, header: Header) -> list[list[Cell]]:
    first = header.first_data_row
    rows = grid.rows[first : first + _SAMPLE_ROWS]
    width = max((len(row) for row in rows), default=0)
    return [
        [row[index] for row in rows if index < len(row) and row[index] != ""]
        for index in range(max(width, len(header.sources)))
    ]


def _cells(grid: Grid, rows: Iterable[int], index: int) -> list[Cell]:
    return [
        cells[index] if index < len(cells) else "" for cells in map(grid.rows.__getitem__, rows)
    ]


class _Report:
    """Collects faults and notes with their places."""

    def __init__(self, grid: Grid, columns: Sequence[Column], rows: Sequence[int]) -> None:
        self._grid = grid
        self._columns = {column.field: column for column in columns if column.field}
        self._rows = rows
        self.faults: list[Fault] = []
        self.notes: list[Fault] = []
        self.unpadded: dict[int, str] = {}
        self._numbers: dict[str, list[object]] = {}

    def take(self, field: str, column: ReadColumn) -> None:
        """Place the faults and notes of a column."""
        if field == "member_number":
            self._take_numbers(column)
        for index, fault in column.faults.items():
            self.faults.append(self._at(index, field, fault.code, fault.message, fault.params))
        for index, note in column.notes.items():
            self.notes.append(self._at(index, field, note.code, note.message, {}))

    def note_encoding(self, header: Header) -> None:
        """Ask for a look at the names where the file is too short to prove its encoding."""
        row = header.rows[-1] + 1
        code, message = "encoding-unsure", _ENCODING_UNSURE
        self.notes.append(Fault(self._grid.name, row, None, None, "", code, message, {}))

    def _take_numbers(self, column: ReadColumn) -> None:
        """Keep numbers as written: whether zeros are put back, the members on file decide."""
        self.unpadded = {self._rows[index] + 1: text for index, text in column.unpadded.items()}
        written = list(column.values)
        for index, text in column.unpadded.items():
            written[index] = text
        self._numbers = {"member_number": _fold_all(written)}

    def _at(
        self, index: int, field: str, code: str, message: str, params: Mapping[str, str]
    ) -> Fault:
        row = self._rows[index]
        column = self._columns.get(field)
        if column is None:
            return Fault(self._grid.name, row + 1, None, field, "", code, message, params)
        cells = self._grid.rows[row]
        cell = cells[column.index] if column.index < len(cells) else ""
        place = f"{column.letter}{row + 1}"
        value = show(cell, field)
        return Fault(self._grid.name, row + 1, place, field, value, code, message, params)

    def _refuse(self, index: int, field: str, fault: CellFault) -> None:
        self.faults.append(self._at(index, field, fault.code, fault.message, fault.params))

    def cross_check(self, values: Mapping[str, list[object]]) -> None:
        """Check what one column alone cannot tell: missing names, repeats, contradictions."""
        bad = {fault.row for fault in self.faults if fault.field == "name"}
        for index, name in enumerate(values["name"]):
            if name is None and self._rows[index] + 1 not in bad:
                self._refuse(index, "name", CellFault("name-missing", _NAME_MISSING))
        self._check_repeats({**values, **self._numbers})
        self._check_periods(values)
        self._note_contradictions(values)

    def refuse_long_rows(self, width: int) -> None:
        """Refuse rows of more cells than the header: a stray separator has shifted the others.

        What else is wrong with such a row comes from that, so it is not told.
        """
        long = {}
        for row in self._rows:
            cells = self._grid.rows[row]
            if len(cells) > width:
                filled = (place for place in range(width, len(cells)) if str(cells[place]).strip())
                first = next(filled, None)
                if first is not None:
                    long[row + 1] = f"{name_column(first)}{row + 1}"
        if long:
            self.faults = [fault for fault in self.faults if fault.row not in long]
            self.faults += [
                Fault(self._grid.name, row, cell, None, "", "row-too-long", _TOO_LONG, {})
                for row, cell in long.items()
            ]

    def _check_repeats(self, values: Mapping[str, list[object]]) -> None:
        """Refuse rows that claim one number; a row repeated whole loses only its repeats."""
        for field, code, message in (
            ("member_number", "member-number-repeated", _NUMBER_REPEATED),
            ("national_id", "national-id-repeated", _ID_REPEATED),
            ("orcid", "orcid-repeated", _ORCID_REPEATED),
        ):
            for indexes in list_repeated(values.get(field, [])):
                whole = {tuple(column[index] for column in values.values()) for index in indexes}
                if field == "orcid" and _is_one_person(values["name"], indexes):
                    continue
                if len(whole) > 1:
                    for index in indexes:
                        fault = self._rival(index, indexes, field, code, message)
                        self._refuse(index, field, fault)
                elif field == "member_number":
                    first = str(self._rows[indexes[0]] + 1)
                    for index in indexes[1:]:
                        self._refuse(
                            index, field, CellFault("row-repeated", _ROW_REPEATED, row=first)
                        )

    def _rival(
        self, index: int, indexes: Sequence[int], field: str, code: str, message: str
    ) -> CellFault:
        letter = self._columns[field].letter
        others = [f"{letter}{self._rows[other] + 1}" for other in indexes if other != index]
        shown = ", ".join(others[:5]) + (" …" if len(others) > 5 else "")
        return CellFault(code, message, cell=f"{letter}{self._rows[index] + 1}", other=shown)

    def _check_periods(self, values: Mapping[str, list[object]]) -> None:
        for index, (since, until) in enumerate(
            zip(values.get("since", []), values.get("until", []), strict=False)
        ):
            if isinstance(since, date) and isinstance(until, date) and until < since:
                # Where one cell gave both days, that cell is the one to correct.
                field = "until" if "until" in self._columns else "since"
                self._refuse(index, field, CellFault("period-reversed", _REVERSED))

    def _note_contradictions(self, values: Mapping[str, list[object]]) -> None:
        pairs = zip(values.get("national_id", []), values.get("birth_date", []), strict=False)
        for index, (identity, born) in enumerate(pairs):
            if isinstance(identity, str) and isinstance(born, date):
                # 出生年月 gives a month; its first day then stands for it.
                if identity[6:12] == born.isoformat()[:7].replace("-", ""):
                    continue
                stated = born_on(identity)
                if stated and (stated.year, stated.month) != (born.year, born.month):
                    self.notes.append(
                        self._at(index, "birth_date", "birth-date-differs", _DIFFERS, {})
                    )

    def faults_in_order(self) -> tuple[Fault, ...]:
        """Faults by row, then by column."""
        place = {field: column.index for field, column in self._columns.items()}
        return tuple(
            sorted(self.faults, key=lambda fault: (fault.row, place.get(fault.field or "", 9999)))
        )


def _fold_all(numbers: Sequence[object]) -> list[object]:
    texts = ["" if number is None else str(number) for number in numbers]
    # Plain letters need no more than capitals, and a large roster no call for each row.
    folded = map(str.upper if "".join(texts).isascii() else fold_number, texts)
    return [text or None for text in folded]


def _is_one_person(names: Sequence[object], indexes: Sequence[int]) -> bool:
    return all(is_same_name(names[indexes[0]], names[index]) for index in indexes)


_ENCODING_UNSURE: Final = N_(
    "The file does not say how its letters are encoded and is too short to tell. Compare the names "
    "before applying; if they are wrong, save the file as .xlsx and send it again."
)
_NAME_MISSING: Final = N_("The name is missing. Write the person's name.")
_NUMBER_REPEATED: Final = N_(
    "%(cell)s and %(other)s hold the same member number. Correct or delete all but one."
)
_ID_REPEATED: Final = N_(
    "%(cell)s and %(other)s hold the same identity number. Correct or delete all but one."
)
_ORCID_REPEATED: Final = N_(
    "%(cell)s and %(other)s hold the same ORCID iD under two names. Correct or empty all but one."
)
_TOO_LONG: Final = N_(
    "This row has more cells than the header. A value probably holds the separator; put the value "
    "in quotation marks."
)
_ROW_REPEATED: Final = N_("This row repeats row %(row)s word for word. Delete one of them.")
_REVERSED: Final = N_("The membership ends before it begins. Correct one of the dates.")
_DIFFERS: Final = N_("The birth date differs from the one in the identity number.")
