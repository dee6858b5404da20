"""Carrying out what waited to be approved, and rejecting it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, select

from memx_core.ledger import lineages, reviewing, writes
from memx_core.ledger.lineages import Lineage
from memx_core.ledger.tables import memories
from memx_core.ledger.values import Committed, Held, Removed, Write
from memx_core.ports import Vector
from memx_core.types import AddResult, Change, Operation, Scope


def approve(connection: Connection, request: Write, wanted: Sequence[Held], vectors: Mapping[str, Vector]) -> Committed:
    """Carries out all of `wanted` exactly, the operations of one call together.

    Args:
        connection: Of the writing transaction.
        request: Its id, time and scope.
        wanted: As they were when their texts were embedded.
        vectors: By their ids, for each text that one writes.

    Raises:
        OperationNotFoundError: If one waits no more.
        PlanConflictError: If something changed that one rests on.
    """
    held = _still_there(connection, request, wanted)
    prompts = {each.prompt for each in held}
    request = replace(request, scope=_shared(held), prompt=prompts.pop() if len(prompts) == 1 else None)
    operation = writes.open_operation(connection, request)
    reviewing.close(connection, [each.id for each in held], operation)
    changes: list[Change] = []
    for _, group in groupby(held, key=lambda each: each.call):
        part = _part(connection, request, list(group), vectors)
        changes += writes.carry_out(connection, part, operation).changes
    return Committed(AddResult(request.id, "done", tuple(changes), tuple(request.warnings), request.usage), operation)


def reject(connection: Connection, request: Write, ids: Iterable[str]) -> Removed:
    """Takes away what waits under `ids`; of what it said nothing is kept.

    Raises:
        OperationNotFoundError: If nothing waits under one of them.
    """
    held = reviewing.find(connection, request.namespace, request.scope, ids)
    reviewing.remove(connection, [each.id for each in held])
    operation = writes.open_operation(connection, replace(request, scope=_shared(held)))
    return Removed(len(held), operation)


def _still_there(connection: Connection, request: Write, wanted: Sequence[Held]) -> list[Held]:
    """What waits of `wanted`, with the evidence that it gained meanwhile."""
    return reviewing.find(connection, request.namespace, request.scope, [each.id for each in wanted])


def _shared(held: Sequence[Held]) -> Scope:
    """The ids that all of them have."""

    def of_all(name: str) -> str | None:
        values: set[Any] = {getattr(each.scope, name) for each in held}
        return values.pop() if len(values) == 1 else None

    return Scope(of_all("user_id"), of_all("agent_id"), of_all("run_id"))


def _part(connection: Connection, request: Write, held: Sequence[Held], vectors: Mapping[str, Vector]) -> Write:
    """The write of what one call proposed."""
    first = held[0]
    turns: list[int] = []
    operations = [_placed(each, turns) for each in _as_of_now(connection, held)]
    return replace(
        request,
        scope=first.scope,
        actor=first.actor,
        prompt=first.prompt,
        stored=turns,
        operations=operations,
        vectors={each.operation.memory_id: vectors[each.id] for each in held if each.id in vectors},
        attributes=first.attributes,
        replies=[row for each in held for row in each.replies],
        exact=True,
        begun=first.call,
    )


def _as_of_now(connection: Connection, held: Sequence[Held]) -> list[Held]:
    """As if each had been decided on the present version, where that only stands for the one that it was decided on."""
    targets = {each.id: each.operation.conflicts_with or each.operation.memory_id for each in held}
    found = connection.execute(select(memories.c.id, memories.c.seq).where(memories.c.id.in_(targets.values())))
    numbers = {row.id: row.seq for row in found}
    lines = lineages.read(connection, numbers.values())
    there = {id: lines[number] for id, number in numbers.items()}
    return [_decided_on(each, there.get(targets[each.id])) for each in held]


def _decided_on(held: Held, line: Lineage | None) -> Held:
    if line is None or not line.stands_for(held.operation.expected_version):
        return held
    return replace(held, operation=replace(held.operation, expected_version=line.head.version))


def _placed(held: Held, turns: list[int]) -> Operation:
    """Its operation, with evidence that points into `turns`, which grows by what is not in it."""
    for row in held.rows.values():
        if row not in turns:
            turns.append(row)
    evidence = (replace(item, message=turns.index(held.rows[item.message])) for item in held.operation.evidence)
    return replace(held.operation, evidence=tuple(evidence))
