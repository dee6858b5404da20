"""Comparing moments, as flows."""

from __future__ import annotations

from datetime import datetime

from memx_core import inputs
from memx_core._io import IO
from memx_core.errors import InvalidInputError
from memx_core.flows.room import Room
from memx_core.memory.calls.moments import instant
from memx_core.types import Change


async def diff(
    io: IO,
    room: Room,
    since: datetime,
    until: datetime | None = None,
    *,
    user_id: str | None = None,
    agent_id: str | None = None,
    run_id: str | None = None,
) -> list[Change]:
    """See `Memory.diff`."""
    scope = inputs.scope(user_id, agent_id, run_id)
    after = instant(since, "since")
    up_to = None if until is None else instant(until, "until")
    if up_to is not None and up_to < after:
        raise InvalidInputError(f"since={since!s} is later than until={until!s}; pass the earlier moment first")
    return await io.call(room.ledger.diff, room.namespace, scope, after, up_to)
