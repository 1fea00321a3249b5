"""Which encoding a text is in: UTF-8, UTF-16, GB18030, Big5, or Western letters; no other."""

import re
from typing import Final

from consortium.kernel.errors import N_
from membership.roster.errors import RosterUnreadable
from membership.roster.frequent import FREQUENT

_SAMPLE_BYTES: Final = 256 * 1024
_BIG5: Final = ("cp950", "big5hkscs")
_LABELS: Final = {"cp950": "big5", "big5hkscs": "big5", "cp1252": "windows-1252"}
_HEADERS: Final = (
    "姓名", "会员", "會員", "手机", "手機", "邮箱", "郵箱", "單位", "单位", "性别", "性別", "编号",
    "編號", "职称", "職稱", "電話", "电话", "级别", "級別", "日期", "身份", "電子郵件", "学会",
    "學會",
)  # fmt: skip
_HAN: Final = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_ODD: Final = re.compile(
    "[\u3040-\u30ff\u2500-\u257f\ue000-\uf8ff\u0400-\u04ff\u0370-\u03ff\u3100-\u312f\ufffd"
    "\x00-\x08\x0e-\x1f\x80-\x9f]"
)
# An ideograph inside a Latin word is an accented letter read with the wrong table.
_MIXED: Final = re.compile("(?<=[a-z])[\u4e00-\u9fff]|[\u4e00-\u9fff](?=[a-z])")
# Three of four ideographs in a roster are everyday ones; in Korean, Japanese or Cyrillic text read
# as Chinese it is one of four at most.
_FREQUENT_FROM: Final = 0.35
_MARGIN: Final = 0.3
_FEW: Final = 4
_PROVED_FROM: Final = 8
_PROVED_SHARE: Final = 0.6

_WORD: Final = re.compile(r"[^\W\d_]+")
_PHRASE: Final = re.compile(r"[^\W\d_]+(?:[ '’-][^\W\d_]+)*")
_WESTERN_LETTERS: Final = "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜÝŸŠŽŒßàáâãäåæçèéêëìíîïñòóôõöøùúûüýÿšžœ"
_NOT_WESTERN: Final = re.compile(f"[^\x00-\x7f{_WESTERN_LETTERS}’‘“”–—…·•«»©®°ºª´\xa0]")
_ILL_CASED: Final = re.compile("[a-zß-öø-ÿšžœ][À-ÖØ-ÝŠŽŒŸ]|[ß-öø-ÿšžœ][A-Z]|[À-ÿŠŽŒŸšžœ]{3}")
# Words in which even numbers of letters pass for pairs of GB18030; each needs a vowel.
_ALPHABETS: Final = tuple(
    (table, re.compile(f"(?=.*[{vowels}{vowels.upper()}])(?:[{upper}]?[{lower}]+|[{upper}]+)"))
    for table, vowels, upper, lower in (
        ("cp1251", "аеёиоуыэюя", "А-ЯЁ", "а-яё"),
        ("koi8_r", "аеёиоуыэюя", "А-ЯЁ", "а-яё"),
        ("cp1253", "αάεέηήιίουύωώόϊϋ", "Α-ΩΆΈΉΊΌΎΏ", "α-ωάέήίόύώϊϋς"),
    )
)


def label(encoding: str) -> str:
    """The encoding's name as people know it; both tables of Big5 are `big5`."""
    return _LABELS.get(encoding, encoding)


def decode(data: bytes) -> tuple[str, str]:
    """Return the encoding's name and the text; single bad bytes become U+FFFD.

    UTF-8 proves itself. GB18030 decodes nearly any bytes, Big5 files among them, so between the
    two the text decides: the right table yields everyday characters, the wrong one rare ones.
    No other table is tried but that of Western letters: its wrong guesses would look like names.

    >>> decode("會員編號,姓名".encode("cp950"))
    ('cp950', '會員編號,姓名')
    >>> decode("会员编号,姓名".encode("gb18030"))
    ('gb18030', '会员编号,姓名')

    Raises:
        RosterUnreadable: none of these encodings yields everyday text.
    """
    marked = _decode_marked(data)
    if marked is not None:
        return marked
    try:
        text = data.decode("utf-8")
        # A few names in GB18030 may be UTF-8 by chance, 郑伟 for one, but then of no ideographs.
        if text.isascii() or _HAN.search(text) or _score(data, "gb18030") < _FREQUENT_FROM:
            return "utf-8", text
    except UnicodeDecodeError as error:
        valid = data[: error.start]
        # A lone bad byte late in a UTF-8 text: everything before it has proved the encoding.
        if sum(byte > 0x7F for byte in valid[:_SAMPLE_BYTES]) > 300 and _few_bad(data, "utf-8"):
            return "utf-8", data.decode("utf-8", "replace")
    best = _choose(data)
    return best, data.decode(best, "replace")


