"""Which sheet is the roster, which rows name its columns, and what each column holds."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from rapidfuzz import fuzz, process

from membership.roster.characters import clean, fold, plain
from membership.roster.errors import MappingInvalid
from membership.roster.synonyms import EXCLUDED, IGNORED, SENSITIVE, SYNONYMS, UNSURE
from membership.roster.values import FIELDS, Cell, Grid, name_column

HEADER_ROWS: Final = 10
"""A header stands in one of the first ten rows."""

_REMARK: Final = re.compile(r"[((\[【〔].*?[))\]】〕]")
_NOISE: Final = re.compile(r"[\s*:：/、,，.。_\-·'’\"“”!！?？^]+|必填|选填|required|optional")
_LATIN: Final = re.compile(r"[a-z/.#]+")
_FUZZY_FROM: Final = 88.0
_INSIDE: Final = 0.7
_TIE: Final = 0.01
# 普通会员 in a data row ends like a name column; a header says 姓名.
_NAME_FROM: Final = 0.6

Match = tuple[str | None, float, str | None]
"""Field, confidence, and the reason why there is no field."""

UNKNOWN: Final[Match] = (None, 0.0, "unknown")


def _key(text: str) -> str:
    return _NOISE.sub("", fold(text)) or fold(text)


@lru_cache(maxsize=1)
def _names() -> Mapping[str, Match]:
    names: dict[str, Match] = {}
    for field, synonyms in SYNONYMS.items():
        for synonym in synonyms:
            names.setdefault(_key(synonym), (field, UNSURE.get(synonym, 1.0), None))
        names.setdefault(_key(field), (field, 1.0, None))
    for listed, reason in ((SENSITIVE, "sensitive"), (IGNORED, "ignored"), (EXCLUDED, "unknown")):
        for synonym in listed:
            names[fold(synonym) if len(synonym) < 3 else _key(synonym)] = (None, 1.0, reason)
    return names


@lru_cache(maxsize=4096)
def match_header(text: str) -> Match:
    """Say which field a header names, how surely, and if none, why.

    >>> match_header("*会员编号(必填)")
    ('member_number', 0.95, None)
    >>> match_header("政治面貌")
    (None, 1.0, 'sensitive')
    >>> match_header("Date of Birth (yyyy-mm-dd)")
    ('birth_date', 0.95, None)
    >>> match_header("张三")
    (None, 0.0, 'unknown')
    """
    names = _names()
    whole = _key(text)
    if not whole or len(text) > 60:
        return UNKNOWN
    if whole in names or fold(text) in names:
        return names.get(fold(text)) or names[whole]
    bare = _key(_REMARK.sub("", text))
    if bare in names:
        field, confidence, reason = names[bare]
        return field, round(confidence * 0.95, 2), reason
    return _match_part(bare) or UNKNOWN


def _match_part(bare: str) -> Match | None:
    """A longer header that ends or begins with a name, or a misspelt English one."""
    names = _names()
    if not bare or len(bare) > 24:
        return None
    if bare.isascii():
        latin = [name for name in names if _LATIN.fullmatch(name) and len(name) > 4]
        found = process.extractOne(bare, latin, scorer=fuzz.ratio, score_cutoff=_FUZZY_FROM)
        if found is None:
            return None
        field, confidence, reason = names[found[0]]
        return field, round(confidence * found[1] / 100 * 0.9, 2), reason
    inside = [name for name in names if len(name) > 1 and not name.isascii() and name in bare]
    if not inside:
        return None
    # Chinese puts what a thing is last: 紧急联系人电话 is a telephone.
    best = max(inside, key=lambda name: (bare.endswith(name), len(name)))
    field, confidence, reason = names[best]
    share = _INSIDE if bare.endswith(best) else _INSIDE - 0.15
    return field, round(confidence * share, 2), reason


@dataclass(frozen=True, slots=True)
class Header:
    """Where the columns are named: rows from 0, and each column's full name and match."""

    rows: tuple[int, ...]
    sources: tuple[str, ...]
    matches: tuple[Match, ...]
    score: float

    @property
    def first_data_row(self) -> int:
        """The row after the header, counted from 0."""
        return self.rows[-1] + 1


Chosen = Mapping[str, str | None]
"""The user's mapping, from a folded column name or lower-case letter to a field or None."""


