"""Removing for good, as flows."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

from memx_core import inputs
from memx_core._io import IO
from memx_core.flows import erasing
from memx_core.flows.room import Room
from memx_core.reports import ErasureReport


def erase(
    io: IO, room: Room, *, user_id: str | None = None, agent_id: str | None = None, run_id: str | None = None
) -> Coroutine[Any, Any, ErasureReport]:
    """See `Memory.erase`."""
    return erasing.erase(io, room, inputs.scope(user_id, agent_id, run_id))
