"""From header matches to one column a field, weighed by what the cells hold."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from membership.roster.characters import fold, is_nothing, plain, read_name
from membership.roster.choices import refuse_sensitive, resolve_mapping
from membership.roster.contacts import read_email, read_gender
from membership.roster.dates import learn_style, read_date
from membership.roster.errors import CellFault, NamesTied
from membership.roster.header import Header
from membership.roster.identity import read_national_id, read_orcid
from membership.roster.numbers import Noted, read_member_number, read_mobile
from membership.roster.reading import stem
from membership.roster.undated import mark_undated
from membership.roster.values import Cell, Column, Vocabulary, name_column
from membership.roster.wording import Match

_SAMPLE: Final = 120
_DROP_BELOW: Final = 0.38
_MAPPED: Final = 1.0
# Two columns nearer than this are told apart by a stray cell only.
_LEVEL: Final = 0.03
# 编号, ID and 会员序号 are less sure than 会员号 to be a member number.
_SURE_NUMBER: Final = 0.9

# Words of a grade may stand in a few cells of any column. Where most are grades, the others are
# grades that the society has not entered yet, and refuse their rows.
_GRADES_FROM: Final = 0.6
_BY_CELLS: Final = 0.7
_STATUS: Final = frozenset(
    ("会员状态", "状态", "status", "memberstatus", "membershipstatus", "membership")
)
_OF_MEMBER: Final = re.compile(r"会|member")
# Not the grade that somebody has, but another one.
_WISHED: Final = re.compile(
    r"申请|申报|拟|推荐|建议|期望|意向|目标|上次|历史|变更前|晋升|评审|appl|propos|request|wish|"
    r"next|recommend|former|previous|past"
)

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
        MappingInvalid: the mapping names no column of the sheet, or no field; its subclasses
            tell of two columns for one field and of sensitive ones.
        NamesTied: two columns fit the name alike.
    """
    chosen = resolve_mapping(header.sources, mapping or {})
    refuse_sensitive(chosen, header.sources, header.matches)
    width = max(len(header.sources), len(samples))
    columns = []
    for index in range(width):
        source = header.sources[index] if index < len(header.sources) else ""
        sample = samples[index] if index < len(samples) else ()
        if index in chosen and header.matches[index][2] != "sensitive":
            columns.append(_mapped(index, source, chosen[index]))
        elif source:
            found = _weigh(header.matches[index], sample, vocabulary, source)
            columns.append(Column(index, source, *found))
    by_hand = frozenset(chosen)
    columns = _find_grades(columns, samples, header.matches, vocabulary)
    columns = _dismiss_counters(columns, samples, header.matches, by_hand=by_hand)
    return mark_undated(_settle(columns, samples, by_hand=by_hand), samples, header.matches)


def _mapped(index: int, source: str, field: str | None) -> Column:
    reason = "dropped" if field is None else None
    return Column(index, source or name_column(index), field, _MAPPED, reason)


def _weigh(match: Match, sample: Sequence[Cell], vocabulary: Vocabulary, source: str) -> Match:
    """Weigh a header by how many of the sample's cells the field can read."""
    field, confidence, reason = match
    if field is None or not sample:
        return match
    if field in ("class", "grade"):
        return _tell_grade_from_class(field, confidence, sample, vocabulary)
    if field == "mobile" and share(sample, _has_at_sign) > 0.6:
        return "email", round(confidence * 0.9, 2), reason
    test = test_of(field, sample, header=source)
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


def _find_grades(
    columns: Sequence[Column],
    samples: Sequence[Sequence[Cell]],
    matches: Sequence[Match],
    vocabulary: Vocabulary,
) -> list[Column]:
    """Where no header names the grade, take the column whose words are the society's grades."""
    if vocabulary.grades is None or any(column.field == "grade" for column in columns):
        return list(columns)
    whole, stems = _known_in(vocabulary.grades), _known_in(vocabulary.grades, by_stem=True)
    found = list(columns)
    for place, column in enumerate(columns):
        sample = samples[column.index] if column.index < len(samples) else ()
        if not sample or not _may_be_grade(column, matches[column.index]):
            continue
        # 高级 alone may be a professional level, but hardly under 会员等第.
        known = share(sample, stems if _OF_MEMBER.search(fold(column.source)) else whole)
        if known >= _GRADES_FROM:
            found[place] = replace(
                column, field="grade", confidence=round(_BY_CELLS * known, 2), reason=None
            )
    return found


