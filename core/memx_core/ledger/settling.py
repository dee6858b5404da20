"""Operations beside what is there now, before anything is written.

Decided outside, checked here: an operation names the version that it was decided on. And a text that
is remembered already is not remembered twice: it becomes evidence.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, select, update

from memx_core import addresses
from memx_core.ledger.steps import Step
from memx_core.ledger.tables import memories, versions
from memx_core.ledger.values import Outdated, Write
from memx_core.text import fingerprint
from memx_core.types import Operation

WRITING = ("ADD", "UPDATE", "CONFLICT")
"""The operations that write a text."""


@dataclass(slots=True)
class Settled:
    """What the operations of a write come to.

    Attributes:
        warnings: What turned out to be known already.
        expired: Memories that say what is to be written, and that nobody sees any more.
    """

    steps: list[Step] = field(default_factory=list[Step])
    warnings: list[str] = field(default_factory=list[str])
    expired: list[int] = field(default_factory=list[int])


@dataclass(frozen=True, slots=True)
class Twins:
    """Living memories that say what is to be written.

    Attributes:
        same: By fingerprint; not those about to change.
        expired: Those that nobody sees any more.
    """

    same: dict[str, Row[Any]]
    expired: list[int]


def settle(connection: Connection, request: Write, heads: dict[str, Row[Any]], *, said: bool = True) -> Settled:
    """What the operations of `request` come to, beside what is there now.

    Args:
        connection: Where it is.
        request: Whose operations.
        heads: The memories that they touch.
        said: Whether something living may say what is to be written, as `SAID` tells.

    Raises:
        Outdated: If one was decided on a version that is no longer the head.
    """
    _check(request.operations, heads)
    known = twins(connection, request) if said else Twins({}, [])
    same = {mark: Step(_confirmation(row), row) for mark, row in known.same.items()}
    settled = Settled(expired=known.expired)
    for operation in request.operations:
        step = Step(operation, heads.get(operation.memory_id))
        if operation.event == "NONE" and step.head is None:
            continue  # what it would have confirmed is gone
        mark = fingerprint(operation.text) if operation.event in WRITING and not operation.ended else ""
        twin = same.get(mark) if mark and not request.twins else None
        if twin is not None:
            settled.warnings.append(f"known: {operation.text!r} is remembered already")
            settled.steps += _confirm(step, twin)
            continue
        if mark:
            same[mark] = step
        settled.steps.append(step)
    for step in settled.steps:
        _number(step)
    return settled


def check(connection: Connection, request: Write) -> None:
    """Sees to it that the operations of `request` were decided on what is there now.

    Raises:
        Outdated: If one was not.
    """
    _check(request.operations, heads(connection, request))


def heads(connection: Connection, request: Write) -> dict[str, Row[Any]]:
    """The memories that operations touch, by id: only living ones of this very address."""
    ids = {op.memory_id for op in request.operations if op.event != "ADD" and op.event != "CONFLICT"}
    ids |= {op.conflicts_with for op in request.operations if op.conflicts_with}
    return {row.id: row for row in _living(connection, request, _BY_ID, ids)} if ids else {}


def twins(connection: Connection, request: Write) -> Twins:
    """Living memories of this very address that say what `request` is to write."""
    marks = _marks(request)
    if not marks:
        return Twins({}, [])
    touched = {op.memory_id for op in request.operations if op.event in ("UPDATE", "DELETE") and not op.ended}
    found = _living(connection, request, _BY_TEXT, marks)
    expired = [row.seq for row in found if is_expired(row, request)]
    return Twins(
        {row.fingerprint: row for row in found if row.id not in touched and not is_expired(row, request)}, expired
    )


def _marks(request: Write) -> set[str]:
    """Fingerprints of what is to be written, unless that may be there twice."""
    return set() if request.twins else {fingerprint(op.text) for op in request.operations if op.event in WRITING}


def saying(request: Write) -> dict[str, Any]:
    """The values for `SAID`."""
    return {"said_at_address": addresses.digest(request.namespace, request.scope), "said_marks": list(_marks(request))}


def let_go(connection: Connection, expired: Collection[int]) -> None:
    """Takes its text from each of `expired`, so that it may be said anew: nobody sees them any more."""
    if expired:
        connection.execute(update(memories).where(memories.c.seq.in_(expired)).values(fingerprint=None))


def is_expired(row: Row[Any], request: Write) -> bool:
    """Whether nobody sees this version any more."""
    return row.expires_at is not None and row.expires_at <= request.at


# Built once: building a statement costs more than running it.
_LIVING = (
    select(versions, memories.c.seq, memories.c.head, memories.c.latest, memories.c.alive, memories.c.fingerprint)
    .join(versions, (versions.c.memory == memories.c.seq) & (versions.c.version == memories.c.head))
    .where(memories.c.address == bindparam("at"), memories.c.alive)
)
SAID = (
    select(memories.c.seq)
    .where(
        memories.c.address == bindparam("said_at_address"),
        memories.c.fingerprint.in_(bindparam("said_marks", expanding=True)),
    )
    .exists()
)
"""Whether there is anything that `twins` may find: beside what a statement that writes returns, and mostly not."""
_BY_ID = _LIVING.where(memories.c.id.in_(bindparam("wanted", expanding=True)))
_BY_TEXT = _LIVING.where(memories.c.fingerprint.in_(bindparam("wanted", expanding=True)))


def _living(
    connection: Connection, request: Write, statement: Select[Any], wanted: Collection[str]
) -> Sequence[Row[Any]]:
    values = {"at": addresses.digest(request.namespace, request.scope), "wanted": list(wanted)}
    return connection.execute(statement, values).all()


def _check(operations: Sequence[Operation], heads: dict[str, Row[Any]]) -> None:
    outdated = [
        op.memory_id
        for op in operations
        if op.event in ("UPDATE", "DELETE")
        and ((head := heads.get(op.memory_id)) is None or head.version != op.expected_version)
    ]
    outdated += [op.conflicts_with for op in operations if op.conflicts_with and op.conflicts_with not in heads]
    if outdated:
        raise Outdated(outdated)


def _confirmation(row: Row[Any]) -> Operation:
    return Operation("NONE", row.id, row.text, old_text=row.text, expected_version=row.version)


def _confirm(step: Step, twin: Step) -> list[Step]:
    """`step` says what `twin` says: its evidence goes there, and a memory that now repeats it goes."""
    steps: list[Step] = []
    if step.operation.event == "UPDATE" and step.head is not None:
        reason = "now says what another memory says"
        gone = replace(step.operation, event="DELETE", text=step.head.text, when=None, evidence=(), reason=reason)
        steps.append(Step(gone, step.head))
    if twin.writes:
        evidence = tuple(dict.fromkeys((*twin.operation.evidence, *step.operation.evidence)))
        twin.operation = replace(twin.operation, evidence=evidence)
    else:
        steps.append(Step(replace(twin.operation, evidence=step.operation.evidence), twin.head))
    return steps


def _number(step: Step) -> None:
    head = step.head
    if head is not None:
        step.memory = head.seq
        step.version = head.latest + 1 if step.writes else head.version
    else:
        step.version = 1
