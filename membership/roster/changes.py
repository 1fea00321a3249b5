"""What an import changes, as JSON and back."""

from collections.abc import Mapping
from datetime import date
from typing import Final

from membership.roster.values import OPEN_END

_DAYS: Final = frozenset(("since", "until", "birth_date"))


def encode_changes(changes: Mapping[str, tuple[object, object]]) -> dict[str, object]:
    """Changes as JSON: before and after; the value alone where nothing was before.

    >>> encode_changes({"until": (None, OPEN_END), "title": ("讲师", "教授")})
    {'until': 'open', 'title': ['讲师', '教授']}
    """
    return {
        name: encode_value(after) if before is None else [encode_value(before), encode_value(after)]
        for name, (before, after) in changes.items()
    }


def decode_changes(found: Mapping[str, object]) -> dict[str, tuple[object, object]]:
    """Read back what `encode_changes` made.

    >>> decode_changes({"since": "2026-01-02"})
    {'since': (None, datetime.date(2026, 1, 2))}
    """
    changes = {}
    for name, said in found.items():
        before, after = said if isinstance(said, list) else (None, said)
        changes[name] = (_decode(name, before), _decode(name, after))
    return changes


def encode_value(value: object) -> object:
    """One value as JSON has it; a term without end is `open`.

    >>> encode_value(date(2026, 1, 2)), encode_value(OPEN_END), encode_value("教授")
    ('2026-01-02', 'open', '教授')
    """
    if isinstance(value, date):
        return "open" if value == OPEN_END else value.isoformat()
    return value


def _decode(name: str, value: object) -> object:
    if name in _DAYS and isinstance(value, str):
        return OPEN_END if value == "open" else date.fromisoformat(value)
    return value
