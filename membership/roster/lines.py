"""Which rows below the header hold a member, and which are totals, remarks and repeated titles."""

import re
from collections.abc import Sequence
from typing import Final

from membership.roster.characters import fold, plain
from membership.roster.columns import share, test_of
from membership.roster.header import Header
from membership.roster.values import Cell, Column, Grid

_FOOTER: Final = re.compile(
    r"(?:合计|小计|总计|共计|总数|累计|人数合计|备注|说明|附注|注\d?[::]|注释|制表|填表|审核|复核|"
    r"经办|单位盖章|盖章|负责人|联系人[::]|打印|导出|以上)"
)
# Folding runs words together, so these are looked for in the text as written: Notestein, Totaro.
_FOOTER_LATIN: Final = re.compile(
    r"(?:(?:grand |sub-? ?)?totals?|notes?|remarks?|(?:prepared|checked|reviewed) by|"
    r"(?:printed|exported) on|end of report)(?=$|[\s::.((])|sum[::]?\s*$",
    re.IGNORECASE,
)
_TOTAL: Final = re.compile(
    r"(?:人数)?(?:合计|小计|总计|共计|总数|累计)(?:人数)?:?|(?:grand|sub-?)?totals?:?"
)
# The words alone are never a name, whatever stands beside them: 经办人 | 王五 | 13800138000.
_TITLE: Final = re.compile(rf"{_FOOTER.pattern}(?:人|者|员|单位|日期|时间)?:?")
# 北京小计: of a place or a branch. A name may end so too, so the row must tell of nobody.
_SUBTOTAL: Final = re.compile(r".+(?:小计|合计|总计):?")
# What no total and no remark fills.
_TELLING: Final = ("mobile", "email", "national_id", "orcid")
_COUNT: Final = re.compile(
    r"共[计有]?\d+(?:人|名|位|条|行|名会员|位会员)|第\d+页.*|page\d+.*|\d+records?"
)
_SECTION: Final = re.compile(r"[一二三四五六七八九十]{1,3}[、.](?=.).*")
# The row of a template that shows how to fill it in.
_EXAMPLE: Final = re.compile(
    r"[(（【\[]?(?:填写)?(?:示例|样例|樣例|范例|範例|例如|例子|例|举例|舉例|example|sample|e\.g\.?)"
    r"\s*[)）】\]]?\s*[:：]|[(（【\[]?(?:填写)?(?:示例|样例|樣例|范例|範例)|example$|sample$",
    re.IGNORECASE,
)
_EXAMPLE_FIRST: Final = frozenset("示样樣范範例举舉填(（【[EeSs")
# The first letters of all that a footer can begin with: most cells are told by this alone.
_FIRST: Final = frozenset(
    "合小总總共累人备備说說附注註制製填审審复複經经办辦单單盖蓋负負联聯打导導以第"
    "TtSsNnRrPpCcEeGg0123456789"
)


