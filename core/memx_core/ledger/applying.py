"""Operations to versions, inside the writing transaction.

Every change makes exactly one version and one row of history; only `NONE` leaves neither. A
superseded version is closed, not rewritten; a deletion is a version too (a tombstone).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from memx_core import addresses
from memx_core.ledger import periods, settling, twins
from memx_core.ledger.steps import Step, keeps_text, replaces_text, valid_from, version_row
from memx_core.ledger.tables import changes, memories, versions
from memx_core.ledger.values import Write
from memx_core.text import fingerprint
from memx_core.types import Change, Evidence

# Built once: building a statement costs more than running it.
# What was made is told by its names and not by its order: to keep that, SQLite would be given row after row.
_CREATE = insert(memories).returning(memories.c.id, memories.c.seq)
_VERSION = insert(versions).returning(versions.c.memory, versions.c.version, versions.c.row)
_RECORD = insert(changes)


@dataclass(slots=True)
class Applied:
    """What became of the operations.

    Attributes:
        changes: In the order of the operations.
        warnings: What turned out to be known already.
        rows: Rows of new versions that have a text, by memory id.
        closed: Memories and versions that something else took the place of.
        retracted: Memories that were taken back.
        same: New version rows whose text is the former version's, with that one's row.
        evidence: Memory, version and evidence.
        confirmed: Memories whose text was known and has more evidence now.
    """

    changes: tuple[Change, ...] = ()
    warnings: tuple[str, ...] = ()
    rows: dict[str, int] = field(default_factory=dict[str, int])
    closed: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    retracted: list[int] = field(default_factory=list[int])
    same: dict[int, int] = field(default_factory=dict[int, int])
    evidence: list[tuple[int, int, Evidence]] = field(default_factory=list[tuple[int, int, Evidence]])
    confirmed: list[int] = field(default_factory=list[int])


def apply(connection: Connection, request: Write, operation: int, *, said: bool = True) -> Applied:
    """Carries out `request.operations`; `said`: see `settling.settle`.

    Raises:
        Outdated: If one was decided on a version that is no longer the head.
    """
    if not request.operations:
        return Applied()
    heads = settling.heads(connection, request)
    settled = settling.settle(connection, request, heads, said=said)
    settling.let_go(connection, settled.expired)
    writing = [step for step in settled.steps if step.writes]
    rows, made = carry_out(connection, request, operation, writing)
    _flag_conflicts(connection, operation, writing, heads)
    same = {
        rows[step.operation.memory_id]: step.head.row for step in writing if step.head is not None and keeps_text(step)
    }
    return Applied(
        changes=made,
        warnings=tuple(settled.warnings),
        rows=rows,
        closed=[(step.memory, step.head.version) for step in writing if step.head is not None and replaces_text(step)],
        retracted=[step.memory for step in writing if step.operation.retracts],
        same=same,
        evidence=[proof for step in settled.steps for proof in _proofs(step)],
        confirmed=[step.memory for step in settled.steps if _confirms(step)],
    )


def carry_out(
    connection: Connection, request: Write, operation: int, steps: Sequence[Step]
) -> tuple[dict[str, int], tuple[Change, ...]]:
    """Makes a version of every step, of a memory that is touched once: rows of those with a text by id, and changes."""
    _close(connection, request, operation, steps)
    _move_heads(connection, request, steps)
    _create(connection, request, [step for step in steps if step.head is None])
    twins.inherit(connection, request, steps)
    rows = _insert_versions(connection, request, operation, steps)
    return rows, _record(connection, request, operation, steps)


def _proofs(step: Step) -> Iterable[tuple[int, int, Evidence]]:
    return ((step.memory, step.version, item) for item in step.operation.evidence)


def _confirms(step: Step) -> bool:
    """Whether it leaves evidence of what was known."""
    known = not step.writes or keeps_text(step)
    return step.head is not None and known and bool(step.operation.evidence)


def _close(connection: Connection, request: Write, operation: int, steps: Sequence[Step]) -> None:
    """Ends the versions that are replaced, and the conflicts that their texts were part of."""
    closing = [step for step in steps if step.head is not None and not step.operation.ended]
    if not closing:
        return
    statement = (
        update(versions)
        .where(versions.c.row == bindparam("closed"))
        .values(
            status=bindparam("left"),
            valid_to=bindparam("until"),
            known_until=request.at,
            revision=operation,
        )
    )
    connection.execute(statement, [_ending(step, request) for step in closing])
    in_conflict = [step.head.row for step in closing if step.head is not None and step.head.status == "conflict"]
    periods.end_conflicts(connection, in_conflict, operation)
    rivals = select(versions.c.row).where(
        versions.c.address == addresses.digest(request.namespace, request.scope),
        versions.c.status == "conflict",
        versions.c.conflicts_with.in_([step.operation.memory_id for step in closing if not keeps_text(step)]),
    )
    periods.clear_conflicts(connection, connection.execute(rivals).scalars(), operation)


def _ending(step: Step, request: Write) -> dict[str, Any]:
    head = step.head
    assert head is not None
    until = max(head.valid_from, valid_from(step, request))
    return {"closed": head.row, "left": "superseded" if head.alive else "deleted", "until": until}


def _move_heads(connection: Connection, request: Write, steps: Sequence[Step]) -> None:
    moving = [step for step in steps if step.head is not None]
    if not moving:
        return
    # First out of the way: two memories of one plan may trade texts.
    leaving = [step.memory for step in moving if not step.operation.ended]
    if len(leaving) > 1:
        connection.execute(update(memories).where(memories.c.seq.in_(leaving)).values(fingerprint=None))
    for step in moving:
        values: dict[str, Any] = {"latest": step.version}
        if not step.operation.ended:
            values |= {"head": step.version, "alive": step.operation.event != "DELETE", "fingerprint": None}
            if step.operation.event != "DELETE" and not twins.is_twin(connection, request, step):
                values["fingerprint"] = fingerprint(step.operation.text)
        connection.execute(update(memories).where(memories.c.seq == step.memory).values(values))


def _create(connection: Connection, request: Write, steps: Sequence[Step]) -> None:
    if not steps:
        return
    common = {
        **addresses.columns(request.namespace, request.scope),
        "head": 1,
        "latest": 1,
        "alive": True,
        "created_at": request.at,
    }
    rows = [
        {**common, "id": step.operation.memory_id, "fingerprint": fingerprint(step.operation.text)} for step in steps
    ]
    made = {row.id: row.seq for row in connection.execute(_CREATE, rows)}
    for step in steps:
        step.memory = made[step.operation.memory_id]


def _insert_versions(connection: Connection, request: Write, operation: int, steps: Sequence[Step]) -> dict[str, int]:
    if not steps:
        return {}
    values = [version_row(step, request, operation) for step in steps]
    made = {(memory, version): row for memory, version, row in connection.execute(_VERSION, values)}
    rows = [made[value["memory"], value["version"]] for value in values]
    written = zip(rows, values, strict=True)
    rivals = {row: value["conflicts_with"] for row, value in written if value["status"] == "conflict"}
    periods.note_conflicts(connection, rivals, operation)
    return {
        step.operation.memory_id: row for step, row in zip(steps, rows, strict=True) if step.operation.event != "DELETE"
    }


def _flag_conflicts(connection: Connection, operation: int, steps: Sequence[Step], heads: dict[str, Row[Any]]) -> None:
    closed = {step.head.row for step in steps if step.head is not None and not step.operation.ended}
    for step in steps:
        other = heads.get(step.operation.conflicts_with or "")
        if other is not None and other.row not in closed:
            periods.set_conflict(connection, other.row, step.operation.memory_id, operation)


def _record(connection: Connection, request: Write, operation: int, steps: Sequence[Step]) -> tuple[Change, ...]:
    made = [_change(step, request) for step in steps]
    rows = [
        {
            "operation": operation,
            "memory": step.memory,
            "event": change.event,
            "version": change.version,
            "before": None if step.head is None else step.head.version,
            "reason": change.reason,
            "actor": change.actor,
            "at": change.at,
        }
        for step, change in zip(steps, made, strict=True)
    ]
    if rows:
        connection.execute(_RECORD, rows)
    return tuple(made)


def _change(step: Step, request: Write) -> Change:
    op = step.operation
    return Change(
        memory_id=op.memory_id,
        event="ADD" if op.event == "CONFLICT" else op.event,
        old_text=step.head.text if step.head is not None and step.head.alive else None,
        new_text=None if op.event == "DELETE" else op.text,
        at=request.at,
        reason=op.reason,
        actor=request.actor,
        operation_id=request.id,
        version=step.version,
        ended=op.ended and step.head is not None,
    )
