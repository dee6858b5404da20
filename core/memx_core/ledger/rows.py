"""Rows to values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
from sqlalchemy import ColumnElement, Row, Table, and_

from memx_core import addresses, searchable
from memx_core.ledger.tables import versions
from memx_core.ports import IndexEntry, Vector
from memx_core.types import MemoryItem, Message, Scope, TimeSpan

CURRENT = ("active", "conflict")
"""Statuses of the versions that are believed now."""


def owned(table: Table, namespace: str, scope: Scope) -> ColumnElement[bool]:
    """The rows of `scope`, and nobody else's."""
    conditions = [table.c[column] == value for column, value in addresses.given(scope)]
    return and_(table.c.namespace == namespace, *conditions)


def current() -> ColumnElement[bool]:
    """The versions that are believed now."""
    return versions.c.status.in_(CURRENT)


def scope_of(row: Row[Any]) -> Scope:
    """The full address of any row that belongs to somebody."""
    return Scope(row.user_id, row.agent_id, row.run_id)


def span(row: Row[Any] | Mapping[str, Any]) -> TimeSpan | None:
    """The time that a version speaks of."""
    values = row if isinstance(row, Mapping) else row._mapping
    if values["when_start"] is None:
        return None
    return TimeSpan(values["when_start"], values["when_end"], values["when_precision"], values["when_phrase"])


def memory_item(row: Row[Any]) -> MemoryItem:
    """One version of a memory."""
    return MemoryItem(
        id=row.id,
        text=row.text,
        user_id=row.user_id,
        agent_id=row.agent_id,
        run_id=row.run_id,
        metadata=row.metadata,
        kind=row.kind,
        version=row.version,
        created_at=row.created_at,
        updated_at=row.recorded_at,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        expires_at=row.expires_at,
        status=row.status,
        subject=row.subject,
        slot=row.slot,
        when=span(row),
        said_at=row.said_at,
    )


def message(row: Row[Any]) -> Message:
    """One turn of a chat."""
    return Message(
        role=row.role,
        content=row.content,
        name=row.name,
        timestamp=row.said_at,
        id=row.id,
        session_id=row.session or None,
        metadata=row.metadata,
        origin=row.origin,
    )


def message_item(row: Row[Any]) -> MemoryItem:
    """A turn in the shape of a memory, for results that hold both."""
    return MemoryItem(
        id=row.id,
        text=row.content,
        user_id=row.user_id,
        agent_id=row.agent_id,
        run_id=row.run_id,
        metadata=row.metadata,
        kind="message",
        version=1,
        created_at=row.recorded_at,
        updated_at=row.recorded_at,
        valid_from=row.said_at,
        valid_to=None,
        expires_at=None,
        status="active",
        subject=row.name or row.role,
        said_at=row.said_at,
    )


def memory_entry(row: Row[Any]) -> IndexEntry:
    """A version as an index wants it; the row has its `vector` beside it."""
    return IndexEntry(
        row=row.row,
        id=row.id,
        kind="memory",
        scope=scope_of(row),
        text=searchable.memory_text(row.text, span(row)),
        vector=vector(row.vector),
        names=searchable.names(row.subject),
        current=row.status in CURRENT,
    )


def message_entry(row: Row[Any]) -> IndexEntry:
    """A turn as an index wants it; the row has its `vector` beside it."""
    return IndexEntry(
        row=row.row,
        id=row.id,
        kind="message",
        scope=scope_of(row),
        text=searchable.message_text(message(row)),
        vector=vector(row.vector),
        names=searchable.names(row.name),
        session=row.session,
        current=not row.cleared,
    )


def vector(blob: bytes | None) -> Vector | None:
    """A stored vector."""
    return None if blob is None else cast(Vector, np.frombuffer(blob, "<f4"))


def blob(vector: Vector) -> bytes:
    """A vector to store."""
    return np.ascontiguousarray(vector, "<f4").tobytes()
