"""Ids of any length that are looked up: by themselves on SQLite, by a digest on PostgreSQL.

A row of an index on PostgreSQL holds at most about 2,700 bytes, and an id may have 16,384 characters.
Its indexes therefore hold 64 bits that the server computes of an id, and a condition asks for both:
the digest finds the row, the id itself decides. Nobody has to think of it: `==` on a column of this
type says so by itself. SQLite is left as it is; it takes every length, and a digest would cost it time.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import DDL, BinaryExpression, Column, ColumnElement, Dialect, Index, String, Table, bindparam, event
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql import operators
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeDecorator, TypeEngine


class Identifier(TypeDecorator[str]):
    """An id: text by its code points, whatever a server's locale is."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Text; on PostgreSQL sorted as on SQLite."""
        return dialect.type_descriptor(String(collation="C") if dialect.name == "postgresql" else String())

    class Comparator(TypeDecorator.Comparator[str]):
        """What `==` means."""

        def operate(self, op: operators.OperatorType, *other: Any, **kwargs: Any) -> ColumnElement[Any]:  # noqa: ANN401  # whatever it is compared with
            """Equality in a form that the indexes answer."""
            plain = super().operate(op, *other, **kwargs)
            indexed = op is operators.eq and isinstance(self.expr, Column)
            return _Same.of(plain) if indexed and isinstance(plain, BinaryExpression) else plain

    comparator_factory = Comparator  # pyright: ignore[reportAssignmentType]  # as SQLAlchemy documents it


def among(column: Column[str], name: str) -> ColumnElement[bool]:
    """Whether `column` is one of the ids that are bound to `name`, of which there must be some."""
    return _Same.of(column.in_(bindparam(name, expanding=True)))


class _Same(BinaryExpression[bool]):
    """A condition on an id that PostgreSQL finds by its digest."""

    inherit_cache = True

    @classmethod
    def of(cls, plain: BinaryExpression[Any]) -> _Same:
        return cls(plain.left, plain.right, plain.operator, type_=plain.type, negate=plain.negate)


@compiles(_Same)
def _by_itself(element: _Same, compiler: SQLCompiler, **kwargs: Any) -> str:  # noqa: ANN401  # the compiler's own
    return _as_it_is(element, compiler, kwargs)


@compiles(_Same, "postgresql")
def _by_digest(element: _Same, compiler: SQLCompiler, **kwargs: Any) -> str:  # noqa: ANN401  # as above
    itself = _as_it_is(element, compiler, kwargs)
    left, right = compiler.process(element.left, **kwargs), compiler.process(element.right, **kwargs)
    if element.operator is operators.eq:
        return f"({_digest(left)} = {_digest(right)} AND {itself})"
    if element.operator is operators.in_op:
        digests = f"SELECT {_digest('given')} FROM unnest(ARRAY[{right.strip('()')}]) AS given"
        return f"({_digest(left)} IN ({digests}) AND {itself})"
    return itself  # the opposite, which no index answers


def _as_it_is(element: _Same, compiler: Any, kwargs: dict[str, Any]) -> str:  # noqa: ANN401  # its method is untyped
    return str(compiler.visit_binary(element, **kwargs))


def _digest(sql: str, seed: int = 0) -> str:
    return f"hashtextextended({sql}, {seed})"


def index_by_digest(tables: Iterable[Table]) -> None:
    """Has every index with an id in it hold its digest instead where a table is made on PostgreSQL.

    One that sees to it that there is but one of an id takes 128 bits of it.
    """
    for table in tables:
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            if any(isinstance(column.type, Identifier) for column in index.columns):
                index.ddl_if(dialect="sqlite")
                made = DDL(_definition(index))  # type: ignore[no-untyped-call]
                event.listen(table, "after_create", made.execute_if(dialect="postgresql"))


def _definition(index: Index) -> str:
    unique = "UNIQUE " if index.unique else ""
    parts = [part for column in index.columns for part in _parts(column, unique=bool(index.unique))]
    assert index.table is not None
    return f"CREATE {unique}INDEX {index.name} ON {index.table.name} ({', '.join(parts)})"


def _parts(column: Column[Any], *, unique: bool) -> list[str]:
    if not isinstance(column.type, Identifier):
        return [f'"{column.name}"']
    return [_digest(f'"{column.name}"', seed) for seed in ((0, 1) if unique else (0,))]
