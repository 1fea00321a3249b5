"""A list as one parameter, so that a statement is written once whatever the list's length."""

import json
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator


def is_any_of(column: Any, name: str) -> sa.ColumnElement[bool]:
    """Match rows whose column holds one of the values given as `:name` (a list, maybe empty).

    For statements that are built once: an IN with as many parameters as values is written anew
    for every call.
    """
    return _IsAnyOf(column, sa.bindparam(name, type_=_List()))


class _List(TypeDecorator[Any]):
    """Texts or ids as JSON; SQLite stores ids as hex digits."""

    impl = sa.Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
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
    # One parameter a value after all: it never keeps a plan for `= ANY` of an array, whose length
    # it cannot guess, and planning a recognition takes it longer than running one.
    column, values = element.clauses
    given: Any = sa.bindparam(values.key, expanding=True, type_=column.type)
    return compiler.process(column.in_(given), **more)
