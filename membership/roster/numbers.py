"""Numbers that are names: member numbers and telephone numbers."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from consortium.kernel.errors import N_
from membership.roster.characters import is_left_over, is_nothing, narrow, plain
from membership.roster.errors import CellFault
from membership.roster.telephones import find_numbers, strip_labels
from membership.roster.values import Cell

SCIENTIFIC: Final = re.compile(r"[+-]?\d(?:\.\d+)?[eE]\+?\d{1,2}")
"""A number as spreadsheets shorten it, 1.38E+10: its last digits are gone."""

# Numbers of most societies, which need no closer look: no word, no 0, nothing rounded.
_PLAIN: Final = re.compile(r"[A-Z]{1,2}\d{2,30}|\d{2,15}", re.ASCII)
_MEMBER_NUMBER: Final = re.compile(r"[^\s,;\u3001|\\]{1,60}")
_PARTING: Final = re.compile(r"\s*[/&+]\s*|\s*[\r\n]+\s*|(?<=\w{5})\s+(?=\w{5})")
_SHAPE: Final = re.compile(r"[^\W_]")
_YEAR: Final = re.compile(r"(?:19|20)\d\d")
_LETTERED: Final = re.compile(r"[A-Za-z]+\d+[A-Za-z]*|\d+[A-Za-z]+")
_PLAIN_MOBILE: Final = re.compile(r"1[3-9]\d{9}")
_SPLIT: Final = re.compile(r"[,;/、，；|\n\r\\]+|\s{2,}|\bor\b|或|(?<=\d{11})\s+(?=\+?\d)")
_DIGIT: Final = re.compile(r"\d")
_DIGITS: Final = re.compile(r"\d+")
_FOREIGN: Final = re.compile(r"\+[1-9]\d{6,14}")
_LANDLINE: Final = re.compile(r"(?:0[1-9]\d{1,2})?[2-9]\d{6,7}|[48]00\d{7}")
# An extension is told from a longer number by its dash alone.
_INNER_EXTENSION: Final = re.compile(r"[-\u2010-\u2014\uff0d]\s*\d{1,6}$")
# Hong Kong, Macao and Taiwan are often dialled without + from this side.
_NEIGHBOUR: Final = re.compile(r"852[4-9]\d{7}|8536\d{7}|8869\d{8}")
# As it is dialled at home; a landline of the mainland has a digit more with its area code.
_TAIWAN: Final = re.compile(r"09\d{8}")
_PUNCTUATION: Final = str.maketrans("", "", " -()._\u2010\u2011\u2012\u2013\u2014\uff0d\u00b7\t")
_ROUNDED_ZEROS: Final = "00000000"


@dataclass(frozen=True, slots=True)
class Noted:
    """A value together with what the reader changed or left out to get it.

    `other` is the second value of a cell that holds two, as a period does.
    """

    value: object
    code: str
    message: str
    other: object = None


def read_member_number(cell: Cell) -> str | None:
    """Read a member number as text without inner white space; letters keep their case.

    >>> read_member_number("Ｍ００１２"), read_member_number(12.0)
    ('M0012', '12')

    Raises:
        CellFault: the number was rounded by a spreadsheet or holds separators.
    """
    if isinstance(cell, str) and _PLAIN.fullmatch(cell):
        return cell
    if isinstance(cell, float) and abs(cell) >= 1e15:
        raise _rounded("member-number-rounded")
    said = narrow(plain(cell))
    text = "".join(said.split())
    if is_nothing(text):
        return None
    if SCIENTIFIC.fullmatch(text):
        raise _rounded("member-number-rounded")
    if is_left_over(text):
        raise CellFault(
            "member-number-invalid",
            N_("A formula left 0, TRUE or FALSE here. Write the member number."),
        )
    if isinstance(cell, float) and not cell.is_integer():
        raise CellFault("member-number-invalid", N_("A member number is no fraction. Correct it."))
    if not text.isalnum() or len(said.split()) > 1:
        _refuse_two_numbers(said)
    if not _MEMBER_NUMBER.fullmatch(text) or "\ufffd" in text:
        raise CellFault("member-number-invalid", _ONE_NUMBER)
    return text


def _refuse_two_numbers(text: str) -> None:
    """S900010M/S900011M are two numbers, 2020/0001 and 京-0012 are one.

    What a sign parts and is alike in length, letters and digits is two numbers; but a year before
    a serial number of four digits is a part of it, and so are groups of digits behind dashes.
    """
    pieces = _PARTING.split(text)
    shapes = {_SHAPE.sub(_shape_of, piece) for piece in pieces}
    is_year = _YEAR.fullmatch(pieces[0]) is not None and len(pieces) == 2
    is_alike = len(pieces) > 1 and len(shapes) == 1 and len(pieces[0]) > 2 and not is_year
    tokens = [token for token in _LETTERED.findall(text) if len(token) > 4]
    lettered = {_SHAPE.sub(_shape_of, token) for token in tokens}
    if is_alike or (len(tokens) > 1 and len(lettered) < len(tokens)):
        raise CellFault("member-number-invalid", _ONE_NUMBER)


def _shape_of(found: re.Match[str]) -> str:
    return "9" if found[0].isdigit() else "A"


_ONE_NUMBER: Final = N_("A cell holds one member number of at most 60 characters. Correct it.")


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
    counts: dict[int, tuple[int, int]] = {}
    for text in texts:
        if text.isdecimal():
            alike, padded = counts.get(len(text), (0, 0))
            counts[len(text)] = alike + 1, padded + (text.startswith("0") and len(text) > 1)
    return decide_width(counts)


def decide_width(counts: Mapping[int, tuple[int, int]]) -> int | None:
    """Return the length that nine of ten numbers have, if some of them begin with a zero.

    Args:
        counts: by length, how many all-digit numbers have it and how many of these begin with 0.

    >>> decide_width({5: (9, 9), 2: (1, 0)}), decide_width({5: (9, 9), 2: (2, 0)})
    (5, None)
    """
    padded = [width for width, (_, zeros) in counts.items() if zeros]
    if not padded:
        return None
    width = max(padded)
    total = sum(alike for alike, _ in counts.values())
    return width if counts[width][0] * 10 >= total * 9 else None


def pad_number(text: str, width: int | None) -> str:
    """Give back leading zeros that a spreadsheet dropped, when the width is known.

    It drops all of them, so a number that still begins with one has lost none.

    >>> pad_number("42", 5), pad_number("M42", 5), pad_number("42", None), pad_number("042", 5)
    ('00042', 'M42', '42', '042')
    """
    is_bare = text.isdecimal() and not text.startswith("0")
    return text.zfill(width) if width and is_bare else text


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
    parts = [part for part in parts if _DIGIT.search(part)] or parts
    found = [number for part in parts for number in _read_part(part)]
    mobiles = [number for number in found if number and not number.startswith("tel:")]
    if mobiles:
        return _first_of(mobiles, kept=len(found))
    if any(found):
        return Noted(
            None, "mobile-landline", N_("This is a landline; it is not imported as a mobile.")
        )
    if any(_PLAIN_MOBILE.search(part) and strip_labels(part) is None for part in parts):
        raise CellFault("mobile-labelled", _LABELLED)
    raise CellFault(
        "mobile-invalid",
        N_("This is no mobile number. Write 11 digits, or + and country code for abroad."),
    )


_LABELLED: Final = N_(
    "Beside this number stands a name or somebody else's label. If it is the member's own, write "
    "the number alone."
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


def _read_part(text: str) -> list[str | None]:
    """The number of a piece; or its numbers, where nothing but their own labels parts them."""
    one = _read_one(text)
    several = [_read_one(number) for number in find_numbers(text)] if one is None else []
    return several if len(several) > 1 and all(several) else [one]


def _read_one(text: str) -> str | None:
    """One number: E.164 for a mobile, `tel:…` for a landline, None for neither."""
    stripped = strip_labels(text)
    if stripped is None:
        return None
    stripped = stripped.removesuffix(".0")
    bare = stripped.translate(_PUNCTUATION)
    if bare.startswith("00") and not bare.startswith("000"):
        bare = "+" + bare[2:]
    local = bare.removeprefix("+86")
    if len(local) == 13 and local.startswith("86"):
        local = local[2:]
    if len(local) == 12 and local.startswith("01"):
        local = local[1:]
    if _PLAIN_MOBILE.fullmatch(local):
        return f"+86{local}"
    if _NEIGHBOUR.fullmatch(bare):
        return f"+{bare}"
    if _TAIWAN.fullmatch(bare):
        return f"+886{bare[1:]}"
    if bare.startswith("+86"):
        # Behind the country code the zero of an area code is left out.
        return f"tel:{local}" if _LANDLINE.fullmatch(f"0{local.lstrip('0')}") else None
    if _DIGITS.fullmatch(bare):
        whole = _INNER_EXTENSION.sub("", stripped).translate(_PUNCTUATION)
        return f"tel:{local}" if _LANDLINE.fullmatch(whole) or _LANDLINE.fullmatch(bare) else None
    return bare if _FOREIGN.fullmatch(bare) else None