def find_header(grid: Grid, chosen: Chosen | None = None) -> Header | None:
    """Find the row, or the two rows, that name the columns; None when no row names a person.

    A header needs a name column and one more field. Two rows are taken together only if that names
    more fields than either row alone. What the user has chosen counts as certain.
    """
    best: Header | None = None
    for row in range(min(HEADER_ROWS, len(grid.rows))):
        for rows in ((row,), (row, row + 1)):
            found = _judge(grid, rows, chosen or {})
            if found is not None and (best is None or _is_better(found, best)):
                best = found
    return best


def _is_better(found: Header, best: Header) -> bool:
    """More fields win; at a tie one row wins over two, whose upper one is then a mere title."""
    if abs(found.score - best.score) <= _TIE:
        return len(found.rows) < len(best.rows)
    return found.score > best.score


def _judge(grid: Grid, rows: tuple[int, ...], chosen: Chosen) -> Header | None:
    if rows[-1] >= min(HEADER_ROWS, len(grid.rows)):
        return None
    if len(rows) == 1:
        sources = [_said(cell) for cell in grid.rows[rows[0]]]
        matches = [match_header(source) for source in sources]
    else:
        sources, matches = _combine(_spread(grid, rows[0]), grid.rows[rows[1]])
    matches = [
        _choose(place, source, match, chosen)
        for place, (source, match) in enumerate(zip(sources, matches, strict=True))
    ]
    fields = {match[0]: match[1] for match in sorted(matches, key=lambda match: match[1])}
    fields.pop(None, None)
    known = sum(match[2] in {"sensitive", "ignored"} for match in matches)
    if fields.get("name", 0.0) < _NAME_FROM or len(fields) < 2:
        return None
    score = sum(fields.values()) + 0.3 * known
    return Header(rows, tuple(sources), tuple(matches), score)


def _choose(place: int, source: str, match: Match, chosen: Chosen) -> Match:
    """The user's choice for a column, by its name, the lower half of its name, or its letter."""
    if not source:
        return match
    for name in (fold(source), fold(source.rpartition("/")[2]), name_column(place).lower()):
        if name in chosen:
            field = chosen[name]
            return (field, 1.0, None) if field else (None, 0.0, "dropped")
    return match


def read_choice(mapping: Mapping[str, str | None]) -> Chosen:
    """Turn a mapping in either direction into one from columns to fields.

    >>> read_choice({"member_number": "工號", "B": "name"})
    {'工号': 'member_number', 'b': 'name'}

    Raises:
        MappingInvalid: it names no field.
    """
    chosen: dict[str, str | None] = {}
    for left, right in mapping.items():
        is_reverse = left in FIELDS and right is not None and right not in FIELDS
        name, field = (str(right), left) if is_reverse else (left, right)
        if field is not None and field not in FIELDS:
            raise MappingInvalid(name=field)
        chosen[fold(name)] = field
    return chosen


def _said(cell: Cell) -> str:
    return clean(plain(cell)) if cell != "" else ""


def _spread(grid: Grid, row: int) -> list[str]:
    """A group row with each merged title written over all its columns.

    Sheets without merged cells (text files) leave the columns after a title empty instead.
    """
    texts = [_said(cell) for cell in grid.rows[row]]
    width = max(len(texts), len(grid.rows[row + 1]))
    texts += [""] * (width - len(texts))
    merged = [area for area in grid.merged if area[0] <= row <= area[2]]
    for top, left, _, right in merged:
        title = _said(grid.rows[top][left]) if left < len(grid.rows[top]) else ""
        for column in range(left, min(right, width - 1) + 1):
            texts[column] = title
    if not merged:
        below = [_said(cell) for cell in grid.rows[row + 1]]
        for column in range(1, min(width, len(below))):
            if not texts[column] and below[column]:
                texts[column] = texts[column - 1]
    return texts


def _combine(above: Sequence[str], cells: Sequence[Cell]) -> tuple[list[str], list[Match]]:
    """Name each column by the lower row, by both, or by the upper row where the lower is empty."""
    sources, matches = [], []
    for column, group in enumerate(above):
        own = _said(cells[column]) if column < len(cells) else ""
        if not own or own == group:
            sources.append(group)
            # A group title alone names no column of its own unless the cell below is empty.
            matches.append(match_header(group))
            continue
        source = f"{group}/{own}" if group else own
        found = [match_header(own)]
        if group:
            found += [match_header(group + own)]
        sources.append(source)
        matches.append(max(found, key=lambda match: match[1]))
    return sources, matches
