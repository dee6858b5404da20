"""Bringing versions back: as new versions with what was said, when, and its vectors; nothing is embedded anew."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select

from memx_core.ledger import applying, lineages, periods, rows, spaces
from memx_core.ledger.lineages import Lineage, Wanted
from memx_core.ledger.steps import Step
from memx_core.ledger.tables import conflicts, memories, versions
from memx_core.ledger.values import Attributes, Write
from memx_core.types import Change, Event, Operation, Scope

_BATCH = 500


def restore(
    connection: Connection,
    request: Write,
    operation: int,
    wanted: Iterable[tuple[Lineage, Sequence[Wanted]]],
    reason: str,
) -> list[Change]:
    """Makes of each memory the versions that are wanted, one after the other."""
    request = replace(request, twins=True, attributes=Attributes(keep_expiry=True))
    by_scope: defaultdict[Scope, list[list[Step]]] = defaultdict(list)
    for line, sources in wanted:
        by_scope[rows.scope_of(line.head)].append(
            [_step(line, number, source, reason) for number, source in enumerate(sources, start=line.latest + 1)]
        )
    made: list[Change] = []
    for scope, memories_steps in by_scope.items():
        for start in range(0, len(memories_steps), _BATCH):
            for wave in zip_longest(*memories_steps[start : start + _BATCH]):
                steps = [step for step in wave if step is not None]
                made += _carry_out(connection, replace(request, scope=scope), operation, steps)
    return made


def _step(line: Lineage, number: int, wanted: Wanted, reason: str) -> Step:
    source, head = wanted.source, line.head
    gone = source is None or source.status == "deleted"
    restores = None if wanted.ended else 0 if source is None else source.version
    event: Event = "DELETE" if gone else "UPDATE" if head.alive or wanted.ended else "ADD"
    operation = Operation(
        event=event,
        memory_id=head.id,
        text=head.text if source is None or gone else source.text,
        old_text=head.text if head.alive else None,
        expected_version=head.version,
        when=None if source is None else rows.span(source),
        reason=reason,
        ended=wanted.ended,
    )
    return Step(operation, head, head.seq, number, None if gone else source, restores)


def _carry_out(connection: Connection, request: Write, operation: int, steps: Sequence[Step]) -> Sequence[Change]:
    made, recorded = applying.carry_out(connection, request, operation, steps)
    same = {made[step.operation.memory_id]: step.source.row for step in steps if step.source is not None}
    spaces.copy_versions(connection, same)
    return recorded


def contradict_again(connection: Connection, ended: ColumnElement[bool], operation: int) -> None:
    """Sets the conflicts again that `ended`, where both sides say now what they said then."""
    columns = [*(conflicts.c[name] for name in ("version", "rival", "closed")), versions.c.memory, versions.c.address]
    statement = (
        select(*columns)
        .join(versions, versions.c.row == conflicts.c.version)
        .where(ended, conflicts.c.closed.is_not(None))
        .order_by(conflicts.c.seq)
    )
    found = connection.execute(statement).all()
    if not found:
        return
    rivals = _numbers(connection, found)
    lines = lineages.read(connection, {*rivals.values(), *(row.memory for row in found)})
    flagged: set[int] = set()
    for row in found:
        line, rival = lines[row.memory], lines.get(rivals.get((row.address, row.rival), 0))
        if rival is None or line.head.row in flagged or not _contradict(row, line, rival):
            continue
        flagged.add(line.head.row)
        periods.set_conflict(connection, line.head.row, row.rival, operation)


def _numbers(connection: Connection, found: Sequence[Row[Any]]) -> Mapping[tuple[str, str], int]:
    """The rivals' memories, by address and id."""
    statement = select(memories.c.address, memories.c.id, memories.c.seq).where(
        memories.c.id.in_({row.rival for row in found}), memories.c.alive
    )
    return {(row.address, row.id): row.seq for row in connection.execute(statement)}


def _contradict(row: Row[Any], line: Lineage, rival: Lineage) -> bool:
    """Whether the conflict of `row` still holds, between what the two memories say now."""
    (version,) = (one for one in line.versions.values() if one.row == row.version)
    then = rival.head_before(row.closed)
    return (
        line.head.status == "active"
        and then is not None
        and lineages.says_the_same(line.head, version)
        and lineages.says_the_same(rival.head, then)
    )
