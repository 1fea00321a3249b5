from collections.abc import Callable
from typing import Any, TypeVar

from flask import Blueprint as FlaskBlueprint
from flask import Flask
from marshmallow import Schema

_Door = TypeVar("_Door", bound=Callable[..., Any])

class Blueprint(FlaskBlueprint):
    _docs: dict[str, dict[str, Any]]
    _prepare_doc_cbks: list[Callable[..., dict[Any, Any]]]
    def __init__(
        self, name: str, import_name: str, *, description: str = ..., **kwargs: Any
    ) -> None: ...
    def arguments(
        self, schema: type[Schema] | Schema, *, location: str = ..., **kwargs: Any
    ) -> Callable[[_Door], _Door]: ...
    def response(
        self,
        status_code: int,
        schema: type[Schema] | Schema | dict[str, Any] | str | None = ...,
        *,
        content_type: str | None = ...,
        description: str | None = ...,
        headers: dict[str, Any] | None = ...,
        example: Any = ...,
        examples: Any = ...,
    ) -> Callable[[_Door], _Door]: ...
    def alt_response(self, status_code: int, **kwargs: Any) -> Callable[[_Door], _Door]: ...
    @staticmethod
    def doc(**kwargs: Any) -> Callable[[_Door], _Door]: ...
    def register_views_in_doc(
        self, api: Any, app: Flask, spec: Any, *, name: str, parameters: Any
    ) -> None: ...

class Api:
    spec: Any
    def __init__(self, app: Flask | None = ..., *, spec_kwargs: dict[str, Any] = ...) -> None: ...
    def register_blueprint(self, blueprint: Blueprint) -> None: ...
