"""Operations to versions, inside the writing transaction.

Every change makes exactly one version and one row of history; only `NONE` leaves neither. A
superseded version is closed, not rewritten; a deletion is a version too (a tombstone).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, insert, select, update

from memx_core import addresses
from memx_core.ledger import periods
from memx_core.ledger.steps import Step, keeps_text, replaces_text, valid_from, version_row
from memx_core.ledger.tables import changes, memories, versions
from memx_core.ledger.values import Outdated, Write
from memx_core.text import fingerprint
from memx_core.types import Change, Evidence, Operation

# Built once: building a statement costs more than running it.
_CREATE = insert(memories).returning(memories.c.seq, sort_by_parameter_order=True)
_VERSION = insert(versions).returning(versions.c.row, sort_by_parameter_order=True)
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
    """

    changes: tuple[Change, ...] = ()
    warnings: tuple[str, ...] = ()
    rows: dict[str, int] = field(default_factory=dict[str, int])
    closed: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    retracted: list[int] = field(default_factory=list[int])
    same: dict[int, int] = field(default_factory=dict[int, int])
    evidence: list[tuple[int, int, Evidence]] = field(default_factory=list[tuple[int, int, Evidence]])


def apply(connection: Connection, request: Write, operation: int) -> Applied:
    """Carries out `request.operations`.

    Raises:
        Outdated: If one was decided on a version that is no longer the head.
    """
    if not request.operations:
        return Applied()
    heads = _heads(connection, request)
    steps, warnings = _settle(connection, request, heads)
    writing = [step for step in steps if step.writes]
    _close(connection, request, operation, writing)
    _move_heads(connection, request, writing)
    _create(connection, request, [step for step in writing if step.head is None])
    rows = _insert_versions(connection, request, operation, writing)
    _flag_conflicts(connection, operation, writing, heads)
    made = _record(connection, request, operation, writing)
    same = {
        rows[step.operation.memory_id]: step.head.row for step in writing if step.head is not None and keeps_text(step)
    }
    return Applied(
        changes=made,
        warnings=tuple(warnings),
        rows=rows,
        closed=[(step.memory, step.head.version) for step in writing if step.head is not None and replaces_text(step)],
        retracted=[step.memory for step in writing if step.operation.retracts],
        same=same,
        evidence=[proof for step in steps for proof in _proofs(step)],
    )


def _proofs(step: Step) -> Iterable[tuple[int, int, Evidence]]:
    return ((step.memory, step.version, item) for item in step.operation.evidence)


def _heads(connection: Connection, request: Write) -> dict[str, Row[Any]]:
    """The memories that operations touch, by id: only living ones of this very address."""
    ids = {op.memory_id for op in request.operations if op.event != "ADD" and op.event != "CONFLICT"}
    ids |= {op.conflicts_with for op in request.operations if op.conflicts_with}
    return _living(connection, request, memories.c.id.in_(ids)) if ids else {}


def _living(connection: Connection, request: Write, condition: Any) -> dict[str, Row[Any]]:  # noqa: ANN401  # SQL
    statement = (
        select(versions, memories.c.seq, memories.c.head, memories.c.latest, memories.c.fingerprint)
        .join(versions, (versions.c.memory == memories.c.seq) & (versions.c.version == memories.c.head))
        .where(memories.c.address == addresses.digest(request.namespace, request.scope), memories.c.alive, condition)
    )
    return {row.id: row for row in connection.execute(statement)}


def _settle(connection: Connection, request: Write, heads: dict[str, Row[Any]]) -> tuple[list[Step], list[str]]:
    """Checks the operations against what is there now; what is known already becomes evidence."""
    _check_heads(request.operations, heads)
    touched = {op.memory_id for op in request.operations if op.event in ("UPDATE", "DELETE") and not op.ended}
    same = _same_texts(connection, request, touched)
    steps: list[Step] = []
    warnings: list[str] = []
    for operation in request.operations:
        head = heads.get(operation.memory_id)
        step = Step(operation, head)
        if operation.event == "NONE" and head is None:
            continue  # what it would have confirmed is gone
        mark = fingerprint(operation.text) if operation.event != "DELETE" else ""
        twin = None if request.twins or operation.ended or not step.writes else same.get(mark)
        if twin is not None and twin is not step and operation.event in ("ADD", "UPDATE", "CONFLICT"):
            warnings.append(f"known: {operation.text!r} is remembered already")
            steps.extend(_confirm(step, twin))
            continue
        if operation.event in ("ADD", "UPDATE", "CONFLICT") and not operation.ended:
            same[mark] = step
        steps.append(step)
    for step in steps:
        _number(step)
    return steps, warnings


def _confirm(step: Step, twin: Step) -> list[Step]:
    """`step` says what `twin` says: its evidence goes there, and a memory that now repeats it goes."""
    confirmed = Step(replace(twin.operation, event="NONE", evidence=step.operation.evidence), twin.head)
    if step.operation.event != "UPDATE" or step.head is None:
        if twin.writes:
            twin.operation = replace(twin.operation, evidence=twin.operation.evidence + step.operation.evidence)
            return []
        return [confirmed]
    gone = replace(
        step.operation, event="DELETE", text=step.head.text, evidence=(), reason="now says what another memory says"
    )
    return [Step(gone, step.head), *([confirmed] if twin.head is not None else [])]


