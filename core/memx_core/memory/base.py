"""What the methods of `Memory` stand on."""

from __future__ import annotations

from memx_core._io import AsyncIO, Providers, SyncIO
from memx_core.flows.room import Room


class Base:
    """The room of an application, and an `IO` of each colour."""

    def __init__(self, room: Room, given: Providers) -> None:
        self._room = room
        self._sync = SyncIO(given)
        self._async = AsyncIO(given)
