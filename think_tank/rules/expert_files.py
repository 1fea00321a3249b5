"""Files of experts and of consents: each row is taken whole, or refused with its cell."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta

from consortium.kernel.errors import N_
from think_tank.rules.briefs import read_flag
from think_tank.rules.sheets import Table, TableRow, read_day
from think_tank.values import PURPOSES, ConflictPair, ConsentWish, ExpertWish, Refusal

EXPERT_COLUMNS = (
    "id", "name", "society", "employer", "title", "email", "disciplines", "keywords",
    "biography", "birth_date", "front_line", "seniority", "front_line_source",
)  # fmt: skip
LONGEST: Mapping[str, int] = {
    "id": 64, "name": 120, "employer": 200, "title": 120, "email": 254, "seniority": 40,
    "front_line_source": 120, "biography": 20000, "evidence": 500,
}  # fmt: skip
EARLIEST = date(1900, 1, 1)


class _Refused(Exception):
    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal
        super().__init__(refusal.code)


def read_experts(
    table: Table,
    *,
    find_society: Callable[[str], str | None],
    is_code: Callable[[str], bool],
    today: date,
) -> tuple[list[ExpertWish], list[Refusal]]:
    """Read an expert file's rows.

    Args:
        find_society: society code for what stands in the cell, a code or a name.
        is_code: whether a discipline code is known.
        today: nobody is born later.

    Returns:
        Wishes and refusals; together they are as many as the rows.
    """
    wishes: list[ExpertWish] = []
    refusals: list[Refusal] = []
    seen: dict[tuple[str, str], int] = {}
    for row in table.rows:
        try:
            wish = _read_expert(row, find_society, is_code, today)
            _check_first(row, seen, (wish.society, wish.reference))
            wishes.append(wish)
        except _Refused as refused:
            refusals.append(refused.refusal)
    return wishes, refusals


def _check_first(row: TableRow, seen: dict[tuple[str, str], int], key: tuple[str, str]) -> None:
    if key in seen:
        raise _refuse(row, "id", "id-twice", N_("Another row of this file has this id already."))
    seen[key] = row.number


def _refuse(row: TableRow, column: str, code: str, message: str) -> _Refused:
    value = row.cells.get(column, "")[:80]
    return _Refused(Refusal(row.number, row.place(column), column, value, code, message))


def _read_expert(
    row: TableRow,
    find_society: Callable[[str], str | None],
    is_code: Callable[[str], bool],
    today: date,
) -> ExpertWish:
    cells = row.cells
    for column in ("id", "name", "society"):
        if not cells.get(column):
            raise _refuse(row, column, f"{column}-missing", N_("This cell must not be empty."))
    _check_lengths(row)
    society = find_society(cells["society"])
    if society is None:
        message = N_("No society of the register has this code or name.")
        raise _refuse(row, "society", "society-unknown", message)
    return ExpertWish(
        society=society,
        reference=cells["id"],
        name=cells["name"],
        employer=cells.get("employer", ""),
        title=cells.get("title", ""),
        email=_read_email(row),
        disciplines=_read_codes(row, is_code),
        keywords=split(cells.get("keywords", "")),
        biography=cells.get("biography", ""),
        birth_date=_read_birth(row, today),
        front_line=_read_front_line(row),
        front_line_source=cells.get("front_line_source", ""),
        seniority=cells.get("seniority", ""),
    )


def _check_lengths(row: TableRow) -> None:
    for column, most in LONGEST.items():
        if len(row.cells.get(column, "")) > most:
            raise _refuse(row, column, "too-long", N_("This text is too long."))


def split(cell: str) -> tuple[str, ...]:
    """The values of a cell, each once; semicolons, commas and 、 separate them.

    >>> split("A0101; F02；A0101、B01")
    ('A0101', 'F02', 'B01')
    """
    for mark in "；、，,|":
        cell = cell.replace(mark, ";")
    return tuple(dict.fromkeys(part.strip() for part in cell.split(";") if part.strip()))


def _read_codes(row: TableRow, is_code: Callable[[str], bool]) -> tuple[str, ...]:
    codes = tuple(code.upper() for code in split(row.cells.get("disciplines", "")))
    if not all(is_code(code) for code in codes):
        message = N_("The list of the National Natural Science Foundation has no such code.")
        raise _refuse(row, "disciplines", "discipline-unknown", message)
    return codes


def _read_email(row: TableRow) -> str:
    email = row.cells.get("email", "")
    local, _, domain = email.partition("@")
    if email and not (local and "." in domain and " " not in email):
        raise _refuse(row, "email", "email-invalid", N_("Write the address as name@example.org."))
    return email


def _read_birth(row: TableRow, today: date) -> date | None:
    text = row.cells.get("birth_date", "")
    if not text:
        return None
    try:
        born = read_day(text)
    except ValueError:
        born = None
    if born is None or not EARLIEST <= born <= today:
        message = N_("Write the day of birth in full, as 1975-03-01, or leave the cell empty.")
        raise _refuse(row, "birth_date", "day-invalid", message)
    return born


def _read_front_line(row: TableRow) -> bool | None:
    text = row.cells.get("front_line", "")
    flag = read_flag(text)
    if text and flag is None:
        message = N_("Write yes or no (是 or 否), or leave the cell empty if it is unknown.")
        raise _refuse(row, "front_line", "flag-invalid", message)
    return None if flag is None else flag == "true"


def read_consents(
    table: Table, *, find_society: Callable[[str], str | None], now: datetime
) -> tuple[list[ConsentWish], list[Refusal]]:
    """Read a file of consents that are held already: `id,society,purpose,given_at,evidence`."""
    wishes: list[ConsentWish] = []
    refusals: list[Refusal] = []
    for row in table.rows:
        try:
            wishes.append(_read_consent(row, find_society, now))
        except _Refused as refused:
            refusals.append(refused.refusal)
    return wishes, refusals


def _read_consent(
    row: TableRow, find_society: Callable[[str], str | None], now: datetime
) -> ConsentWish:
    cells = row.cells
    for column in ("id", "society", "purpose", "given_at", "evidence"):
        if not cells.get(column):
            raise _refuse(row, column, f"{column}-missing", N_("This cell must not be empty."))
    _check_lengths(row)
    society = find_society(cells["society"])
    if society is None:
        message = N_("No society of the register has this code or name.")
        raise _refuse(row, "society", "society-unknown", message)
    purpose = PURPOSES.get(cells["purpose"].lower().replace("_", "-"))
    if purpose is None:
        message = N_("A consent is for one of: panel, search, publication.")
        raise _refuse(row, "purpose", "purpose-unknown", message)
    instant, day = _read_given(row)
    # A civil day may have begun in the society's zone before it begins in UTC.
    is_ahead = (instant and instant > now) or (day and day > (now + timedelta(hours=14)).date())
    if (instant is None and day is None) or is_ahead:
        message = N_("Write when she agreed, as 2026-05-01; it cannot lie ahead.")
        raise _refuse(row, "given_at", "instant-invalid", message)
    return ConsentWish(cells["id"], society, purpose, day, instant, cells["evidence"], row)


def _read_given(row: TableRow) -> tuple[datetime | None, date | None]:
    """An RFC 3339 instant, or a civil day in the society's zone."""
    text = row.cells["given_at"]
    try:
        return None, read_day(text)
    except ValueError:
        pass
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None, None
    return (instant, None) if instant.tzinfo else (None, instant.date())


def find_references(
    pairs: Sequence[ConflictPair], known: Mapping[str, Sequence[str]]
) -> tuple[list[tuple[str, str, ConflictPair]], list[str]]:
    """Pairs whose both ids name one expert each, and the ids that do not.

    Args:
        known: `society:number`, and the bare number, to experts; a bare number may be several's.
    """
    found: list[tuple[str, str, ConflictPair]] = []
    unknown: list[str] = []
    for pair in pairs:
        a, b = known.get(pair.a, ()), known.get(pair.b, ())
        unknown += [name for name, one in ((pair.a, a), (pair.b, b)) if len(one) != 1]
        if len(a) == 1 and len(b) == 1 and a[0] != b[0]:
            found.append((min(a[0], b[0]), max(a[0], b[0]), pair))
    return found, list(dict.fromkeys(unknown))


def list_unknown_columns(table: Table) -> Iterator[str]:
    """Columns that are not taken; some of them must never be (政治面貌, 民族, 宗教)."""
    return (column for column in table.columns if column not in EXPERT_COLUMNS)
