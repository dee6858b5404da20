"""Where a memory comes from, as flows."""

from __future__ import annotations

from memx_core import inputs
from memx_core._io import IO
from memx_core.errors import MemoryNotFoundError
from memx_core.flows.room import Room
from memx_core.memory.calls.owners import owner
from memx_core.provenance import Provenance


async def why(
    io: IO,
    room: Room,
    memory_id: str,
    *,
    user_id: str | None = None,
    agent_id: str | None = None,
    run_id: str | None = None,
) -> Provenance:
    """See `Memory.why`."""
    scope = owner(user_id, agent_id, run_id)
    found = await io.call(room.ledger.why, room.namespace, scope, inputs.memory_id(memory_id))
    if found is None:
        raise MemoryNotFoundError(memory_id)
    return found
