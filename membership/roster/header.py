"""Which sheet rows are the header, and what each column holds by its words."""

from dataclasses import dataclass
from typing import Final

from membership.roster.choices import Chosen, choose
from membership.roster.groups import combine, continues, overshadow, part_persons, said, spread
from membership.roster.joining import Pair, count_names, find_pairs
from membership.roster.synonyms import HALVES
from membership.roster.values import Grid
from membership.roster.wording import Match, match_header

HEADER_ROWS: Final = 10
"""A header stands in one of the first ten rows."""

_TIE: Final = 0.01
_CONTINUED: Final = 0.5
# 普通会员 in a data row ends like a name column; a header says 姓名.
_NAME_FROM: Final = 0.6
_SPOKEN: Final = frozenset(("sensitive", "ignored", "another"))


@dataclass(frozen=True, slots=True)
class Header:
    """Where the columns are named: rows from 0, and each column's full name and match.

    `pairs` are names that stand in two columns.
    """

    rows: tuple[int, ...]
    sources: tuple[str, ...]
    matches: tuple[Match, ...]
    score: float
    pairs: tuple[Pair, ...] = ()

    @property
    def first_data_row(self) -> int:
        """The row after the header, counted from 0."""
        return self.rows[-1] + 1


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
        sources = [said(cell) for cell in grid.rows[rows[0]]]
        matches = [match_header(source) for source in sources]
    else:
        above = spread(grid, rows[0])
        sources, matches = combine(above, grid.rows[rows[1]])
    matches = part_persons(sources, overshadow(grid, rows[0], sources, matches))
    matches = [
        choose(place, source, match, chosen)
        for place, (source, match) in enumerate(zip(sources, matches, strict=True))
    ]
    pairs = find_pairs(sources, matches)
    fields = count_names(matches, pairs)
    for field, confidence, _ in matches:
        if field is not None and field not in HALVES:
            fields[field] = max(confidence, fields.get(field, 0.0))
    if fields.get("name", 0.0) < _NAME_FROM or len(fields) < 2:
        return None
    spoken = sum(match[2] in _SPOKEN for match in matches)
    score = sum(fields.values()) + 0.3 * spoken
    # Otherwise 姓 | 名 below 姓名 would be taken for a member.
    if len(rows) == 2 and continues(above, grid.rows[rows[1]]):
        score += _CONTINUED
    return Header(rows, tuple(sources), tuple(matches), score, pairs)
