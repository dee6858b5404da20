"""The one writing transaction: what a call changes is applied whole, or not at all.

Decided outside, checked here: an operation names the version that it was decided on, and when
that is no longer the head the whole write is `Outdated`. Ids and texts are compared inside the
transaction, so that two writers of the same fact make one memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from memx_core import addresses
from memx_core.ledger import (
    applying,
    costs,
    erasing,
    exactness,
    queue,
    reviewing,
    settling,
    sources,
    spaces,
    tables,
    touching,
    transcripts,
)
from memx_core.ledger.rows import blob
from memx_core.ledger.spaces import Space
from memx_core.ledger.tables import evidence, jobs, messages, operations
from memx_core.ledger.values import Abandoned, Committed, Erased, Write
from memx_core.ports import Vector
from memx_core.types import AddResult, Evidence, Message, Usage


def write(connection: Connection, request: Write) -> Committed:
    """Applies `request` inside the caller's transaction.

    Raises:
        Outdated: If a memory changed since the operation on it was decided.
        PlanConflictError: Likewise, if it is to be carried out exactly.
        Erased: If the scope was erased since the work began.
        Abandoned: If the turns of the jobs that it completes changed since they were read.
        EmbeddingMismatchError: If the vectors are of another model than those kept.
    """
    if request.done:
        _check_jobs(connection, request.done, request.stored or ())
    opened = connection.execute(_OPEN_BESIDE, operation_row(request) | _beside(request)).one()
    if opened.erased is not None:
        raise Erased
    book_embedding(connection, request)
    done = carry_out(connection, request, opened.seq, serving=spaces.beside(opened), said=bool(opened.said))
    return Committed(done, opened.seq)


def carry_out(
    connection: Connection, request: Write, operation: int, *, serving: Space | None = None, said: bool = True
) -> AddResult:
    """What `request` comes to, written under the row of `operation`.

    Args:
        connection: In a writing transaction.
        request: What is to be done.
        operation: Its number.
        serving: The space that serves; looked up where it is not known.
        said: See `settling.settle`.
    """
    if request.exact:
        exactness.check(connection, request)
    if request.held:
        settling.check(connection, replace(request, operations=request.held))
    kept, queued = _messages(connection, request, operation)
    applied = applying.apply(connection, request, operation, said=said)
    _vectors(connection, request, operation, kept, applied.rows, serving)
    spaces.copy_versions(connection, applied.same)
    sources.overtake(connection, applied.closed, operation)
    _evidence(connection, operation, kept, applied.evidence)
    touching.touch(connection, applied.confirmed, operation)
    replies = [*request.replies, *sources.replies(request.operations, request.messages, kept)]
    sources.withhold(connection, applied.retracted, replies, operation)
    if request.done:
        _finish(connection, request.done, operation)
    held = reviewing.hold(connection, request, operation, kept)
    return AddResult(
        operation_id=request.id,
        status="queued" if queued else "review" if held.rows else "done",
        changes=applied.changes,
        warnings=(*request.warnings, *applied.warnings, *held.warnings),
        usage=request.usage,
    )


# Built once: building a statement costs more than running it.
_OPEN = insert(operations).returning(operations.c.seq)
# In the same round trip, what is asked before anything else is written.
_OPEN_BESIDE = insert(operations).returning(
    operations.c.seq, erasing.ERASED.scalar_subquery().label("erased"), settling.SAID.label("said"), *spaces.BESIDE
)
_EVIDENCE = insert(evidence)
_TOUCH = update(messages).where(messages.c.row == bindparam("r")).values(revision=bindparam("of"))
_FORGET = delete(tables.message_vectors).where(tables.message_vectors.c.row == bindparam("r"))
_VECTORS = {table: insert(table) for table in (tables.message_vectors, tables.version_vectors)}


def open_operation(connection: Connection, request: Write) -> int:
    """Starts the operation's row; its number is the revision of everything that it writes."""
    seq: int = connection.execute(_OPEN, operation_row(request)).scalar_one()
    book_embedding(connection, request)
    return seq


