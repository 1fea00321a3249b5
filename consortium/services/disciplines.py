"""Disciplines: the codes of the National Natural Science Foundation, and the OECD's fields."""

import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from consortium.errors import DisciplineUnknown
from consortium.values import Discipline

_DATA = Path(__file__).parents[1] / "data"
# The file's entries all have this one form, which spares a YAML reader.
_OECD_ENTRY = re.compile(r'\?([\d.]+)"\n  scheme: FOS\n  subject: "([^"]+)"')


def get_discipline(code: str) -> Discipline:
    """The discipline of a code such as A0101.

    Raises:
        DisciplineUnknown: the list holds no such code.
    """
    found = find_discipline(code)
    if found is None:
        raise DisciplineUnknown(discipline=code)
    return found


def find_discipline(code: str) -> Discipline | None:
    """The discipline of a code, or None; spaces and small letters are forgiven."""
    return _read().get(code.strip().upper())


def list_disciplines(*, within: str | None = None) -> list[Discipline]:
    """The disciplines in the order of their codes.

    Args:
        within: only the direct children of this code; None gives the top level.
    """
    if within is None:
        return [found for found in _read().values() if not found.parents]
    parent = within.strip().upper()
    return [found for found in _read().values() if found.parents[:1] == (parent,)]


def names_of(codes: Iterable[str], language: str = "en") -> dict[str, str]:
    """Names by code; unknown codes are left out."""
    found = ((code, find_discipline(code)) for code in codes)
    return {code: discipline.name(language) for code, discipline in found if discipline}


def is_within(code: str, wider: str) -> bool:
    """Whether a code is the wider one or below it.

    >>> is_within("A010101", "A01"), is_within("A01", "A0101")
    (True, False)
    """
    found = find_discipline(code)
    wanted = wider.strip().upper()
    return found is not None and (found.code == wanted or wanted in found.parents)


def list_oecd_fields() -> dict[str, str]:
    """The 48 OECD Fields of Research and Development: English name by number.

    >>> list_oecd_fields()["1.1"]
    'Mathematics'
    """
    return dict(_read_oecd())


@cache
def _read_oecd() -> Mapping[str, str]:
    text = (_DATA / "oecd-ford.yaml").read_text(encoding="utf-8")
    return dict(_OECD_ENTRY.findall(text))


@cache
def _read() -> Mapping[str, Discipline]:
    """The list, read at first use: 2,916 codes on three levels."""
    rows: dict[str, dict[str, object]] = {}
    with (_DATA / "nsfc-codes.jl").open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            rows[row["_id"]] = row
    return {code: _discipline(code, rows) for code in sorted(rows)}


def _discipline(code: str, rows: Mapping[str, Mapping[str, object]]) -> Discipline:
    parents: list[str] = []
    above = _parent(rows[code])
    while above is not None and above in rows and above not in parents:
        parents.append(above)
        above = _parent(rows[above])
    row = rows[code]
    return Discipline(code, str(row["name"]), str(row["name_en"]), tuple(parents))


def _parent(row: Mapping[str, object]) -> str | None:
    parents = row["parents"]
    return str(parents[0]) if isinstance(parents, list) and parents else None
