"""The methods of `Memory` that change memories."""

from __future__ import annotations

from datetime import datetime
from types import EllipsisType
from typing import Unpack

from memx_core.memory.arguments import AddArguments, Messages, ScopeIds, UpdateArguments
from memx_core.memory.base import Base
from memx_core.memory.calls import writing as calls
from memx_core.types import AddResult, MemoryItem, Metadata


class Writing(Base):
    """Adding, updating and deleting."""

    def add(
        self,
        messages: Messages,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        session_id: str | None = None,
        metadata: Metadata | None = None,
        timestamp: datetime | None = None,
        expires_at: datetime | None = None,
        infer: bool = True,
        instructions: str | None = None,
        key: str | None = None,
        wait: bool = True,
    ) -> AddResult:
        """What was learned from `messages`, which are kept verbatim whatever comes of them.

        Args:
            messages: A text, a message, or several, oldest first.
            user_id: Whose memories; at least one of the three ids.
            agent_id: See `user_id`.
            run_id: See `user_id`.
            session_id: The conversation they belong to: context and provenance, not a scope.
            metadata: JSON values for the memories that are made, to filter by.
            timestamp: When it was said, aware; a message's own wins. Now, if neither is given.
            expires_at: From then on the memories are not returned any more.
            infer: False keeps every user and assistant message as a memory as it is.
            instructions: What to notice or to ignore, in words for the model.
            key: Idempotency: a second call with it does nothing and returns the first result.
            wait: False only queues the learning, durably, for the worker or a `flush`; neither the model
                nor the embedder is asked, and the messages are found by their words at once.

        Raises:
            ScopeError: If no id is given.
            InvalidInputError: If the messages are blank or no messages.
            ExtractionError: If the model's answer is unusable. The messages are kept and queued, as
                they are when the model or the embedder raises (but with `infer=False`, where
                there is nothing left to learn).
            BudgetExceededError: If the day's tokens are spent and the budget wants an error; likewise.
        """
        return self._run(
            calls.add,
            messages,
            user_id=user_id,
            agent_id=agent_id,
            run_id=run_id,
            session_id=session_id,
            metadata=metadata,
            timestamp=timestamp,
            expires_at=expires_at,
            infer=infer,
            instructions=instructions,
            key=key,
            wait=wait,
        )

    async def aadd(self, messages: Messages, **arguments: Unpack[AddArguments]) -> AddResult:
        """Like `add`, awaiting the providers."""
        return await self._arun(calls.add, messages, **arguments)

    def update(
        self,
        memory_id: str,
        text: str | None = None,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        metadata: Metadata | None = None,
        expires_at: datetime | EllipsisType | None = ...,
        reason: str | None = None,
    ) -> MemoryItem:
        """The new version of a memory; what is not given stays, `metadata` is replaced whole.

        Raises:
            MemoryNotFoundError: If it is not there, or not in the scope that is given.
            InvalidInputError: If nothing is to be changed.
        """
        return self._run(
            calls.update,
            memory_id,
            text,
            user_id=user_id,
            agent_id=agent_id,
            run_id=run_id,
            metadata=metadata,
            expires_at=expires_at,
            reason=reason,
        )

    async def aupdate(
        self, memory_id: str, text: str | None = None, **arguments: Unpack[UpdateArguments]
    ) -> MemoryItem:
        """Like `update`, awaiting the embedder."""
        return await self._arun(calls.update, memory_id, text, **arguments)

    def delete(self, memory_id: str, *, reason: str | None = None, **ids: Unpack[ScopeIds]) -> None:
        """Deletes a memory softly: it is not returned any more, and its history stays.

        Raises:
            MemoryNotFoundError: If it is not there, or not in the scope that is given.
        """
        self._run(calls.delete, memory_id, reason=reason, **ids)

    async def adelete(self, memory_id: str, *, reason: str | None = None, **ids: Unpack[ScopeIds]) -> None:
        """Like `delete`, without blocking the loop."""
        await self._arun(calls.delete, memory_id, reason=reason, **ids)

    def delete_all(self, **ids: Unpack[ScopeIds]) -> int:
        """How many memories of the scope there were; all are deleted, softly.

        Raises:
            ScopeError: If no id is given.
        """
        return self._run(calls.delete_all, **ids)

    async def adelete_all(self, **ids: Unpack[ScopeIds]) -> int:
        """Like `delete_all`, without blocking the loop."""
        return await self._arun(calls.delete_all, **ids)
