"""Numbers that are names: member numbers and telephone numbers."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from consortium.kernel.errors import N_
from membership.roster.characters import is_nothing, narrow, plain
from membership.roster.errors import CellFault
from membership.roster.values import Cell

SCIENTIFIC: Final = re.compile(r"[+-]?\d(?:\.\d+)?[eE]\+?\d{1,2}")
"""A number as spreadsheets shorten it, 1.38E+10: its last digits are gone."""

_MEMBER_NUMBER: Final = re.compile(r"[^\s,;]{1,60}")
_PLAIN_MOBILE: Final = re.compile(r"1[3-9]\d{9}")
_SPLIT: Final = re.compile(r"[,;/、，；|\n\r\\]+|\s{2,}|\bor\b|或|(?<=\d{11})\s+(?=\+?\d)")
_DIGITS: Final = re.compile(r"\d+")
_FOREIGN: Final = re.compile(r"\+[1-9]\d{6,14}")
_LANDLINE: Final = re.compile(r"(?:0\d{2,3})?[2-9]\d{6,7}(?:\d{1,6})?|[48]00\d{7}")
_EXTENSION: Final = re.compile(r"(?:转|轉|ext\.?|x|#)\s*\d{1,6}$", re.IGNORECASE)
_PUNCTUATION: Final = str.maketrans("", "", " -()._\u2010\u2011\u2012\u2013\u2014\uff0d\u00b7\t")
_LABEL: Final = re.compile(r"^[^\d+]{1,12}[::]?\s*(?=[+\d])")
_ROUNDED_ZEROS: Final = "00000000"


@dataclass(frozen=True, slots=True)
class Noted:
    """A value together with what the reader changed or left out to get it."""

    value: object
    code: str
    message: str


def read_member_number(cell: Cell) -> str | None:
    """Read a member number as text without inner white space; letters keep their case.

    >>> read_member_number("Ｍ００１２"), read_member_number(12.0)
    ('M0012', '12')

    Raises:
        CellFault: the number was rounded by a spreadsheet or holds separators.
    """
    if isinstance(cell, float) and abs(cell) >= 1e15:
        raise _rounded("member-number-rounded")
    text = "".join(narrow(plain(cell)).split())
    if is_nothing(text):
        return None
    if SCIENTIFIC.fullmatch(text):
        raise _rounded("member-number-rounded")
    if isinstance(cell, float) and not cell.is_integer():
        raise CellFault("member-number-invalid", N_("A member number is no fraction. Correct it."))
    if not _MEMBER_NUMBER.fullmatch(text) or "\ufffd" in text:
        raise CellFault(
            "member-number-invalid",
            N_("A cell holds one member number of at most 60 characters. Correct it."),
        )
    return text


def _rounded(code: str) -> CellFault:
    return CellFault(
        code,
        N_(
            "The spreadsheet rounded this number, its last digits are lost. Format the column as "
            "text, type the number again and export again."
        ),
    )


def measure_width(texts: Sequence[str]) -> int | None:
    """Return the length that all-digit member numbers share, or None when they do not.

    Only numbers with leading zeros prove that zeros count; so at least one must have them, and
    nine of ten numbers must be of that length.

    >>> measure_width(["00012", "00013", "00250"]), measure_width(["12", "130"])
    (5, None)
    """
    digits = [text for text in texts if text.isdecimal()]
    padded = [text for text in digits if text.startswith("0") and len(text) > 1]
    if not padded:
        return None
    width = max(len(text) for text in padded)
    alike = sum(len(text) == width for text in digits)
    return width if alike * 10 >= len(digits) * 9 else None


def pad_number(text: str, width: int | None) -> str:
    """Give back leading zeros that a spreadsheet dropped, when the width is known.

    >>> pad_number("42", 5), pad_number("M42", 5), pad_number("42", None)
    ('00042', 'M42', '42')
    """
    return text.zfill(width) if width and text.isdecimal() else text


def read_mobile(cell: Cell) -> str | Noted | None:
    """Read a mobile number in E.164 form; eleven digits are a number of the mainland.

    Of several numbers the first mobile one is kept and the rest is noted; a landline alone is noted
    and not imported.

    >>> read_mobile("+86 138-0013-8000"), read_mobile(13800138000.0)
    ('+8613800138000', '+8613800138000')
    >>> read_mobile("００852 91234567"), read_mobile("13800138000/13900139000").value
    ('+85291234567', '+8613800138000')

    Raises:
        CellFault: no telephone number, or one that a spreadsheet rounded.
    """
    if isinstance(cell, str) and _PLAIN_MOBILE.fullmatch(cell):
        return f"+86{cell}"
    text = narrow(plain(cell)).strip()
    if is_nothing(text):
        return None
    if SCIENTIFIC.fullmatch(text):
        raise _rounded("mobile-rounded")
    parts = [part for part in (piece.strip() for piece in _SPLIT.split(text)) if part]
    found = [_read_one(part) for part in parts]
    mobiles = [number for number in found if number and not number.startswith("tel:")]
    if mobiles:
        return _first_of(mobiles, kept=len(found))
    if any(found):
        return Noted(
            None, "mobile-landline", N_("This is a landline; it is not imported as a mobile.")
        )
    raise CellFault(
        "mobile-invalid",
        N_("This is no mobile number. Write 11 digits, or + and country code for abroad."),
    )


def _first_of(mobiles: list[str], *, kept: int) -> str | Noted:
    if kept == 1:
        return mobiles[0]
    return Noted(
        mobiles[0],
        "mobile-several",
        N_("The cell holds several numbers; the first mobile number was kept."),
    )


def looks_rounded(number: object) -> bool:
    """Say whether a number ends like 1.38E+10 written out; one alone may be somebody's.

    >>> looks_rounded("+8613800000000"), looks_rounded("+8613800138000")
    (True, False)
    """
    return isinstance(number, str) and number.endswith(_ROUNDED_ZEROS)


def refuse_rounded_mobile() -> CellFault:
    """The fault of a number that looks whole but stands in a rounded column."""
    return _rounded("mobile-rounded")


def _read_one(text: str) -> str | None:
    """One number: E.164 for a mobile, `tel:…` for a landline, None for neither."""
    text = _EXTENSION.sub("", _LABEL.sub("", text))
    text = text.removesuffix(".0")
    bare = text.translate(_PUNCTUATION)
    if bare.startswith("00") and not bare.startswith("000"):
        bare = "+" + bare[2:]
    local = bare.removeprefix("+86")
    if len(local) == 13 and local.startswith("86"):
        local = local[2:]
    if len(local) == 12 and local.startswith("01"):
        local = local[1:]
    if _PLAIN_MOBILE.fullmatch(local):
        return f"+86{local}"
    if bare.startswith("+86") or _DIGITS.fullmatch(bare):
        return f"tel:{local}" if _LANDLINE.fullmatch(local) else None
    return bare if _FOREIGN.fullmatch(bare) else None
