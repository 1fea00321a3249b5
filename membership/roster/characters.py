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

# What input methods, Big5 and fonts offer as the middle dot of 买买提·艾力 (UTS 39 confuses most).
_DOT_SIGNS: Final = (
    "\u00b7\u2022\u2027\u30fb\uff65\u2219\u22c5\uff0e\u25cf\ufe52\u0387\u2024\u2e31\u2e33\ua78f"
    "\u1427\u16eb\u318d\u119e\u02d9\u25e6\u2218"
)
_DOTS: Final = re.compile(f"(?<=[{HAN}])\\s*[{_DOT_SIGNS}.]\\s*(?=[{HAN}])")
_BETWEEN_HAN: Final = re.compile(f"(?<=[{HAN}])\\s+(?=[{HAN}])")
_PLAIN_HAN: Final = re.compile("[\u4e00-\u9fff]{1,8}")
_IDEOGRAPHS: Final = re.compile(f"[{HAN}]")
_WORDS: Final = re.compile(f"[^\\W_{HAN}]+")
_PRIVATE_USE: Final = re.compile("[\ue000-\uf8ff\U000f0000-\U0010ffff]")
_LOST: Final = re.compile("[\ufffd\u25a1\u25cb\u25cc\u00d7?\uff1f]")
_LETTER: Final = re.compile(f"[^\\W\\d_]|[{HAN}]")
# Beside letters: radicals that PDF files hand on as letters, private use, and the signs inside
# names of every language. Whatever else stands there, marks apart, is no part of a name.
_SPELLING: Final = re.compile(
    f"(?:[^\\W\\d_]|[{HAN}]|[\u2e80-\u2fdf\U000f0000-\U0010fffd]"
    f"|[ '`\u2018\u2019\u02bb\u02bc\u00b4.,()\uff08\uff09{_DOT_SIGNS}\u2010\u2011\u2012\u2013-])+"
)
_SEVERAL_NAMES: Final = re.compile(
    f"[{HAN}\\w)\uff09]\\s*[\u3001;\uff1b/\uff0f|\\\\&\uff06+]\\s*[{HAN}\\w]"
    f"|[{HAN}]\\s*[,\uff0c]\\s*[{HAN}]"
)
_SON_OF: Final = re.compile(r"\b(?:[ad]/[lpo]|s/o)\b", re.IGNORECASE)
_LINES: Final = re.compile(f"[{HAN}]{{2,}}[ \u3000]*[\r\n]+\\s*[{HAN}]{{2,}}")
_PIECES: Final = re.compile("[\u4e00-\u9fff]{2,3}")
_SURNAMES: Final = frozenset(
    "王李张張刘劉陈陳杨楊赵趙黄黃周吴吳徐孙孫胡朱高林何郭马馬罗羅梁宋郑鄭谢謝韩韓唐冯馮于董萧蕭程曹"
    "袁邓鄧许許傅沈曾彭吕呂苏蘇卢盧蒋蔣蔡贾賈丁魏薛叶葉阎閻余潘杜戴夏钟鍾汪田任姜范方石姚谭譚廖邹鄒"
    "熊金陆陸郝孔白崔康毛邱秦江史顾顧侯邵孟龙龍万萬段雷钱錢汤湯尹黎易常武乔喬贺賀赖賴龚龔文"
)
_DOUBLE_SURNAMES: Final = frozenset(
    (
        "欧阳", "歐陽", "司马", "司馬", "诸葛", "諸葛", "上官", "夏侯", "东方", "東方", "皇甫",
        "尉迟", "尉遲", "公孙", "公孫", "慕容", "令狐", "司徒", "司空", "宇文", "长孙", "長孫",
        "端木", "独孤", "獨孤", "南宫", "南宮", "轩辕", "軒轅", "百里", "呼延", "东郭", "東郭",
        "闻人", "聞人", "万俟",
    )
)  # fmt: skip
_LOGICAL: Final = frozenset(("True", "False", "TRUE", "FALSE"))
_NOTHING: Final = frozenset(
    (
        "", "-", "--", "---", "/", "\\", "无", "無", "空", "不详", "不詳", "未知", "暂无", "暫無",
        "未填", "n/a", "na", "none", "null", "nil", "nan", "*", "——", "—",
    )
)  # fmt: skip