def _beside(request: Write) -> dict[str, Any]:
    """The values for what `_OPEN_BESIDE` asks."""
    begun = erasing.NEVER if request.begun is None else request.begun
    erased = erasing.since(request.namespace, request.scope, begun)
    return {"of": request.namespace, **erased, **settling.saying(request)}


def book_embedding(connection: Connection, request: Write) -> None:
    """Books what embedding cost; the model's part was booked when it answered."""
    embedding = Usage(embedding_calls=request.usage.embedding_calls)
    costs.record(
        connection, request.namespace, request.scope, at=request.at, model=request.fingerprint, usage=embedding
    )


def operation_row(request: Write) -> dict[str, Any]:
    """The operation as a row."""
    return {
        "id": request.id,
        **addresses.columns(request.namespace, request.scope),
        "kind": request.kind,
        "status": "queued" if request.job is not None else "done",
        "key": request.key,
        "request": request.request,
        "plan": request.plan,
        "actor": request.actor,
        "prompt": request.prompt,
        "usage": asdict(request.usage),
        "warnings": list(request.warnings),
        "at": request.at,
    }


def _messages(connection: Connection, request: Write, operation: int) -> tuple[Sequence[int], bool]:
    """Rows of the turns, by position, and whether some of them wait to be learned from."""
    if request.stored is not None:
        return request.stored, False
    asked, made = request.job, list[int]()
    if asked is None:
        return transcripts.keep(connection, request, operation), False
    if asked.complete:
        queue.go_on(connection, request)

    def queued(news: Sequence[Message]) -> int:
        made.append(queue.add(connection, request, asked, operation, news))
        return made[0]

    kept = transcripts.keep(connection, request, operation, queued)
    if not made:
        connection.execute(update(operations).where(operations.c.seq == operation).values(status="done"))
    return kept, bool(made)


def _check_jobs(connection: Connection, done: Sequence[int], stored: Sequence[int]) -> None:
    # Locked: of two that did the same work one waits here, and then finds it done.
    statement = select(messages.c.row).where(messages.c.job.in_(done)).with_for_update()
    waiting = connection.execute(statement).scalars()
    if set(waiting) != set(stored):
        raise Abandoned


def _finish(connection: Connection, done: Sequence[int], operation: int) -> None:
    queued = select(jobs.c.operation).where(jobs.c.seq.in_(done))
    connection.execute(update(operations).where(operations.c.seq.in_(queued)).values(learned_by=operation))
    connection.execute(update(messages).where(messages.c.job.in_(done)).values(job=None))
    connection.execute(delete(jobs).where(jobs.c.seq.in_(done)))


def _vectors(
    connection: Connection,
    request: Write,
    operation: int,
    kept: Sequence[int],
    rows: dict[str, int],
    serving: Space | None,
) -> None:
    of_messages = {kept[position]: vector for position, vector in request.message_vectors.items()}
    of_versions = {rows[id]: vector for id, vector in request.vectors.items() if id in rows}
    if not of_messages and not of_versions:
        return
    size = len(next(iter((of_messages or of_versions).values())))
    space = spaces.space(connection, request.namespace, request.fingerprint, dimensions=size, known=serving)
    if of_messages and (request.stored is not None or any(message.id for message in request.messages)):
        connection.execute(_FORGET, [{"r": row} for row in of_messages])
        connection.execute(_TOUCH, [{"r": row, "of": operation} for row in of_messages])
    for table, vectors in ((tables.message_vectors, of_messages), (tables.version_vectors, of_versions)):
        if vectors:
            connection.execute(_VECTORS[table], _vector_rows(vectors, space))


def _vector_rows(vectors: dict[int, Vector], space: int) -> list[dict[str, Any]]:
    return [{"row": row, "space": space, "vector": blob(vector)} for row, vector in vectors.items()]


def _evidence(
    connection: Connection,
    operation: int,
    kept: Sequence[int],
    found: Iterable[tuple[int, int, Evidence]],
) -> None:
    rows = [
        {
            "memory": memory,
            "version": version,
            "message": kept[item.message],
            "operation": operation,
            "quote": item.quote,
            "start": item.start,
        }
        for memory, version, item in found
    ]
    if rows:
        connection.execute(_EVIDENCE, rows)
