"""Reading requests: strict JSON, no text or number that a database refuses, faults as ours."""

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

import marshmallow
from flask import Request
from webargs import core
from webargs.flaskparser import FlaskParser, is_json_request

from consortium.kernel.api.faults import escape_pointer, invalid_input
from consortium.kernel.api.refusals import MalformedJson
from consortium.kernel.characters import is_plain
from consortium.kernel.errors import FieldError, InvalidInput
from consortium.kernel.web import is_storable
from consortium.kernel.web.refusals import UnsupportedMediaType

LARGEST = 2**63 - 1
DEEPEST = 64


def read_json(raw: bytes) -> Any:
    """Parse JSON as RFC 8259 has it: no NaN, no Infinity, numbers that a double can hold.

    Raises:
        MalformedJson: it is not JSON, or nested deeper than anything of ours.
    """
    try:
        value = json.loads(raw.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        # ValueError covers bad UTF-8, bad JSON and integers of thousands of digits.
        raise MalformedJson from error
    return value


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def find_unstorable(value: Any, pointer: str = "", depth: int = 0) -> Iterator[FieldError]:
    """Texts with a NUL, half a surrogate pair or what cannot be seen; numbers beyond 64 bits."""
    if depth > DEEPEST:
        raise MalformedJson
    if isinstance(value, str):
        if not is_storable(value):
            message = "A text holds a null or broken character."
            yield FieldError(code="invalid-characters", message=message, pointer=pointer)
        elif not is_plain(value):
            message = "A text holds control characters or signs that turn the direction of writing."
            yield FieldError(code="invalid-characters", message=message, pointer=pointer)
    elif isinstance(value, int | float):
        if not math.isfinite(value) or abs(value) > LARGEST:
            message = "A number is out of range."
            yield FieldError(code="out-of-range", message=message, pointer=pointer)
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            if not is_storable(name):
                yield from find_unstorable(name, pointer, depth + 1)
            else:
                yield from find_unstorable(inner, f"{pointer}/{escape_pointer(name)}", depth + 1)
    elif isinstance(value, list):
        for place, inner in enumerate(value):
            yield from find_unstorable(inner, f"{pointer}/{place}", depth + 1)


class StrictParser(FlaskParser):
    """webargs' parser with our grammar and our refusals."""

    DEFAULT_UNKNOWN_BY_LOCATION = {
        **FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION,
        "json": marshmallow.RAISE,
        # A page's address may carry `lang` besides; other strangers are no danger.
        "query": marshmallow.EXCLUDE,
    }

    def _raw_load_json(self, req: Request) -> Any:
        raw = req.get_data(cache=True)
        if not is_json_request(req):
            if raw or req.mimetype:
                raise UnsupportedMediaType
            return core.missing
        if not raw:
            raise MalformedJson
        value = read_json(raw)
        faults = tuple(find_unstorable(value))
        if faults:
            raise InvalidInput(errors=faults)
        return value

    def handle_error(
        self,
        error: marshmallow.ValidationError,
        req: Request,
        schema: marshmallow.Schema,
        *,
        error_status_code: int | None,
        error_headers: Mapping[str, str] | None,
    ) -> NoReturn:
        """Refuse with pointers; webargs puts the location above the fields, we do not."""
        found = error.messages
        if isinstance(found, dict) and len(found) == 1:
            found = next(iter(found.values()))
        raise invalid_input(found) from error
