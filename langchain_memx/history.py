"""`MemxChatMessageHistory`: the raw transcript of one conversation, learned from in the background.

LangChain calls these once for every invoke and for every element of a batch, so that nothing is
read or written before somebody asks. `messages` is the transcript as it was, neither trimmed nor
enriched; what a prompt needs of everything else that is remembered gives `context`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Unpack, cast
from uuid import UUID

from langchain_core.messages import BaseMessage
from langchain_core.runnables import ConfigurableFieldSpec, ensure_config

from langchain_memx._bases import BaseChatMessageHistory
from langchain_memx._identity import identified
from langchain_memx.messages import from_message, to_messages
from langchain_memx.scopes import resolve
from memx_core import InvalidInputError, MemoryLike, Message, ScopedMemory, inputs
from memx_core.memory.arguments import RecallOptions
from memx_core.memory.fitting import Given, fitting

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

        memory = Memory()
        history = MemxChatMessageHistory(memory, "monday", user_id="alice")
        ```

    Use:
        ```python
        history.add_user_message("I live in Oslo.")
        history.add_ai_message("Nice!")
        history.messages
        history.context("What could she do at the weekend?", max_tokens=300)
        ```

    A message with an id replaces the one that has it already; one without is known by what it says
    and its place before the next answer. So it does no harm that agents store a whole conversation
    again and again, or that a stream stores chunks. What comes again as it was keeps its time.

    Args:
        memory: A `Memory`, or a `ScopedMemory` (then no ids are needed).
        session_id: The conversation.
        user_id: Whose it is.
        agent_id: Narrows the scope to this agent.
        run_id: Narrows the scope further.
        learn: Learn from what is said, in the background.

    Raises:
        ScopeError: If it is nobody's.
    """

    def __init__(
        self,
        memory: MemoryLike | ScopedMemory,
        session_id: str,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        learn: bool = True,
    ) -> None:
        super().__init__()
        self._memory = _scoped(memory, Given(user_id, agent_id, run_id))
        self._session_id = _session(session_id)
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
        if new := self._new(messages, self._memory.messages(self._session_id) if messages else ()):
            self._memory.put_messages(self._session_id, new, learn=self._learn)

    async def aadd_messages(self, messages: Sequence[BaseMessage]) -> None:
        """Like `add_messages`, without blocking the loop."""
        if new := self._new(messages, await self._memory.amessages(self._session_id) if messages else ()):
            await self._memory.aput_messages(self._session_id, new, learn=self._learn)

    def _new(self, messages: Sequence[BaseMessage], kept: Sequence[Message]) -> list[Message]:
        return identified(to_messages(messages, raw=True), kept)

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


class _CallHistory(MemxChatMessageHistory):
    """The conversation for one call of a chain, which reads it twice: when it begins, and at the end again.

    The second time it cuts that many messages off the front of its input, which costs what a person said
    if another call has put something meanwhile. So to the chain the transcript stays what it was.
    """

    _begun: list[BaseMessage] | None = None

    @property
    def messages(self) -> list[BaseMessage]:  # type: ignore[override]  # an attribute there, to be overridden so
        """The transcript; to the chain that runs with it, as it was when that began."""
        if not self._is_the_chains():
            return super().messages
        if self._begun is None:
            self._begun = super().messages
        return [*self._begun]

    async def aget_messages(self) -> list[BaseMessage]:
        """Like `messages`, without blocking the loop."""
        if not self._is_the_chains():
            return await super().aget_messages()
        if self._begun is None:
            self._begun = await super().aget_messages()
        return [*self._begun]

    def _is_the_chains(self) -> bool:
        return ensure_config().get("configurable", {}).get("message_history") is self


def history_factory(
    memory: MemoryLike, *, agent_id: str | None = None, learn: bool = True
) -> Callable[[str, str], MemxChatMessageHistory]:
    """What `RunnableWithMessageHistory` asks for a user's conversation.

    Setup:
        ```console
        pip install "memx-core[langchain,local]"
        ```

    Instantiate:
        ```python
        from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder
        from langchain_core.runnables.history import RunnableWithMessageHistory
        from langchain_memx import HISTORY_KEYS, history_factory
        from memx_core import Memory

        memory = Memory()
        prompt = ChatPromptTemplate.from_messages([MessagesPlaceholder("history"), ("human", "{question}")])
        chat = RunnableWithMessageHistory(
            prompt | model,
            history_factory(memory),
            input_messages_key="question",
            history_messages_key="history",
            history_factory_config=HISTORY_KEYS,
        )
        ```

    Use:
        ```python
        ids = {"user_id": "alice", "session_id": "monday"}
        chat.invoke({"question": "What could I cook tonight?"}, {"configurable": ids})
        ```

    Args:
        memory: Where it is kept.
        agent_id: Narrows every scope to this agent.
        learn: Learn from what is said, in the background.

    Raises:
        InvalidInputError: If it is a `ScopedMemory`, which has one user already.
    """
    if not isinstance(cast("object", memory), MemoryLike):
        raise InvalidInputError(f"memory must be a Memory, not a {type(memory).__qualname__}: each call names its user")

    def history(user_id: str, session_id: str) -> MemxChatMessageHistory:
        return _CallHistory(memory, session_id, user_id=user_id, agent_id=agent_id, learn=learn)

    return history


def _scoped(memory: MemoryLike | ScopedMemory, given: Given) -> ScopedMemory:
    memory = fitting(memory, given)
    if isinstance(memory, ScopedMemory):
        return memory
    scope = resolve(given)
    return memory.scoped(user_id=scope.user_id, agent_id=scope.agent_id, run_id=scope.run_id)


def _session(given: object) -> str:
    """The conversation's id; a number or a UUID is one too."""
    if isinstance(given, int | UUID) and not isinstance(given, bool):
        return str(given)
    found = inputs.session(given)
    if found is None:
        raise InvalidInputError("session_id=None names no conversation; pass the one that the messages belong to")
    return found