def _may_be_grade(column: Column, match: Match) -> bool:
    """Whether a header leaves open what its column holds; 申请级别 and 建议等级 do not."""
    if column.reason != "unknown" or _WISHED.search(fold(column.source)):
        return False
    field, confidence, _ = match
    return field is not None or confidence == 0.0 or fold(column.source) in _STATUS


def _known_in(names: Mapping[str, tuple[str, ...]] | None, *, by_stem: bool = False) -> Test:
    key: Callable[[str], str] = (lambda text: stem(fold(text))) if by_stem else fold
    known = None if names is None else {key(name) for every in names.values() for name in every}

    def test(cell: Cell) -> object:
        return True if known is None else key(plain(cell)) in known or None

    return test


def _has_at_sign(cell: Cell) -> object:
    return True if isinstance(cell, str) and ("@" in cell or "\uff20" in cell) else None


def test_of(field: str, sample: Sequence[Cell], *, header: str) -> Test | None:
    """The reader that must accept the cells below a header, or None for free text."""
    if field in ("since", "until", "birth_date"):
        style = learn_style(sample, header=header)
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


def _dismiss_counters(
    columns: Sequence[Column],
    samples: Sequence[Sequence[Cell]],
    matches: Sequence[Match],
    *,
    by_hand: frozenset[int],
) -> list[Column]:
    """Leave out 编号 or ID where it runs 1, 2, 3: in a list sorted anew it would swap people."""
    return [
        Column(column.index, column.source, None, column.confidence, "counter")
        if column.field == "member_number"
        and column.index not in by_hand
        and matches[column.index][1] < _SURE_NUMBER
        and column.index < len(samples)
        and counts_rows(samples[column.index])
        else column
        for column in columns
    ]


def counts_rows(sample: Sequence[Cell]) -> bool:
    """Say whether cells run 1, 2, 3 in the order of the rows, apart from the words of a total.

    >>> counts_rows([1.0, "2", 3, "4", "合计"]), counts_rows(["1", "3"]), counts_rows(["0001"])
    (True, False, False)
    """
    digits = [text for cell in sample if (text := plain(cell)).isdecimal()]
    is_run = digits == [str(place) for place in range(1, len(digits) + 1)]
    return is_run and len(digits) * 5 >= len(sample) * 4 and bool(digits)


def _settle(
    columns: Sequence[Column], samples: Sequence[Sequence[Cell]], *, by_hand: frozenset[int]
) -> tuple[Column, ...]:
    """Leave each field to its surest column; of columns alike in all, none is taken.

    Raises:
        NamesTied: the name is the field of which that is true.
    """
    rivals: dict[str, list[Column]] = {}
    for column in columns:
        if column.field is not None:
            rivals.setdefault(column.field, []).append(column)
    reasons: dict[int, str] = {}
    for field, held in rivals.items():
        reasons |= _rule_out(field, held, samples, by_hand)
    if "member_number" in rivals:
        reasons |= {column.index: "taken" for column in columns if column.reason == "counter"}
    return tuple(
        Column(column.index, column.source, None, column.confidence, reasons[column.index])
        if column.index in reasons
        else column
        for column in columns
    )


def _rule_out(
    field: str,
    rivals: Sequence[Column],
    samples: Sequence[Sequence[Cell]],
    by_hand: frozenset[int],
) -> dict[int, str]:
    """Why each column but the winner is left out; a tie between different cells has no winner."""
    if len(rivals) == 1:
        return {}
    best = max(rivals, key=lambda column: (column.index in by_hand, column.confidence))
    level = [
        column
        for column in rivals
        if best.index not in by_hand and best.confidence - column.confidence < _LEVEL
    ]
    filled = [column for column in level if column.index < len(samples) and samples[column.index]]
    texts = {tuple(plain(cell) for cell in samples[column.index]) for column in filled}
    if len(texts) > 1:
        if field == "name":
            names = ", ".join(f"{column.letter} {column.source}" for column in filled)
            raise NamesTied(columns=names)
        tied = {column.index for column in filled}
        return {column.index: "tied" if column.index in tied else "taken" for column in rivals}
    winner = filled[0] if filled else best
    return {column.index: "taken" for column in rivals if column is not winner}
