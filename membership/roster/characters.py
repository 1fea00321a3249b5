"""Characters as offices type them: widths, invisible marks, names, and folding for comparison."""

import re
import unicodedata
from functools import lru_cache
from typing import Final

from opencc import OpenCC

from consortium.kernel.errors import N_
from membership.roster.errors import CellFault
from membership.roster.values import Cell

HAN: Final = (
    "\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
    "\u2ff0-\u2fff\ue000-\uf8ff"
)
"""Ranges of a regular expression: ideographs, descriptions of ideographs, private use."""

# Full-width forms only. NFKC would also replace compatibility ideographs, which people spell their
# names with.
_WIDTHS: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}
_INVISIBLE: Final = dict.fromkeys(
    [0x00AD, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2060, 0xFEFF, 0x202A, 0x202C, 0x202D, 0x202E]
)
_SPACES: Final = dict.fromkeys((160, 8194, 8195, 8199, 8201, 8239), 32)
_NARROW: Final = _WIDTHS | _INVISIBLE | _SPACES
_CLEAN: Final = _INVISIBLE | _SPACES | {0x3000: 0x20}

_DOTS: Final = re.compile(
    f"(?<=[{HAN}])\\s*[\u00b7\u2022\u2027\u30fb\uff65\u2219\u22c5\uff0e\u25cf.]\\s*(?=[{HAN}])"
)
_BETWEEN_HAN: Final = re.compile(f"(?<=[{HAN}])\\s+(?=[{HAN}])")
_PLAIN_HAN: Final = re.compile("[\u4e00-\u9fff]{1,8}")
_PRIVATE_USE: Final = re.compile("[\ue000-\uf8ff\U000f0000-\U0010ffff]")
_LOST: Final = re.compile("[\ufffd\u25a1?]")
_LETTER: Final = re.compile(f"[^\\W\\d_]|[{HAN}]")
_NOTHING: Final = frozenset(
    (
        "", "-", "--", "---", "/", "\\", "无", "無", "空", "不详", "不詳", "未知", "暂无", "暫無",
        "未填", "n/a", "na", "none", "null", "nil", "nan", "*", "——", "—",
    )
)  # fmt: skip


def narrow(text: str) -> str:
    """Return text with full-width forms made half-width, odd spaces plain, hidden marks removed.

    >>> narrow("Ａ１２\u3000３\u200b")
    'A12 3'
    """
    return text if text.isascii() else text.translate(_NARROW)


def clean(text: str) -> str:
    r"""Collapse white space and remove hidden marks; widths stay as they were typed.

    >>> clean(" 山东\u3000大学\n")
    '山东 大学'
    """
    if not text.isascii():
        text = text.translate(_CLEAN)
    return " ".join(text.split())


def unquote(text: str) -> str:
    """Remove what exports put around digits to keep them text: `="007"`, a leading apostrophe.

    >>> unquote('="00123"'), unquote("'13800138000")
    ('00123', '13800138000')
    """
    if len(text) > 3 and text.startswith('="') and text.endswith('"'):
        return text[2:-1]
    return text[1:] if text[:1] in {"'", "`", "\u2018"} and len(text) > 1 else text


def plain(cell: Cell) -> str:
    """Return what a cell says as trimmed text; a whole float has no `.0`.

    >>> plain(12.0), plain(" a ")
    ('12', 'a')
    """
    if isinstance(cell, str):
        return unquote(cell.strip())
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return str(cell)


def is_nothing(text: str) -> bool:
    """Say whether a trimmed text stands for an empty cell, as `无`, `-` and `N/A` do.

    >>> is_nothing("无"), is_nothing("N/A"), is_nothing("无锡")
    (True, True, False)
    """
    return len(text) < 5 and text.lower() in _NOTHING


@lru_cache(maxsize=1)
def _simplifier() -> OpenCC:
    return OpenCC("t2s")


def fold(text: str) -> str:
    """Fold for comparison: NFKC, simplified, lower case, no white space (DESIGN 4.16).

    >>> fold("會員 編號"), fold("Ｇrade")
    ('会员编号', 'grade')
    """
    text = "".join(unicodedata.normalize("NFKC", text).translate(_INVISIBLE).split()).lower()
    if text.isascii():
        return text
    # Without the white space an accent may stand beside its letter, so compose once more.
    return unicodedata.normalize("NFKC", _simplifier().convert(text))


def read_text(cell: Cell) -> str | None:
    """Read free text such as an employer, or None when the cell is empty.

    >>> read_text("  山东大学 "), read_text("无")
    ('山东大学', None)
    """
    text = clean(plain(cell))
    if is_nothing(text):
        return None
    if "\ufffd" in text:
        raise CellFault("text-damaged", N_("A character was lost here. Write it out again."))
    return text


def read_name(cell: Cell) -> str | None:
    """Read a person's name: padding goes, one middle dot stays, rare characters are untouched.

    >>> read_name("张\u3000三"), read_name("买买提•艾力"), read_name("Ada  Lovelace")
    ('张三', '买买提·艾力', 'Ada Lovelace')
    """
    if isinstance(cell, str) and _PLAIN_HAN.fullmatch(cell) and cell not in _NOTHING:
        return cell
    text = clean(plain(cell))
    if is_nothing(text):
        return None
    if _LOST.search(text):
        raise CellFault(
            "name-damaged", N_("A character of the name was lost. Write the name out again.")
        )
    if not _LETTER.search(text):
        raise CellFault("name-invalid", N_("This is no name. Write the person's name."))
    text = _DOTS.sub("\u00b7", text)
    return _BETWEEN_HAN.sub("", text)


def has_private_use(name: str) -> bool:
    """Say whether a name holds characters that only some fonts can show.

    >>> has_private_use("\ue863小明"), has_private_use("𠮷田")
    (True, False)
    """
    return _PRIVATE_USE.search(name) is not None


def mask(text: str) -> str:
    """Keep the first three and last two characters of an identity or telephone number.

    >>> mask("370102198001011234"), mask("12345")
    ('370*************34', '*****')
    """
    if len(text) < 8:
        return "*" * len(text)
    return text[:3] + "*" * (len(text) - 5) + text[-2:]