def _check_heads(operations: Sequence[Operation], heads: dict[str, Row[Any]]) -> None:
    outdated = [
        op.memory_id
        for op in operations
        if op.event in ("UPDATE", "DELETE")
        and ((head := heads.get(op.memory_id)) is None or head.version != op.expected_version)
    ]
    outdated += [op.conflicts_with for op in operations if op.conflicts_with and op.conflicts_with not in heads]
    if outdated:
        raise Outdated(outdated)


def _same_texts(connection: Connection, request: Write, touched: set[str]) -> dict[str, Step]:
    """Living memories that say what an operation says, by fingerprint; not those about to change."""
    marks = {fingerprint(op.text) for op in request.operations if op.event in ("ADD", "UPDATE", "CONFLICT")}
    if not marks or request.twins:
        return {}
    found = _living(connection, request, memories.c.fingerprint.in_(marks)).values()
    expired = [row.seq for row in found if row.expires_at is not None and row.expires_at <= request.at]
    if expired:  # nobody sees them any more, so the text may be said anew
        connection.execute(update(memories).where(memories.c.seq.in_(expired)).values(fingerprint=None))
    return {
        row.fingerprint: Step(Operation("NONE", row.id, row.text, expected_version=row.version), row)
        for row in found
        if row.id not in touched and row.seq not in expired
    }


def _number(step: Step) -> None:
    head = step.head
    if head is not None:
        step.memory = head.seq
        step.version = head.latest + 1 if step.writes else head.version
    else:
        step.version = 1


def _close(connection: Connection, request: Write, operation: int, steps: Sequence[Step]) -> None:
    """Ends the versions that are replaced, and the conflicts that their texts were part of."""
    closing = [step for step in steps if step.head is not None and not step.operation.ended]
    if not closing:
        return
    statement = (
        update(versions)
        .where(versions.c.row == bindparam("closed"))
        .values(
            status="superseded",
            valid_to=bindparam("until"),
            known_until=request.at,
            revision=operation,
        )
    )
    connection.execute(
        statement, [{"closed": step.head.row, "until": _until(step, request)} for step in closing if step.head]
    )
    in_conflict = [step.head.row for step in closing if step.head is not None and step.head.status == "conflict"]
    periods.end_conflicts(connection, in_conflict, operation)
    rivals = select(versions.c.row).where(
        versions.c.address == addresses.digest(request.namespace, request.scope),
        versions.c.status == "conflict",
        versions.c.conflicts_with.in_([step.operation.memory_id for step in closing if not keeps_text(step)]),
    )
    periods.clear_conflicts(connection, connection.execute(rivals).scalars(), operation)


def _until(step: Step, request: Write) -> datetime:
    assert step.head is not None
    since: datetime = step.head.valid_from
    return max(since, valid_from(step.operation, request))


def _move_heads(connection: Connection, request: Write, steps: Sequence[Step]) -> None:
    moving = [step for step in steps if step.head is not None]
    if not moving:
        return
    # First out of the way: two memories of one plan may trade texts.
    leaving = [step.memory for step in moving if not step.operation.ended]
    if leaving:
        connection.execute(update(memories).where(memories.c.seq.in_(leaving)).values(fingerprint=None))
    for step in moving:
        values: dict[str, Any] = {"latest": step.version}
        if not step.operation.ended:
            values |= {"head": step.version, "alive": step.operation.event != "DELETE"}
            if step.operation.event != "DELETE" and not _is_twin(connection, request, step):
                values["fingerprint"] = fingerprint(step.operation.text)
        connection.execute(update(memories).where(memories.c.seq == step.memory).values(values))


def _is_twin(connection: Connection, request: Write, step: Step) -> bool:
    if not request.twins:
        return False
    statement = select(memories.c.seq).where(
        memories.c.address == addresses.digest(request.namespace, request.scope),
        memories.c.fingerprint == fingerprint(step.operation.text),
        memories.c.seq != step.memory,
    )
    return connection.execute(statement).first() is not None


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
    made = connection.execute(_CREATE, rows)
    for step, seq in zip(steps, made.scalars(), strict=True):
        step.memory = seq


def _insert_versions(connection: Connection, request: Write, operation: int, steps: Sequence[Step]) -> dict[str, int]:
    if not steps:
        return {}
    values = [version_row(step, request, operation) for step in steps]
    made = connection.execute(_VERSION, values).scalars().all()
    written = zip(made, values, strict=True)
    rivals = {row: value["conflicts_with"] for row, value in written if value["status"] == "conflict"}
    periods.note_conflicts(connection, rivals, operation)
    return {
        step.operation.memory_id: row for step, row in zip(steps, made, strict=True) if step.operation.event != "DELETE"
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
        old_text=None if step.head is None else step.head.text,
        new_text=None if op.event == "DELETE" else op.text,
        at=request.at,
        reason=op.reason,
        actor=request.actor,
        operation_id=request.id,
        version=step.version,
        ended=op.ended and step.head is not None,
    )