def is_left_over(cell: Cell) -> bool:
    """Say whether a cell holds 0 or a logical value, which formulas leave where they find nothing.

    >>> is_left_over(True), is_left_over("TRUE"), is_left_over(0.0), is_left_over("10")
    (True, True, True, False)
    """
    if isinstance(cell, str):
        return len(cell) < 6 and (cell == "0" or cell in _LOGICAL)
    return isinstance(cell, bool) or cell == 0


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
    if is_left_over(cell):
        raise CellFault(
            "text-invalid",
            N_("A formula left 0, TRUE or FALSE here. Write the text or empty the cell."),
        )
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
    if is_left_over(text) or not _LETTER.search(text):
        raise CellFault("name-invalid", N_("This is no name. Write the person's name."))
    _refuse_more_than_a_name(text, cell)
    text = _DOTS.sub("\u00b7", text)
    return _BETWEEN_HAN.sub("", text)


def _refuse_more_than_a_name(text: str, cell: Cell) -> None:
    """Two names would become one person, and a mark or number beside a name a part of it."""
    spelt = _SON_OF.sub(" ", text)
    if _SEVERAL_NAMES.search(spelt) or _LINES.search(str(cell)) or _are_two_names(text):
        raise CellFault(
            "name-several",
            N_("The cell seems to hold several names. Give each person a row of her own."),
        )
    if not _SPELLING.fullmatch(spelt) and not _SPELLING.fullmatch(_without_marks(spelt)):
        raise CellFault(
            "name-invalid",
            N_("A name holds no digits or signs. Write the person's name and nothing else."),
        )


def _without_marks(text: str) -> str:
    return "".join(letter for letter in text if unicodedata.category(letter)[0] != "M")


def _are_two_names(text: str) -> bool:
    """张三 李四 are two people; 欧阳 娜娜 and 张 三 are one, spaced out."""
    pieces = text.split(" ")
    if len(pieces) < 2 or not all(map(_PIECES.fullmatch, pieces)):
        return False
    return pieces[0] not in _DOUBLE_SURNAMES and all(one[0] in _SURNAMES for one in pieces)


def has_remark(name: str) -> bool:
    """Say whether something stands in brackets beside a name.

    >>> has_remark("张三（女）"), has_remark("张三")
    (True, False)
    """
    return "(" in name or "\uff08" in name


def is_same_name(one: object, other: object) -> bool:
    """Say whether two spellings are one name: 繁简, widths, dots, order of Latin words.

    >>> is_same_name("張三", "张三"), is_same_name("Wang, Wei", "wei WANG")
    (True, True)
    >>> is_same_name("张三", "张三丰"), is_same_name(None, None)
    (False, False)
    """
    if not isinstance(one, str) or not isinstance(other, str):
        return False
    return one == other or _name_key(one) == _name_key(other)


def is_kin_name(one: object, other: object) -> bool:
    """Say whether one name is the other with more to it, as a correction or a remark makes it.

    >>> is_kin_name("张三", "张三丰"), is_kin_name("张三", "张四"), is_kin_name("J. Smith", "Smith")
    (True, False, True)
    """
    if not isinstance(one, str) or not isinstance(other, str):
        return False
    shorter, longer = sorted(("".join(_name_key(one)), "".join(_name_key(other))), key=len)
    return len(shorter) > 1 and shorter in longer


@lru_cache(maxsize=4096)
def _name_key(name: str) -> tuple[str, ...]:
    """The ideographs in their order, then the words of other scripts in any."""
    folded = unicodedata.normalize("NFKC", _simplifier().convert(clean(name))).lower()
    return ("".join(_IDEOGRAPHS.findall(folded)), *sorted(_WORDS.findall(folded)))


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
