"""Lists by cursor: opaque, signed, and bound to the list it came from."""

from collections.abc import Sequence
from typing import Any, TypedDict
from urllib.parse import urlencode

from flask import current_app, request
from itsdangerous import BadData, URLSafeSerializer
from marshmallow import fields

from consortium.kernel.api.refusals import BadCursor
from consortium.kernel.api.schemas import LIMIT, ApiSchema
from consortium.kernel.settings import current_settings


class CursorPage(TypedDict):
    """A list page as it is written."""

    items: Sequence[Any]
    next: str | None


def _serializer() -> URLSafeSerializer:
    # The endpoint is part of the salt: a cursor of one list means nothing to another.
    keys = [current_app.secret_key, *(current_app.config.get("SECRET_KEY_FALLBACKS") or [])]
    return URLSafeSerializer(list(reversed(keys)), salt=f"cursor:{request.endpoint}")


def write_cursor(position: Any) -> str:
    """Make a position (a JSON value) opaque."""
    written = _serializer().dumps(position)
    return written if isinstance(written, str) else written.decode()


def read_cursor(text: str) -> Any:
    """The position that a cursor stands for.

    Raises:
        BadCursor: it was not given out by this list, or was changed.
    """
    try:
        return _serializer().loads(text)
    except (BadData, ValueError) as error:
        raise BadCursor from error


class CursorField(fields.Field[Any]):
    """A cursor in a query; the position inside."""

    def __init__(self, **kwargs: Any) -> None:
        metadata = {"type": "string", "description": "from `next` of the page before"}
        super().__init__(metadata={**metadata, **kwargs.pop("metadata", {})}, **kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:
        return read_cursor(value)


class PageIn(ApiSchema):
    """Query of a list: `limit` 1 to 200 (50), and `cursor`."""

    limit = fields.Integer(load_default=50, validate=LIMIT, metadata={"description": "1 to 200"})
    cursor = CursorField(load_default=None)


def cursor_page(items: Sequence[Any], next_cursor: Any) -> CursorPage:
    """A list page.

    Args:
        items: what the page shows, in order.
        next_cursor: the position after it as a JSON value (a key, or a list of sort keys), or
            None if nothing follows. `PageIn` hands it back as `cursor`.
    """
    if next_cursor is None:
        return {"items": items, "next": None}
    query = [(name, value) for name, value in request.args.items(multi=True) if name != "cursor"]
    query.append(("cursor", write_cursor(next_cursor)))
    return {
        "items": items,
        "next": f"{current_settings().issuer}{request.path}?{urlencode(query)}",
    }
