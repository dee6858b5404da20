"""Removing a scope for good: every row of it, in one transaction, and a mark that says so.

The mark is an operation without ids and without a text: the digest of what was erased, so that
work begun before is noticed (`ERASED`), and a revision, so that indexes forget. It is
`unverified` until the files were looked through as well (`ledger.purging`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    LargeBinary,
    String,
    Table,
    Text,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    type_coerce,
    update,
)

from memx_core import addresses
from memx_core.ledger import rows
from memx_core.ledger.columns import JsonText
from memx_core.ledger.residue import Blocks, Collector
from memx_core.ledger.tables import (
    changes,
    conflicts,
    costs,
    evidence,
    jobs,
    marks,
    memories,
    message_vectors,
    messages,
    metadata,
    operations,
    reviews,
    spaces,
    version_vectors,
    versions,
)
from memx_core.types import Scope

ERASURES = ("erase", "reset")
"""Kinds of operations that remove rows for good."""
UNVERIFIED = "unverified"
"""Status of the mark of an erasure whose bytes may still be in a file."""
_OWNED = (versions, messages, jobs, reviews, memories, operations)


@dataclass(frozen=True, slots=True)
class Erasure:
    """What was removed from the tables.

    Attributes:
        mark: Number of the operation that says so.
        counts: Rows, by table.
        newest: The highest row of each table with an owner: what is above came later.
        blocks: By which bytes of it are known, where the database's files can be looked through.
    """

    namespace: str
    scope: Scope
    mark: int = 0
    counts: dict[str, int] = field(default_factory=dict[str, int])
    newest: dict[str, int] = field(default_factory=dict[str, int])
    blocks: Blocks | None = None

    def count(self, *names: str) -> int:
        """Rows of the tables `memx_<name>`."""
        return sum(self.counts[f"memx_{name}"] for name in names)


def erase(
    connection: Connection, namespace: str, scope: Scope, mark: dict[str, Any], collector: Collector | None
) -> Erasure:
    """Removes every row of `scope`; of what it cost only whose it was."""
    if collector is not None:
        for values in contents(connection, namespace, scope):
            collector.add(values)
    erasure = _remove(connection, namespace, scope)
    _fold_costs(connection, namespace, scope)
    blocks = None if collector is None else collector.blocks()
    return replace(erasure, mark=_leave(connection, mark), blocks=blocks)


def reset(connection: Connection, namespace: str, mark: dict[str, Any]) -> Erasure:
    """Removes every row of `namespace`, the costs too."""
    erasure = _remove(connection, namespace, Scope())
    for table in (costs, spaces):
        connection.execute(delete(table).where(table.c.namespace == namespace))
    return replace(erasure, mark=_leave(connection, mark))


def _remove(connection: Connection, namespace: str, scope: Scope) -> Erasure:
    newest = {table.name: _newest(connection, table) for table in _OWNED}
    counts: dict[str, int] = {}
    for table, own in _owned(namespace, scope):
        if table is operations:
            counts[table.name] = _blank(connection, namespace, own)
        counts[table.name] = connection.execute(delete(table).where(own)).rowcount + counts.get(table.name, 0)
    return Erasure(namespace, scope, counts=counts, newest=newest)


def _blank(connection: Connection, namespace: str, own: ColumnElement[bool]) -> int:
    """Makes calls nobody's that reached beyond the scope, as undoing may: others' rows point to them."""
    pointing = (
        column
        for table in metadata.sorted_tables
        for column in table.c
        if any(key.column is operations.c.seq for key in column.foreign_keys)
    )
    referred = or_(*(select(column).where(column == operations.c.seq).exists() for column in pointing))
    nobody: dict[str, Any] = {
        "user_id": None,
        "agent_id": None,
        "run_id": None,
        "key": None,
        "request": None,
        "warnings": [],
    }
    digest = addresses.digest(namespace, Scope())
    blanked = update(operations).where(own, referred).values(**nobody, address=digest)
    return connection.execute(blanked).rowcount


def _owned(namespace: str, scope: Scope) -> Iterator[tuple[Table, ColumnElement[bool]]]:
    """The tables, and what of them is the scope's, in an order in which nothing is pointed to by what comes later."""
    owned = {table: rows.owned(table, namespace, scope) for table in _OWNED}
    keys = {table: select(_key(table)).where(own) for table, own in owned.items()}
    yield version_vectors, version_vectors.c.row.in_(keys[versions])
    yield message_vectors, message_vectors.c.row.in_(keys[messages])
    yield conflicts, conflicts.c.version.in_(keys[versions])
    yield marks, marks.c.message.in_(keys[messages])
    yield evidence, or_(evidence.c.memory.in_(keys[memories]), evidence.c.message.in_(keys[messages]))
    yield changes, changes.c.memory.in_(keys[memories])
    yield from owned.items()


def _key(table: Table) -> Column[int]:
    (key,) = table.primary_key
    return key


_BATCH = 1_000


