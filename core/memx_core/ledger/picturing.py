"""Rows as the lines of an export: the same when they are written out and when they are compared with a file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypedDict

from sqlalchemy import Connection, Row, Select, select

from memx_core.ledger import rows
from memx_core.ledger.tables import jobs, messages, operations
from memx_core.moving.lines import (
    JobLine,
    JobRequestLine,
    MemoryLine,
    MessageLine,
    OperationLine,
    VersionLine,
    WhenLine,
)


class _Ids(TypedDict):
    """Whose a row is."""

    user_id: str | None
    agent_id: str | None
    run_id: str | None


_AT_ONCE = 500
_LEARNED, _UNDONE = operations.alias("learned"), operations.alias("undone")


def stream(connection: Connection, statement: Select[Any]) -> Iterator[Row[Any]]:
    """The rows of a statement, of which only some are held at a time."""
    with connection.execute(statement, execution_options={"yield_per": _AT_ONCE}) as result:
        yield from result


def select_operations() -> Select[Any]:
    """Rows for `operation_line`."""
    return (
        select(operations, _LEARNED.c.id.label("learned_id"), _UNDONE.c.id.label("undone_id"))
        .outerjoin(_LEARNED, _LEARNED.c.seq == operations.c.learned_by)
        .outerjoin(_UNDONE, _UNDONE.c.seq == operations.c.undone_by)
    )


def operation_line(row: Row[Any]) -> OperationLine:
    """One call that wrote something."""
    return OperationLine(
        type="operation",
        id=row.id,
        **_ids(row),
        kind=row.kind,
        status=row.status,
        key=row.key,
        request=row.request,
        plan=row.plan,
        actor=row.actor,
        prompt=row.prompt,
        usage={name: count for name, count in row.usage.items() if count},
        warnings=row.warnings or [],
        at=row.at,
        learned_by=row.learned_id,
        undone_by=row.undone_id,
    )


def select_jobs() -> Select[Any]:
    """Rows for `job_line`."""
    return select(jobs, operations.c.id.label("operation_id")).join(operations, operations.c.seq == jobs.c.operation)


def job_line(row: Row[Any]) -> JobLine:
    """Messages that still have to be learned from."""
    return JobLine(
        type="job",
        id=row.id,
        operation=row.operation_id,
        **_ids(row),
        session=row.session,
        status=row.status,
        request=JobRequestLine.model_validate(row.request),
        attempts=row.attempts,
        error=row.error,
        tokens=row.tokens,
        created_at=row.created_at,
        not_before=row.not_before,
    )


def select_messages() -> Select[Any]:
    """Rows for `message_line`."""
    return (
        select(messages, operations.c.id.label("operation_id"), jobs.c.id.label("job_id"))
        .join(operations, operations.c.seq == messages.c.operation)
        .outerjoin(jobs, jobs.c.seq == messages.c.job)
    )


def message_line(row: Row[Any], vector: bytes | None = None) -> MessageLine:
    """One turn of a conversation."""
    return MessageLine(
        type="message",
        session=row.session,
        id=row.id,
        **_ids(row),
        role=row.role,
        name=row.name,
        content=row.content,
        metadata=row.metadata,
        origin=row.origin,
        raw=row.raw or None,
        said_at=row.said_at,
        recorded_at=row.recorded_at,
        cleared=row.cleared,
        withheld=row.withheld,
        overtaken=row.overtaken,
        job=row.job_id,
        operation=row.operation_id,
        vector=vector,
    )


def memory_line(row: Row[Any]) -> MemoryLine:
    """What all versions of a memory share; of a row of `memories`."""
    return MemoryLine(
        type="memory",
        id=row.id,
        **_ids(row),
        head=row.head,
        latest=row.latest,
        alive=row.alive,
        fingerprint=row.fingerprint,
        created_at=row.created_at,
    )


def version_line(row: Row[Any], vector: bytes | None = None) -> VersionLine:
    """One version of a memory; of a row of `versions`."""
    when = rows.span(row)
    return VersionLine(
        type="version",
        memory=row.id,
        version=row.version,
        restores=row.restores,
        status=row.status,
        kind=row.kind,
        text=row.text,
        metadata=row.metadata,
        subject=row.subject,
        slot=row.slot,
        when=None
        if when is None
        else WhenLine(start=when.start, end=when.end, precision=when.precision, phrase=when.phrase),
        conflicts_with=row.conflicts_with,
        said_at=row.said_at,
        valid_from=row.valid_from,
        valid_to=row.valid_to,
        expires_at=row.expires_at,
        recorded_at=row.recorded_at,
        known_until=row.known_until,
        vector=vector,
    )


def _ids(row: Row[Any]) -> _Ids:
    return _Ids(user_id=row.user_id, agent_id=row.agent_id, run_id=row.run_id)
