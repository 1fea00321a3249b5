"""How much a request may carry, decided before anything is read or while it is counted."""

from typing import Protocol

from flask import Flask, request

from consortium.kernel.errors import ConsortiumError
from consortium.kernel.settings import Settings, current_settings
from consortium.kernel.web.refusals import BodyTooLarge, UploadTooLarge

# Read whole into memory by their parsers; files are streamed to disk instead.
_IN_MEMORY = ("application/json", "application/x-www-form-urlencoded", "")


class _Body(Protocol):
    def read(self, size: int) -> bytes: ...


class CountedBody:
    """A body of unknown length that is refused when it passes the limit.

    Werkzeug's own stream stops there, and who reads to its end takes the front for the whole:
    its `readall` asks for no byte beyond the limit and so never learns that there is one.
    """

    def __init__(self, body: _Body, limit: int, refusal: ConsortiumError) -> None:
        """Count what is read from `body`."""
        self._body = body
        self._left = limit
        self._refusal = refusal

    def read(self, size: int) -> bytes:
        """The next piece.

        Raises:
            UploadTooLarge: more has come than the limit.
        """
        piece = self._body.read(size)
        self._left -= len(piece)
        if self._left < 0:
            raise self._refusal
        return piece


def _limit(settings: Settings) -> tuple[int, ConsortiumError]:
    """What this request may carry, and how more than that is refused."""
    kind = request.mimetype
    if kind in _IN_MEMORY or kind.endswith("+json"):
        limit = min(settings.body_limit_bytes, settings.upload_limit_bytes)
        return limit, BodyTooLarge(limit=name_size(limit))
    return settings.upload_limit_bytes, UploadTooLarge()


def name_size(size: int) -> str:
    """A number of bytes in the largest unit that keeps it whole.

    >>> name_size(1048576), name_size(2048), name_size(1500)
    ('1 MiB', '2 KiB', '1500 B')
    """
    for unit, name in ((1 << 20, "MiB"), (1 << 10, "KiB")):
        if size and size % unit == 0:
            return f"{size // unit} {name}"
    return f"{size} B"


def _check_length() -> None:
    (limit, refusal), length = _limit(current_settings()), request.content_length
    if length is not None and length > limit:
        raise refusal
    if length is None:
        request.environ["wsgi.input"] = CountedBody(request.environ["wsgi.input"], limit, refusal)
    # One more, so that the counter sees the first byte that is too many.
    request.max_content_length = limit + 1


def init_uploads(app: Flask) -> None:
    """Refuse a body over the limit by its declared length, or where a chunked one passes it."""
    settings: Settings = app.extensions["consortium.settings"]
    app.config["MAX_CONTENT_LENGTH"] = settings.upload_limit_bytes
    app.before_request(_check_length)
