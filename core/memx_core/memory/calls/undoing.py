"""Taking changes back, as flows."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from memx_core import inputs
from memx_core._io import IO
from memx_core.flows import undoing
from memx_core.flows.room import Room
from memx_core.memory.calls.owners import owner
from memx_core.types import Change, MemoryItem

MOST_VERSIONS = 2**31 - 1
"""What the database can count to."""


def revert(
    io: IO,
    room: Room,
    memory_id: str,
    *,
    to: int,
    user_id: str | None = None,
    agent_id: str | None = None,
    run_id: str | None = None,
    reason: str | None = None,
) -> Coroutine[Any, Any, MemoryItem]:
    """See `Memory.revert`."""
    return undoing.revert(
        io,
        room,
        inputs.memory_id(memory_id),
        owner(user_id, agent_id, run_id),
        to=inputs.limit(to, "to", most=MOST_VERSIONS),
        reason="" if reason is None else inputs.text(reason, "reason"),
    )


def undo(
    io: IO,
    room: Room,
    operation_id: str,
    *,
    user_id: str | None = None,
    agent_id: str | None = None,
    run_id: str | None = None,
    cascade: bool = False,
    reason: str | None = None,
) -> Coroutine[Any, Any, list[Change]]:
    """See `Memory.undo`."""
    return undoing.undo(
        io,
        room,
        inputs.operation_id(operation_id),
        owner(user_id, agent_id, run_id),
        cascade=cascade,
        reason="" if reason is None else inputs.text(reason, "reason"),
    )
