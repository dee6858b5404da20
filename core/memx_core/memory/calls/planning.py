"""Plans, and what waits to be approved, as flows."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from typing import Any, Unpack

from memx_core import inputs
from memx_core._io import IO
from memx_core.addresses import given
from memx_core.errors import InvalidInputError, ScopeError
from memx_core.flows import planning
from memx_core.flows.room import Room
from memx_core.memory.arguments import Messages, PlanArguments
from memx_core.memory.calls.owners import owner
from memx_core.memory.calls.writing import learned_from
from memx_core.plans import Plan
from memx_core.types import AddResult, Scope


def plan(io: IO, room: Room, messages: Messages, **arguments: Unpack[PlanArguments]) -> Coroutine[Any, Any, Plan]:
    """See `Memory.plan`."""
    return planning.plan(io, room, learned_from(room, messages, **arguments))


def apply(
    io: IO,
    room: Room,
    plan: Plan,
    *,
    user_id: str | None = None,
    agent_id: str | None = None,
    run_id: str | None = None,
) -> Coroutine[Any, Any, AddResult]:
    """See `Memory.apply`."""
    checked = inputs.plan(plan)
    scope = owner(user_id, agent_id, run_id) or Scope()
    if checked.namespace != room.namespace:
        raise InvalidInputError(
            f"the plan was made for namespace={checked.namespace!r}, and this is {room.namespace!r}"
        )
    if not set(given(scope)) <= set(given(checked.scope)):
        raise ScopeError("the plan is for another scope than the one given; plan again in this one")
    return planning.apply(io, room, checked)


def approve(
    io: IO,
    room: Room,
    operation_ids: Sequence[str],
    *,
    user_id: str | None = None,
    agent_id: str | None = None,
    run_id: str | None = None,
) -> Coroutine[Any, Any, AddResult]:
    """See `Memory.approve`."""
    return planning.approve(io, room, owner(user_id, agent_id, run_id) or Scope(), _ids(operation_ids))


def reject(
    io: IO,
    room: Room,
    operation_ids: Sequence[str],
    *,
    user_id: str | None = None,
    agent_id: str | None = None,
    run_id: str | None = None,
    reason: str | None = None,
) -> Coroutine[Any, Any, int]:
    """See `Memory.reject`."""
    said = "" if reason is None else inputs.text(reason, "reason")
    scope = owner(user_id, agent_id, run_id) or Scope()
    return planning.reject(io, room, scope, _ids(operation_ids), reason=said)


def _ids(operation_ids: Sequence[str]) -> tuple[str, ...]:
    if not operation_ids:
        raise InvalidInputError("no operation: pass the ids that `pending` shows, or that of a call")
    return tuple(inputs.operation_id(each) for each in operation_ids)
