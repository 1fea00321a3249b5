"""Titles over several columns, and what they make of the columns below them."""

from collections.abc import Sequence
from typing import Final

from membership.roster.characters import clean, plain
from membership.roster.subjects import (
    is_bare_person,
    is_of_another,
    is_of_member,
    is_relation,
    is_sensitive,
)
from membership.roster.values import Cell, Grid
from membership.roster.wording import (
    OF_ANOTHER,
    OF_SENSITIVE,
    UNKNOWN,
    Match,
    match_header,
)

_UNKNOWN_GROUP: Final = 0.8
_ROWS_ABOVE: Final = 2
_LONGEST_TITLE: Final = 24
# 职称/级别 is no grade and 身份证/有效期 no membership, while 入会/级别 and 联系方式/邮箱 are.
_NARROW: Final = frozenset(
    ("title", "birth_date", "gender", "orcid", "national_id", "email", "employer", "branch")
)


def said(cell: Cell) -> str:
    """What a cell of a header says.

    >>> said(" 会员\u3000号 "), said("")
    ('会员 号', '')
    """
    return clean(plain(cell)) if cell != "" else ""


def spread(grid: Grid, row: int) -> list[str]:
    """A group row with each title written over all its columns.

    Merged cells tell how far a title reaches. Elsewhere it reaches over the empty cells to its
    right that have a name below. A title over every column is the sheet's and groups nothing.
    """
    texts = [said(cell) for cell in grid.rows[row]]
    below = [said(cell) for cell in grid.rows[row + 1]] if row + 1 < len(grid.rows) else []
    width = max(len(texts), len(below))
    texts += [""] * (width - len(texts))
    below += [""] * (width - len(below))
    fixed: set[int] = set()
    for top, left, bottom, right in grid.merged:
        if top <= row <= bottom and left < width:
            title = said(grid.rows[top][left]) if left < len(grid.rows[top]) else ""
            for column in range(left, min(right, width - 1) + 1):
                texts[column] = title
                fixed.add(column)
    for column in range(1, width):
        if column in fixed or column - 1 in fixed or texts[column]:
            continue
        if below[column] and below[column - 1]:
            texts[column] = texts[column - 1]
    shown = {text for text, under in zip(texts, below, strict=True) if text or under}
    is_whole = len(shown) == 1 and sum(map(bool, below)) > 1
    return [""] * width if is_whole else texts


def combine(above: Sequence[str], cells: Sequence[Cell]) -> tuple[list[str], list[Match]]:
    """Name each column by the lower row, by both, or by the upper row where the lower is empty."""
    sources, matches, groups = [], [], []
    for group, own in zip(above, _below(above, cells), strict=True):
        if not own or own == group or not group:
            sources.append(own or group)
            matches.append(match_header(own or group))
            groups.append("")
        else:
            sources.append(f"{group}/{own}")
            matches.append(_match_under(group, own))
            groups.append(group)
    return sources, _keep_one_person(groups, sources, matches)


def _below(above: Sequence[str], cells: Sequence[Cell]) -> list[str]:
    return [said(cells[place]) if place < len(cells) else "" for place in range(len(above))]


def continues(above: Sequence[str], cells: Sequence[Cell]) -> bool:
    """Say whether a row goes on with the header: it names parts of columns, or them all again.

    >>> continues(["会员号", "姓名", "姓名"], ["", "姓", "名"])
    True
    >>> continues(["会员号", "姓名"], ["Member No.", "Name"])
    True
    >>> continues(["会员号", "姓名", "手机"], ["", "张三", "13800138000"])
    False
    """
    pairs = list(zip(above, _below(above, cells), strict=True))
    named = [(group, own) for group, own in pairs if own]
    again = [
        own
        for group, own in named
        if own != group
        and match_header(own)[0] is not None
        and match_header(own)[0] == match_header(group)[0]
    ]
    known = [
        own
        for group, own in named
        if match_header(own) != UNKNOWN or match_header(f"{group}{own}")[1] == 1.0
    ]
    is_partial = len(named) < len(pairs) and len(known) * 2 >= len(named) > 0
    return is_partial or (len(again) > 1 and len(again) * 2 >= len(named))


