"""Delimited text to a grid: which encoding, which delimiter, which quotes."""

import csv
import io
import re
from collections.abc import Iterable
from typing import Final

from charset_normalizer import from_bytes

from consortium.kernel.errors import N_
from membership.roster.errors import RosterDamaged, RosterTooLarge, RosterUnreadable
from membership.roster.frequent import FREQUENT
from membership.roster.values import Book, Cell, Grid
from membership.roster.workbook import COLUMN_LIMIT, ROW_LIMIT

_SAMPLE_BYTES: Final = 256 * 1024
_TEXT_LIMIT_BYTES: Final = 100 * 1024 * 1024
_FIELD_LIMIT: Final = 20_000
_DELIMITERS: Final = ",\t;|"
_MULTIBYTE: Final = ("gb18030", "cp950", "big5hkscs")
_LABELS: Final = {"cp950": "big5", "big5hkscs": "big5"}
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
_QUOTED: Final = re.compile(r'"[^"]*"')


def read_text_file(data: bytes) -> Book:
    """Read .csv and .tsv in UTF-8, UTF-16, GB18030 or Big5, whatever the file is called.

    Raises:
        RosterUnreadable: no text in any of these encodings.
        RosterDamaged: a quotation mark is opened and never closed.
        RosterTooLarge: more text or rows than a roster can have.
    """
    if len(data) > _TEXT_LIMIT_BYTES:
        raise RosterTooLarge(limit=f"{_TEXT_LIMIT_BYTES >> 20} MiB")
    encoding, text = decode(data)
    text, delimiter = _choose_delimiter(text)
    grid = Grid(None, True, _split(text, delimiter))
    return Book(
        kind="csv",
        encoding=label(encoding),
        grids=(grid,),
        lossy="\ufffd" in text,
    )


def label(encoding: str) -> str:
    """The encoding's name as people know it; both tables of Big5 are `big5`."""
    return _LABELS.get(encoding, encoding)


def decode(data: bytes) -> tuple[str, str]:
    """Return the encoding's name and the text; single bad bytes become U+FFFD.

    UTF-8 proves itself. GB18030 decodes nearly any bytes, Big5 files among them, so between the
    two the text decides: the right table yields everyday characters, the wrong one rare ones.

    >>> decode("會員編號,姓名".encode("cp950"))
    ('cp950', '會員編號,姓名')
    >>> decode("会员编号,姓名".encode("gb18030"))
    ('gb18030', '会员编号,姓名')
    """
    marked = _decode_marked(data)
    if marked is not None:
        return marked
    try:
        return "utf-8", data.decode("utf-8")
    except UnicodeDecodeError as error:
        valid = data[: error.start]
        # A lone bad byte late in a UTF-8 text: everything before it has proved the encoding.
        if sum(byte > 0x7F for byte in valid[:_SAMPLE_BYTES]) > 300 and _few_bad(data, "utf-8"):
            return "utf-8", data.decode("utf-8", "replace")
    best = max(_MULTIBYTE, key=lambda name: _score(data, name))
    if _score(data, best) <= 0:
        return _decode_by_statistics(data)
    return best, data.decode(best, "replace")


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
    frequent = sum(letter in FREQUENT for letter in han) / len(han)
    odd = len(_ODD.findall(text)) / len(han)
    headers = sum(word in text[:4000] for word in _HEADERS)
    return frequent - 2 * odd + 0.15 * min(headers, 4) - 0.2


def _decode_by_statistics(data: bytes) -> tuple[str, str]:
    found = from_bytes(data[:_SAMPLE_BYTES], steps=5, chunk_size=4096).best()
    if found is None or b"\x00" in data[:_SAMPLE_BYTES]:
        raise RosterUnreadable(found=N_("of an unknown kind"))
    return found.encoding, data.decode(found.encoding, "replace")


def _choose_delimiter(text: str) -> tuple[str, str]:
    """Take the delimiter that cuts the first lines into the most, and most equal, pieces."""
    first, _, rest = text.partition("\n")
    if first.strip().lower().startswith("sep=") and len(first.strip()) == 5:
        return rest, first.strip()[4]
    lines = [line for line in _QUOTED.sub('""', text[:20_000]).splitlines() if line.strip()][:30]
    return text, max(_DELIMITERS, key=lambda sign: _evenness(lines, sign))


def _evenness(lines: Iterable[str], sign: str) -> float:
    counts = [line.count(sign) for line in lines]
    if not any(counts):
        return 0.0
    usual = max(set(counts), key=lambda count: (counts.count(count), count))
    return counts.count(usual) / len(counts) * min(usual, 20) + 0.001 * sum(counts)


def _split(text: str, delimiter: str) -> list[list[Cell]]:
    rows: list[list[Cell]] = []
    csv.field_size_limit(_FIELD_LIMIT)
    # Not strict: offices write stray quotes inside cells, and a stray quote loses nothing.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    try:
        for row in reader:
            rows.append(list(row))
            if len(row) > COLUMN_LIMIT or len(rows) > ROW_LIMIT:
                raise RosterTooLarge(limit=f"{ROW_LIMIT:,} rows, {COLUMN_LIMIT:,} columns")
    except csv.Error as error:
        raise RosterDamaged from error
    return rows
