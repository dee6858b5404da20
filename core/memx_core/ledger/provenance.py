"""Reading where a memory comes from: its versions, the calls behind them, and what was said.

Three statements, however many versions there are. A quote's offset is checked against the turn
as it is now, for the application may have put another text in its place.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sqlalchemy import Connection, Row, select

from memx_core.ledger import history, rows
from memx_core.ledger.tables import changes, evidence, memories, messages, operations, versions
from memx_core.provenance import Origin, Provenance, Source
from memx_core.types import MemoryItem, Scope


def why(connection: Connection, namespace: str, scope: Scope | None, memory_id: str) -> Provenance | None:
    """Every version of one memory with what it rests on, also of a deleted one."""
    found = connection.execute(
        rows.select_items()
        .add_columns(versions.c.memory, versions.c.restores)
        .join(memories, memories.c.seq == versions.c.memory)
        .where(memories.c.id == memory_id, rows.owned(memories, namespace, scope or Scope()))
        .order_by(versions.c.version)
    ).all()
    if not found:
        return None
    memory = found[0].memory
    items = {row.version: rows.memory_item(row[:-2]) for row in found}
    restored = {row.version: row.restores for row in found if row.restores is not None}
    sources = _sources(connection, memory)
    origins: dict[int, Origin] = {}
    for row in _changes(connection, memory):
        before = restored.get(row.version, row.before)
        origins[row.version] = Origin(
            memory=items[row.version],
            change=history.change(row),
            sources=tuple(sources[row.version]),
            model=row.actor,
            prompt=row.prompt,
            carries=_carries(items, origins, row.version, before),
        )
    return Provenance(memory_id, tuple(origins.values()))


def _changes(connection: Connection, memory: int) -> list[Row[Any]]:
    statement = history.select_changes().add_columns(operations.c.prompt).where(changes.c.memory == memory)
    return list(connection.execute(statement.order_by(None).order_by(changes.c.version)))


def _carries(items: dict[int, MemoryItem], origins: dict[int, Origin], version: int, before: int | None) -> int | None:
    """The version that brought the text which `version` took over from `before`."""
    if before is None or items[version].status == "deleted" or items[version].text != items[before].text:
        return None
    return origins[before].carries or before


def _sources(connection: Connection, memory: int) -> defaultdict[int, list[Source]]:
    """What was said for each version, oldest first; not what was taken back."""
    statement = (
        select(evidence.c.version, evidence.c.quote, evidence.c.start, operations.c.id.label("operation_id"), messages)
        .join(messages, messages.c.row == evidence.c.message)
        .join(operations, operations.c.seq == evidence.c.operation)
        .where(evidence.c.memory == memory, operations.c.undone_by.is_(None))
        .order_by(messages.c.said_at, messages.c.row, evidence.c.seq)
    )
    found: defaultdict[int, list[Source]] = defaultdict(list)
    for row in connection.execute(statement):
        source = _source(row)
        if source not in found[row.version]:
            found[row.version].append(source)
    return found


def _source(row: Row[Any]) -> Source:
    message = rows.message(row)
    return Source(message, row.quote, *words(message.content, row.quote, row.start), row.operation_id)


def words(content: str, quote: str, start: int) -> tuple[int, int]:
    """Where a quote begins and ends in the turn as it is now; -1 where it is not literally there."""
    end = start + len(quote)
    return (start, end) if start >= 0 and content[start:end] == quote else (-1, -1)
