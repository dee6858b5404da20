"""What hangs on memories and turns, as lines: history, evidence, conflicts, marks, and what waits or waited."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from memx_core.ledger.picturing import stream
from memx_core.ledger.tables import (
    changes,
    conflicts,
    evidence,
    marks,
    memories,
    messages,
    operations,
    reviews,
    versions,
)
from memx_core.moving.lines import ChangeLine, ConflictLine, EvidenceLine, Line, MarkLine, ProposalLine, ReviewLine


def changes_lines(connection: Connection, mine: ColumnElement[bool]) -> Iterator[Line]:
    """Rows of history of the memories that are `mine`."""
    statement = (
        select(changes, memories.c.id.label("memory_id"), operations.c.id.label("operation_id"))
        .join(memories, memories.c.seq == changes.c.memory)
        .join(operations, operations.c.seq == changes.c.operation)
        .where(mine)
        .order_by(changes.c.seq)
    )
    for row in stream(connection, statement):
        yield ChangeLine(
            type="change",
            memory=row.memory_id,
            version=row.version,
            operation=row.operation_id,
            event=row.event,
            before=row.before,
            reason=row.reason,
            actor=row.actor,
            at=row.at,
        )


def evidence_lines(connection: Connection, mine: ColumnElement[bool], spoken: ColumnElement[bool]) -> Iterator[Line]:
    """Words of turns that are `spoken`, for memories that are `mine`."""
    statement = (
        select(
            evidence,
            memories.c.id.label("memory_id"),
            messages.c.id.label("message_id"),
            messages.c.session,
            operations.c.id.label("operation_id"),
        )
        .join(memories, memories.c.seq == evidence.c.memory)
        .join(messages, messages.c.row == evidence.c.message)
        .join(operations, operations.c.seq == evidence.c.operation)
        .where(mine, spoken)
        .order_by(evidence.c.seq)
    )
    for row in stream(connection, statement):
        yield EvidenceLine(
            type="evidence",
            memory=row.memory_id,
            version=row.version,
            session=row.session,
            message=row.message_id,
            operation=row.operation_id,
            quote=row.quote,
            start=row.start,
        )


_OPENED, _CLOSED = operations.alias("opened_by"), operations.alias("closed_by")


def conflicts_lines(connection: Connection, mine: ColumnElement[bool]) -> Iterator[Line]:
    """Conflicts of versions that are `mine`."""
    statement = (
        select(
            conflicts,
            versions.c.id.label("memory_id"),
            versions.c.version.label("number"),
            _OPENED.c.id.label("opened_id"),
            _CLOSED.c.id.label("closed_id"),
        )
        .join(versions, versions.c.row == conflicts.c.version)
        .join(_OPENED, _OPENED.c.seq == conflicts.c.opened)
        .outerjoin(_CLOSED, _CLOSED.c.seq == conflicts.c.closed)
        .where(mine)
        .order_by(conflicts.c.seq)
    )
    for row in stream(connection, statement):
        yield ConflictLine(
            type="conflict",
            memory=row.memory_id,
            version=row.number,
            rival=row.rival,
            opened=row.opened_id,
            since=row.since,
            closed=row.closed_id,
            until=row.until,
        )


def marks_lines(connection: Connection, mine: ColumnElement[bool]) -> Iterator[Line]:
    """Marks on turns that are `mine`."""
    statement = (
        select(
            marks,
            messages.c.session,
            messages.c.user_id,
            messages.c.agent_id,
            messages.c.run_id,
            messages.c.id.label("message_id"),
            _OPENED.c.id.label("opened_id"),
            _CLOSED.c.id.label("closed_id"),
        )
        .join(messages, messages.c.row == marks.c.message)
        .join(_OPENED, _OPENED.c.seq == marks.c.opened)
        .outerjoin(_CLOSED, _CLOSED.c.seq == marks.c.closed)
        .where(mine)
        .order_by(marks.c.seq)
    )
    for row in stream(connection, statement):
        yield MarkLine(
            type="mark",
            session=row.session,
            user_id=row.user_id,
            agent_id=row.agent_id,
            run_id=row.run_id,
            message=row.message_id,
            mark=row.mark,
            opened=row.opened_id,
            since=row.since,
            closed=row.closed_id,
            until=row.until,
        )


def reviews_lines(connection: Connection, mine: ColumnElement[bool]) -> Iterator[Line]:
    """What is `mine` of what waits to be approved, or did."""
    statement = (
        select(reviews, operations.c.id.label("operation_id"), _CLOSED.c.id.label("closed_id"))
        .join(operations, operations.c.seq == reviews.c.operation)
        .outerjoin(_CLOSED, _CLOSED.c.seq == reviews.c.closed)
        .where(mine)
        .order_by(reviews.c.seq)
    )
    for row in stream(connection, statement):
        yield ReviewLine(
            type="review",
            id=row.id,
            operation=row.operation_id,
            user_id=row.user_id,
            agent_id=row.agent_id,
            run_id=row.run_id,
            session=row.session,
            proposal=_portable(connection, row.proposal),
            created_at=row.created_at,
            closed=row.closed_id,
        )


def _portable(connection: Connection, proposal: dict[str, Any]) -> ProposalLine:
    """With its turns named by session and id instead of by row."""
    numbers = {*(row for _, row in proposal["rows"]), *proposal["replies"]}
    found = connection.execute(select(messages).where(messages.c.row.in_(numbers)))
    named = {row.row: {"session": row.session, "id": row.id} for row in found}
    portable = {
        **proposal,
        "rows": [[position, named[row]] for position, row in proposal["rows"]],
        "replies": [named[row] for row in proposal["replies"]],
    }
    return ProposalLine.model_validate(portable)