def _choose(data: bytes) -> str:
    """Weigh the tables that are promised; between two that are alike GB18030 is the usual one."""
    chinese, taiwan = _score(data, "gb18030"), {name: _score(data, name) for name in _BIG5}
    best = max(_BIG5, key=lambda name: taiwan[name])
    if taiwan[best] > max(0.0, chinese + _MARGIN):
        return best
    if chinese > 0 and (chinese > _PROVED_SHARE or not _is_other_alphabet(data)):
        return "gb18030"
    if _is_western(data):
        return "cp1252"
    if _may_be_a_few_rare_names(data) and not _is_other_alphabet(data):
        return "gb18030"
    raise RosterUnreadable(found=N_("text in an unknown encoding"))


def is_unsure(encoding: str, text: str) -> bool:
    r"""Say whether a text is too short, or its letters too rare, to prove the encoding.

    >>> is_unsure("gb18030", "name,no\n张伟,1"), is_unsure("gb18030", "姓名,会员号\n喆,1")
    (True, False)
    """
    if encoding == "cp1252":
        # All tables of one byte look alike; another one would give other accents.
        return True
    if encoding != "gb18030" and encoding not in _BIG5:
        return False
    if any(word in text[:4000] for word in _HEADERS):
        return False
    han = _HAN.findall(text[:_SAMPLE_BYTES])
    frequent = sum(map(FREQUENT.__contains__, han))
    return len(han) < _PROVED_FROM or frequent < _PROVED_SHARE * len(han)


def _decode_marked(data: bytes) -> tuple[str, str] | None:
    """Text with a byte order mark, or UTF-16 that shows itself by its zero bytes."""
    if data.startswith(b"\xef\xbb\xbf"):
        return "utf-8", data[3:].decode("utf-8", "replace")
    try:
        if data.startswith((b"\xff\xfe", b"\xfe\xff")):
            return "utf-16", data.decode("utf-16")
        sample = data[:2000]
        if sample.count(0) > len(sample) // 10:
            little = sample[1::2].count(0) >= sample[::2].count(0)
            name = "utf-16-le" if little else "utf-16-be"
            return "utf-16", data.decode(name)
    except UnicodeDecodeError as error:
        raise RosterUnreadable(found=N_("of an unknown kind")) from error
    return None


def _few_bad(data: bytes, name: str) -> bool:
    bad = data.decode(name, "replace").count("\ufffd")
    return bad * 2000 <= len(data) or bad <= 2


def _score(data: bytes, name: str) -> float:
    """How much a sample looks like office Chinese under an encoding; 0 or less means not at all."""
    sample = data[:_SAMPLE_BYTES]
    text = sample.decode(name, "replace").rstrip("\ufffd")
    han = _HAN.findall(text)
    if not han:
        return -1.0
    frequent = sum(map(FREQUENT.__contains__, han)) / len(han)
    odd = (2 * len(_ODD.findall(text)) + len(_MIXED.findall(text))) / len(han)
    headers = sum(word in text[:4000] for word in _HEADERS)
    return frequent - odd + 0.15 * min(headers, 4) - _FREQUENT_FROM


def _is_western(data: bytes) -> bool:
    """Whether the high bytes are accented letters inside words of plain ones, and nothing else.

    >>> _is_western("José Muñoz".encode("cp1252")), _is_western("Иванов".encode("cp1251"))
    (True, False)
    """
    try:
        text = data[:_SAMPLE_BYTES].decode("cp1252")
    except UnicodeDecodeError:
        return False
    if _NOT_WESTERN.search(text) or _ILL_CASED.search(text):
        return False
    # Phrases, because a name may hold a word of one accented letter, as Ó Briain does.
    words = "".join(phrase for phrase in _PHRASE.findall(text) if not phrase.isascii())
    high = sum(map("\x7f".__lt__, words))
    return len(words) >= 2.5 * high and _WORD.search(text) is not None


def _may_be_a_few_rare_names(data: bytes) -> bool:
    r"""Whether GB18030 yields a handful of ideographs, each apart from Latin letters.

    >>> _may_be_a_few_rare_names("name\n喆".encode("gb18030"))
    True
    >>> _may_be_a_few_rare_names("Wałęsa".encode("cp1250"))
    False
    """
    try:
        text = data[:_SAMPLE_BYTES].decode("gb18030")
    except UnicodeDecodeError:
        return False
    if len(_HAN.findall(text)) > _FEW or _ODD.search(text) or _MIXED.search(text):
        return False
    return _HAN.search(text) is not None


def _is_other_alphabet(data: bytes) -> bool:
    """Whether all that is not plain spells words of Cyrillic or Greek letters.

    >>> _is_other_alphabet("Иван".encode("cp1251")), _is_other_alphabet("张伟".encode("gb18030"))
    (True, False)
    """
    for table, pattern in _ALPHABETS:
        text = data[:_SAMPLE_BYTES].decode(table, "replace")
        words = [word for word in _WORD.findall(text) if not word.isascii()]
        plain = len("".join(words)) == sum(map("\x7f".__lt__, text))
        if plain and all(map(pattern.fullmatch, words)):
            return True
    return False
