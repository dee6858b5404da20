"""A whole database from one place to another: every row as it is, with its number.

One transaction of the source sees one moment, and one of the target takes all or nothing, so that a
copy that was broken off leaves an empty target, and may simply be begun again. Before it is kept, it is
read back and compared. Rows travel a batch at a time, in the form in which they are stored.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Generator
from contextlib import closing
from os import PathLike
from pathlib import Path
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Engine,
    Select,
    Table,
    Text,
    column,
    exists,
    func,
    insert,
    select,
    table,
    text,
    true,
)
from sqlalchemy.engine import URL
from sqlalchemy.sql.expression import TableClause

from memx_core import inputs
from memx_core.errors import InvalidInputError, LedgerError
from memx_core.ledger import numbering, schema
from memx_core.ledger.columns import JsonText, Moment
from memx_core.ledger.engine import Database
from memx_core.ledger.tables import metadata, operations, version_of_schema
from memx_core.reports import CopyReport

_BATCH = 1_000
_TABLES = [each for each in metadata.sorted_tables if each is not version_of_schema]

Place = str | PathLike[str] | URL | Engine
Progress = Callable[[int, int], object]


def copy_database(
    source: Place, target: Place, *, namespace: str | None = None, progress: Progress | None = None
) -> CopyReport:
    """Copies everything from one database to another that is empty, and reads it back there.

    Ids, numbers, times, history, jobs and costs are as they were, so that a `Memory` goes on with the
    copy where it was. What is written to the source meanwhile is not in it: stop its writers first. It is
    all or nothing; a copy that was broken off is begun again.

    Args:
        source: A path, a SQLAlchemy URL, or an engine; nothing is changed there.
        target: Likewise; its tables are made if there are none.
        namespace: Of which application; `None` for all.
        progress: Is told again and again how many rows are copied, and of how many.

    Raises:
        InvalidInputError: If there is something in the target, or nothing in the source to copy.
        LedgerError: If the source is of another release, a database refuses, or the copy is not the same.
    """
    if namespace is not None:
        namespace = inputs.namespace(namespace)
    _check_file(source)
    origin, goal = Database(source), Database(target)
    try:
        with origin.reading() as reading:
            _check_source(reading, namespace)
            schema.prepare(goal)
            with goal.writing(schema.EVERYBODY) as writing:
                report = _Copying(reading, writing, namespace, progress or _silent).run()
        if goal.engine.dialect.name == "postgresql":  # or the first queries are planned as for empty tables
            with goal.maintaining(writes=False) as connection:
                connection.execute(text(f"ANALYZE {', '.join(each.name for each in _TABLES)}"))
    finally:
        origin.close()
        goal.close()
    return report


def _silent(_done: int, _total: int) -> None:
    """Nobody wants to know."""


def _check_file(source: Place) -> None:
    """A path to nothing would become an empty database, for SQLite makes what it opens."""
    path = None if isinstance(source, URL | Engine) or "://" in str(source) else Path(source).expanduser()
    if path is not None and str(path) != ":memory:" and not path.is_file():
        raise InvalidInputError(f"there is no database {str(path)!r} to copy")


def _check_source(connection: Connection, namespace: str | None) -> None:
    found = schema.version(connection)
    if found is None:
        raise InvalidInputError("the source is no database of memx: there is nothing to copy")
    if found != schema.HEAD:
        raise LedgerError(
            f"the source has schema {found!r}, this release copies {schema.HEAD!r}; call upgrade_database on it first"
        )
    if namespace is not None:
        there = select(exists().where(operations.c.namespace == namespace))
        if not connection.execute(there).scalar():
            raise InvalidInputError(f"nothing was ever written in namespace={namespace!r} of the source")


class _Copying:
    """One copy, inside one transaction of either database."""

    def __init__(self, source: Connection, target: Connection, namespace: str | None, progress: Progress) -> None:
        self._source = source
        self._target = target
        self._namespace = namespace
        self._progress = progress
        self._done = 0

    def run(self) -> CopyReport:
        self._occupy()
        statements = [(each, self._rows(each)) for each in _TABLES]
        total = sum(self._count(statement) for _, statement in statements)
        counts: dict[str, int] = {}
        for each, statement in statements:
            counts[each.name] = self._copy(each, statement, total)
        numbering.go_on(self._target, numbering.given(self._source))
        return CopyReport(
            memories=counts["memx_memories"],
            versions=counts["memx_versions"],
            changes=counts["memx_changes"],
            messages=counts["memx_messages"],
            evidence=counts["memx_evidence"],
            embeddings=counts["memx_version_vectors"] + counts["memx_message_vectors"],
            jobs=counts["memx_jobs"],
            reviews=counts["memx_reviews"],
            operations=counts["memx_operations"],
            rows=sum(counts.values()),
        )

    def _occupy(self) -> None:
        """Keeps everybody else from writing, and sees to it that nobody has."""
        if self._target.dialect.name == "postgresql":
            names = ", ".join(each.name for each in _TABLES)
            self._target.execute(text(f"LOCK TABLE {names} IN SHARE ROW EXCLUSIVE MODE"))
        for each in _TABLES:
            if self._target.execute(select(exists().select_from(each))).scalar():
                raise InvalidInputError(
                    f"the target is not empty: there are rows in {each.name}; copy to a new database"
                )

    def _rows(self, each: Table) -> Select[Any]:
        """Its rows as they are stored, in the order of their numbers."""
        plain = _plain(each)
        wanted = true() if self._namespace is None else _within(each, plain, self._namespace)
        return select(*plain.c).where(wanted).order_by(*(plain.c[key.name] for key in each.primary_key))

    def _count(self, statement: Select[Any]) -> int:
        counted = select(func.count()).select_from(statement.order_by(None).subquery())
        return self._source.execute(counted).scalar_one()

    def _copy(self, each: Table, statement: Select[Any], total: int) -> int:
        into = insert(_plain(each))
        read, written = _Digest(), _Digest()
        with closing(_batches(self._source, statement)) as batches:
            for batch in batches:
                self._target.execute(into, [dict(zip(each.c.keys(), row, strict=True)) for row in batch])
                read.take(batch)
                self._done += len(batch)
                self._progress(self._done, total)
        plain = _plain(each)
        everything = select(*plain.c).order_by(*(plain.c[key.name] for key in each.primary_key))
        for batch in _batches(self._target, everything):
            written.take(batch)
        if read != written:
            raise LedgerError(f"{each.name} does not read the same in the target: nothing was copied")
        return read.rows


class _Digest:
    """What tells one list of rows from another."""

    def __init__(self) -> None:
        self.rows = 0
        self._hash = hashlib.sha256()

    def take(self, batch: list[tuple[Any, ...]]) -> None:
        self.rows += len(batch)
        self._hash.update(repr(batch).encode("utf-8", "surrogatepass"))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Digest) and (self.rows, self._hash.digest()) == (other.rows, other._hash.digest())

    __hash__ = None  # type: ignore[assignment]  # it changes


def _batches(connection: Connection, statement: Select[Any]) -> Generator[list[tuple[Any, ...]], None, None]:
    with connection.execute(statement, execution_options={"yield_per": _BATCH}) as result:
        for part in result.partitions():
            yield [tuple(row) for row in part]


def _plain(each: Table) -> TableClause:
    """The table with times and JSON as what they are kept as: nothing is read and written anew."""
    return table(each.name, *(column(own.name, _kept_as(own.type)) for own in each.columns))


def _kept_as(kind: Any) -> Any:  # noqa: ANN401  # a type of whatever values
    if isinstance(kind, Moment):
        return BigInteger()
    return Text() if isinstance(kind, JsonText) else kind


def _within(each: Table, plain: TableClause, namespace: str) -> ColumnElement[bool]:
    """The rows of one application: by themselves, or by what they hang on."""
    if "namespace" in each.c:
        return plain.c.namespace == namespace
    key = next(key for column in each.c for key in column.foreign_keys)
    owner = key.column.table
    return plain.c[key.parent.name].in_(select(key.column).where(owner.c.namespace == namespace))
