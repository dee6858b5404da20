"""Carrying out what waited to be approved, and rejecting it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from sqlalchemy import Connection

from memx_core.ledger import reviewing, writes
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
    reviewing.remove(connection, [each.id for each in held])
    prompts = {each.prompt for each in held}
    request = replace(request, scope=_shared(held), prompt=prompts.pop() if len(prompts) == 1 else None)
    operation = writes.open_operation(connection, request)
    changes: list[Change] = []
    for _, group in groupby(held, key=lambda each: each.call):
        part = _part(request, list(group), vectors)
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


def _part(request: Write, held: Sequence[Held], vectors: Mapping[str, Vector]) -> Write:
    """The write of what one call proposed."""
    first = held[0]
    turns: list[int] = []
    operations = [_placed(each, turns) for each in held]
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


def _placed(held: Held, turns: list[int]) -> Operation:
    """Its operation, with evidence that points into `turns`, which grows by what is not in it."""
    for row in held.rows.values():
        if row not in turns:
            turns.append(row)
    evidence = (replace(item, message=turns.index(held.rows[item.message])) for item in held.operation.evidence)
    return replace(held.operation, evidence=tuple(evidence))
