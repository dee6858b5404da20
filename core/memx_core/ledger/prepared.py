"""A statement as SQLite's driver takes it: at every search, SQLAlchemy around it costs more than the database.

The rows are those that SQLAlchemy gives, with the same values. Only for statements that are kept, as each is
prepared once.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import Select
from sqlalchemy.dialects.sqlite.pysqlite import dialect as pysqlite
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.types import TypeEngine

_Convert: TypeAlias = Callable[[Any], Any]
_DIALECT: DefaultDialect = pysqlite()


class Question(NamedTuple):
    """A statement that is kept, and this time's values for the names in it."""

    statement: Select[Any]
    values: Mapping[str, Any]


def fits(question: Question) -> bool:
    """Whether its text is the same for all values."""
    return _prepared(question.statement).fits


def ask(connection: sqlite3.Connection, question: Question) -> Sequence[Sequence[Any]]:
    """All rows of its answer."""
    return _prepared(question.statement).ask(connection, question.values)


@cache
def _prepared(statement: Select[Any]) -> _Prepared:
    return _Prepared(statement)


class _Prepared:
    def __init__(self, statement: Select[Any]) -> None:
        compiled = statement.compile(dialect=_DIALECT)
        self._text = compiled.string
        self._names: Sequence[str] = compiled.positiontup or ()
        bound = ((name, _bound(each.type)) for name, each in compiled.binds.items())
        self._converts = [(name, convert) for name, convert in bound if convert is not None]
        self._known = {name: each.effective_value for name, each in compiled.binds.items() if not each.required}
        self.fits = not compiled.post_compile_params
        columns = enumerate(column.type for column in statement.selected_columns)
        self._columns = [(place, convert) for place, type_ in columns if (convert := _result(type_)) is not None]

    def ask(self, connection: sqlite3.Connection, values: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        """The rows, converted a column at a time."""
        given = {**self._known, **values}
        for name, convert in self._converts:
            given[name] = convert(given[name])
        found = connection.execute(self._text, [given[name] for name in self._names]).fetchall()
        if not found or not self._columns:
            return found
        columns: list[Sequence[Any]] = list(zip(*found, strict=True))
        for place, convert in self._columns:
            columns[place] = list(map(convert, columns[place]))
        return list(zip(*columns, strict=True))


def _bound(type_: TypeEngine[Any]) -> _Convert | None:
    return type_.dialect_impl(_DIALECT).bind_processor(_DIALECT)


def _result(type_: TypeEngine[Any]) -> _Convert | None:
    return type_.dialect_impl(_DIALECT).result_processor(_DIALECT, None)
