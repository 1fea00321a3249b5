"""What people type to name an account, brought to one spelling."""

import re
import unicodedata

from auth.values import Identifier

_EMAIL = re.compile(r"[^\s@,;:<>()\[\]\\\"]{1,64}@[^\s@.]+(\.[^\s@.]+)+")
_MAINLAND = re.compile(r"1[3-9]\d{9}")
_INTERNATIONAL = re.compile(r"\+[1-9]\d{6,14}")
_SOCIETY = re.compile(r"[a-z][a-z0-9-]*")
_MOBILE_FILLERS = re.compile(r"[\s().-]")
LONGEST = 254


def fold(text: str) -> str:
    """Compatibility form without outer space, so full-width digits are digits.

    >>> fold("\N{FULLWIDTH DIGIT ONE}\N{FULLWIDTH DIGIT TWO} ")
    '12'
    """
    return unicodedata.normalize("NFKC", text).strip()


def normalise_email(text: str) -> str | None:
    """The address as it is stored and compared, or None if it is none.

    The local part is folded too: no society's mail tells two people apart by case.

    >>> normalise_email(" Li.Ming@Math.Example ")
    'li.ming@math.example'
    >>> normalise_email("li.ming") is None
    True
    """
    email = fold(text).lower()
    return email if len(email) <= LONGEST and _EMAIL.fullmatch(email) else None


def normalise_mobile(text: str) -> str | None:
    """The number in E.164 form, mainland China assumed for eleven digits, or None.

    >>> normalise_mobile("138 0013 8000"), normalise_mobile("0044 7700 900123")
    ('+8613800138000', '+447700900123')
    >>> normalise_mobile("10023") is None
    True
    """
    digits = _MOBILE_FILLERS.sub("", fold(text))
    if digits.startswith("00"):
        digits = f"+{digits[2:]}"
    if _MAINLAND.fullmatch(digits):
        return f"+86{digits}"
    if digits.startswith("86") and _MAINLAND.fullmatch(digits[2:]):
        return f"+{digits}"
    return digits if _INTERNATIONAL.fullmatch(digits) else None


def read_identifier(text: str) -> Identifier:
    """Tell what was typed at sign-in; whatever is nothing else is a member number.

    >>> read_identifier("math:10023")
    Identifier(kind='number', value='10023', society='math')
    >>> read_identifier("LI@math.example").kind, read_identifier("13800138000").kind
    ('email', 'mobile')
    """
    folded = fold(text)[:LONGEST]
    email = normalise_email(folded)
    if email:
        return Identifier("email", email)
    mobile = normalise_mobile(folded)
    if mobile:
        return Identifier("mobile", mobile)
    return read_number(folded)


def read_number(text: str) -> Identifier:
    """Tell the society from the number, where somebody wrote both.

    >>> read_number("Math : s001")
    Identifier(kind='number', value='s001', society='math')
    >>> read_number("s001")
    Identifier(kind='number', value='s001', society=None)
    """
    folded = fold(text)
    society, colon, number = (part.strip() for part in folded.partition(":"))
    if colon and number and _SOCIETY.fullmatch(society.lower()):
        return Identifier("number", number, society.lower())
    return Identifier("number", folded)


def looks_like_mobile(text: str) -> bool:
    """Whether somebody meant a telephone number: digits and what people write between them.

    >>> looks_like_mobile("138-0013"), looks_like_mobile("li.ming"), looks_like_mobile("")
    (True, False, False)
    """
    digits = _MOBILE_FILLERS.sub("", fold(text)).removeprefix("+")
    return digits.isdigit()


def mask_address(address: str) -> str:
    """Enough of an address for its owner to know it, too little for anybody else.

    >>> mask_address("+8613800138000"), mask_address("li.ming@math.example")
    ('+86*******8000', 'l***@math.example')
    """
    name, at, host = address.partition("@")
    if at:
        return f"{name[:1]}***@{host}"
    return f"{address[:3]}{'*' * max(0, len(address) - 7)}{address[-4:]}"


def same_name(left: str, right: str) -> bool:
    """Whether two spellings of a name are the same but for space, dots, case and width.

    >>> same_name("\u5f20\u3000\u4e09", "\u5f20\u4e09"), same_name("Li Ming", "Li Mei")
    (True, False)
    """
    return _bare(left) == _bare(right) != ""


def _bare(name: str) -> str:
    return re.sub(r"[\s.\u00b7\u2022\u30fb\u2027]", "", fold(name)).casefold()
