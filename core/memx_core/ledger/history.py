"""Rows of history with their texts, and what calls came to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, select

from memx_core import addresses
from memx_core.errors import InvalidInputError, PlanConflictError
from memx_core.ledger import moments, rows
from memx_core.ledger.tables import changes, memories, operations, versions
from memx_core.ledger.values import Write
from memx_core.types import AddResult, Change, Scope, Usage

_MADE, _BEFORE = versions.alias("made"), versions.alias("before")


def history(connection: Connection, namespace: str, scope: Scope | None, memory_id: str) -> list[Change]:
    """Every change of one memory, oldest first; also of a deleted one."""
    statement = select_changes().where(memories.c.id == memory_id, rows.owned(memories, namespace, scope or Scope()))
    return [change(row) for row in connection.execute(statement)]


def diff(connection: Connection, namespace: str, scope: Scope, since: datetime, until: datetime | None) -> list[Change]:
    """Every change of the scope's memories after `since`, up to and with `until`, oldest first."""
    statement = select_changes().where(rows.owned(_MADE, namespace, scope), changes.c.at > since)
    if until is not None:
        statement = statement.where(changes.c.at <= until)
    return [change(row) for row in connection.execute(statement)]


def select_changes() -> Select[Any]:
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


def change(row: Row[Any]) -> Change:
    """One row of `select_changes`."""
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
    made = connection.execute(select_changes().where(changes.c.operation == found.seq))
    return AddResult(found.id, found.status, tuple(map(change, made)), tuple(found.warnings), Usage(**found.usage))


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
        undone = connection.execute(select_changes().where(changes.c.operation == found.undone_by))
        raise PlanConflictError("the plan was applied, and undone since; plan again", [change(row) for row in undone])
    return _result(connection, found)


def changes_since(
    connection: Connection, request: Write, *, versions: Mapping[str, int], revisions: Mapping[str, int]
) -> list[Change]:
    """The changes of memories at the request's address, each since a version or a revision, oldest first."""
    statement = select_changes().where(
        memories.c.address == addresses.digest(request.namespace, request.scope),
        memories.c.id.in_({*versions, *revisions}),
    )
    return [
        change(row)
        for row in connection.execute(statement)
        if row.version > versions.get(row.memory_id, row.version)
        or row.operation > revisions.get(row.memory_id, row.operation)
    ]
