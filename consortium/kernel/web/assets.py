"""Static files: an address that changes with the content, kept by browsers for a year."""

from hashlib import sha256
from pathlib import Path
from typing import Any

from flask import Flask, Response, current_app, request
from werkzeug.security import safe_join

FOREVER = "public, max-age=31536000, immutable"
_hashes: dict[tuple[str, int], str] = {}


def _is_static(endpoint: str) -> bool:
    return endpoint.rpartition(".")[2] == "static"


def _folder_of(endpoint: str) -> str | None:
    blueprint = current_app.blueprints.get(endpoint.rpartition(".")[0])
    return blueprint.static_folder if blueprint else None


def content_hash(path: Path) -> str:
    """The first digits of a file's SHA-256; read again only when its time stamp changes."""
    key = (str(path), path.stat().st_mtime_ns)
    known = _hashes.get(key)
    if known is None:
        known = _hashes[key] = sha256(path.read_bytes()).hexdigest()[:12]
    return known


def _add_hash(endpoint: str, values: dict[str, Any]) -> None:
    if not _is_static(endpoint) or "v" in values:
        return
    folder = _folder_of(endpoint)
    found = safe_join(folder, values.get("filename", "")) if folder else None
    if found and Path(found).is_file():
        values["v"] = content_hash(Path(found))


def _keep(response: Response) -> Response:
    if request.endpoint and _is_static(request.endpoint) and response.status_code == 200:
        response.headers["Cache-Control"] = FOREVER if "v" in request.args else "no-cache"
    return response


def init_assets(app: Flask) -> None:
    """Give every `url_for('<blueprint>.static', filename=...)` its content hash."""
    app.url_defaults(_add_hash)
    app.after_request(_keep)
