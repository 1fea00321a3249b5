"""Identity numbers: residents (GB 11643), Taiwan, Hong Kong, permits, passports; ORCID."""

import re
from datetime import date
from operator import mul
from typing import Final

from consortium.kernel.errors import N_
from membership.roster.characters import is_nothing, narrow, plain
from membership.roster.errors import CellFault
from membership.roster.numbers import SCIENTIFIC, Noted
from membership.roster.values import Cell

_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_ZEROS: Final = ord("0") * sum(_WEIGHTS)
_CHECKS: Final = "10X98765432"
_REGIONS: Final = frozenset(
    str(code)
    for first, last in (
        ((11, 15), (21, 23), (31, 37), (41, 46), (50, 54), (61, 65), (71, 71), (81, 83))
    )
    for code in range(first, last + 1)
)
"""The first two digits of a resident's number: provinces, and 81 to 83 for 港澳台居民居住证."""
_RESIDENT: Final = re.compile(r"\d{17}[\dX]", re.ASCII)
_OLD_RESIDENT: Final = re.compile(r"\d{15}", re.ASCII)
_PERMANENT: Final = re.compile(r"9\d{16}[\dX]|[A-Z]{3}\d{12}")
_HONG_KONG_MACAO: Final = re.compile(r"([HM]\d{8})(?:\d{2})?")
_TAIWAN: Final = re.compile(r"\d{8}|\d{10}(?:\([A-Z0-9]\)|[A-Z])?")
_TAIWAN_CARD: Final = re.compile(r"[A-Z][1289]\d{8}")
_TAIWAN_LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVXYWZIO"
_HONG_KONG_CARD: Final = re.compile(r"[A-Z]{1,2}\d{6}\([\dA]\)")
_PASSPORT: Final = re.compile(r"(?=(?:[A-Z]*\d){5})[A-Z0-9]{6,9}")
_SHORTEST: Final = 6
_FIRST_YEAR: Final = 1880
_RUN: Final = "01234567890123456789"
_ORCID: Final = re.compile(
    r"(?:https?://)?(?:www\.)?(?:orcid\.org/)?(?:orcid:?)?([\dX-]{16,19})", re.IGNORECASE
)


def check_digit(first17: str) -> str:
    """Return the check character of a resident identity number.

    >>> check_digit("11010519491231002")
    'X'

    Source: GB 11643-1999, section 3.4 (ISO 7064, MOD 11-2).
    """
    # As bytes: each digit is its code less that of 0.
    total = sum(map(mul, first17.encode("ascii"), _WEIGHTS)) - _ZEROS
    return _CHECKS[total % 11]


def read_national_id(cell: Cell) -> str | Noted | None:
    """Read an identity number into the form that is compared; it is never stored in clear.

    15-digit numbers become their 18-digit form and the renewal count of a 来往内地通行证 is
    dropped, so that one person's old and new papers compare equal.

    >>> read_national_id("11010519491231002x")
    '11010519491231002X'
    >>> read_national_id("110105491231002")
    '11010519491231002X'
    >>> read_national_id("H1234567801"), read_national_id("E12345678")
    ('H12345678', 'E12345678')
    >>> read_national_id("111111111").value is None
    True

    Raises:
        CellFault: rounded by a spreadsheet, wrong check digit, impossible date, unknown form.
    """
    if isinstance(cell, str) and _is_resident(cell):
        return cell
    if isinstance(cell, float | int) and not isinstance(cell, bool) and abs(cell) >= 1e15:
        raise _rounded()
    text = "".join(narrow(plain(cell)).upper().split()).replace("-", "")
    if is_nothing(text):
        return None
    if SCIENTIFIC.fullmatch(text):
        raise _rounded()
    if _is_placeholder(text):
        return Noted(None, "national-id-placeholder", _PLACEHOLDER)
    if _RESIDENT.fullmatch(text):
        return _read_resident(text)
    if _OLD_RESIDENT.fullmatch(text):
        return _read_old_resident(text)
    if found := _HONG_KONG_MACAO.fullmatch(text):
        return found[1]
    if _TAIWAN_CARD.fullmatch(text):
        return _read_island(text, taiwan_remainder(text))
    if _HONG_KONG_CARD.fullmatch(text):
        bare = text.replace("(", "").replace(")", "")
        return _read_island(bare, hong_kong_remainder(bare))
    if _PERMANENT.fullmatch(text) or _TAIWAN.fullmatch(text) or _PASSPORT.fullmatch(text):
        return text
    raise CellFault(
        "national-id-invalid",
        N_("This is no identity, permit or passport number. Compare it with the document."),
    )


def _is_resident(text: str) -> bool:
    """Whether a text is a resident's number as it should be: the common case, told quickly."""
    if not _RESIDENT.fullmatch(text) or text[:2] not in _REGIONS:
        return False
    try:
        born = date.fromisoformat(text[6:14])
    except ValueError:
        return False
    return born.year >= _FIRST_YEAR and check_digit(text[:17]) == text[17]


