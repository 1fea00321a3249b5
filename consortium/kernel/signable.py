"""What can be signed and stored alike on every database, asked before it is written.

RFC 8785 refuses integers beyond 2^53-1 and what is not finite; PostgreSQL has no NUL and writes
a large float as an integer; half of a surrogate pair is no UTF-8.
"""

import math
from collections.abc import Iterable
from typing import Any

LARGEST = 2**53 - 1
DEEPEST = 64


class Unsignable(ValueError):
    """A value that could be neither signed nor stored alike on both databases."""


def check_object(value: object, what: str) -> None:
    """Refuse what is not a JSON object that can be signed.

    >>> check_object({"code": "math", "seats": [3, None]}, "data")
    >>> check_object({"seats": [2**53]}, "data")
    Traceback (most recent call last):
        ...
    consortium.kernel.signable.Unsignable: data/seats/0: an integer beyond 2^53-1

    Raises:
        Unsignable: names the place and what is wrong there.
    """
    if not isinstance(value, dict):
        raise Unsignable(f"{what}: an object is wanted, not {type(value).__name__}")
    _check(value, what, DEEPEST)


def check_text(value: object, what: str, *, longest: int, shortest: int = 0) -> None:
    r"""Refuse what is no text of `shortest` to `longest` characters.

    >>> check_text("math", "key", longest=4)
    >>> check_text("a\x00", "key", longest=4)
    Traceback (most recent call last):
        ...
    consortium.kernel.signable.Unsignable: key: a text with a null character

    Raises:
        Unsignable: names the place and what is wrong there.
    """
    if not isinstance(value, str):
        raise Unsignable(f"{what}: a text is wanted, not {type(value).__name__}")
    if len(value) < shortest:
        raise Unsignable(f"{what}: an empty text")
    if len(value) > longest:
        raise Unsignable(f"{what}: {len(value)} characters, at most {longest} have room")
    _check_characters(value, what)


def check_news(
    topic: object,
    key: object,
    data: object,
    *,
    op: str,
    origin: str | None,
    version: int | None,
) -> None:
    """Refuse news that no page of the feed could tell.

    Raises:
        Unsignable: names the place and what is wrong there.
    """
    if op not in {"upsert", "delete"}:
        raise Unsignable("op is upsert or delete")
    # Peers take no record without either.
    check_text(topic, "topic", longest=120, shortest=1)
    check_text(key, "key", longest=255, shortest=1)
    check_text(origin or "", "origin", longest=255)
    if version is not None and not 0 <= version <= LARGEST:
        raise Unsignable("version: a whole number from 0 to 2^53-1 is wanted")
    check_object(data, "data")


def check_act(action: object, subject: object, society: str | None, detail: object) -> None:
    """Refuse an act that the audit trail could not hold.

    Raises:
        Unsignable: names the place and what is wrong there.
    """
    check_text(action, "action", longest=120, shortest=1)
    check_text(subject, "subject", longest=255)
    check_text(society or "", "society", longest=64)
    check_object(detail, "detail")


def _check(value: Any, where: str, deep: int) -> None:
    # The commonest first: this runs for every value of every piece of news.
    if isinstance(value, str):
        _check_characters(value, where)
    elif value is None or isinstance(value, bool):
        return
    elif isinstance(value, int):
        if not -LARGEST <= value <= LARGEST:
            raise Unsignable(f"{where}: an integer beyond 2^53-1")
    elif isinstance(value, float):
        if not (math.isfinite(value) and -LARGEST <= value <= LARGEST):
            raise Unsignable(f"{where}: a number that is not finite or beyond 2^53-1")
    elif deep == 0:
        raise Unsignable(f"{where}: nested deeper than {DEEPEST}")
    elif isinstance(value, dict):
        _check_members(value, where, deep - 1)
    elif isinstance(value, list | tuple):
        _check_items(enumerate(value), where, deep - 1)
    else:
        raise Unsignable(f"{where}: {type(value).__name__} is no JSON")


def _check_members(value: dict[Any, Any], where: str, deep: int) -> None:
    for name in value:
        if not isinstance(name, str):
            raise Unsignable(f"{where}: a member's name is {type(name).__name__}, not text")
        _check_characters(name, where)
    _check_items(value.items(), where, deep)


def _check_items(items: Iterable[tuple[object, Any]], where: str, deep: int) -> None:
    for place, inner in items:
        # The place is written out for what can be wrong only: most is plain text.
        if type(inner) is not str or not inner.isascii() or "\x00" in inner:
            _check(inner, f"{where}/{place}", deep)


def _check_characters(text: str, where: str) -> None:
    if "\x00" in text:
        raise Unsignable(f"{where}: a text with a null character")
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise Unsignable(f"{where}: a text with half of a surrogate pair") from error