class Lines:
    """Sorts the rows below a header; `skipped` holds the sheet rows of no member, by kind."""

    def __init__(self, grid: Grid, header: Header, columns: Sequence[Column]) -> None:
        """Prepare for one sheet."""
        self._grid = grid
        heads = [grid.rows[row] for row in header.rows]
        self._titles = [[fold(plain(cell)) for cell in head] for head in heads]
        self._shown = frozenset(plain(cell) for head in heads for cell in head if cell != "")
        self._first = header.first_data_row
        self._used = [column.index for column in columns if column.field]
        self._places = place = {column.field: column.index for column in columns if column.field}
        self._name = place["name"]
        self._number = place.get("member_number")
        self._wide = {
            area[0] for area in grid.merged if area[3] - area[1] >= 2 and area[0] == area[2]
        }
        self.skipped: dict[str, list[int]] = {}

    def select(self) -> list[int]:
        """Return the sheet rows, counted from 0, that hold a member."""
        _fill_down(self._grid, self._first)
        kept = []
        for row in range(self._first, len(self._grid.rows)):
            kind = self._kind(row)
            if kind is None:
                kept.append(row)
            elif kind != "blank":
                self.skipped.setdefault(kind, []).append(row + 1)
        return kept

    def _kind(self, row: int) -> str | None:
        """What a row is if no member: `blank`, `footer`, `header`, `section`, `example`, `unread`.

        The last holds something, but only in columns that are not imported.
        """
        cells = self._grid.rows[row]
        width = len(cells)
        name = cells[self._name] if self._name < width else ""
        if name != "" and self._number is not None and self._number < width:
            number = cells[self._number]
            # The common case first: whoever has a number is a member, whatever her name is like.
            if number != "" and not self._is_word(number):
                if _is_example(number) or _is_example(name) or _is_example(cells[0]):
                    return "example"
                return "footer" if self._is_count(name, number, cells) else None
        filled = [cell for cell in cells if cell != "" and str(cell).strip()]
        if not filled:
            return "blank"
        if not any(
            cells[index] != "" and str(cells[index]).strip()
            for index in self._used
            if index < width
        ):
            return "footer" if self._is_footer(filled[0]) else "unread"
        return self._judge(row, filled, name)

    def _is_word(self, number: Cell) -> bool:
        return isinstance(number, str) and (number in self._shown or self._is_footer(number))

    def _is_count(self, name: Cell, number: Cell, cells: list[Cell]) -> bool:
        """合计 | 128 and nothing else: the count of a total stands where numbers stand."""
        if not self._is_footer(name) or not _TOTAL.fullmatch(fold(str(name))):
            return False
        filled = sum(cell != "" and str(cell).strip() != "" for cell in cells)
        return filled == 2 and plain(number).isdecimal()

    def _judge(self, row: int, filled: list[Cell], name: Cell) -> str | None:
        first = filled[0]
        if _is_example(first) or _is_example(name):
            return "example"
        if [fold(plain(cell)) for cell in self._grid.rows[row]] in self._titles:
            return "header"
        if self._is_subtotal(row, name if str(name).strip() else first):
            return "footer"
        named = name != "" and str(name).strip() and not self._is_footer(name)
        if not named and self._is_person(row, name):
            return None
        if self._is_footer(first) and (not named or len(filled) <= 2):
            return "footer"
        if name != "" and self._is_footer(name) and len(filled) <= 4:
            return "footer"
        if len(filled) == 1 and (row in self._wide or _SECTION.fullmatch(fold(plain(first)))):
            return "section"
        return None

    def _is_subtotal(self, row: int, cell: Cell) -> bool:
        """北京小计 in a row without member number, identity number, birth date or address."""
        if not isinstance(cell, str) or not _SUBTOTAL.fullmatch(fold(cell)):
            return False
        cells = self._grid.rows[row]
        return not any(
            self._places[field] < len(cells) and _is_read(cells[self._places[field]], field)
            for field in (*_TELLING, "member_number", "birth_date")
            if field in self._places and str(cells[self._places[field]]).strip()
        )

    def _is_person(self, row: int, name: Cell) -> bool:
        """Whether 合计明 or 总小雨 is a name: beside it stand what she is and how to reach her."""
        if not isinstance(name, str) or not name.strip() or not _is_read(name, "name"):
            return False
        if _TITLE.fullmatch(fold(name)) or _FOOTER_LATIN.fullmatch(name.strip()):
            return False
        cells = self._grid.rows[row]
        filled = [
            field
            for field, index in self._places.items()
            if index < len(cells) and str(cells[index]).strip() and field != "name"
        ]
        told = [field for field in _TELLING if field in filled]
        return len(filled) > 1 and any(_is_read(cells[self._places[one]], one) for one in told)

    def _is_footer(self, cell: Cell) -> bool:
        if not isinstance(cell, str) or not cell.strip():
            return False
        if cell.lstrip()[0] not in _FIRST:
            return False
        text = fold(cell)
        return bool(
            _FOOTER.match(text) or _COUNT.fullmatch(text) or _FOOTER_LATIN.match(cell.lstrip())
        )


def _is_read(cell: Cell, field: str) -> bool:
    test = test_of(field, [cell], header="")
    return test is not None and share([cell], test) == 1.0


def _is_example(cell: Cell) -> bool:
    """Whether a cell marks a template's example: 示例：A001, Example:, but not Sample, Mary.

    >>> _is_example("例：A001"), _is_example("示例"), _is_example("Sample, Mary")
    (True, True, False)
    """
    return (
        isinstance(cell, str)
        and cell[:1] in _EXAMPLE_FIRST
        and _EXAMPLE.match(cell.strip()) is not None
    )


def _fill_down(grid: Grid, first: int) -> None:
    """Write the value of cells merged over several rows into each of them."""
    for top, left, bottom, right in grid.merged:
        if top < first or bottom == top or right - left > 3 or bottom - top > 20_000:
            continue
        value = grid.rows[top][left] if left < len(grid.rows[top]) else ""
        for row in range(top + 1, min(bottom, len(grid.rows) - 1) + 1):
            cells = grid.rows[row]
            cells.extend([""] * (left + 1 - len(cells)))
            cells[left] = value