_PLACEHOLDER: Final = N_(
    "This only fills the cell and is no identity number; it was left out. Write the number or "
    "empty the cell."
)


def _is_placeholder(text: str) -> bool:
    """Whether digits are one repeated, run up or down, or are a day and no more.

    >>> _is_placeholder("000000"), _is_placeholder("87654321"), _is_placeholder("19750305")
    (True, True, True)
    """
    if not text.isdecimal() or len(text) < _SHORTEST:
        return False
    if len(set(text)) == 1 or text in _RUN or text in _RUN[::-1]:
        return True
    if len(text) != 8 or not 1880 <= int(text[:4]) <= 2099:
        return False
    try:
        date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return False
    return True


_WRONG_DIGIT: Final = N_(
    "The check digit of this identity number is wrong. Compare it with the document."
)


def _rounded() -> CellFault:
    return CellFault(
        "national-id-rounded",
        N_(
            "The spreadsheet rounded this identity number, its last digits are lost. Format the "
            "column as text, type the number again and export again."
        ),
    )


def _read_resident(text: str) -> str:
    if check_digit(text[:17]) != text[17]:
        # Fifteen digits are all that a spreadsheet's number can hold.
        if text.endswith("000"):
            raise _rounded()
        raise CellFault("national-id-check-digit", _WRONG_DIGIT)
    # Permanent residents of foreign nationality have 9 before the region of their card.
    if (text[1:3] if text[0] == "9" else text[:2]) not in _REGIONS:
        raise _no_such_number()
    _check_born(text[6:14])
    return text


def taiwan_remainder(text: str) -> int:
    """Return what the check of a 國民身分證 or 居留證 leaves; 0 is right.

    >>> taiwan_remainder("A123456789"), taiwan_remainder("A123456788")
    (0, 9)

    Source: 內政部, 國民身分證統一編號檢查碼; letters count from 10 in the order given here.
    """
    letter = _TAIWAN_LETTERS.index(text[0]) + 10
    digits = [letter // 10, letter % 10, *map(int, text[1:])]
    total: int = sum(map(mul, digits, (1, 9, 8, 7, 6, 5, 4, 3, 2, 1, 1)))
    return total % 10


def hong_kong_remainder(text: str) -> int:
    """Return what the check of a Hong Kong identity card leaves; 0 is right.

    >>> hong_kong_remainder("A1234563"), hong_kong_remainder("A1234567")
    (0, 4)

    Source: Immigration Department, HKID; letters count from 10, a missing one 36, weights 9 to 1.
    """
    values = [36 if sign == " " else int(sign, 36) for sign in text.rjust(9)]
    total: int = sum(map(mul, values, range(9, 0, -1)))
    return total % 11


def _read_island(text: str, remainder: int) -> str:
    if remainder:
        raise CellFault("national-id-check-digit", _WRONG_DIGIT)
    return text


def _read_old_resident(text: str) -> str:
    if text[:2] not in _REGIONS:
        raise _no_such_number()
    longer = f"{text[:6]}19{text[6:]}"
    _check_born(longer[6:14])
    return longer + check_digit(longer)


def _check_born(digits: str) -> None:
    try:
        born = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError as error:
        raise _no_such_number() from error
    if born.year < _FIRST_YEAR:
        raise _no_such_number()


def _no_such_number() -> CellFault:
    return CellFault(
        "national-id-invalid",
        N_("Region or birth date in this number do not exist. Compare it with the document."),
    )


def born_on(national_id: str) -> date | None:
    """Return the birth date that a resident identity number states.

    >>> born_on("11010519491231002X"), born_on("E12345678")
    (datetime.date(1949, 12, 31), None)
    """
    if not _RESIDENT.fullmatch(national_id):
        return None
    return date.fromisoformat(national_id[6:14])


def refuse_rounded() -> CellFault:
    """Return the fault of an identity number that looks whole but stands in a rounded column."""
    return _rounded()


def read_orcid(cell: Cell) -> str | None:
    """Read an ORCID iD in its hyphenated form.

    >>> read_orcid("https://orcid.org/0000-0002-1825-0097")
    '0000-0002-1825-0097'

    Raises:
        CellFault: not sixteen characters, or a wrong check digit.

    Source: ORCID, Structure of the ORCID Identifier (ISO 7064, MOD 11-2).
    """
    text = "".join(narrow(plain(cell)).split()).rstrip("/")
    if is_nothing(text):
        return None
    found = _ORCID.fullmatch(text)
    digits = found[1].replace("-", "").upper() if found else ""
    if len(digits) == 16 and digits[:15].isdecimal():
        total = 0
        for digit in digits[:15]:
            total = (total + int(digit)) * 2
        if "0123456789X"[(12 - total % 11) % 11] == digits[15]:
            return "-".join(digits[start : start + 4] for start in range(0, 16, 4))
    raise CellFault(
        "orcid-invalid", N_("This is no ORCID iD. Copy it from the person's ORCID page.")
    )
