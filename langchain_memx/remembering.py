"""`RememberingHistory`: the chat message history that an application has, and memx learns from it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

from langchain_core.messages import BaseMessage

from langchain_memx._bases import BaseChatMessageHistory
from langchain_memx.history import MemxChatMessageHistory
from memx_core import MemoryLike, ScopedMemory
from memx_core.memory.arguments import RecallOptions


class RememberingHistory(BaseChatMessageHistory):
    """Any chat message history, and memx learns from what goes into it.

    Setup:
        ```console
        pip install "memx-core[langchain,local]"
        ```

    Instantiate:
        ```python
        from langchain_core.chat_history import InMemoryChatMessageHistory
        from langchain_memx import RememberingHistory
        from memx_core import Memory

        memory = Memory()
        mine = InMemoryChatMessageHistory()  # or whatever there is
        history = RememberingHistory(mine, memory, "monday", user_id="alice")
        ```

    Use:
        ```python
        history.add_user_message("I live in Oslo.")
        history.add_ai_message("Nice!")
        mine.messages
        history.context("What could she do at the weekend?", max_tokens=300)
        ```

    The transcript stays where it is and what it is; memx keeps a copy to learn from.

    Args:
        inner: The history that the application has.
        memory: A `Memory`, or a `ScopedMemory` (then no ids are needed).
        session_id: The conversation.
        user_id: Whose it is.
        agent_id: Narrows the scope to this agent.
        run_id: Narrows the scope further.
    """

    def __init__(
        self,
        inner: BaseChatMessageHistory,
        memory: MemoryLike | ScopedMemory,
        session_id: str,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
    ) -> None:
        super().__init__()
        self._inner = inner
        self._copy = MemxChatMessageHistory(memory, session_id, user_id=user_id, agent_id=agent_id, run_id=run_id)

    @property
    def messages(self) -> list[BaseMessage]:  # type: ignore[override]  # an attribute there, to be overridden so
        """The inner history's."""
        return self._inner.messages

    async def aget_messages(self) -> list[BaseMessage]:
        """The inner history's."""
        return await self._inner.aget_messages()

    def add_messages(self, messages: Sequence[BaseMessage]) -> None:
        """Puts the messages into the inner history, then into memx."""
        self._inner.add_messages(messages)
        self._copy.add_messages(messages)

    async def aadd_messages(self, messages: Sequence[BaseMessage]) -> None:
        """Like `add_messages`, in the inner history's own way."""
        await self._inner.aadd_messages(messages)
        await self._copy.aadd_messages(messages)

    def clear(self) -> None:
        """Removes both transcripts. What was learned stays."""
        self._inner.clear()
        self._copy.clear()

    async def aclear(self) -> None:
        """Like `clear`, without blocking the loop."""
        await self._inner.aclear()
        await self._copy.aclear()

    def context(self, query: str, **options: Unpack[RecallOptions]) -> str:
        """What is remembered of the user, from all conversations, as a block for the prompt."""
        return self._copy.context(query, **options)

    async def acontext(self, query: str, **options: Unpack[RecallOptions]) -> str:
        """Like `context`, awaiting the embedder."""
        return await self._copy.acontext(query, **options)
