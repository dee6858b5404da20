"""`MemxMemoryBlock`: long-term memory for a `Memory` of LlamaIndex's own, which keeps its conversation where it does.

Such a `Memory` hands its blocks only what falls out of a long conversation. But it shows them the
conversation whenever it asks for their content, so the block learns from the turns that are complete
there. The last answer of all is shown only when something more is said.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any, Self

from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.bridge.pydantic import Field, PrivateAttr
from llama_index.core.memory import BaseMemoryBlock

from llama_index_memx import _placing, failing
from llama_index_memx._recalling import Asked, Recalling
from llama_index_memx.failing import OnError
from llama_index_memx.messages import to_messages
from llama_index_memx.scopes import bound
from memx_core import MemoryLike, Message, ScopedMemory
from memx_core.memory.options import question, recall_options


class MemxMemoryBlock(BaseMemoryBlock[str]):
    """What is remembered of one user, as a block of LlamaIndex's `Memory`.

    Setup:
        ```console
        pip install "memx-core[llama-index,local]"
        ```

    Instantiate:
        ```python
        from llama_index.core.memory import Memory as ChatMemory
        from llama_index_memx import MemxMemoryBlock
        from memx_core import Memory

        block = MemxMemoryBlock(memory=Memory(), user_id="alice", priority=1)
        memory = ChatMemory.from_defaults(session_id="monday", memory_blocks=[block])
        ```

    Use:
        ```python
        from llama_index.core.chat_engine import SimpleChatEngine

        await SimpleChatEngine.from_defaults(llm=llm, memory=memory).achat("What could I cook tonight?")
        ```

    Leave `insert_method` as it is: beside the user's words the block would stand in the turn before,
    when a context engine asks. `ReActAgent` and `CodeActAgent` drop it with the system message that it
    stands in, unless they have a `system_prompt`; `MemxMemory` knows better.

    Args:
        memory: A `Memory`, or a `ScopedMemory` (then no ids are needed).
        user_id: Whose it is.
        agent_id: Narrows the scope to this agent.
        run_id: Narrows the scope further.
        max_tokens: Size of the block, estimated.
        limit: Lines of it at most; `None`: as many as fit.
        threshold: Least score of what is recalled, in [0, 1].
        filters: Conditions on the memories' metadata.
        learn: Learn from complete turns, in the background.
        timeout: Seconds that a recall may hold up a turn, which then goes on without; `None`: as long as it takes.
        on_error: What becomes of a failure: `ignore` logs it, `raise` raises it, a function is called with it.
        fields: Of LlamaIndex's blocks: `name`, `description`, `priority`, `accept_short_term_memory`.

    Raises:
        ScopeError: If it is nobody's.
        InvalidInputError: If an argument can never work.
    """

    name: str = "memories"
    max_tokens: int = 1000
    limit: int | None = None
    threshold: float | None = None
    filters: dict[str, Any] | None = None
    learn: bool = True
    timeout: float | None = 2.0
    on_error: OnError = Field(default="ignore", exclude=True)

    _handle: ScopedMemory = PrivateAttr()
    _recalling: Recalling = PrivateAttr()

    def __init__(
        self,
        *,
        memory: MemoryLike | ScopedMemory,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        **fields: Any,  # noqa: ANN401  # checked by the class
    ) -> None:
        super().__init__(**fields)
        self._handle = bound(memory, user_id=user_id, agent_id=agent_id, run_id=run_id)
        self._recalling = Recalling(self.on_error, self.timeout)
        self._options()

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        """Itself: there is one ledger."""
        return self

    def _options(self) -> Any:  # noqa: ANN401  # a TypedDict that both colours spread
        return recall_options(
            max_tokens=self.max_tokens,
            limit=self.limit,
            threshold=self.threshold,
            filters=self.filters,
            include_messages=False,  # which of them the prompt holds anyway, nobody tells a block
        )

    async def _aget(self, messages: list[ChatMessage] | None = None, **block_kwargs: Any) -> str:  # noqa: ANN401  # as LlamaIndex does
        """What is remembered, for what the person said last; empty if that is nothing."""
        shown = list(messages or ())
        await self._learn(shown, block_kwargs.get("session_id"))
        asked = await asyncio.to_thread(self._asked, shown, str(block_kwargs.get("session_id")))
        return await self._recalling.ablock(self._handle, asked, self._options()) if asked.query else ""

    def _asked(self, shown: Sequence[ChatMessage], session: str) -> Asked:
        """What the person said last. An agent looks several times in a turn, with and without saying it once more."""
        said = [key for key, _ in groupby(one.content for one in to_messages(shown) if one.role == "user")]
        return Asked(question(said[-1]) if said else "", (session, str(len(said))), self._handle.revision())

    async def _aput(self, messages: list[ChatMessage]) -> None:
        """Learns from what falls out of the conversation, if it has not yet."""
        session = next((one.additional_kwargs.get("session_id") for one in messages), None)
        await self._learn(messages, session)

    async def atruncate(self, content: str, tokens_to_truncate: int) -> str | None:
        """The block without its last lines, which matter least; nothing if no line is left."""
        return _placing.without(content, tokens_to_truncate) or None

    async def _learn(self, messages: Sequence[ChatMessage], session: object) -> None:
        if not self.learn:
            return
        name = session if isinstance(session, str) and session.strip() else "llama_index"
        try:
            await asyncio.to_thread(self._keep, _complete(to_messages(messages)), name)
        except Exception as error:  # noqa: BLE001  # seen again, and tried again, at the next look
            failing.failed("keep", error, self.on_error)

    def _keep(self, turns: Sequence[Message], session: str) -> None:
        """Keeps what is not there: put by this block before, or by whoever else keeps this conversation."""
        known = {_said(message) for message in (self._handle.messages(session) if turns else ())}
        new = [message for message in turns if _said(message) not in known]
        if new:
            self._handle.put_messages(session, [replace(one, id=_id(one), raw=None) for one in new])


def _complete(messages: Sequence[Message]) -> list[Message]:
    """What people said and got answered, and the answers."""
    spoken = [
        one for one in messages if one.role in ("user", "assistant") and one.origin is None and one.content.strip()
    ]
    answers = [at for at, one in enumerate(spoken) if one.role == "assistant"]
    return spoken[: answers[-1] + 1] if answers else []


def _said(message: Message) -> tuple[str, str]:
    return message.role, message.content


def _id(message: Message) -> str:
    """The same for the same words, so that two who keep them at once keep them once."""
    return hashlib.sha256(json.dumps(_said(message)).encode()).hexdigest()[:32]
