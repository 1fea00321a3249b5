"""Field types that every schema shares."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from marshmallow import fields

FIRST = datetime(1800, 1, 1, tzinfo=UTC)
LAST = datetime(9000, 1, 1, tzinfo=UTC)
_RFC3339 = re.compile(
    r"(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)
_PERSON = re.compile(
    r"[a-z][a-z0-9-]{0,62}: *\S[^\x00-\x1f\x7f]{0,63}|[A-Za-z0-9._~-]{1,255}", re.ASCII
)
LARGEST_AMOUNT = 10**15


class OutOfReach(ValueError):
    """An instant outside the years 1801 to 8999; no zone leads from there past the calendar."""


def read_instant(text: str) -> datetime:
    """An RFC 3339 instant; any offset is taken, the value is UTC.

    Raises:
        OutOfReach: it lies outside the years 1801 to 8999.
        ValueError: it is none, or names no offset.

    >>> read_instant("2026-12-31T16:00:00Z").isoformat()
    '2026-12-31T16:00:00+00:00'
    >>> read_instant("2027-01-01T00:00:00+08:00").isoformat()
    '2026-12-31T16:00:00+00:00'
    """
    match = _RFC3339.fullmatch(text)
    if match is None:
        raise ValueError(text)
    day, clock, fraction, zone = match.groups()
    # datetime keeps microseconds; finer digits are cut, never rounded into the next second.
    parts = f"{day}T{clock}{(fraction or '')[:7]}{'+00:00' if zone in 'Zz' else zone}"
    naive_offset = datetime.fromisoformat(parts)
    if not 1801 <= naive_offset.year <= 8999:
        raise OutOfReach(text)
    return naive_offset.astimezone(UTC)


def write_instant(instant: datetime) -> str:
    """RFC 3339 in UTC with a Z.

    >>> write_instant(datetime(2027, 1, 1, tzinfo=UTC))
    '2027-01-01T00:00:00Z'
    """
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


class InstantField(fields.Field[datetime]):
    """An instant, RFC 3339 in UTC with a Z; an aware datetime inside."""

    default_error_messages = {
        "invalid": "Write an instant as RFC 3339 in UTC: 2026-12-31T16:00:00Z.",
        "out_of_reach": "An instant lies in the years 1801 to 8999. Take a nearer one.",
    }

    def __init__(self, **kwargs: Any) -> None:
        metadata = {"type": "string", "format": "date-time", **kwargs.pop("metadata", {})}
        super().__init__(metadata=metadata, **kwargs)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        return None if value is None else write_instant(value)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        if not isinstance(value, str):
            raise self.make_error("invalid")
        try:
            return read_instant(value)
        except OutOfReach as error:
            raise self.make_error("out_of_reach") from error
        except ValueError as error:
            raise self.make_error("invalid") from error


class MoneyField(fields.Field[dict[str, Any]]):
    """`{"amount": int, "currency": "CNY"}`, the amount in minor units; a dict inside.

    An object with `amount` and `currency` is written as well.
    """

    default_error_messages = {
        "invalid": "Write money as an amount in minor units and a currency of three letters."
    }

    def __init__(
        self, *, least: int = -LARGEST_AMOUNT, most: int = LARGEST_AMOUNT, **kwargs: Any
    ) -> None:
        self.least, self.most = least, most
        described = {
            "type": "object",
            "required": ["amount", "currency"],
            "additionalProperties": False,
            "properties": {
                "amount": {
                    "type": "integer",
                    "minimum": least,
                    "maximum": most,
                    "description": "minor units",
                },
                "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
            },
            **kwargs.pop("metadata", {}),
        }
        super().__init__(metadata=described, **kwargs)

    def _serialize(
        self, value: Any, attr: str | None, obj: Any, **kwargs: Any
    ) -> dict[str, Any] | None:
        if value is None:
            return None
        if isinstance(value, Mapping):
            return {"amount": value["amount"], "currency": value["currency"]}
        return {"amount": value.amount, "currency": value.currency}

    def _deserialize(
        self, value: Any, attr: str | None, data: Any, **kwargs: Any
    ) -> dict[str, Any]:
        if not isinstance(value, Mapping) or set(value) != {"amount", "currency"}:
            raise self.make_error("invalid")
        amount, currency = value["amount"], value["currency"]
        whole = isinstance(amount, int) and not isinstance(amount, bool)
        if not whole or not self.least <= amount <= self.most:
            raise self.make_error("invalid")
        if not isinstance(currency, str) or not _CURRENCY.fullmatch(currency):
            raise self.make_error("invalid")
        return {"amount": amount, "currency": currency}


class SubjectField(fields.Field[str]):
    """A person as the outside names her: `subject`, or `society:member_number`."""

    default_error_messages = {"invalid": "Name a person by subject, or by society:member_number."}

    def __init__(self, **kwargs: Any) -> None:
        metadata = {
            "type": "string",
            "description": "subject as issued to the calling client, or society:member_number",
            "examples": ["math:2023-00017"],
            **kwargs.pop("metadata", {}),
        }
        super().__init__(metadata=metadata, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str) or not _PERSON.fullmatch(value):
            raise self.make_error("invalid")
        return value
