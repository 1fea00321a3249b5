from collections.abc import Callable
from typing import Any, TypeVar

from flask import Blueprint, Flask
from werkzeug.exceptions import BadRequest

_View = TypeVar("_View", bound=Callable[..., Any] | Blueprint)

class CSRFError(BadRequest): ...

class CSRFProtect:
    def init_app(self, app: Flask) -> None: ...
    def protect(self, apply_exemptions: bool = ...) -> None: ...
    def exempt(self, view: _View) -> _View: ...

def generate_csrf(secret_key: str | None = ..., token_key: str | None = ...) -> str: ...
def validate_csrf(
    data: str | None,
    secret_key: str | None = ...,
    time_limit: int | None = ...,
    token_key: str | None = ...,
) -> None: ...
