"""Pools and conflict pairs as files: every row is used or refused with its cell, none is lost."""

from calendar import monthrange
from collections.abc import Iterator
from datetime import date
from fractions import Fraction

from consortium.kernel.errors import N_, FieldError
from think_tank.errors import ConflictsInvalid, PoolInvalid
from think_tank.rules.briefs import read_flag, read_number
from think_tank.rules.sheets import TableRow, read_day, read_table
from think_tank.values import Candidate, ConflictPair

MOST_FAULTS = 100


def read_pool(content: bytes) -> list[Candidate]:
    """Read POOL: `id,name,society,employer,birth_date,front_line,seniority,disciplines,score`.

    Only `id` must be there; further columns may be asked by rules. Without a `score` column all
    are equally fit. Rows with one value of a column `person` are one person's.

    Raises:
        PoolInvalid: names each cell that cannot be used.
        TableUnreadable: it is no table.
    """
    table = read_table(content, required=["id"])
    faults: list[FieldError] = []
    pool: list[Candidate] = []
    seen: dict[str, int] = {}
    for row in table.rows:
        found = list(_list_row_faults(row))
        name = row.cells["id"]
        if name in seen:
            message = N_("Row %(row)s has this id already.")
            found.append(row.fault("id", "id-twice", message, row=seen[name]))
        seen.setdefault(name, row.number)
        faults += found
        if not found:
            pool.append(_candidate(row))
    if faults:
        raise PoolInvalid(errors=faults[:MOST_FAULTS], extra={"faults": len(faults)})
    return pool


def _list_row_faults(row: TableRow) -> Iterator[FieldError]:
    cells = row.cells
    if not cells["id"]:
        yield row.fault("id", "id-missing", N_("The row has no id."))
    if "score" in cells and not _is_number(cells["score"]):
        yield row.fault("score", "score-invalid", N_("Write the score as a number."))
    if cells.get("birth_date") and _day(cells["birth_date"]) is None:
        yield row.fault("birth_date", "day-invalid", N_("Write the day as 2026-12-31."))
    if cells.get("front_line") and read_flag(cells["front_line"]) is None:
        yield row.fault("front_line", "flag-invalid", N_("Write yes or no (是 or 否)."))


def _is_number(text: str) -> bool:
    try:
        read_number(text)
    except ValueError:
        return False
    return True


def _day(text: str) -> date | None:
    try:
        return read_day(text)
    except ValueError:
        return None


def _candidate(row: TableRow) -> Candidate:
    fields = dict(row.cells)
    name, person = fields.pop("id"), fields.pop("person", "")
    score = read_number(fields["score"]) if "score" in fields else Fraction(0)
    if fields.get("birth_date"):
        fields["birth_date"] = read_day(fields["birth_date"]).isoformat()
    if fields.get("front_line"):
        fields["front_line"] = read_flag(fields["front_line"]) or ""
    for column in ("disciplines", "keywords"):
        if column in fields:
            fields[column] = fields[column].replace("；", ";")
    return Candidate(name, score, fields, person)


def read_conflicts(content: bytes) -> list[ConflictPair]:
    """Read PAIRS: `a,b,kind,since,until`; both days are included, and either may be left empty.

    A year or a month alone stands for its first day (since) or its last (until).

    Raises:
        ConflictsInvalid: names each cell that cannot be used.
        TableUnreadable: it is no table.
    """
    table = read_table(content, required=["a", "b"])
    faults: list[FieldError] = []
    pairs: list[ConflictPair] = []
    for row in table.rows:
        found = list(_list_pair_faults(row))
        faults += found
        if not found:
            cells = row.cells
            since, until = (_edge(cells.get(name, ""), name) for name in ("since", "until"))
            pairs.append(ConflictPair(cells["a"], cells["b"], cells.get("kind", ""), since, until))
    if faults:
        raise ConflictsInvalid(errors=faults[:MOST_FAULTS], extra={"faults": len(faults)})
    return pairs


def _list_pair_faults(row: TableRow) -> Iterator[FieldError]:
    for name in ("a", "b"):
        if not row.cells[name]:
            yield row.fault(name, "id-missing", N_("The row has no id."))
    if row.cells["a"] and row.cells["a"] == row.cells["b"]:
        yield row.fault("b", "pair-with-herself", N_("Nobody is in conflict with herself."))
    for name in ("since", "until"):
        if row.cells.get(name) and _edge(row.cells[name], name) is None:
            yield row.fault(name, "day-invalid", N_("Write the day as 2026-12-31."))


def _edge(text: str, name: str) -> date | None:
    """The first or last day of what was written: a day, a month or a year."""
    parts = text.strip().split("-")
    if len(parts) > 2 or not all(part.isdigit() for part in parts) or len(parts[0]) != 4:
        return _day(text)
    first = name == "since"
    year, month = (
        int(parts[0]),
        int(parts[1]) if len(parts) == 2 else (1 if first else 12),
    )
    try:
        return date(year, month, 1 if first else monthrange(year, month)[1])
    except ValueError:
        return None
