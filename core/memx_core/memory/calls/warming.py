"""Warming up, as a flow."""

from __future__ import annotations

from memx_core._io import IO
from memx_core.flows.room import Room


async def warm_up(io: IO, room: Room) -> None:
    """See `Memory.warm_up`."""
    await io.warm_up()
