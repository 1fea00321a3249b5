"""An application with nothing but the notice board, for tests of pages and API."""

import re
from pathlib import Path
from typing import Any

from flask import Flask
from flask.testing import FlaskClient

from consortium.kernel.app import build_app
from consortium.kernel.settings import Settings
from tests.kernel.board import board

KEY = "k" * 40


def build_board(data_dir: Path, **settings: Any) -> Flask:
    """The notice board's application; it opens no database."""
    return build_app((board,), Settings(data_dir=data_dir, secret_keys=(KEY,), **settings))


def token_of(html: str) -> str:
    """The `csrf_token` of a page."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', html)
    assert found is not None
    return found.group(1)


def fetch_token(client: FlaskClient, path: str = "/board/math") -> str:
    """The `csrf_token` of a page that the client opens."""
    return token_of(client.get(path).text)
