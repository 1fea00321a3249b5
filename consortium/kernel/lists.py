"""A list as one parameter: one SQL text, and so one plan, whatever the list's length."""

import json
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine


def is_any_of(column: Any, name: str) -> sa.ColumnElement[bool]:
    """Match rows whose column holds one of the values given as `:name` (a list, maybe empty).

    For statements that are built once: an IN with as many parameters as values is written anew
    for every call, and PostgreSQL prepares each length by itself.
    """
    return _IsAnyOf(column, sa.bindparam(name, type_=_List(column.type)))


class _List(TypeDecorator[Any]):
    """Texts or ids: an array on PostgreSQL, JSON on SQLite, which stores ids as hex digits."""

    impl = sa.Text
    cache_ok = True

    def __init__(self, item: TypeEngine[Any]) -> None:
        super().__init__()
        self.item = item

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        kind: TypeEngine[Any] = sa.Text()
        if dialect.name == "postgresql":
            kind = ARRAY(self.item)
        return dialect.type_descriptor(kind)

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        if dialect.name == "postgresql":
            return list(value)
        return json.dumps([item.hex if isinstance(item, UUID) else item for item in value])


class _IsAnyOf(FunctionElement[bool]):
    type = sa.Boolean()
    inherit_cache = True


@compiles(_IsAnyOf, "sqlite")
def _on_sqlite(element: _IsAnyOf, compiler: SQLCompiler, **more: Any) -> str:
    column, values = element.clauses
    held, given = compiler.process(column, **more), compiler.process(values, **more)
    return f"{held} IN (SELECT value FROM json_each({given}))"  # noqa: S608  compiled parts


@compiles(_IsAnyOf, "postgresql")
def _on_postgresql(element: _IsAnyOf, compiler: SQLCompiler, **more: Any) -> str:
    column, values = element.clauses
    return f"{compiler.process(column, **more)} = ANY({compiler.process(values, **more)})"
