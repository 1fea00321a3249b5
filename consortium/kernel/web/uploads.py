"""How much a request may carry, decided before anything is read."""

from flask import Flask, request

from consortium.kernel.settings import Settings, current_settings
from consortium.kernel.web.refusals import UploadTooLarge

# Read whole into memory by their parsers; files are streamed to disk instead.
_IN_MEMORY = ("application/json", "application/x-www-form-urlencoded", "")


def _limit(settings: Settings) -> int:
    kind = request.mimetype
    if kind in _IN_MEMORY or kind.endswith("+json"):
        return min(settings.body_limit_bytes, settings.upload_limit_bytes)
    return settings.upload_limit_bytes


def _check_length() -> None:
    limit = _limit(current_settings())
    # Werkzeug stops a chunked body at this number while it streams.
    request.max_content_length = limit
    if (request.content_length or 0) > limit:
        raise UploadTooLarge


def init_uploads(app: Flask) -> None:
    """Refuse a body over the limit by its declared length, or where a chunked one passes it."""
    settings: Settings = app.extensions["consortium.settings"]
    app.config["MAX_CONTENT_LENGTH"] = settings.upload_limit_bytes
    app.before_request(_check_length)
