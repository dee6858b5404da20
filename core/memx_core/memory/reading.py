"""The methods of `Memory` that read memories."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Unpack

from memx_core.memory.arguments import (
    Filters,
    GetArguments,
    PageArguments,
    RecallArguments,
    ScopeIds,
    SearchArguments,
)
from memx_core.memory.base import Base
from memx_core.memory.calls import reading as calls
from memx_core.types import Change, MemoryItem, Page, Recall, SearchHit


class Reading(Base):
    """Getting, listing, searching, recalling, and looking back."""

    def get(
        self,
        memory_id: str,
        *,
        known_at: datetime | None = None,
        as_of: datetime | None = None,
        version: int | None = None,
        **ids: Unpack[ScopeIds],
    ) -> MemoryItem | None:
        """The memory as it is now; `None` if it is not there, or not in the scope that is given.

        Args:
            memory_id: Its id.
            known_at: As it was believed to be at this moment.
            as_of: The version that was true at this moment.
            version: The version with this number instead, whatever became of it.
            ids: Whose it must be.

        Raises:
            InvalidInputError: If a moment is naive, or a version is asked for at a moment.
        """
        return self._run(calls.get, memory_id, known_at=known_at, as_of=as_of, version=version, **ids)

    async def aget(self, memory_id: str, **arguments: Unpack[GetArguments]) -> MemoryItem | None:
        """Like `get`, without blocking the loop."""
        return await self._arun(calls.get, memory_id, **arguments)

    def revision(self, **ids: Unpack[ScopeIds]) -> int:
        """A number that is another one whenever a memory of the scope has changed; cheap to ask for."""
        return self._run(calls.revision, **ids)

    async def arevision(self, **ids: Unpack[ScopeIds]) -> int:
        """Like `revision`, without blocking the loop."""
        return await self._arun(calls.revision, **ids)

    def get_all(
        self,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        filters: Filters | None = None,
        limit: int = 100,
        cursor: str | None = None,
        known_at: datetime | None = None,
        as_of: datetime | None = None,
        include_superseded: bool = False,
    ) -> Page:
        """Memories of the scope, newest first.

        Args:
            user_id: Whose memories; ids not given are unconstrained.
            agent_id: See `user_id`.
            run_id: See `user_id`.
            filters: Conditions on the metadata.
            limit: Memories on the page, 1 to 10,000.
            cursor: The `next_cursor` of the page before.
            known_at: What was believed at this moment, as it was then.
            as_of: What was true at this moment, as far as is known (or was, at `known_at`).
            include_superseded: Also the versions that newer ones replaced.

        Raises:
            ScopeError: If no id is given.
            FilterError: If a filter is not in the grammar.
            InvalidInputError: If a moment is naive, or all versions are asked for as of one.
        """
        return self._run(
            calls.get_all,
            user_id=user_id,
            agent_id=agent_id,
            run_id=run_id,
            filters=filters,
            limit=limit,
            cursor=cursor,
            known_at=known_at,
            as_of=as_of,
            include_superseded=include_superseded,
        )

    async def aget_all(self, **arguments: Unpack[PageArguments]) -> Page:
        """Like `get_all`, without blocking the loop."""
        return await self._arun(calls.get_all, **arguments)

    def search(
        self,
        query: str,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        limit: int = 10,
        filters: Filters | None = None,
        threshold: float | None = None,
        as_of: datetime | None = None,
        known_at: datetime | None = None,
        include_messages: bool = False,
        explain: bool = False,
        embedding: Sequence[float] | None = None,
    ) -> list[SearchHit]:
        """Memories of the scope nearest to `query`, best first.

        Args:
            query: What is asked, in words.
            user_id: Whose memories; ids not given are unconstrained.
            agent_id: See `user_id`.
            run_id: See `user_id`.
            limit: Hits at most, 1 to 10,000.
            filters: Conditions on the metadata.
            threshold: Least score, in [0, 1].
            as_of: Only what was true at this moment, superseded since or not; turns said by then.
            known_at: Only what was believed at this moment, as it was then.
            include_messages: Also the turns of conversations, in one ranking with the memories.
            explain: Say how each score came about.
            embedding: The query's vector, if the memory's embedder made it already.

        Raises:
            ScopeError: If no id is given.
            FilterError: If a filter is not in the grammar.
            InvalidInputError: If `query` is blank, or a moment is naive.
            EmbeddingMismatchError: If `embedding` is of another size than the memory's.
        """
        return self._run(
            calls.search,
            query,
            user_id=user_id,
            agent_id=agent_id,
            run_id=run_id,
            limit=limit,
            filters=filters,
            threshold=threshold,
            as_of=as_of,
            known_at=known_at,
            include_messages=include_messages,
            explain=explain,
            embedding=embedding,
        )

    async def asearch(self, query: str, **arguments: Unpack[SearchArguments]) -> list[SearchHit]:
        """Like `search`, awaiting the embedder."""
        return await self._arun(calls.search, query, **arguments)

    def recall(
        self,
        query: str,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        max_tokens: int = 1000,
        limit: int = calls.RECALLED,
        filters: Filters | None = None,
        threshold: float | None = None,
        as_of: datetime | None = None,
        known_at: datetime | None = None,
        include_messages: bool = True,
        exclude_messages: Collection[str] = (),
    ) -> Recall:
        """What the next prompt needs to know: `str(recall)` is a block of dated lines, as data.

        Args:
            query: What the next prompt is about; usually the user's message.
            user_id: Whose memories; ids not given are unconstrained.
            agent_id: See `user_id`.
            run_id: See `user_id`.
            max_tokens: Size of the block, estimated.
            limit: Lines at most.
            filters: Conditions on the metadata.
            threshold: Least score, in [0, 1].
            as_of: Only what was true at this moment, superseded since or not; turns said by then.
            known_at: Only what was believed at this moment, as it was then.
            include_messages: Also turns of conversations.
            exclude_messages: Ids of turns that the prompt holds anyway.

        Raises:
            ScopeError: If no id is given.
            InvalidInputError: If `query` is blank, or a moment is naive.
        """
        return self._run(
            calls.recall,
            query,
            user_id=user_id,
            agent_id=agent_id,
            run_id=run_id,
            max_tokens=max_tokens,
            limit=limit,
            filters=filters,
            threshold=threshold,
            as_of=as_of,
            known_at=known_at,
            include_messages=include_messages,
            exclude_messages=exclude_messages,
        )

    async def arecall(self, query: str, **arguments: Unpack[RecallArguments]) -> Recall:
        """Like `recall`, awaiting the embedder."""
        return await self._arun(calls.recall, query, **arguments)

    def history(self, memory_id: str, **ids: Unpack[ScopeIds]) -> list[Change]:
        """Every change of a memory, oldest first; also of a deleted one.

        Raises:
            MemoryNotFoundError: If there never was one, or not in the scope that is given.
        """
        return self._run(calls.history, memory_id, **ids)

    async def ahistory(self, memory_id: str, **ids: Unpack[ScopeIds]) -> list[Change]:
        """Like `history`, without blocking the loop."""
        return await self._arun(calls.history, memory_id, **ids)
