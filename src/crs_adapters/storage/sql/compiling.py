"""Statements built with SQLAlchemy Core and compiled once a storage.

Building and compiling cost several times more than running, so a command does neither: it runs the text on the
driver's cursor with a tuple of values.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import Column, Integer, Select, Table, Text, bindparam, literal_column
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.expression import BindParameter, ClauseElement, ColumnClause

__all__ = ["ONE", "ZERO", "Statement", "compiled", "given", "limited", "literal", "upsert"]

Statement = str
"""SQL text in the dialect of its database."""

ONE: ColumnClause[int] = literal_column("1")
ZERO: ColumnClause[int] = literal_column("0")

_INSERT: Mapping[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def compiled(dialect: Dialect, statement: ClauseElement, *names: str) -> Statement:
    """The text of a statement that will be given its values in the order of these names."""
    found = statement.compile(dialect=dialect)
    places = tuple(getattr(found, "positiontup", None) or ())
    if places != names:
        raise AssertionError(f"names={names}: the values of this statement stand in the order {places}:\n{found}")
    return str(found)


def given(column: Column[Any], name: str = "") -> BindParameter[Any]:
    """A value that is given when the statement runs: of a column's type and, unless told otherwise, its name."""
    kind = Text() if isinstance(column.type, Text) else column.type  # without its collation: the column's holds
    return bindparam(name or column.name, type_=kind)


def limited(statement: Select[Any]) -> Select[Any]:
    """The first rows of a statement; how many is given last, as ``limit``."""
    return statement.limit(bindparam("limit", type_=Integer())).offset(ZERO)


def literal(text: str) -> ColumnClause[str]:
    """A constant spelt out in the statement: a partial index serves only statements that spell its condition out."""
    return literal_column(f"'{text}'")


def upsert(dialect: Dialect, table: Table, names: Iterable[str]) -> Any:
    """An INSERT of some columns, given in the table's order, that can say ON CONFLICT."""
    return _INSERT[dialect.name](table).values({name: given(table.c[name]) for name in names})
