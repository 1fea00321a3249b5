"""Names that stand in two columns, as First Name and Last Name or 姓 and 名, put together."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from membership.roster.characters import HAN, clean, fold, plain
from membership.roster.synonyms import BESIDE_FAMILY, HALVES
from membership.roster.values import Cell, Grid
from membership.roster.wording import UNKNOWN, Match

_HAN: Final = re.compile(f"[{HAN}]")
_SAMPLE: Final = 200
_SCRIPTS: Final = ("", "_latin")
JOINED: Final[Match] = (None, 1.0, "joined")


@dataclass(frozen=True, slots=True)
class Pair:
    """The columns of one name: family name, given name and, where there is one, middle name.

    `may_be_whole` says that the given name's column is called like one of whole names.
    """

    family: int
    given: tuple[int, ...]
    may_be_whole: bool = False


def find_pairs(sources: Sequence[str], matches: Sequence[Match]) -> tuple[Pair, ...]:
    """Find the columns that together hold a name; a half without the other is left alone.

    >>> last, first = ("family_latin", 1.0, None), ("given_latin", 1.0, None)
    >>> find_pairs(["First Name", "Last Name"], [first, last])
    (Pair(family=1, given=(0,), may_be_whole=False),)
    >>> find_pairs(["Last Name"], [last])
    ()
    """
    pairs = []
    for script in _SCRIPTS:
        family = _places(matches, f"family{script}")
        given = _places(matches, f"given{script}")
        may_be_whole = len(family) == 1 and not given
        if may_be_whole:
            beside = BESIDE_FAMILY[f"family{script}"]
            given = [place for place, source in enumerate(sources) if fold(source) in beside]
        if len(family) == len(given) == 1:
            middle = _places(matches, "middle_latin") if script else []
            pairs.append(Pair(family[0], (given[0], *middle[:1]), may_be_whole))
    return tuple(pairs)


def _places(matches: Sequence[Match], half: str) -> list[int]:
    return [place for place, match in enumerate(matches) if match[0] == half]


def join_names(
    grid: Grid, first: int, pairs: Sequence[Pair], matches: Sequence[Match]
) -> tuple[Match, ...]:
    """Write each pair's whole name into its family name's cells and say what they hold now.

    Args:
        grid: the sheet; its cells are changed.
        first: the first row below the header, counted from 0.
        pairs: as found.
        matches: the header's; those of halves are replaced.
    """
    found = list(matches)
    for pair in pairs:
        for place in (pair.family, *pair.given):
            found[place] = UNKNOWN
    for pair in pairs:
        taken = {match[0] for match in found}
        is_han = _join_cells(grid, first, pair)
        wish = "name" if is_han or "name" not in taken else "name_latin"
        is_free = wish not in taken
        found[pair.family] = (wish, 1.0, None) if is_free else (None, 1.0, "taken")
        for place in pair.given:
            found[place] = JOINED if is_free else (None, 1.0, "taken")
    return tuple(UNKNOWN if match[0] in HALVES else match for match in found)


def _join_cells(grid: Grid, first: int, pair: Pair) -> bool:
    """Join the cells of every row; True if most names are written in Han characters."""
    header = grid.rows[first - 1]
    han = seen = 0
    for cells in grid.rows[first:]:
        parts = [cells[place] if place < len(cells) else "" for place in (pair.family, *pair.given)]
        # A header repeated on each printed page must stay recognisable.
        if not any(parts[1:]) or parts[0] == _at(header, pair.family):
            continue
        whole = join_name(parts, may_be_whole=pair.may_be_whole)
        cells.extend([""] * (pair.family + 1 - len(cells)))
        cells[pair.family] = whole
        if seen < _SAMPLE:
            seen += 1
            han += bool(_HAN.search(whole))
    return han * 2 > seen


def _at(cells: Sequence[Cell], place: int) -> Cell:
    return cells[place] if place < len(cells) else ""


def join_name(parts: Sequence[Cell], *, may_be_whole: bool = False) -> str:
    """Join family, given and middle name: Chinese without a space, Latin family name first.

    >>> join_name(["欧阳", "修"]), join_name(["Lovelace", "Ada", "King"])
    ('欧阳修', 'Lovelace Ada King')
    >>> join_name(["Lovelace", "Ada Lovelace"], may_be_whole=True)
    'Ada Lovelace'
    """
    texts = [text for text in (clean(plain(part)) for part in parts) if text]
    if may_be_whole and len(texts) == 2 and _holds(texts[1], texts[0]):
        return texts[1]
    return ("" if all(_HAN.search(text) for text in texts) else " ").join(texts)


def _holds(name: str, family: str) -> bool:
    words, sought = fold(name), fold(family)
    return len(words) > len(sought) and (words.startswith(sought) or words.endswith(sought))


def count_names(matches: Sequence[Match], pairs: Sequence[Pair]) -> dict[str, float]:
    """The fields that pairs will fill, for judging a header: the name first, then the Latin one.

    >>> count_names([("name", 1.0, None)], [Pair(1, (2,))])
    {'name_latin': 1.0}
    """
    held = {match[0] for match in matches}
    free = [field for field in ("name", "name_latin") if field not in held]
    return dict.fromkeys(free[: len(pairs)], 1.0)
