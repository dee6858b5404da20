"""Rows to values."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, FromClause, Row, Select, Table, and_, bindparam, or_, select

from memx_core import addresses
from memx_core.ledger.damage import damaged
from memx_core.ledger.tables import messages, versions
from memx_core.ports import Vector
from memx_core.types import MemoryItem, Message, Page, Scope, TimeSpan

CURRENT = ("active", "conflict")
"""Statuses of the versions that are believed now."""
SPOKEN = ("user", "assistant")
"""Roles of the turns that are found again."""


_ITEM = (
    versions.c.row,
    versions.c.id,
    versions.c.text,
    versions.c.user_id,
    versions.c.agent_id,
    versions.c.run_id,
    versions.c.metadata,
    versions.c.kind,
    versions.c.version,
    versions.c.created_at,
    versions.c.recorded_at,
    versions.c.valid_from,
    versions.c.valid_to,
    versions.c.expires_at,
    versions.c.status,
    versions.c.subject,
    versions.c.slot,
    versions.c.said_at,
    versions.c.when_start,
    versions.c.when_end,
    versions.c.when_precision,
    versions.c.when_phrase,
)


def select_items(**instead: ColumnElement[Any]) -> Select[*tuple[Any, ...]]:
    """A statement whose rows `memory_item` reads: a row number, then the fields of a `MemoryItem` in order.

    Args:
        instead: By a column's name what is read instead of it.
    """
    return select(*(instead.get(column.name, column) for column in _ITEM))


_TURN = (
    messages.c.row,
    messages.c.role,
    messages.c.content,
    messages.c.name,
    messages.c.said_at,
    messages.c.id,
    messages.c.session,
    messages.c.metadata,
    messages.c.origin,
    messages.c.raw,
    messages.c.user_id,
    messages.c.agent_id,
    messages.c.run_id,
    messages.c.recorded_at,
    messages.c.overtaken,
)


def select_turns(**instead: ColumnElement[Any]) -> Select[*tuple[Any, ...]]:
    """A statement whose rows `turn` reads.

    Args:
        instead: By a column's name what is read instead of it.
    """
    return select(*(instead.get(column.name, column) for column in _TURN))


def owned(table: FromClause, namespace: str, scope: Scope) -> ColumnElement[bool]:
    """The rows of `scope`, and nobody else's."""
    conditions = [table.c[column] == value for column, value in addresses.given(scope)]
    return and_(table.c.namespace == namespace, *conditions)


def owned_by(table: FromClause, owners: tuple[str, ...]) -> ColumnElement[bool]:
    """Like `owned`, with names instead of values: for a statement that is built once (see `bound`)."""
    columns = ("namespace", *owners)
    return and_(*(table.c[column] == bindparam(f"given_{column}") for column in columns))


def checked_by(table: Table, owners: tuple[str, ...]) -> ColumnElement[bool]:
    """Like `owned_by`, of rows that are known: an expression that no index answers, so that none is chosen."""
    columns = ("namespace", *owners)
    return and_(*(table.c[column].concat("") == bindparam(f"given_{column}") for column in columns))


def bound(namespace: str, scope: Scope) -> dict[str, str]:
    """The values for `owned_by`."""
    return {"given_namespace": namespace, **{f"given_{column}": value for column, value in addresses.given(scope)}}


def owners(scope: Scope) -> tuple[str, ...]:
    """The columns that `scope` gives."""
    return tuple(column for column, _ in addresses.given(scope))


def current() -> ColumnElement[bool]:
    """The versions that are believed now."""
    return or_(*(versions.c.status == status for status in CURRENT))


def spoken() -> ColumnElement[bool]:
    """The turns that are found again."""
    return or_(*(messages.c.role == role for role in SPOKEN))


def believed(now: datetime) -> ColumnElement[bool]:
    """The versions that are current and have not expired."""
    return and_(current(), or_(versions.c.expires_at.is_(None), versions.c.expires_at > now))


def scope_of(row: Row[Any]) -> Scope:
    """The full address of any row that belongs to somebody."""
    return Scope(row.user_id, row.agent_id, row.run_id)


def span(row: Row[Any]) -> TimeSpan | None:
    """The time that a version speaks of."""
    if row.when_start is None:
        return None
    return TimeSpan(row.when_start, row.when_end, row.when_precision, row.when_phrase)


def memory_item(row: Sequence[Any]) -> MemoryItem:
    """One version of a memory, of a row of `select_items`."""
    if not isinstance(row[2], str):
        raise damaged("the text of a memory is none")
    *fields, start, end, precision, phrase = row[1:]
    when = None if start is None else TimeSpan(start, end, precision, phrase)
    return MemoryItem(*fields, when)  # type: ignore[call-arg]  # as many as `_ITEM` says


def behind(memory: int, version: int) -> ColumnElement[bool]:
    """The versions after this one, in the order of pages: the newest memory first, and its newest version."""
    earlier = and_(versions.c.memory == memory, versions.c.version < version)
    return or_(versions.c.memory < memory, earlier)


def page(found: Sequence[Row[Any]], limit: int) -> Page:
    """At most `limit` of the rows of `select_items`, with `memory` as one column more, and where to go on."""
    last = found[limit - 1] if len(found) > limit else None
    items = tuple(memory_item(row[:-1]) for row in found[:limit])
    return Page(items, None if last is None else f"{last.memory}.{last.version}")


def message(row: Row[Any]) -> Message:
    """One turn of a chat."""
    if not isinstance(row.content, str):
        raise damaged("the text of a message is none")
    return Message(
        role=row.role,
        content=row.content,
        name=row.name,
        timestamp=row.said_at,
        id=row.id,
        session_id=row.session or None,
        metadata=row.metadata,
        origin=row.origin,
        raw=row.raw or None,
    )


def turn(row: Sequence[Any]) -> tuple[MemoryItem, Message]:
    """A turn of a row of `select_turns`: in the shape of a memory, for results that hold both, and as itself."""
    if not isinstance(row[2], str):
        raise damaged("the text of a message is none")
    _, role, content, name, said_at, id, session, metadata, origin, raw, *ids, recorded_at, overtaken = row
    status = "superseded" if overtaken else "active"
    known = (recorded_at, recorded_at, said_at, None, None, status, name or role, None, said_at)
    item = MemoryItem(id, content, *ids, metadata, "message", 1, *known)  # type: ignore[call-arg]  # as many as `_TURN` says
    return item, Message(role, content, name, said_at, id, session or None, metadata, origin, raw or None)


def blob(vector: Vector) -> bytes:
    """A vector to store."""
    return np.ascontiguousarray(vector, "<f4").tobytes()
