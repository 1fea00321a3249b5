"""From header matches to one column a field, weighed by what the cells hold."""

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from membership.roster.characters import fold, is_nothing, plain, read_name
from membership.roster.contacts import read_email, read_gender
from membership.roster.dates import learn_style, read_date
from membership.roster.errors import CellFault, MappingInvalid
from membership.roster.header import Header, Match, read_choice
from membership.roster.identity import read_national_id, read_orcid
from membership.roster.numbers import Noted, read_member_number, read_mobile
from membership.roster.values import Cell, Column, Vocabulary, name_column

_SAMPLE: Final = 120
_DROP_BELOW: Final = 0.38
_MAPPED: Final = 1.0

Test = Callable[[Cell], object]


def assign(
    header: Header,
    samples: Sequence[Sequence[Cell]],
    *,
    vocabulary: Vocabulary,
    mapping: Mapping[str, str | None] | None = None,
) -> tuple[Column, ...]:
    """Give each field at most one column, the one that header and cells speak for most.

    Args:
        header: the header as found.
        samples: the first filled cells of each column.
        vocabulary: the society's grades and classes, which tell 会员类别 columns apart.
        mapping: the user's choices, from a column's name or letter to a field or None; they
            go before everything else.

    Raises:
        MappingInvalid: the mapping names no column of the sheet, or no field.
    """
    chosen = resolve_mapping(header.sources, mapping or {})
    width = max(len(header.sources), len(samples))
    columns = []
    for index in range(width):
        source = header.sources[index] if index < len(header.sources) else ""
        sample = samples[index] if index < len(samples) else ()
        if index in chosen:
            columns.append(_mapped(index, source, chosen[index]))
        elif source:
            found = _weigh(header.matches[index], sample, vocabulary)
            columns.append(Column(index, source, *found))
    return _settle(columns, by_hand=frozenset(chosen))


def _mapped(index: int, source: str, field: str | None) -> Column:
    reason = "dropped" if field is None else None
    return Column(index, source or name_column(index), field, _MAPPED, reason)


def resolve_mapping(
    sources: Sequence[str], mapping: Mapping[str, str | None]
) -> dict[int, str | None]:
    """Read a mapping by column name, column letter, or from field to column.

    >>> resolve_mapping(["编号", "姓名"], {"编号": "member_number", "B": "name"})
    {0: 'member_number', 1: 'name'}
    >>> resolve_mapping(["编号", "姓名"], {"member_number": "编号"})
    {0: 'member_number'}
    """
    places: dict[str, int] = {}
    for index in reversed(range(len(sources))):
        for name in (sources[index], sources[index].rpartition("/")[2]):
            if name:
                places[fold(name)] = index
    letters = {name_column(index).lower(): index for index in range(len(sources))}
    chosen: dict[int, str | None] = {}
    for name, field in read_choice(mapping).items():
        place = places.get(name, letters.get(name))
        if place is None:
            raise MappingInvalid(name=name)
        chosen[place] = field
    return chosen


def _weigh(match: Match, sample: Sequence[Cell], vocabulary: Vocabulary) -> Match:
    """Weigh a header by how many of the sample's cells the field can read."""
    field, confidence, reason = match
    if field is None or not sample:
        return match
    if field in ("class", "grade"):
        return _tell_grade_from_class(field, confidence, sample, vocabulary)
    if field == "mobile" and share(sample, _has_at_sign) > 0.6:
        return "email", round(confidence * 0.9, 2), reason
    test = _test_of(field, sample)
    if test is None:
        return match
    weighed = round(confidence * (0.5 + 0.5 * share(sample, test)), 2)
    return (field, weighed, reason) if weighed >= _DROP_BELOW else (None, weighed, "unknown")


def _tell_grade_from_class(
    field: str, confidence: float, sample: Sequence[Cell], vocabulary: Vocabulary
) -> Match:
    """Offices head grades 会员类别 and classes 会员级别; the society's own lists decide."""
    shares = {
        "grade": share(sample, _known_in(vocabulary.grades)),
        "class": share(sample, _known_in(vocabulary.classes)),
    }
    other = "class" if field == "grade" else "grade"
    if shares[other] > 0.5 and shares[other] > shares[field] + 0.25:
        return other, round(confidence * 0.8 * shares[other], 2), None
    return field, round(confidence * (0.6 + 0.4 * shares[field]), 2), None


def _known_in(names: Mapping[str, tuple[str, ...]] | None) -> Test:
    known = None if names is None else {fold(name) for every in names.values() for name in every}

    def test(cell: Cell) -> object:
        return True if known is None else fold(plain(cell)) in known or None

    return test


def _has_at_sign(cell: Cell) -> object:
    return True if isinstance(cell, str) and ("@" in cell or "\uff20" in cell) else None


def _test_of(field: str, sample: Sequence[Cell]) -> Test | None:
    """The reader that must accept a field's cells, or None for free text."""
    if field in ("since", "until", "birth_date"):
        style = learn_style(sample)
        return lambda cell: read_date(cell, edge="until", style=style)
    tests: dict[str, Test] = {
        "member_number": read_member_number,
        "name": read_name,
        "email": read_email,
        "mobile": read_mobile,
        "gender": read_gender,
        "orcid": read_orcid,
        "national_id": read_national_id,
    }
    return tests.get(field)


def share(sample: Sequence[Cell], test: Test) -> float:
    """The share of filled cells that a reader accepts; 1 when none is filled.

    A shortened number (3.70102E+17) counts as read: the column is what it says it is.
    """
    filled = [cell for cell in sample if not is_nothing(plain(cell))][:_SAMPLE]
    good = 0
    for cell in filled:
        try:
            found = test(cell)
            good += found is not None and not (isinstance(found, Noted) and found.value is None)
        except CellFault as fault:
            good += fault.code.endswith(("-rounded", "-check-digit"))
    return good / len(filled) if filled else 1.0


def _settle(columns: list[Column], *, by_hand: frozenset[int]) -> tuple[Column, ...]:
    """Leave each field to its surest column; a choice made by hand beats any other."""
    winners: dict[str, Column] = {}
    for column in columns:
        if column.field is None:
            continue
        holder = winners.get(column.field)
        if holder is None or _rank(column, by_hand) > _rank(holder, by_hand):
            winners[column.field] = column
    return tuple(
        column
        if column.field is None or winners[column.field] is column
        else Column(column.index, column.source, None, column.confidence, "taken")
        for column in columns
    )


def _rank(column: Column, by_hand: frozenset[int]) -> tuple[bool, float]:
    return column.index in by_hand, column.confidence
