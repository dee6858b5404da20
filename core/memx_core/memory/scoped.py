"""`ScopedMemory`: a `Memory` whose scope is fixed, so that no call can reach another's."""

from __future__ import annotations

from typing import Unpack

from memx_core.memory.arguments import (
    AddOptions,
    ClearOptions,
    GetOptions,
    Messages,
    PageOptions,
    PutOptions,
    RecallOptions,
    SearchOptions,
    TranscriptOptions,
    UpdateOptions,
)
from memx_core.memory.browsing import ScopedBrowsing
from memx_core.memory.comparing import ScopedComparing
from memx_core.memory.counting import ScopedCounting
from memx_core.memory.erasing import ScopedErasing
from memx_core.memory.explaining import ScopedExplaining
from memx_core.memory.moving import ScopedMoving
from memx_core.memory.planning import ScopedPlanning
from memx_core.memory.undoing import ScopedUndoing
from memx_core.types import AddResult, Change, Job, MemoryItem, Message, Page, Recall, SearchHit


class ScopedMemory(
    ScopedPlanning,
    ScopedUndoing,
    ScopedComparing,
    ScopedExplaining,
    ScopedErasing,
    ScopedCounting,
    ScopedBrowsing,
    ScopedMoving,
):
    """The methods of `Memory`, for one scope. See there for arguments and errors.

    Args:
        memory: Where it is kept; closing that closes this.
        scope: Whose it is.
    """

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._memory!r}, {self._scope!r})"

    def add(self, messages: Messages, **options: Unpack[AddOptions]) -> AddResult:
        """See `Memory.add`."""
        return self._memory.add(messages, **options, **self._ids)

    async def aadd(self, messages: Messages, **options: Unpack[AddOptions]) -> AddResult:
        """See `Memory.add`."""
        return await self._memory.aadd(messages, **options, **self._ids)

    def update(self, memory_id: str, text: str | None = None, **options: Unpack[UpdateOptions]) -> MemoryItem:
        """See `Memory.update`."""
        return self._memory.update(memory_id, text, **options, **self._ids)

    async def aupdate(self, memory_id: str, text: str | None = None, **options: Unpack[UpdateOptions]) -> MemoryItem:
        """See `Memory.update`."""
        return await self._memory.aupdate(memory_id, text, **options, **self._ids)

    def delete(self, memory_id: str, *, reason: str | None = None) -> None:
        """See `Memory.delete`."""
        self._memory.delete(memory_id, reason=reason, **self._ids)

    async def adelete(self, memory_id: str, *, reason: str | None = None) -> None:
        """See `Memory.delete`."""
        await self._memory.adelete(memory_id, reason=reason, **self._ids)

    def delete_all(self) -> int:
        """See `Memory.delete_all`."""
        return self._memory.delete_all(**self._ids)

    async def adelete_all(self) -> int:
        """See `Memory.delete_all`."""
        return await self._memory.adelete_all(**self._ids)

    def get(self, memory_id: str, **options: Unpack[GetOptions]) -> MemoryItem | None:
        """See `Memory.get`."""
        return self._memory.get(memory_id, **options, **self._ids)

    async def aget(self, memory_id: str, **options: Unpack[GetOptions]) -> MemoryItem | None:
        """See `Memory.get`."""
        return await self._memory.aget(memory_id, **options, **self._ids)

    def revision(self) -> int:
        """See `Memory.revision`."""
        return self._memory.revision(**self._ids)

    async def arevision(self) -> int:
        """See `Memory.revision`."""
        return await self._memory.arevision(**self._ids)

    def get_all(self, **options: Unpack[PageOptions]) -> Page:
        """See `Memory.get_all`."""
        return self._memory.get_all(**options, **self._ids)

    async def aget_all(self, **options: Unpack[PageOptions]) -> Page:
        """See `Memory.get_all`."""
        return await self._memory.aget_all(**options, **self._ids)

    def search(self, query: str, **options: Unpack[SearchOptions]) -> list[SearchHit]:
        """See `Memory.search`."""
        return self._memory.search(query, **options, **self._ids)

    async def asearch(self, query: str, **options: Unpack[SearchOptions]) -> list[SearchHit]:
        """See `Memory.search`."""
        return await self._memory.asearch(query, **options, **self._ids)

    def recall(self, query: str, **options: Unpack[RecallOptions]) -> Recall:
        """See `Memory.recall`."""
        return self._memory.recall(query, **options, **self._ids)

    async def arecall(self, query: str, **options: Unpack[RecallOptions]) -> Recall:
        """See `Memory.recall`."""
        return await self._memory.arecall(query, **options, **self._ids)

    def history(self, memory_id: str) -> list[Change]:
        """See `Memory.history`."""
        return self._memory.history(memory_id, **self._ids)

    async def ahistory(self, memory_id: str) -> list[Change]:
        """See `Memory.history`."""
        return await self._memory.ahistory(memory_id, **self._ids)

    def messages(self, session_id: str | None, **options: Unpack[TranscriptOptions]) -> list[Message]:
        """See `Memory.messages`."""
        return self._memory.messages(session_id, **options, **self._ids)

    async def amessages(self, session_id: str | None, **options: Unpack[TranscriptOptions]) -> list[Message]:
        """See `Memory.messages`."""
        return await self._memory.amessages(session_id, **options, **self._ids)

    def sessions(self) -> list[str]:
        """See `Memory.sessions`."""
        return self._memory.sessions(**self._ids)

    async def asessions(self) -> list[str]:
        """See `Memory.sessions`."""
        return await self._memory.asessions(**self._ids)

    def put_messages(self, session_id: str, messages: Messages, **options: Unpack[PutOptions]) -> AddResult:
        """See `Memory.put_messages`."""
        return self._memory.put_messages(session_id, messages, **options, **self._ids)

    async def aput_messages(self, session_id: str, messages: Messages, **options: Unpack[PutOptions]) -> AddResult:
        """See `Memory.put_messages`."""
        return await self._memory.aput_messages(session_id, messages, **options, **self._ids)

    def clear_messages(self, session_id: str, **options: Unpack[ClearOptions]) -> int:
        """See `Memory.clear_messages`."""
        return self._memory.clear_messages(session_id, **options, **self._ids)

    async def aclear_messages(self, session_id: str, **options: Unpack[ClearOptions]) -> int:
        """See `Memory.clear_messages`."""
        return await self._memory.aclear_messages(session_id, **options, **self._ids)

    def pending(self) -> list[Job]:
        """See `Memory.pending`."""
        return self._memory.pending(**self._ids)

    async def apending(self) -> list[Job]:
        """See `Memory.pending`."""
        return await self._memory.apending(**self._ids)

    def flush(self, timeout: float | None = None) -> None:
        """See `Memory.flush`."""
        self._memory.flush(timeout, **self._ids)

    async def aflush(self, timeout: float | None = None) -> None:
        """See `Memory.flush`."""
        await self._memory.aflush(timeout, **self._ids)

    def warm_up(self) -> None:
        """See `Memory.warm_up`."""
        self._memory.warm_up()

    async def awarm_up(self) -> None:
        """See `Memory.warm_up`."""
        await self._memory.awarm_up()
