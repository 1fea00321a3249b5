"""Statements of hot paths: built once and kept, since building costs more than sending."""

from functools import cache

import sqlalchemy as sa

from consortium.kernel.db import Model


def table_of(model: type[Model]) -> sa.Table:
    """The table under a model, for statements that need no objects."""
    table = model.__table__
    assert isinstance(table, sa.Table)
    return table


@cache
def insert_into(model: type[Model]) -> sa.Insert:
    """An INSERT of one row that is given by column names when it is executed."""
    return sa.insert(table_of(model))
