"""Jobs: messages that are safe and still have to be learned from."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, or_, select, update

from memx_core.ledger import rows, transcripts
from memx_core.ledger.tables import jobs, operations
from memx_core.ledger.values import JobRequest, OpenJob
from memx_core.types import Job, Scope


def waiting(connection: Connection, namespace: str, scope: Scope) -> list[Job]:
    """All jobs of `scope`, oldest first."""
    statement = (
        select(jobs, operations.c.id.label("operation_id"))
        .join(operations, operations.c.seq == jobs.c.operation)
        .where(rows.owned(jobs, namespace, scope))
        .order_by(jobs.c.seq)
    )
    return [_job(row) for row in connection.execute(statement)]


def _job(row: Any) -> Job:  # noqa: ANN401  # a row
    return Job(
        id=row.id,
        operation_id=row.operation_id,
        session_id=row.session or None,
        status=row.status,
        attempts=row.attempts,
        error=row.error,
        created_at=row.created_at,
    )


def claim(
    connection: Connection, namespace: str, scope: Scope, *, after: int, lease: str, now: datetime, until: datetime
) -> OpenJob | None:
    """The oldest job of `scope` behind `after` that nobody else is at, with its messages; ours until `until`."""
    statement = (
        select(jobs)
        .where(
            rows.owned(jobs, namespace, scope),
            jobs.c.seq > after,
            or_(jobs.c.lease_until.is_(None), jobs.c.lease_until <= now),
        )
        .order_by(jobs.c.seq)
        .limit(1)
    )
    row = connection.execute(statement).one_or_none()
    if row is None:
        return None
    connection.execute(update(jobs).where(jobs.c.seq == row.seq).values(lease=lease, lease_until=until))
    expires = row.request["expires_at"]
    request = JobRequest(
        metadata=row.request["metadata"],
        expires_at=None if expires is None else datetime.fromisoformat(expires),
        instructions=row.request["instructions"],
    )
    return OpenJob(
        row.seq, row.id, rows.scope_of(row), row.session or None, request, transcripts.of_job(connection, row.seq)
    )


def release(connection: Connection, job: int, lease: str, error: str | None) -> None:
    """Leaves the job to anybody; with an `error`, as a try that came to nothing."""
    statement = update(jobs).where(jobs.c.seq == job, jobs.c.lease == lease).values(lease=None, lease_until=None)
    if error is not None:
        statement = statement.values(attempts=jobs.c.attempts + 1, error=error)
    connection.execute(statement)
