"""What the methods of `Memory` and `ScopedMemory` stand on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from memx_core._io import AsyncIO, Current, Providers, SyncIO
from memx_core.flows.room import Room
from memx_core.memory.arguments import ScopeIds
from memx_core.types import Scope

if TYPE_CHECKING:
    from memx_core.memory import Memory


class Base:
    """The room of an application, and an `IO` of each colour."""

    def __init__(self, room: Room, given: Providers) -> None:
        self._room = room
        self._current = Current(given)

    @property
    def _sync(self) -> SyncIO:
        """For one call, which has the same embedder from its beginning to its end."""
        return SyncIO(self._current)

    @property
    def _async(self) -> AsyncIO:
        """Like `_sync`."""
        return AsyncIO(self._current)


class ScopedBase:
    """A memory, and the one scope that is reached through it."""

    def __init__(self, memory: Memory, scope: Scope) -> None:
        self._memory = memory
        self._scope = scope

    @property
    def scope(self) -> Scope:
        """Whose memories these are."""
        return self._scope

    @property
    def memory(self) -> Memory:
        """Where they are kept, with everybody else's."""
        return self._memory

    @property
    def _ids(self) -> ScopeIds:
        return ScopeIds(user_id=self._scope.user_id, agent_id=self._scope.agent_id, run_id=self._scope.run_id)
