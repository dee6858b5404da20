"""Taking away more than one memory: softly, as history, or for good."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from itertools import product
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from memx_core import addresses
from memx_core.ledger import applying, periods, rows
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
    operations,
    reviews,
    spaces,
    version_vectors,
    versions,
)
from memx_core.ledger.values import Erased, Write
from memx_core.types import Operation, Scope


def delete_all(connection: Connection, request: Write, operation: int) -> int:
    """Deletes, softly, every living memory of the request's scope; how many there were.

    The turns stay in their transcripts and are neither found, recalled nor learned from any more.
    """
    statement = select(versions).where(rows.owned(versions, request.namespace, request.scope), rows.current())
    by_address: defaultdict[Scope, list[Operation]] = defaultdict(list)
    for row in connection.execute(statement):
        by_address[rows.scope_of(row)].append(
            Operation("DELETE", row.id, row.text, old_text=row.text, expected_version=row.version, reason=_REASON)
        )
    owned = rows.owned(messages, request.namespace, request.scope)
    periods.mark(connection, "withheld", owned, operation)
    connection.execute(update(messages).where(owned, messages.c.job.is_not(None)).values(job=None))
    for scope, deletions in by_address.items():
        for start in range(0, len(deletions), _BATCH):
            part = tuple(deletions[start : start + _BATCH])
            applying.apply(connection, replace(request, scope=scope, operations=part), operation)
    return sum(map(len, by_address.values()))


def check_not_erased(connection: Connection, namespace: str, scope: Scope, begun: int) -> None:
    """Sees to it that nothing written from what was read at revision `begun` outlives its erasure.

    The mark of an erasure has no ids, only the digest of what was erased: `scope` itself or any wider one.

    Raises:
        Erased: If `scope`, or what it is in, was erased or reset since.
    """
    wider = [addresses.digest(namespace, each) for each in _around(scope)]
    statement = select(operations.c.seq).where(
        operations.c.namespace == namespace,
        operations.c.seq > begun,
        operations.c.kind.in_(("erase", "reset")),
        operations.c.address.in_(wider),
    )
    if connection.execute(statement.limit(1)).first() is not None:
        raise Erased


def _around(scope: Scope) -> list[Scope]:
    """The scopes that `scope` is in: itself, and with any of its ids left open."""
    ids = (scope.user_id, scope.agent_id, scope.run_id)
    choices = product(*({each, None} for each in ids))
    return [Scope(*chosen) for chosen in choices]


_REASON = "everything of this scope was deleted"
_BATCH = 500


def reset(connection: Connection, namespace: str, marker: dict[str, Any]) -> None:
    """Removes every row of `namespace` for good, and leaves a mark by which indexes notice."""
    of_namespace = select(versions.c.row).where(versions.c.namespace == namespace)
    connection.execute(delete(version_vectors).where(version_vectors.c.row.in_(of_namespace)))
    connection.execute(delete(conflicts).where(conflicts.c.version.in_(of_namespace)))
    of_namespace = select(messages.c.row).where(messages.c.namespace == namespace)
    connection.execute(delete(message_vectors).where(message_vectors.c.row.in_(of_namespace)))
    connection.execute(delete(marks).where(marks.c.message.in_(of_namespace)))
    of_namespace = select(memories.c.seq).where(memories.c.namespace == namespace)
    for table in (evidence, changes):
        connection.execute(delete(table).where(table.c.memory.in_(of_namespace)))
    connection.execute(update(messages).where(messages.c.namespace == namespace).values(job=None))
    for owned in (versions, memories, reviews, jobs, messages, operations, costs, spaces):
        connection.execute(delete(owned).where(owned.c.namespace == namespace))
    connection.execute(insert(operations).values(marker))
