"""When two spellings of a member number are one: for everybody who looks a member up."""

import unicodedata
from typing import Final

_DASHES: Final = dict.fromkeys(
    map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d\u30fc"), "-"
)
LONGEST_KEY: Final = 600


def fold_number(number: str) -> str:
    """Fold a member number for comparison: case, width, white space, dashes.

    One sign may fold to many, and an index takes no key of any length, so what is too long is cut.

    >>> fold_number("s001001m"), fold_number("ＣＭ—0１"), fold_number("CM - 01")
    ('S001001M', 'CM-01', 'CM-01')
    >>> len(fold_number("\ufdfa" * 60))
    600
    """
    if not number.isascii():
        number = unicodedata.normalize("NFKC", number.translate(_DASHES)).translate(_DASHES)
    return "".join(number.upper().split())[:LONGEST_KEY]
