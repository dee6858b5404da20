"""Warming up."""

from __future__ import annotations

from memx_core._io import IO
from memx_core.flows import warming
from memx_core.flows.room import Room


async def warm_up(io: IO, room: Room) -> None:
    """See `Memory.warm_up`."""
    await warming.warm_up(io, room)
