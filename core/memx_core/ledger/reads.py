"""Everything that is read of memories. Each statement is bound to a namespace and a scope."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, Select, Text, and_, or_, select, type_coerce

from memx_core import addresses
from memx_core.filters import Filter
from memx_core.ledger import moments, rows
from memx_core.ledger.filter_sql import to_sql
from memx_core.ledger.moments import Then
from memx_core.ledger.tables import memories, messages, versions
from memx_core.ports import EntryKind
from memx_core.types import MemoryItem, Page, Scope


def rows_left(
    connection: Connection,
    namespace: str,
    scope: Scope,
    *,
    kinds: Sequence[EntryKind],
    condition: Filter | None,
    now: datetime,
    then: Then | None = None,
    exact: bool = False,
) -> dict[EntryKind, NDArray[np.int64]]:
    """Per kind, the rows to look at that a filter leaves; `exact`: of this very address only."""
    left: dict[EntryKind, NDArray[np.int64]] = {}
    for kind in kinds:
        table = versions if kind == "memory" else messages
        wanted = [_believed(now, then) if kind == "memory" else _heard(then)]
        if condition is not None:
            wanted.append(to_sql(condition, type_coerce(table.c.metadata, Text)))
        if exact:
            wanted.append(table.c.address == addresses.digest(namespace, scope))
        statement = select(table.c.row).where(rows.owned(table, namespace, scope), *wanted).order_by(table.c.row)
        left[kind] = np.fromiter(connection.execute(statement, _bound(then)).scalars(), np.int64)
    return left


def _believed(now: datetime, then: Then | None) -> ColumnElement[bool]:
    """The versions that are shown."""
    return rows.believed(now) if then is None else moments.shown(timed=then.timed)


def _heard(then: Then | None) -> ColumnElement[bool]:
    """The turns that are shown."""
    return and_(~messages.c.cleared, ~messages.c.withheld) if then is None else moments.heard(timed=then.timed)


def _items(then: Then | None) -> Select[Any]:
    return rows.select_items() if then is None else moments.select_items()


def _bound(then: Then | None) -> dict[str, datetime | None]:
    return {} if then is None else then.bound


def memory(
    connection: Connection,
    namespace: str,
    scope: Scope | None,
    memory_id: str,
    now: datetime,
    then: Then | None = None,
) -> MemoryItem | None:
    """One memory: its current version, or the one to look at `then`."""
    statement = _of_memory(namespace, scope, memory_id, then).where(_believed(now, then))
    if then is None:
        statement = statement.where(memories.c.head == versions.c.version)
    row = connection.execute(statement, _bound(then)).one_or_none()
    return None if row is None else rows.memory_item(row)


def numbered(
    connection: Connection, namespace: str, scope: Scope | None, memory_id: str, number: int
) -> MemoryItem | None:
    """The version of one memory that has this number, whatever became of it."""
    statement = _of_memory(namespace, scope, memory_id).where(versions.c.version == number)
    row = connection.execute(statement).one_or_none()
    return None if row is None else rows.memory_item(row)


def _of_memory(namespace: str, scope: Scope | None, memory_id: str, then: Then | None = None) -> Select[Any]:
    """All versions of one memory."""
    return (
        _items(then)
        .join(memories, memories.c.seq == versions.c.memory)
        .where(memories.c.id == memory_id, rows.owned(memories, namespace, scope or Scope()))
    )


def version(connection: Connection, namespace: str, memory_id: str, number: int) -> MemoryItem:
    """One version of a memory that is known to be there."""
    statement = (
        rows.select_items()
        .join(memories, memories.c.seq == versions.c.memory)
        .where(memories.c.id == memory_id, versions.c.namespace == namespace, versions.c.version == number)
    )
    return rows.memory_item(connection.execute(statement).one())


def memories_by_id(
    connection: Connection, namespace: str, scope: Scope, ids: Collection[str], now: datetime
) -> list[MemoryItem]:
    """The current versions of `ids` at exactly this address."""
    statement = (
        rows.select_items()
        .join(memories, (memories.c.seq == versions.c.memory) & (memories.c.head == versions.c.version))
        .where(memories.c.id.in_(ids), memories.c.address == addresses.digest(namespace, scope), rows.believed(now))
    )
    return [rows.memory_item(row) for row in connection.execute(statement)]


def by_slot(
    connection: Connection, namespace: str, scope: Scope, slots: Collection[str], now: datetime, limit: int
) -> dict[int, MemoryItem]:
    """Current memories at exactly this address that fill one of `slots`, by row, newest first."""
    if not slots:
        return {}
    statement = (
        rows.select_items()
        .where(versions.c.address == addresses.digest(namespace, scope), versions.c.slot.in_(slots), rows.believed(now))
        .order_by(versions.c.row.desc())
        .limit(limit)
    )
    return {row.row: rows.memory_item(row) for row in connection.execute(statement)}


def page(
    connection: Connection,
    namespace: str,
    scope: Scope,
    *,
    condition: Filter | None,
    limit: int,
    after: tuple[int, int] | None,
    superseded: bool,
    now: datetime,
    then: Then | None = None,
) -> Page:
    """Memories of `scope`, newest first, beginning after the memory and version `after`."""
    wanted = [rows.owned(versions, namespace, scope)]
    if then is not None:
        wanted.append(moments.shown(timed=then.timed, superseded=superseded))
    else:
        wanted.append(_of_the_living(now) if superseded else rows.believed(now))
    if condition is not None:
        wanted.append(to_sql(condition, type_coerce(versions.c.metadata, Text)))
    if after is not None:
        wanted.append(rows.behind(*after))
    statement = (
        _items(then)
        .add_columns(versions.c.memory)
        .where(*wanted)
        .order_by(versions.c.memory.desc(), versions.c.version.desc())
        .limit(limit + 1)
    )
    return rows.page(connection.execute(statement, _bound(then)).all(), limit)


def _of_the_living(now: datetime) -> ColumnElement[bool]:
    """Versions of the memories that are there now, whatever became of the versions themselves."""
    head = versions.alias()
    there = (
        select(memories.c.seq)
        .join(head, (head.c.memory == memories.c.seq) & (head.c.version == memories.c.head))
        .where(
            memories.c.seq == versions.c.memory,
            memories.c.alive,
            or_(head.c.expires_at.is_(None), head.c.expires_at > now),
        )
    )
    return and_(versions.c.status != "deleted", there.exists())
