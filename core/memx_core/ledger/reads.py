"""Everything that is read of memories. Each statement is bound to a namespace and a scope."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import ColumnElement, Connection, Row, Select, Text, and_, or_, select, type_coerce

from memx_core import addresses
from memx_core.errors import InvalidInputError, PlanConflictError
from memx_core.filters import Filter
from memx_core.ledger import moments, rows
from memx_core.ledger.filter_sql import to_sql
from memx_core.ledger.moments import Then
from memx_core.ledger.tables import changes, memories, messages, operations, versions
from memx_core.ledger.values import Write
from memx_core.ports import EntryKind
from memx_core.types import AddResult, Change, MemoryItem, Page, Scope, Usage

_MADE, _BEFORE = versions.alias("made"), versions.alias("before")


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
        memory, version = after
        earlier = and_(versions.c.memory == memory, versions.c.version < version)
        wanted.append(or_(versions.c.memory < memory, earlier))
    statement = (
        _items(then)
        .add_columns(versions.c.memory)
        .where(*wanted)
        .order_by(versions.c.memory.desc(), versions.c.version.desc())
        .limit(limit + 1)
    )
    found = connection.execute(statement, _bound(then)).all()
    items = tuple(rows.memory_item(row[:-1]) for row in found[:limit])
    last = found[limit - 1] if len(found) > limit else None
    return Page(items, None if last is None else f"{last.memory}.{last.version}")


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


def history(connection: Connection, namespace: str, scope: Scope | None, memory_id: str) -> list[Change]:
    """Every change of one memory, oldest first; also of a deleted one."""
    statement = _changes().where(memories.c.id == memory_id, rows.owned(memories, namespace, scope or Scope()))
    return [_change(row) for row in connection.execute(statement)]


def diff(connection: Connection, namespace: str, scope: Scope, since: datetime, until: datetime | None) -> list[Change]:
    """Every change of the scope's memories after `since`, up to and with `until`, oldest first."""
    statement = _changes().where(rows.owned(_MADE, namespace, scope), changes.c.at > since)
    if until is not None:
        statement = statement.where(changes.c.at <= until)
    return [_change(row) for row in connection.execute(statement)]


def _changes() -> Select[Any]:
    """Rows of history with their texts, oldest first."""
    return (
        select(
            changes,
            memories.c.id.label("memory_id"),
            operations.c.id.label("operation_id"),
            _MADE.c.text.label("new"),
            _BEFORE.c.text.label("old"),
            moments.is_ended(_MADE).label("ended"),
        )
        .join(operations, operations.c.seq == changes.c.operation)
        .join(memories, memories.c.seq == changes.c.memory)
        .join(_MADE, (_MADE.c.memory == changes.c.memory) & (_MADE.c.version == changes.c.version))
        .outerjoin(_BEFORE, (_BEFORE.c.memory == changes.c.memory) & (_BEFORE.c.version == changes.c.before))
        .order_by(changes.c.seq)
    )


def _change(row: Row[Any]) -> Change:
    return Change(
        memory_id=row.memory_id,
        event=row.event,
        old_text=row.old or None,  # a memory that was deleted had none
        new_text=None if row.event == "DELETE" else row.new,
        at=row.at,
        reason=row.reason,
        actor=row.actor,
        operation_id=row.operation_id,
        version=row.version,
        ended=row.ended,
    )


def replay(connection: Connection, namespace: str, scope: Scope, key: str, digest: str | None) -> AddResult | None:
    """What the call with this key came to, if there was one.

    Raises:
        InvalidInputError: If that was given something else than `digest` stands for.
    """
    statement = select(operations).where(
        operations.c.address == addresses.digest(namespace, scope), operations.c.key == key
    )
    found = connection.execute(statement).one_or_none()
    if found is None:
        return None
    if found.request != digest:
        raise InvalidInputError(f"key={key!r} was used before, for other messages; a key names one call")
    return _result(connection, found)


def _result(connection: Connection, found: Row[Any]) -> AddResult:
    """What an operation came to."""
    made = connection.execute(_changes().where(changes.c.operation == found.seq))
    return AddResult(found.id, found.status, tuple(map(_change, made)), tuple(found.warnings), Usage(**found.usage))


def done(connection: Connection, request: Write) -> AddResult | None:
    """What the first call with this plan or this key came to, if there was one.

    Raises:
        InvalidInputError: If that was something else.
        PlanConflictError: If it was undone.
    """
    found = None if request.plan is None else _carried_out(connection, request, request.plan)
    if found is None and request.key is not None:
        found = replay(connection, request.namespace, request.scope, request.key, request.request)
    return found


def _carried_out(connection: Connection, request: Write, plan: str) -> AddResult | None:
    found = connection.execute(select(operations).where(operations.c.id == request.id)).one_or_none()
    if found is None:
        return None
    if found.plan != plan or found.address != addresses.digest(request.namespace, request.scope):
        raise InvalidInputError(f"the id {request.id!r} is that of another plan or call; a plan is applied as it is")
    if found.undone_by is not None:
        undone = connection.execute(_changes().where(changes.c.operation == found.undone_by))
        raise PlanConflictError("the plan was applied, and undone since; plan again", [_change(row) for row in undone])
    return _result(connection, found)


def changes_since(
    connection: Connection, request: Write, *, versions: Mapping[str, int], revisions: Mapping[str, int]
) -> list[Change]:
    """The changes of memories at the request's address, each since a version or a revision, oldest first."""
    statement = _changes().where(
        memories.c.address == addresses.digest(request.namespace, request.scope),
        memories.c.id.in_({*versions, *revisions}),
    )
    return [
        _change(row)
        for row in connection.execute(statement)
        if row.version > versions.get(row.memory_id, row.version)
        or row.operation > revisions.get(row.memory_id, row.operation)
    ]
