"""Jobs: messages that are safe and still have to be learned from.

The jobs of one conversation at one address are a *queue*. It is worked off strictly in order, a
batch at a time, by one worker at a time over all processes: whoever claims its oldest jobs has a
lease on them, and while that lasts nobody else gets any of the queue.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, bindparam, func, insert, or_, select, update

from memx_core import addresses
from memx_core.extraction.pieces import OVERHEAD
from memx_core.ledger import lookups, rows, transcripts
from memx_core.ledger.damage import damaged
from memx_core.ledger.tables import jobs, messages, operations
from memx_core.ledger.values import Claim, Failure, JobRequest, OpenBatch, OpenJob, Queue, Taken, Write
from memx_core.text import estimate_tokens
from memx_core.types import Job, Message, Scope

ENOUGH = 1_000
"""Tokens of messages that are worth a model call without waiting for more."""
MOST = 2_000
"""Tokens that several jobs may come to together."""
_AHEAD = 64  # jobs looked at for a batch
_DUE = 64  # queues told at once

UNDONE = "undone"
"""Status of a job whose call was undone: it has no turns, and waits for that to be undone in turn."""

_SOMEBODY = ""  # whose lease is not known: it is being given, or given back
# Built once: building a statement costs more than running it.
_QUEUE = insert(jobs).returning(jobs.c.seq)
_GO_ON = (
    update(jobs)
    .where(
        jobs.c.address == bindparam("at"),
        jobs.c.session == bindparam("conversation"),
        jobs.c.attempts == 0,
        jobs.c.error.is_(None),
        jobs.c.not_before.is_not(None),
    )
    .values(not_before=None)
)


def add(connection: Connection, request: Write, asked: JobRequest, operation: int, news: Sequence[Message]) -> int:
    """Queues what `request` brought; `news` are the turns that are to be learned from."""
    values = {
        "id": request.id,
        "operation": operation,
        **addresses.columns(request.namespace, request.scope),
        "session": _session(request),
        "status": "queued",
        "request": {
            "metadata": asked.metadata,
            "expires_at": None if asked.expires_at is None else asked.expires_at.isoformat(),
            "instructions": asked.instructions,
        },
        "attempts": int(request.failed is not None),
        "error": request.failed,
        "tokens": sum(_tokens(message) for message in news if message.role in lookups.SPOKEN),
        "created_at": request.at,
        "not_before": request.not_before,
    }
    seq: int = connection.execute(_QUEUE, values).scalar_one()
    return seq


def go_on(connection: Connection, request: Write) -> None:
    """Holds nothing of the conversation back any longer but what has failed."""
    queue = {"at": addresses.digest(request.namespace, request.scope), "conversation": _session(request)}
    connection.execute(_GO_ON, queue)


def _session(request: Write) -> str:
    """The conversation that all of it belongs to; none if it belongs to several."""
    sessions = {message.session_id or "" for message in request.messages}
    return sessions.pop() if len(sessions) == 1 else ""


def _tokens(message: Message) -> int:
    """What a turn adds to a prompt, as `extraction.pieces` counts."""
    return estimate_tokens(message.content) + OVERHEAD


def waiting(connection: Connection, namespace: str, scope: Scope) -> list[Job]:
    """All jobs of `scope`, oldest first."""
    statement = (
        select(jobs, operations.c.id.label("operation_id"))
        .join(operations, operations.c.seq == jobs.c.operation)
        .where(rows.owned(jobs, namespace, scope), _has_turns())
        .order_by(jobs.c.seq)
    )
    return [_job(row) for row in connection.execute(statement)]


def _has_turns() -> ColumnElement[bool]:
    """Not those without: they stay, for when what took their turns away is undone."""
    return select(messages.c.row).where(messages.c.job == jobs.c.seq).exists()


def _job(row: Row[Any]) -> Job:
    return Job(
        id=row.id,
        operation_id=row.operation_id,
        session_id=row.session or None,
        status=row.status,
        attempts=row.attempts,
        error=row.error,
        created_at=row.created_at,
    )


def any_queued(connection: Connection, namespace: str) -> bool:
    """Whether a worker has, or will have, something to do."""
    statement = select(jobs.c.seq).where(jobs.c.namespace == namespace, jobs.c.status == "queued", _has_turns())
    return connection.execute(statement.limit(1)).first() is not None


def queues(connection: Connection, namespace: str, scope: Scope) -> list[Queue]:
    """The queues of `scope`, the one with the oldest job first."""
    statement = (
        select(jobs.c.address, jobs.c.session)
        .where(rows.owned(jobs, namespace, scope), _has_turns())
        .group_by(jobs.c.address, jobs.c.session)
        .order_by(func.min(jobs.c.seq))
    )
    return [Queue(*row) for row in connection.execute(statement)]


def due(connection: Connection, namespace: str, *, now: datetime, quiet: datetime) -> list[Queue]:
    """Queues that nobody is at and whose oldest job may be tried: those that failed least, then the oldest, first.

    Fresh jobs wait until none came after the time `quiet`, or until they are enough for a call.
    """
    each = (
        select(
            jobs.c.address,
            jobs.c.session,
            func.min(jobs.c.seq).label("first"),
            func.sum(jobs.c.tokens).label("tokens"),
            func.max(jobs.c.created_at).label("newest"),
            func.max(jobs.c.lease_until).label("leased"),
        )
        .where(jobs.c.namespace == namespace, jobs.c.status == "queued", _has_turns())
        .group_by(jobs.c.address, jobs.c.session)
        .subquery()
    )
    statement = (
        select(each.c.address, each.c.session)
        .join(jobs, jobs.c.seq == each.c.first)
        .where(
            or_(each.c.leased.is_(None), each.c.leased <= now),
            or_(jobs.c.not_before.is_(None), jobs.c.not_before <= now),
            or_(jobs.c.attempts > 0, each.c.tokens >= ENOUGH, each.c.newest <= quiet),
        )
        .order_by(jobs.c.attempts, each.c.first)
        .limit(_DUE)
    )
    return [Queue(*row) for row in connection.execute(statement)]


def claim(
    connection: Connection, asked: Claim, *, lease: str, now: datetime, until: datetime
) -> OpenBatch | Taken | None:
    """The oldest jobs of a queue that go together, with their turns: the caller's until then.

    `Taken` while somebody else is at the queue; `None` if nothing in it may be tried.
    """
    if (first := _first(connection, asked.queue)) is None:
        return None
    if not _is_locked(connection, first):
        return Taken(_SOMEBODY, now)
    if (taken := _taken(connection, asked, now)) is not None:
        return taken
    chosen = _together(connection.execute(_claimable(asked)).all(), asked, now)
    if not chosen:
        return None
    mine = [row.seq for row in chosen]
    connection.execute(update(jobs).where(jobs.c.seq.in_(mine)).values(lease=lease, lease_until=until))
    return OpenBatch(
        lease=lease,
        until=until,
        scope=rows.scope_of(chosen[0]),
        session=chosen[0].session or None,
        request=_request(chosen[0].request),
        jobs=tuple(OpenJob(row.seq, row.attempts, row.created_at) for row in chosen),
        messages=transcripts.of_jobs(connection, mine),
    )


def _of(queue: Queue) -> ColumnElement[bool]:
    return and_(jobs.c.address == queue.address, jobs.c.session == queue.session)


def _first(connection: Connection, queue: Queue) -> int | None:
    """The oldest job of a queue, whatever its state."""
    return connection.execute(select(jobs.c.seq).where(_of(queue)).order_by(jobs.c.seq).limit(1)).scalar()


def _is_locked(connection: Connection, first: int) -> bool:
    """Whether this claim is the only one at the queue whose oldest job is `first`.

    All who claim want the lock of that one row. Who finds it taken, or the job done meanwhile, does
    not wait: there are other queues. And only of that row: who skipped it to lock the next would
    learn from the same jobs.
    """
    lock = select(jobs.c.seq).where(jobs.c.seq == first).with_for_update(skip_locked=True, key_share=True)
    return connection.execute(lock).first() is not None


def _taken(connection: Connection, asked: Claim, now: datetime) -> Taken | None:
    statement = select(jobs.c.lease, jobs.c.lease_until).where(_of(asked.queue), jobs.c.lease_until > now)
    if asked.dead is not None:
        statement = statement.where(jobs.c.lease != asked.dead)
    found = connection.execute(statement.limit(1)).first()
    return None if found is None else Taken(found.lease, found.lease_until)


def _claimable(asked: Claim) -> Select[Any]:
    statement = select(jobs).where(_of(asked.queue), jobs.c.seq > asked.after, _has_turns())
    if not asked.wanted:
        statement = statement.where(jobs.c.status == "queued")
    return statement.order_by(jobs.c.seq).limit(_AHEAD)


def _together(found: Sequence[Row[Any]], asked: Claim, now: datetime) -> list[Row[Any]]:
    """The first jobs that one model call may learn from; what has failed before goes alone."""
    if not found or not _ready(found[0], asked, now):
        return []
    first, *others = found
    chosen, tokens = [first], first.tokens
    for row in others:
        if tokens >= ENOUGH or tokens + row.tokens > MOST or first.attempts or row.attempts:
            break
        if row.request != first.request or not _ready(row, asked, now):
            break
        chosen.append(row)
        tokens += row.tokens
    return chosen


def _ready(row: Row[Any], asked: Claim, now: datetime) -> bool:
    return asked.wanted or row.not_before is None or row.not_before <= now


def _request(kept: dict[str, Any]) -> JobRequest:
    try:
        expires = kept["expires_at"]
        return JobRequest(
            metadata=dict(kept["metadata"]),
            expires_at=None if expires is None else datetime.fromisoformat(expires),
            instructions=kept["instructions"],
        )
    except (KeyError, TypeError, ValueError):
        raise damaged("a job does not say how it is to be learned from") from None


def renew(connection: Connection, lease: str, held: Collection[int], until: datetime) -> bool:
    """Whether the lease still is the caller's; it lasts until then now."""
    statement = update(jobs).where(jobs.c.seq.in_(held), jobs.c.lease == lease).values(lease_until=until)
    return connection.execute(statement).rowcount > 0


def release(connection: Connection, lease: str, held: Collection[int], failure: Failure | None) -> None:
    """Leaves jobs to anybody, if they still are the lease's; with a `failure`, as what came of them."""
    values: dict[str, Any] = {"lease": None, "lease_until": None}
    if failure is not None:
        values |= {
            "error": failure.error,
            "not_before": failure.not_before,
            "attempts": jobs.c.attempts + int(failure.counts),
        }
        if failure.parks:
            values["status"] = "parked"
    connection.execute(update(jobs).where(jobs.c.seq.in_(held), jobs.c.lease == lease).values(values))
