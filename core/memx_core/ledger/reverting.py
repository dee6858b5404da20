"""Bringing one version of a memory back, as a change like any other.

Only the memory: turns that were withheld when it was deleted stay so. What takes the deletion back,
with all that it did, is `undoing`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, or_, select

from memx_core.errors import InvalidInputError, MemoryNotFoundError
from memx_core.ledger import lineages, reads, restoring, rows, sources, writes
from memx_core.ledger.lineages import Lineage, Wanted
from memx_core.ledger.tables import conflicts, memories
from memx_core.ledger.values import Reverted, Write


def revert(connection: Connection, request: Write, memory_id: str, to: int, reason: str) -> Reverted:
    """Brings version `to` of a memory of the request's scope back.

    Raises:
        MemoryNotFoundError: If there is no such memory in the scope.
        InvalidInputError: If it has no such version, or that one is a deletion.
    """
    owned = rows.owned(memories, request.namespace, request.scope)
    number = connection.execute(select(memories.c.seq).where(memories.c.id == memory_id, owned)).scalar()
    if number is None:
        raise MemoryNotFoundError(memory_id)
    line = lineages.read(connection, [number])[number]
    source = _version(line, to)
    if source.version == line.head.version:
        return Reverted(reads.version(connection, request.namespace, memory_id, to), 0)
    request = replace(request, scope=rows.scope_of(line.head))
    operation = writes.open_operation(connection, request)
    (change,) = restoring.restore(connection, request, operation, [(line, [Wanted(source)])], reason)
    if line.head.alive and not lineages.says_the_same(line.head, source):
        sources.overtake(connection, [(number, line.head.version)], operation)
    sources.renew(connection, number, source.version, operation)
    _contradict_again(connection, source, operation)
    return Reverted(reads.version(connection, request.namespace, memory_id, change.version), operation)


def _version(line: Lineage, number: int) -> Row[Any]:
    found = line.versions.get(number)
    if found is None or found.status == "deleted":
        there = ", ".join(str(row.version) for row in line.versions.values() if row.status != "deleted")
        why = "there is no such version" if found is None else "that is the deletion"
        raise InvalidInputError(f"to={number!r}: {why} of memory {line.head.id!r}; it can go back to {there}")
    return found


def _contradict_again(connection: Connection, source: Row[Any], operation: int) -> None:
    """Sets the conflicts that the version `source` was in when it was closed."""
    own = conflicts.c.version == source.row
    ended = connection.execute(select(conflicts.c.closed).where(own, conflicts.c.closed.is_not(None))).scalars().all()
    for closed in ended:
        both = or_(own, conflicts.c.rival == source.id)
        restoring.contradict_again(connection, both & (conflicts.c.closed == closed), operation)
