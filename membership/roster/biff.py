"""What .xls says beyond values: the date system, number formats that pad with zeros, errors.

Record numbers and layouts: [MS-XLS] Excel Binary File Format, section 2.4.
"""

import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from membership.roster.ooxml import Shown, padding_of

_EOF: Final = 0x0A
_DATE_MODE: Final = 0x22
_BOUND_SHEET: Final = 0x85
_FORMAT: Final = 0x041E
_XF: Final = 0xE0
_RK: Final = 0x027E
_MULTIPLE_RK: Final = 0xBD
_NUMBER: Final = 0x0203
_BOOL_OR_ERROR: Final = 0x0205
_ERROR_HEAD: Final = struct.pack("<HH", _BOOL_OR_ERROR, 8)
_ROW: Final = 0x0208
_IS_HIDDEN: Final = 0x20
_HIDDEN_ROW: Final = re.compile(
    struct.pack("<HH", _ROW, 16)
    + b".{12}["
    + b"".join(re.escape(bytes([flags])) for flags in range(256) if flags & _IS_HIDDEN)
    + b"]",
    re.DOTALL,
)
_ERRORS: Final = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
}


@dataclass(frozen=True, slots=True)
class Extras:
    """`sheets` maps a sheet's name to its offset; `formats` an XF index to prefix and width."""

    epoch_1904: bool
    sheets: Mapping[str, int]
    formats: Mapping[int, tuple[str, int]]


def _records(stream: bytes, offset: int) -> Iterator[tuple[int, bytes]]:
    """Yield record numbers and bodies up to the end of the substream."""
    while offset + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, offset)
        yield kind, stream[offset + 4 : offset + 4 + length]
        if kind == _EOF:
            return
        offset += 4 + length


def _text(body: bytes, *, wide_count: bool) -> str:
    """An unformatted string with its count of one or two bytes and its flags."""
    start = 3 if wide_count else 2
    if len(body) < start:
        return ""
    count = body[0] | (body[1] << 8) if wide_count else body[0]
    if body[start - 1] & 1:
        return body[start : start + 2 * count].decode("utf-16-le", "replace")
    return body[start : start + count].decode("latin-1")


def read_extras(stream: bytes) -> Extras:
    """Read the date system, the sheets' offsets and the padding number formats."""
    epoch_1904 = False
    sheets: dict[str, int] = {}
    padding: dict[int, tuple[str, int]] = {}
    formats: dict[int, tuple[str, int]] = {}
    count = 0
    for kind, body in _records(stream, 0):
        if kind == _DATE_MODE:
            epoch_1904 = body[:1] == b"\x01"
        elif kind == _BOUND_SHEET and len(body) > 8:
            sheets[_text(body[6:], wide_count=False)] = struct.unpack_from("<I", body)[0]
        elif kind == _FORMAT and len(body) > 4:
            width = padding_of(_text(body[2:], wide_count=True))
            if width is not None:
                padding[struct.unpack_from("<H", body)[0]] = width
        elif kind == _XF and len(body) >= 4:
            used = struct.unpack_from("<H", body, 2)[0]
            if used in padding:
                formats[count] = padding[used]
            count += 1
    return Extras(epoch_1904, sheets, formats)


def read_shown(stream: bytes, extras: Extras, sheet: str) -> Shown:
    """Return whole numbers under a format of zeros, errors, and hidden rows."""
    offset = extras.sheets.get(sheet)
    shown: dict[tuple[int, int], str] = {}
    hidden: set[int] = set()
    # Walking the records of a full sheet takes a second, so look for a reason to first.
    is_worth = extras.formats or _ERROR_HEAD in stream or _HIDDEN_ROW.search(stream)
    if offset is None or not is_worth:
        return Shown(shown, frozenset())
    for kind, body in _records(stream, offset):
        if kind == _BOOL_OR_ERROR and len(body) >= 8 and body[7]:
            row, column = struct.unpack_from("<HH", body)
            shown[row, column] = _ERRORS.get(body[6], "#N/A")
        elif kind == _ROW and len(body) >= 16 and body[12] & _IS_HIDDEN:
            hidden.add(struct.unpack_from("<H", body)[0])
        elif extras.formats and kind in (_RK, _MULTIPLE_RK, _NUMBER):
            for row, column, form, number in _numbers(kind, body):
                if form in extras.formats and number.is_integer() and number >= 0:
                    prefix, width = extras.formats[form]
                    shown[row, column] = prefix + str(int(number)).zfill(width)
    return Shown(shown, frozenset(hidden))


def _numbers(kind: int, body: bytes) -> Iterator[tuple[int, int, int, float]]:
    """Yield row, column, XF index and value of each number in a record."""
    row, column, form = struct.unpack_from("<HHH", body)
    if kind == _NUMBER:
        yield row, column, form, struct.unpack_from("<d", body, 6)[0]
    elif kind == _RK:
        yield row, column, form, _unpack_rk(body, 6)
    else:
        for step in range((len(body) - 6) // 6):
            form = struct.unpack_from("<H", body, 4 + 6 * step)[0]
            yield row, column + step, form, _unpack_rk(body, 6 + 6 * step)


def _unpack_rk(body: bytes, offset: int) -> float:
    """A number in 30 bits: integer or the high bits of a double, perhaps times 100 (2.5.217)."""
    (packed,) = struct.unpack_from("<i", body, offset)
    number: float
    if packed & 2:
        number = float(packed >> 2)
    else:
        number = struct.unpack("<d", b"\0\0\0\0" + struct.pack("<i", packed & ~3))[0]
    return number / 100 if packed & 1 else number
