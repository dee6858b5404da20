"""`MemxChatStore`: LlamaIndex's chat store on the ledger, so that every door shows the same conversation."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Self

from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.bridge.pydantic import PrivateAttr
from llama_index.core.storage.chat_store.base_db import AsyncDBChatStore, MessageStatus

from llama_index_memx._transcripts import Settings, Transcript
from llama_index_memx.messages import from_message
from llama_index_memx.scopes import bound
from memx_core import MemoryLike, Message, ScopedMemory


class MemxChatStore(AsyncDBChatStore):
    """The conversations of one user, kept by memx; for a `Memory` of LlamaIndex's own.

    Setup:
        ```console
        pip install "memx-core[llama-index,local]"
        ```

    Instantiate:
        ```python
        from llama_index.core.memory import Memory as ChatMemory
        from llama_index_memx import MemxChatStore
        from memx_core import Memory

        store = MemxChatStore(memory=Memory(), user_id="alice")
        memory = ChatMemory.from_defaults(session_id="monday", chat_store=store)
        ```

    Use:
        ```python
        from llama_index.core.llms import ChatMessage

        await store.add_message("monday", ChatMessage("I live in Oslo."))
        await store.get_messages("monday")
        ```

    A key is a session of the user. Messages stand in the order in which they came, and LangChain's
    `MemxChatMessageHistory` shows the same ones. Safe to share between threads, tasks and event loops.

    Args:
        memory: A `Memory`, or a `ScopedMemory` (then no ids are needed).
        user_id: Whose conversations.
        agent_id: Narrows the scope to this agent.
        run_id: Narrows the scope further.
        learn: Learn from what is said, in the background.

    Raises:
        ScopeError: If no id is given.
    """

    learn: bool = True

    _handle: ScopedMemory = PrivateAttr()

    def __init__(
        self,
        *,
        memory: MemoryLike | ScopedMemory,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        learn: bool = True,
        **fields: Any,  # noqa: ANN401  # of a class that extends this one
    ) -> None:
        super().__init__(**{**fields, "learn": learn})
        self._handle = bound(memory, user_id=user_id, agent_id=agent_id, run_id=run_id)

    @classmethod
    def class_name(cls) -> str:
        """See LlamaIndex."""
        return "MemxChatStore"

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        """Itself: there is one ledger."""
        return self

    def _of(self, key: str) -> Transcript:
        return Transcript(self._handle, key, Settings(learn=self.learn))

    async def get_messages(
        self,
        key: str,
        status: MessageStatus | None = MessageStatus.ACTIVE,
        limit: int | None = None,
        offset: int | None = None,
    ) -> list[ChatMessage]:
        """The messages of a session, oldest first; `status=None`: also those that left the queue."""
        found = await asyncio.to_thread(self._of(key).all, status)
        start = offset or 0
        return _shown(found[start:] if limit is None else found[start : start + limit])

    async def count_messages(self, key: str, status: MessageStatus | None = MessageStatus.ACTIVE) -> int:
        """How many messages a session has."""
        return len(await asyncio.to_thread(self._of(key).all, status))

    async def add_message(self, key: str, message: ChatMessage, status: MessageStatus = MessageStatus.ACTIVE) -> None:
        """Keeps a message."""
        await self.add_messages(key, [message], status)

    async def add_messages(
        self, key: str, messages: list[ChatMessage], status: MessageStatus = MessageStatus.ACTIVE
    ) -> None:
        """Keeps messages, all or none."""
        await asyncio.to_thread(self._of(key).append, messages, status)

    async def set_messages(
        self, key: str, messages: list[ChatMessage], status: MessageStatus = MessageStatus.ACTIVE
    ) -> None:
        """Makes these the session. What is there stays as it is, and only what is new is learned from."""
        await asyncio.to_thread(self._of(key).replace, messages, status)

    async def delete_message(self, key: str, idx: int) -> ChatMessage | None:
        """Removes a message for good: the one at this position of the session, counted from 0."""
        found = await asyncio.to_thread(self._of(key).delete_at, idx)
        return None if found is None else from_message(found)

    async def delete_messages(self, key: str, status: MessageStatus | None = None) -> None:
        """Removes a session for good, or what has this status. What was learned from it stays."""
        await asyncio.to_thread(self._of(key).clear, status)

    async def delete_oldest_messages(self, key: str, n: int) -> list[ChatMessage]:
        """Removes the oldest messages of the queue for good; what they were."""
        return _shown(await asyncio.to_thread(self._of(key).delete_oldest, n))

    async def archive_oldest_messages(self, key: str, n: int) -> list[ChatMessage]:
        """Takes the oldest messages out of the queue; what they are."""
        return _shown(await asyncio.to_thread(self._of(key).archive_oldest, n))

    async def get_keys(self) -> list[str]:
        """The sessions, the one that began first at the beginning."""
        return await self._handle.asessions()


def _shown(messages: Sequence[Message]) -> list[ChatMessage]:
    return [from_message(message) for message in messages]
