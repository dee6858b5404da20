"""Taking away every memory of a scope, softly: as history. For good it is `erasing`."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from sqlalchemy import Connection, select, update

from memx_core.ledger import applying, periods, reviewing, rows
from memx_core.ledger.tables import messages, versions
from memx_core.ledger.values import Write
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
    reviewing.close_all(connection, request.namespace, request.scope, operation)
    for scope, deletions in by_address.items():
        for start in range(0, len(deletions), _BATCH):
            part = tuple(deletions[start : start + _BATCH])
            applying.apply(connection, replace(request, scope=scope, operations=part), operation)
    return sum(map(len, by_address.values()))


_REASON = "everything of this scope was deleted"
_BATCH = 500
