"""Whether everything that was decided can be done exactly as it was decided.

`add` decides again when something changed, and turns what is known by now into evidence. A plan that
somebody saw, or an operation that somebody approves, is done as it is or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import Connection, Row, select

from memx_core.errors import PlanConflictError
from memx_core.ledger import history, lookups, settling, transcripts
from memx_core.ledger.tables import memories
from memx_core.ledger.values import Write


def check(connection: Connection, request: Write) -> None:
    """Sees to it that nothing has changed that the operations of `request` rest on.

    Raises:
        PlanConflictError: If something has; it names the memories, and has their changes since.
    """
    begun = request.begun or 0
    wrong: list[str] = []
    outdated = dict(_outdated(request, settling.heads(connection, request)))
    wrong += [f"memory {id!r} is not there as version {version} any more" for id, version in outdated.items()]
    known = [row.id for row in settling.twins(connection, request).same.values()]
    wrong += [f"memory {id!r} says by now what was to be written" for id in known]
    wrong += [f"the id {id!r} of a new memory is taken" for id in _taken(connection, request)]
    wrong += [f"message {id!r} was replaced" for id in transcripts.replaced_since(connection, request, begun)]
    if begun >= lookups.revision(connection, request.namespace):  # which is this write's own
        wrong.append("it was decided on another database")
    if wrong:
        changes = history.changes_since(connection, request, versions=outdated, revisions=dict.fromkeys(known, begun))
        raise PlanConflictError(f"what this was decided on has changed: {'; '.join(wrong)}. Decide again", changes)


def _outdated(request: Write, heads: dict[str, Row[Any]]) -> Iterator[tuple[str, int]]:
    """The memories that are gone or at another version, with the version that was decided on."""
    for operation in request.operations:
        for id in _rests_on(operation.event, operation.memory_id, operation.conflicts_with):
            head = heads.get(id)
            if head is None or head.version != operation.expected_version or settling.is_expired(head, request):
                yield id, operation.expected_version


def _rests_on(event: str, memory_id: str, rival: str | None) -> Iterable[str]:
    if event == "CONFLICT":
        return (rival,) if rival else ()
    return () if event == "ADD" else (memory_id,)


def _taken(connection: Connection, request: Write) -> list[str]:
    """Ids of new memories that are some memory's already: nobody's business whose."""
    new = [operation.memory_id for operation in request.operations if operation.event in ("ADD", "CONFLICT")]
    statement = select(memories.c.id).where(memories.c.id.in_(new))
    return list(connection.execute(statement).scalars()) if new else []
