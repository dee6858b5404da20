"""Taking out: everything of a scope as lines, streamed in the order in which it was written.

One transaction sees one moment. Nothing is held but the row at hand, so the size of a scope does not matter.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, or_, select

from memx_core.ledger import picturing, rows, ties
from memx_core.ledger.tables import (
    changes,
    conflicts,
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
from memx_core.moving.lines import (
    Line,
    OperationLine,
)
from memx_core.types import Scope

_ERASURES = ("erase", "reset")


def dump(connection: Connection, namespace: str, scope: Scope, *, embedder: str | None) -> Iterator[Line]:
    """Every line of `scope`, with vectors of `embedder` if one is named; the order of types is that of the format."""
    mine = partial(rows.owned, namespace=namespace, scope=scope)
    yield from _operations(connection, namespace, scope)
    for row in picturing.stream(connection, picturing.select_jobs().where(mine(jobs)).order_by(jobs.c.seq)):
        yield picturing.job_line(row)
    yield from _messages(connection, mine(messages), embedder)
    for row in picturing.stream(connection, select(memories).where(mine(memories)).order_by(memories.c.seq)):
        yield picturing.memory_line(row)
    yield from _versions(connection, mine(versions), embedder)
    yield from ties.changes_lines(connection, mine(memories))
    yield from ties.evidence_lines(connection, mine(memories), mine(messages))
    yield from ties.conflicts_lines(connection, mine(versions))
    yield from ties.marks_lines(connection, mine(messages))
    yield from ties.reviews_lines(connection, mine(reviews))


def _operations(connection: Connection, namespace: str, scope: Scope) -> Iterator[OperationLine]:
    """The scope's own, and those that reached beyond it, as far as they concern it."""
    mine = partial(rows.owned, namespace=namespace, scope=scope)
    found = _touching(mine(memories), mine(versions), mine(messages), mine(reviews))
    touching = or_(*(operations.c.seq.in_(numbers) for numbers in found))
    statement = (
        picturing.select_operations()
        .where(
            operations.c.namespace == namespace,
            operations.c.kind.not_in(_ERASURES),
            or_(and_(mine(operations), operations.c.kind != "load"), touching),
        )
        .order_by(operations.c.seq)
    )
    for row in picturing.stream(connection, statement):
        line = picturing.operation_line(row)
        yield line if _within(line.scope, scope) else _partial(line, scope)


def _touching(
    of_memory: ColumnElement[bool],
    of_version: ColumnElement[bool],
    of_message: ColumnElement[bool],
    of_review: ColumnElement[bool],
) -> Iterator[Select[Any]]:
    """Numbers of the operations that what is exported refers to."""
    yield select(changes.c.operation).join(memories, memories.c.seq == changes.c.memory).where(of_memory)
    yield select(evidence.c.operation).join(memories, memories.c.seq == evidence.c.memory).where(of_memory)
    yield select(messages.c.operation).where(of_message)
    yield select(reviews.c.closed).where(of_review, reviews.c.closed.is_not(None))
    for column in (conflicts.c.opened, conflicts.c.closed):
        yield (
            select(column).join(versions, versions.c.row == conflicts.c.version).where(of_version, column.is_not(None))
        )
    for column in (marks.c.opened, marks.c.closed):
        yield select(column).join(messages, messages.c.row == marks.c.message).where(of_message, column.is_not(None))


def _within(own: Scope, scope: Scope) -> bool:
    pairs = ((own.user_id, scope.user_id), (own.agent_id, scope.agent_id), (own.run_id, scope.run_id))
    return all(asked is None or asked == id for id, asked in pairs)


def _partial(line: OperationLine, scope: Scope) -> OperationLine:
    """Without what it says of others: its warnings may quote them."""
    return OperationLine(
        type="operation",
        id=line.id,
        user_id=scope.user_id,
        agent_id=scope.agent_id,
        run_id=scope.run_id,
        kind=line.kind,
        status=line.status,
        actor=line.actor,
        prompt=line.prompt,
        at=line.at,
        partial=True,
    )


def _vector(table: Table, row: ColumnElement[int], embedder: str) -> ColumnElement[bytes]:
    """The vector of a row that is searched, if it is of this embedder."""
    serving = select(spaces.c.seq).where(spaces.c.serving, spaces.c.fingerprint == embedder)
    statement: Select[bytes] = select(table.c.vector).where(table.c.row == row, table.c.space.in_(serving))
    return statement.scalar_subquery().label("vector")


def _messages(connection: Connection, mine: ColumnElement[bool], embedder: str | None) -> Iterator[Line]:
    statement = picturing.select_messages().where(mine).order_by(messages.c.row)
    if embedder is not None:
        statement = statement.add_columns(_vector(message_vectors, messages.c.row, embedder))
    for row in picturing.stream(connection, statement):
        yield picturing.message_line(row, row.vector if embedder is not None else None)


def _versions(connection: Connection, mine: ColumnElement[bool], embedder: str | None) -> Iterator[Line]:
    statement = select(versions).where(mine).order_by(versions.c.row)
    if embedder is not None:
        statement = statement.add_columns(_vector(version_vectors, versions.c.row, embedder))
    for row in picturing.stream(connection, statement):
        yield picturing.version_line(row, row.vector if embedder is not None else None)
