"""`MemxChatMessageHistory`: the raw transcript of one conversation, learned from in the background.

LangChain calls these once for every invoke and for every element of a batch, so that nothing is
read or written before somebody asks. `messages` is the transcript as it was, neither trimmed nor
enriched; what a prompt needs of everything else that is remembered gives `context`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Unpack

from langchain_core.messages import BaseMessage
from langchain_core.runnables import ConfigurableFieldSpec

from langchain_memx._bases import BaseChatMessageHistory
from langchain_memx._identity import identified
from langchain_memx.messages import from_message, to_messages
from memx_core import Memory, ScopedMemory
from memx_core.memory.arguments import RecallOptions

HISTORY_KEYS = [
    ConfigurableFieldSpec(id="user_id", annotation=str, name="User", description="Whose memories.", is_shared=True),
    ConfigurableFieldSpec(
        id="session_id", annotation=str, name="Session", description="Which conversation.", is_shared=True
    ),
]
"""For `RunnableWithMessageHistory(history_factory_config=…)`: what a config has to say."""


class MemxChatMessageHistory(BaseChatMessageHistory):
    """The messages of one conversation of one user, kept by memx.

    Setup:
        ```console
        pip install "memx-core[langchain,local]"
        ```

    Instantiate:
        ```python
        from langchain_memx import MemxChatMessageHistory
        from memx_core import Memory

        history = MemxChatMessageHistory(Memory(), "monday", user_id="alice")
        ```

    Use:
        ```python
        history.add_messages([HumanMessage("I live in Oslo."), AIMessage("Nice!")])
        history.messages
        history.context("What could she do at the weekend?", max_tokens=300)
        ```

    A message with an id replaces the one that has it already; one without is known by what it says
    and which answer follows it. So it does no harm that agents store a whole conversation again and
    again, or that a stream stores chunks.

    Args:
        memory: A `Memory`, or a `ScopedMemory` (then no ids are needed).
        session_id: The conversation.
        user_id: Whose it is.
        agent_id: Narrows the scope to this agent.
        run_id: Narrows the scope further.
        learn: Learn from what is said, in the background.
    """

    def __init__(
        self,
        memory: Memory | ScopedMemory,
        session_id: str,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        learn: bool = True,
    ) -> None:
        if not isinstance(memory, ScopedMemory):
            memory = memory.scoped(user_id=user_id, agent_id=agent_id, run_id=run_id)
        self._memory = memory
        self._session_id = session_id
        self._learn = learn

    @property
    def messages(self) -> list[BaseMessage]:  # type: ignore[override]  # an attribute there, to be overridden so
        """The transcript, oldest first, each message as it was."""
        return [from_message(message) for message in self._memory.messages(self._session_id)]

    async def aget_messages(self) -> list[BaseMessage]:
        """Like `messages`, without blocking the loop."""
        return [from_message(message) for message in await self._memory.amessages(self._session_id)]

    def add_messages(self, messages: Sequence[BaseMessage]) -> None:
        """Keeps the messages, in one transaction; those that are there already are not kept twice."""
        put = to_messages(messages, raw=True)
        if new := identified(put, self._memory.messages(self._session_id) if put else ()):
            self._memory.put_messages(self._session_id, new, learn=self._learn)

    async def aadd_messages(self, messages: Sequence[BaseMessage]) -> None:
        """Like `add_messages`, without blocking the loop."""
        put = to_messages(messages, raw=True)
        if new := identified(put, await self._memory.amessages(self._session_id) if put else ()):
            await self._memory.aput_messages(self._session_id, new, learn=self._learn)

    def clear(self) -> None:
        """Removes the transcript for good. What was learned from it stays."""
        self._memory.clear_messages(self._session_id)

    async def aclear(self) -> None:
        """Like `clear`, without blocking the loop."""
        await self._memory.aclear_messages(self._session_id)

    def context(self, query: str, **options: Unpack[RecallOptions]) -> str:
        """What is remembered of the user, from all conversations, as a block for the prompt.

        Args:
            query: What the prompt is about; usually the user's message.
            options: As for `Memory.recall`: `max_tokens` (1,000 by default), `limit`, `filters` and so on.
        """
        return str(self._memory.recall(query, **options))

    async def acontext(self, query: str, **options: Unpack[RecallOptions]) -> str:
        """Like `context`, awaiting the embedder."""
        return str(await self._memory.arecall(query, **options))


class RememberingHistory(BaseChatMessageHistory):
    """Any chat message history, and memx learns from what goes into it.

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
        memory: Memory | ScopedMemory,
        session_id: str,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
    ) -> None:
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


def history_factory(
    memory: Memory, *, agent_id: str | None = None, learn: bool = True
) -> Callable[[str, str], MemxChatMessageHistory]:
    """What `RunnableWithMessageHistory` asks for a user's conversation; with `history_factory_config=HISTORY_KEYS`.

    Args:
        memory: Where it is kept.
        agent_id: Narrows every scope to this agent.
        learn: Learn from what is said, in the background.
    """

    def history(user_id: str, session_id: str) -> MemxChatMessageHistory:
        return MemxChatMessageHistory(memory, session_id, user_id=user_id, agent_id=agent_id, learn=learn)

    return history
