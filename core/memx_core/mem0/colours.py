"""The calls of `memx_core.Memory` that the facade stands on, so that its flows are written once.

`Blocking` makes them on the caller's thread and never suspends; `Awaiting` awaits their twins.
"""

from __future__ import annotations

from typing import Protocol, Unpack

from memx_core.memory import Memory
from memx_core.memory.arguments import (
    AddArguments,
    Messages,
    PageArguments,
    ScopeIds,
    SearchArguments,
    UpdateArguments,
)
from memx_core.types import AddResult, Change, MemoryItem, Page, SearchHit


class Calls(Protocol):
    """What a flow awaits, and it awaits nothing else."""

    async def add(self, messages: Messages, **arguments: Unpack[AddArguments]) -> AddResult:
        """See `Memory.add`."""
        ...

    async def get(self, memory_id: str, version: int | None = None) -> MemoryItem | None:
        """See `Memory.get`."""
        ...

    async def get_all(self, **arguments: Unpack[PageArguments]) -> Page:
        """See `Memory.get_all`."""
        ...

    async def search(self, query: str, **arguments: Unpack[SearchArguments]) -> list[SearchHit]:
        """See `Memory.search`."""
        ...

    async def update(self, memory_id: str, text: str | None, **arguments: Unpack[UpdateArguments]) -> MemoryItem:
        """See `Memory.update`."""
        ...

    async def delete(self, memory_id: str) -> None:
        """See `Memory.delete`."""
        ...

    async def delete_all(self, **ids: Unpack[ScopeIds]) -> int:
        """See `Memory.delete_all`."""
        ...

    async def history(self, memory_id: str) -> list[Change]:
        """See `Memory.history`."""
        ...

    async def reset(self) -> None:
        """See `Memory.reset`."""
        ...


class Blocking:
    """On the caller's thread."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def add(self, messages: Messages, **arguments: Unpack[AddArguments]) -> AddResult:
        """See `Memory.add`."""
        return self._memory.add(messages, **arguments)

    async def get(self, memory_id: str, version: int | None = None) -> MemoryItem | None:
        """See `Memory.get`."""
        return self._memory.get(memory_id, version=version)

    async def get_all(self, **arguments: Unpack[PageArguments]) -> Page:
        """See `Memory.get_all`."""
        return self._memory.get_all(**arguments)

    async def search(self, query: str, **arguments: Unpack[SearchArguments]) -> list[SearchHit]:
        """See `Memory.search`."""
        return self._memory.search(query, **arguments)

    async def update(self, memory_id: str, text: str | None, **arguments: Unpack[UpdateArguments]) -> MemoryItem:
        """See `Memory.update`."""
        return self._memory.update(memory_id, text, **arguments)

    async def delete(self, memory_id: str) -> None:
        """See `Memory.delete`."""
        self._memory.delete(memory_id)

    async def delete_all(self, **ids: Unpack[ScopeIds]) -> int:
        """See `Memory.delete_all`."""
        return self._memory.delete_all(**ids)

    async def history(self, memory_id: str) -> list[Change]:
        """See `Memory.history`."""
        return self._memory.history(memory_id)

    async def reset(self) -> None:
        """See `Memory.reset`."""
        self._memory.reset()


class Awaiting:
    """On the caller's loop, which is never blocked."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    async def add(self, messages: Messages, **arguments: Unpack[AddArguments]) -> AddResult:
        """See `Memory.aadd`."""
        return await self._memory.aadd(messages, **arguments)

    async def get(self, memory_id: str, version: int | None = None) -> MemoryItem | None:
        """See `Memory.aget`."""
        return await self._memory.aget(memory_id, version=version)

    async def get_all(self, **arguments: Unpack[PageArguments]) -> Page:
        """See `Memory.aget_all`."""
        return await self._memory.aget_all(**arguments)

    async def search(self, query: str, **arguments: Unpack[SearchArguments]) -> list[SearchHit]:
        """See `Memory.asearch`."""
        return await self._memory.asearch(query, **arguments)

    async def update(self, memory_id: str, text: str | None, **arguments: Unpack[UpdateArguments]) -> MemoryItem:
        """See `Memory.aupdate`."""
        return await self._memory.aupdate(memory_id, text, **arguments)

    async def delete(self, memory_id: str) -> None:
        """See `Memory.adelete`."""
        await self._memory.adelete(memory_id)

    async def delete_all(self, **ids: Unpack[ScopeIds]) -> int:
        """See `Memory.adelete_all`."""
        return await self._memory.adelete_all(**ids)

    async def history(self, memory_id: str) -> list[Change]:
        """See `Memory.ahistory`."""
        return await self._memory.ahistory(memory_id)

    async def reset(self) -> None:
        """See `Memory.areset`."""
        await self._memory.areset()