def contents(connection: Connection, namespace: str, scope: Scope) -> Iterator[Sequence[object]]:
    """Everything but numbers and times that the tables hold of `scope`, a row or a column's value at a time."""
    for table, own in _owned(namespace, scope):
        kept: list[ColumnElement[Any]] = [column for column in table.c if isinstance(column.type, LargeBinary)]
        texts = (column for column in table.c if isinstance(column.type, String | Text | JsonText))
        kept += [type_coerce(column, Text) for column in texts]
        for part in connection.execute(select(*kept).where(own)).partitions(_BATCH):
            yield from part
    for table in (*_OWNED, costs):
        ids = select(table.c.namespace, *_ids(table)).where(rows.owned(table, namespace, scope)).distinct()
        for name, *given in connection.execute(ids):
            # As they stand side by side in rows and in the keys of the database's own indexes.
            yield [f"{name}{each}" for each in given if each is not None]


def _ids(table: Table) -> tuple[Column[Any], ...]:
    return table.c.user_id, table.c.agent_id, table.c.run_id


def _newest(connection: Connection, table: Table) -> int:
    found: int | None = connection.execute(select(func.max(_key(table)))).scalar()
    return found or 0


def _leave(connection: Connection, mark: dict[str, Any]) -> int:
    statement = insert(operations).values(mark).returning(operations.c.seq)
    seq: int = connection.execute(statement).scalar_one()
    return seq


def mark(row: dict[str, Any]) -> dict[str, Any]:
    """An operation's row without the ids: only the digest of the three stays."""
    return {**row, "user_id": None, "agent_id": None, "run_id": None, "status": UNVERIFIED}


_SUMS = ("calls", "input_tokens", "output_tokens", "embedding_calls")


def _fold_costs(connection: Connection, namespace: str, scope: Scope) -> None:
    """Adds what the scope cost to what nobody in particular did: totals and budgets stay true."""
    owned = rows.owned(costs, namespace, scope)
    sums = (func.sum(costs.c[name]).label(name) for name in _SUMS)
    spent = connection.execute(
        select(costs.c.day, costs.c.model, *sums).where(owned).group_by(costs.c.day, costs.c.model)
    )
    nobody = addresses.columns(namespace, Scope())
    for row in spent.mappings().all():
        there = [costs.c.address == nobody["address"], costs.c.day == row["day"], costs.c.model == row["model"]]
        more = {name: costs.c[name] + int(row[name]) for name in _SUMS}
        if not connection.execute(update(costs).where(*there).values(more)).rowcount:
            fresh = {name: int(row[name]) for name in _SUMS}
            connection.execute(insert(costs).values(**nobody, day=row["day"], model=row["model"], **fresh))
    connection.execute(delete(costs).where(owned))


def left(connection: Connection, erasure: Erasure) -> int:
    """Rows that should be gone and are not; what came later does not count."""
    count = 0
    for table, newest in ((table, erasure.newest[table.name]) for table in _OWNED):
        own = rows.owned(table, erasure.namespace, erasure.scope)
        count += connection.execute(select(func.count()).where(own, _key(table) <= newest)).scalar_one()
    return count


def unverified(connection: Connection, *, before: int) -> bool:
    """Whether an earlier erasure, of any application in this database, was not seen through."""
    statement = select(operations.c.seq).where(*_unfinished(before - 1)).limit(1)
    return connection.execute(statement).first() is not None


def verify(connection: Connection, *, until: int) -> None:
    """Notes that all erasures up to the mark `until` were seen through."""
    connection.execute(update(operations).where(*_unfinished(until)).values(status="done"))


def _unfinished(until: int) -> tuple[ColumnElement[bool], ...]:
    return operations.c.kind.in_(ERASURES), operations.c.status == UNVERIFIED, operations.c.seq <= until


NEVER = 2**62
"""A revision that nothing comes after."""
_MARK = operations.alias()
REMOVED = select(func.max(_MARK.c.seq)).where(
    _MARK.c.namespace == bindparam("erased_of"),
    _MARK.c.seq > bindparam("erased_since", type_=BigInteger),
    or_(*(_MARK.c.kind == kind for kind in ERASURES)),
)
"""The last erasure of anything in a namespace since some revision; whose, a mark does not tell."""
ERASED = REMOVED.where(_MARK.c.address.in_(bindparam("erased_wider", expanding=True)))
"""The last erasure of a scope since some revision, for whoever wrote from what was read then; see `since`.

Its mark has no ids, only the digest of what was erased: the scope itself or any wider one.
"""


def since(namespace: str, scope: Scope, begun: int) -> dict[str, Any]:
    """The values for `ERASED`."""
    wider = [addresses.digest(namespace, each) for each in _around(scope)]
    return {"erased_of": namespace, "erased_since": begun, "erased_wider": wider}


def _around(scope: Scope) -> list[Scope]:
    """The scopes that `scope` is in: itself, and with any of its ids left open."""
    choices = product(*({each, None} for each in (scope.user_id, scope.agent_id, scope.run_id)))
    return [Scope(*chosen) for chosen in choices]