def _match_under(group: str, own: str) -> Match:
    """A column under a title: the title's person and thing come before the column's name."""
    verdict = judge_title(group)
    if verdict is not None:
        return verdict
    alone = match_header(own)
    gap = " " if group.isascii() and own.isascii() else ""
    both = match_header(f"{group}{gap}{own}")
    if alone[2] == "sensitive" or both[2] in ("sensitive", "another"):
        return OF_SENSITIVE if "sensitive" in (alone[2], both[2]) else OF_ANOTHER
    if both[0] is None and both[1] == 1.0:
        return both
    alone = _weaken(alone, group)
    return max(alone, both, key=lambda match: (match[0] is not None, match[1]))


def _weaken(alone: Match, group: str) -> Match:
    field, confidence, reason = alone
    if field is None or is_of_member(group):
        return alone
    titled = match_header(group)[0]
    if titled == field:
        return alone
    if titled in _NARROW and (titled, field) not in {("employer", "title"), ("employer", "branch")}:
        return UNKNOWN
    return field, round(confidence * _UNKNOWN_GROUP, 2), reason


def _keep_one_person(
    groups: Sequence[str], sources: Sequence[str], matches: list[Match]
) -> list[Match]:
    """A title with a name column of its own, beside the member's name, speaks of another person."""
    named = {
        group
        for group, source, match in zip(groups, sources, matches, strict=True)
        if match[0] == "name"
        or (match[2] == "another" and match_header(source.removeprefix(f"{group}/"))[0] == "name")
    }
    members = {""} & named or {group for group in named if is_of_member(group)}
    if len(named) < 2 or len(members) != 1:
        return matches
    others = named - members
    return [
        OF_ANOTHER if group in others and match[2] != "sensitive" else match
        for group, match in zip(groups, matches, strict=True)
    ]


def judge_title(title: str) -> Match | None:
    """Say whether a title over columns keeps all of them out.

    >>> judge_title("紧急联系人"), judge_title("联系方式")
    ((None, 1.0, 'another'), None)
    """
    if is_sensitive(title):
        return OF_SENSITIVE
    return OF_ANOTHER if is_of_another(title) else None


def overshadow(
    grid: Grid, row: int, sources: Sequence[str], matches: Sequence[Match]
) -> list[Match]:
    """Keep out what stands under a title of another person or of sensitive data.

    Where every column has a name of its own, the lower row alone would pass for the header.

    Args:
        grid: the sheet.
        row: the header's first row.
        sources: the columns' names.
        matches: what the header says by itself.
    """
    found, width = list(matches), len(matches)
    for above in range(max(0, row - _ROWS_ABOVE), row):
        titles = (spread(grid, above) + [""] * width)[:width]
        is_group_row = all(_is_title(title) for title in titles if title)
        for column, title in enumerate(titles):
            verdict = judge_title(title) if title and _is_short(title) else None
            # 联系人 | 李四 above a table is a line of a form; a title reaches over its columns.
            if verdict is not None and (is_group_row or titles.count(title) > 1):
                found[column] = verdict
        found = _keep_one_person(titles, sources, found)
    return found


def _is_short(title: str) -> bool:
    return len(title) <= _LONGEST_TITLE and not {":", "\uff1a"} & set(title)


def _is_title(title: str) -> bool:
    return _is_short(title) and (judge_title(title) is not None or is_of_member(title))


def part_persons(sources: Sequence[str], matches: Sequence[Match]) -> list[Match]:
    """Leave numbers and addresses that follow another person's name to that person.

    >>> mobile = ("mobile", 0.85, None)
    >>> part_persons(["紧急联系人", "联系电话"], [OF_ANOTHER, mobile])[1] == OF_ANOTHER
    True
    """
    found, is_hers = list(matches), False
    for place, (source, match) in enumerate(zip(sources, matches, strict=True)):
        if match[2] == "another" and is_bare_person(source):
            is_hers = True
        elif is_hers and match[0] in ("mobile", "email"):
            found[place] = OF_ANOTHER
        elif not is_relation(source):
            is_hers = False
    return found
