"""E-mail addresses and gender."""

import re
from typing import Final

from consortium.kernel.errors import N_
from membership.roster.characters import fold, is_nothing, narrow, plain
from membership.roster.errors import CellFault
from membership.roster.numbers import Noted
from membership.roster.values import Cell

_LOCAL: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LABEL: Final = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_EMAIL: Final = re.compile(rf"{_LOCAL}@(?:{_LABEL}\.)+(?:[^\W\d_]{{2,63}}|xn--[a-z0-9-]{{1,59}})")
_PLAIN_EMAIL: Final = re.compile(
    r"[a-z0-9_-]{1,40}(?:\.[a-z0-9_-]{1,40}){0,3}@(?:[a-z0-9][a-z0-9-]{0,40}\.){1,4}[a-z]{2,20}"
)
_SPLIT: Final = re.compile(r"[;,/、|\n\r]+|(?<=[A-Za-z])\s+(?=\S+@)")
_WRAPPED: Final = re.compile(r"<([^<>]+)>|mailto:(\S+)|\[([^\[\]]+)\]", re.IGNORECASE)

_GENDERS: Final = {
    **dict.fromkeys(("男", "男性", "m", "male", "man", "1", "1男", "先生", "mr", "mr."), "male"),
    **dict.fromkeys(
        ("女", "女性", "f", "female", "woman", "2", "2女", "女士", "ms", "ms.", "mrs", "mrs."),
        "female",
    ),
    **dict.fromkeys(
        ("0", "9", "未说明", "未说明的性别", "保密", "other", "x", "unspecified"), None
    ),
}


def read_email(cell: Cell) -> str | Noted | None:
    """Read an e-mail address in lower case; of several the first valid one is kept and noted.

    >>> read_email("Li.Wei＠Math。example "), read_email("无")
    ('li.wei@math.example', None)
    >>> read_email("a@x.example; b@y.example").value
    'a@x.example'

    Raises:
        CellFault: no address in it, or one of more than 254 characters.
    """
    if isinstance(cell, str) and _PLAIN_EMAIL.fullmatch(cell):
        return cell
    text = narrow(plain(cell)).replace("。", ".").replace("．", ".").strip()
    if is_nothing(text):
        return None
    if found := _WRAPPED.search(text):
        text = found[1] or found[2] or found[3]
    parts = [part.strip() for part in _SPLIT.split(text) if part.strip()]
    good = [address for part in parts if (address := _read_one(part)) is not None]
    if not good:
        raise CellFault(
            "email-invalid", N_("This is no e-mail address. Write it as name@example.org.")
        )
    if len(parts) == 1:
        return good[0]
    return Noted(
        good[0],
        "email-several",
        N_("The cell holds several e-mail addresses; the first valid one was kept."),
    )


def _read_one(text: str) -> str | None:
    address = "".join(text.split()).rstrip(".").lower()
    return address if len(address) <= 254 and _EMAIL.fullmatch(address) else None


def read_gender(cell: Cell) -> str | None:
    """Read `male` or `female`; None when empty or not stated (GB/T 2261.1 codes too).

    >>> read_gender("男"), read_gender("F"), read_gender(2.0), read_gender("保密")
    ('male', 'female', 'female', None)
    """
    if cell == "男":
        return "male"
    if cell == "女":
        return "female"
    text = fold(plain(cell))
    if is_nothing(text):
        return None
    if text in _GENDERS:
        return _GENDERS[text]
    raise CellFault("gender-unknown", N_("Write 男 or 女, M or F, or leave the cell empty."))
