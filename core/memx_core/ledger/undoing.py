"""Taking calls back, by new versions.

What a call changed goes back to what it was before: its memories, the conflicts and marks that came
or went with it, and what it queued. Its turns stay in the transcript and are not found any more, and
its evidence does not count. History only grows: an undo is a call too, and can itself be undone.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row, select, update

from memx_core.errors import InvalidInputError, OperationNotFoundError, PlanConflictError
from memx_core.ledger import lineages, restoring, retracing, reviewing, rows, writes
from memx_core.ledger.lineages import UNDO, Lineage
from memx_core.ledger.tables import changes, operations
from memx_core.ledger.values import Undone, Write
from memx_core.types import Change

_FINAL = ("clear", "reset", "erase", "load", "reject", "rebuild")
"""Kinds of calls that have nothing to take back, or kept nothing of it."""
_SHOWN = 5


@dataclass(frozen=True, slots=True)
class _Undoing:
    """What is to be taken back.

    Attributes:
        calls: Numbers of the operations, with those that only hold together with them.
        lines: The memories that they touched, by number.
        taken: Per memory what goes, newest first: all that is in force from their first version on, or
            from that on which was held back of them and approved.
    """

    calls: set[int]
    lines: dict[int, Lineage]
    taken: dict[int, list[Row[Any]]]

    @property
    def later(self) -> list[Change]:
        """What others changed since, oldest first."""
        found = [row for taken in self.taken.values() for row in taken if row.operation not in self.calls]
        return [self.lines[row.memory].change(row) for row in sorted(found, key=lambda row: int(row.change))]


def undo(connection: Connection, request: Write, operation_id: str, *, cascade: bool, reason: str) -> Undone:
    """Takes back the call `operation_id`, if it is one of the request's scope.

    Raises:
        OperationNotFoundError: If there is no such call in the scope.
        InvalidInputError: If it is of a kind that cannot be undone.
        PlanConflictError: If it was taken back already, or something that came later rests on it.
    """
    target = _find(connection, request, operation_id)
    undoing = _read(connection, _together(connection, target))
    if undoing.later and not cascade:
        raise _in_the_way(operation_id, undoing.later)
    calls = undoing.calls | _whole(connection, request, undoing)
    request = replace(request, scope=rows.scope_of(target), request=operation_id)
    operation = writes.open_operation(connection, request)
    lines = undoing.lines
    wanted = [(lines[memory], lines[memory].before(taken[-1])) for memory, taken in undoing.taken.items()]
    made = restoring.restore(connection, request, operation, wanted, reason)
    retracing.conflicts_back(connection, calls, operation)
    retracing.marks_back(connection, calls, operation)
    retracing.jobs_back(connection, _mark_undone(connection, calls, operation), operation)
    return Undone(tuple(made), operation)


def _find(connection: Connection, request: Write, operation_id: str) -> Row[Any]:
    owned = rows.owned(operations, request.namespace, request.scope)
    statement = select(operations).where(operations.c.id == operation_id, owned).with_for_update()
    target = connection.execute(statement).one_or_none()
    if target is None:
        raise OperationNotFoundError(operation_id)
    if target.kind in _FINAL:
        raise InvalidInputError(f"operation {operation_id!r} is of kind {target.kind!r}, which cannot be undone")
    if target.undone_by is not None:
        by = connection.execute(select(operations.c.id).where(operations.c.seq == target.undone_by)).scalar()
        raise PlanConflictError(f"operation {operation_id!r} was undone already; undo {by!r} to bring it back")
    return target


def _together(connection: Connection, target: Row[Any]) -> set[int]:
    """The call with what only holds together with it.

    That is, of a call that was queued, what learned from it, and the other way round; and every undo
    that brought one of them back after it had been undone.

    Raises:
        PlanConflictError: If it was learned from together with other calls.
    """
    of_address = operations.c.address == target.address
    learner = target.seq if target.learned_by is None else target.learned_by
    queued = connection.execute(select(operations.c.seq).where(of_address, operations.c.learned_by == learner))
    calls = {target.seq, learner, *queued.scalars()}
    if learner != target.seq and len(calls) > 2:
        by = connection.execute(select(operations.c.id).where(operations.c.seq == learner)).scalar()
        raise PlanConflictError(
            f"operation {target.id!r} was learned from together with {len(calls) - 2} other calls; undo {by!r}, "
            "which takes back all of them"
        )
    found = calls
    while found:
        ids = select(operations.c.id).where(operations.c.seq.in_(found))
        undone = select(operations.c.undone_by).where(
            of_address, operations.c.kind == UNDO, operations.c.request.in_(ids), operations.c.undone_by.is_not(None)
        )
        found = set(connection.execute(undone).scalars()) - calls
        calls |= found
    return calls


def _read(connection: Connection, calls: set[int]) -> _Undoing:
    concerned = calls | reviewing.approvals(connection, calls)
    touched = connection.execute(select(changes.c.memory).where(changes.c.operation.in_(concerned))).scalars()
    lines = lineages.read(connection, touched)
    taken = {memory: line.since(concerned) for memory, line in lines.items()}
    return _Undoing(calls, lines, {memory: found for memory, found in taken.items() if found})


def _in_the_way(operation_id: str, later: Sequence[Change]) -> PlanConflictError:
    shown = [f"{one.event} of memory {one.memory_id!r} by {one.operation_id!r}" for one in later[:_SHOWN]]
    more = f" and {len(later) - _SHOWN} more" if len(later) > _SHOWN else ""
    return PlanConflictError(
        f"operation {operation_id!r} cannot be undone alone, as what came later rests on it: {'; '.join(shown)}"
        f"{more}. Undo those first, or all of it with cascade=True",
        later,
    )


def _whole(connection: Connection, request: Write, undoing: _Undoing) -> set[int]:
    """Other calls of the scope of which nothing is left."""
    others = {row.operation for taken in undoing.taken.values() for row in taken} - undoing.calls
    if not others:
        return set()
    statement = (
        select(changes.c.operation, changes.c.memory)
        .join(operations, operations.c.seq == changes.c.operation)
        .where(changes.c.operation.in_(others), rows.owned(operations, request.namespace, request.scope))
    )
    touched: defaultdict[int, set[int]] = defaultdict(set)
    for call, memory in connection.execute(statement):
        touched[call].add(memory)
    elsewhere = lineages.read(connection, set[int]().union(*touched.values()) - undoing.lines.keys())
    return {
        call
        for call, found in touched.items()
        if not any(elsewhere[memory].since({call}) for memory in found & elsewhere.keys())
    }


def _mark_undone(connection: Connection, calls: Collection[int], by: int) -> set[int]:
    """Notes that `by` undid `calls`, and what follows: the calls that are undone now, or are so no more."""
    of_calls = operations.c.seq.in_(calls)
    revived = connection.execute(select(operations).where(operations.c.undone_by.in_(calls))).all()
    connection.execute(update(operations).where(operations.c.undone_by.in_(calls)).values(undone_by=None))
    connection.execute(update(operations).where(of_calls).values(undone_by=by))
    touched = {*calls, *(row.seq for row in revived)}
    for row in revived:
        touched |= _undone_again(connection, row) if row.kind == UNDO else set()
    return touched


def _undone_again(connection: Connection, undo: Row[Any]) -> set[int]:
    """What follows from an undo that holds again."""
    statement = select(operations).where(operations.c.id == undo.request, operations.c.undone_by.is_(None))
    target = connection.execute(statement).one_or_none()
    return set() if target is None else _mark_undone(connection, _together(connection, target), undo.seq)
