"""What an undo takes back beside the memories: conflicts, marks on turns, and jobs."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import Connection, and_, select, update

from memx_core.ledger import periods, restoring
from memx_core.ledger.periods import Mark
from memx_core.ledger.queue import UNDONE
from memx_core.ledger.tables import changes, conflicts, evidence, jobs, marks, memories, messages, operations, versions

_SLICE = 500  # bound values a statement may carry, well under every database's limit
_MARKS: tuple[Mark, ...] = ("withheld", "overtaken")


def conflicts_back(connection: Connection, calls: Collection[int], operation: int) -> None:
    """Clears the conflicts that came with `calls`, and sets those again that went with them."""
    came = (
        select(versions.c.row)
        .join(conflicts, conflicts.c.version == versions.c.row)
        .where(conflicts.c.opened.in_(calls), conflicts.c.closed.is_(None), versions.c.status == "conflict")
    )
    periods.clear_conflicts(connection, connection.execute(came).scalars(), operation)
    went = and_(conflicts.c.closed.in_(calls), conflicts.c.opened.not_in(calls))
    restoring.contradict_again(connection, went, operation)


def marks_back(connection: Connection, calls: Collection[int], operation: int) -> None:
    """Takes off the marks that came with `calls`, and puts those on again that went with them.

    The turns that `calls` brought are withheld from now on.
    """
    for name in _MARKS:
        came = select(marks.c.message).where(marks.c.mark == name, marks.c.opened.in_(calls), marks.c.closed.is_(None))
        free = connection.execute(came).scalars().all()
        for start in range(0, len(free), _SLICE):
            periods.unmark(connection, name, messages.c.row.in_(free[start : start + _SLICE]), operation)
        if name == "withheld":
            _withhold_for_others(connection, free, calls)
        went = select(marks.c.message).where(
            marks.c.mark == name, marks.c.closed.in_(calls), marks.c.opened.not_in(calls)
        )
        periods.mark(connection, name, messages.c.row.in_(went), operation)
    periods.mark(connection, "withheld", messages.c.operation.in_(calls), operation)


def _withhold_for_others(connection: Connection, free: Sequence[int], calls: Collection[int]) -> None:
    """Keeps turns withheld behind memories that somebody else deleted later: they would have been, but for `calls`."""
    for start in range(0, len(free), _SLICE):
        part = free[start : start + _SLICE]
        deleted = (
            select(changes.c.operation, evidence.c.message)
            .join(memories, memories.c.seq == evidence.c.memory)
            .join(changes, and_(changes.c.memory == memories.c.seq, changes.c.version == memories.c.head))
            .where(
                evidence.c.message.in_(part),
                ~memories.c.alive,
                changes.c.operation.not_in(calls),
                changes.c.operation > min(calls),
            )
            .distinct()
        )
        for call, message in connection.execute(deleted).all():
            periods.mark(connection, "withheld", messages.c.row == message, call)


def jobs_back(connection: Connection, touched: Collection[int], operation: int) -> None:
    """Sets aside what is to be learned from calls that are undone, and puts back what was set aside of the others.

    A turn waits as long as its call does and nobody withheld it.
    """
    undone = operations.c.undone_by.is_not(None)
    for status, condition in ((UNDONE, undone), ("queued", and_(~undone, jobs.c.status == UNDONE))):
        concerned = and_(jobs.c.operation == operations.c.seq, operations.c.seq.in_(touched), condition)
        statement = update(jobs).where(select(operations.c.seq).where(concerned).exists())
        connection.execute(statement.values(status=status, lease=None, lease_until=None))
    withheld = select(marks.c.message).where(marks.c.mark == "withheld", marks.c.opened == operation)
    connection.execute(
        update(messages).where(messages.c.row.in_(withheld), messages.c.job.is_not(None)).values(job=None)
    )
    freed = select(marks.c.message).where(marks.c.mark == "withheld", marks.c.closed == operation)
    job = select(jobs.c.seq).where(jobs.c.operation == messages.c.operation, jobs.c.status != UNDONE).scalar_subquery()
    connection.execute(
        update(messages).where(messages.c.row.in_(freed), ~messages.c.withheld, ~messages.c.cleared).values(job=job)
    )
