"""`MemxMemory`: a chat memory of LlamaIndex's whose history and long-term memory are memx's.

It is a `Memory`, so that every engine and agent takes it. The conversation is on the ledger; its
turns are learned from in the background when they are complete; and what is remembered goes into
the prompt beside the history, recalled once a turn.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, NamedTuple, Self, TypeVar, cast

from llama_index.core import async_utils
from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.bridge.pydantic import Field, PrivateAttr
from llama_index.core.memory import BaseMemoryBlock, InsertMethod
from llama_index.core.memory import Memory as ChatMemory
from llama_index.core.memory.memory import DEFAULT_TOKEN_LIMIT
from llama_index.core.schema import QueryBundle
from llama_index.core.storage.chat_store.base_db import MessageStatus
from llama_index_instrumentation import get_dispatcher

from llama_index_memx import _handles, _placing
from llama_index_memx._queueing import leaving
from llama_index_memx._recalling import Asked, Recalling
from llama_index_memx._transcripts import Settings, Transcript
from llama_index_memx.chat_store import MemxChatStore
from llama_index_memx.contents import content_text
from llama_index_memx.failing import OnError
from llama_index_memx.messages import from_message
from llama_index_memx.scopes import bound
from memx_core import InvalidInputError, MemoryLike, Message, ScopedMemory
from memx_core.memory.arguments import RecallOptions
from memx_core.memory.options import question, recall_options
from memx_core.text import estimate_tokens

T = TypeVar("T")
_dispatcher = get_dispatcher(__name__)
_LEAST = 40
"""Tokens that a block needs to say anything."""
_OUTSIDE = ("chat_store", "async_engine", "async_database_uri", "table_name", "db_schema")


class _View(NamedTuple):
    """The conversation as a prompt is to have it.

    Attributes:
        history: Messages that are nobody else's.
        asked: What to recall for; `None` for nothing.
        options: How.
        asked_ahead: The question is not in the history yet.
    """

    history: list[ChatMessage]
    asked: Asked | None
    options: RecallOptions
    asked_ahead: bool


class MemxMemory(ChatMemory):
    """The memory of one user's conversation with a chat engine or an agent.

    Setup:
        ```console
        pip install "memx-core[llama-index,local]"
        ```

    Instantiate:
        ```python
        from llama_index_memx import MemxMemory
        from memx_core import Memory

        memory = MemxMemory.from_defaults(memory=Memory(), user_id="alice", session_id="monday")
        ```

    Use:
        ```python
        from llama_index.core.agent.workflow import FunctionAgent
        from llama_index.core.chat_engine import SimpleChatEngine

        SimpleChatEngine.from_defaults(llm=llm, memory=memory).chat("I moved to Oslo.")
        await FunctionAgent(llm=llm, tools=tools).run("Book my usual table.", memory=memory)
        ```

    A context that is saved keeps the ids, limits, a handle and where the database is, but no message
    and no secret. In the process that saved it, it has this very object again. Another process has to
    have a `MemxMemory` on the same database, or the database has to be one of the bundled embedder.

    `reset` removes the conversation, and what was learned from it stays. `memory.memory` is the
    `ScopedMemory`, for all that is not about one conversation: `search`, `delete`, `erase` and so on.

    Args:
        memory: A `Memory`, or a `ScopedMemory` (then no ids are needed).
        user_id: Whose it is.
        agent_id: Narrows the scope to this agent.
        run_id: Narrows the scope further.
        session_id: The conversation; by default a new one.
        token_limit: Of history and remembered block together; what is older leaves the queue.
        max_tokens: Size of the remembered block, estimated.
        limit: Lines of it at most; `None`: as many as fit.
        threshold: Least score of what is recalled, in [0, 1]. Where nothing is, a
            `CondensePlusContextChatEngine` has no model condense the first question.
        filters: Conditions on the memories' metadata.
        include_messages: Also recall turns of conversations, those that the prompt does not hold anyway.
        recall: Put memories into prompts.
        learn: Learn from what is said, in the background.
        tool_results: Also learn from what tools returned.
        timeout: Seconds that a recall may hold up a turn, which then goes on without; `None`: as long as
            it takes. An embedder that runs in this process is loaded first, which does not count: the
            first turn waits for that, unless the application called `memory.warm_up()`.
        on_error: What becomes of a failing recall: `ignore` logs it, `raise` raises it, a function is
            called with it.
        fields: Of LlamaIndex's `Memory`, such as `memory_blocks` and `insert_method`. By default the block
            stands beside what the person said last; with `InsertMethod.SYSTEM` in a system message, which
            `ReActAgent` and `CodeActAgent` drop unless they have a `system_prompt`.

    Raises:
        ScopeError: If it is nobody's.
        InvalidInputError: If an argument can never work.
    """

    user_id: str | None = None
    agent_id: str | None = None
    run_id: str | None = None
    max_tokens: int = 1000
    limit: int | None = None
    threshold: float | None = None
    filters: dict[str, Any] | None = None
    include_messages: bool = True
    recall: bool = True
    learn: bool = True
    tool_results: bool = False
    timeout: float | None = 2.0
    on_error: OnError = Field(default="ignore", exclude=True)
    handle: str = ""
    database: str = ""
    namespace: str = "default"

    _memory: ScopedMemory = PrivateAttr()
    _recalling: Recalling = PrivateAttr()
    _sizes: dict[tuple[str | None, str], int] = PrivateAttr(default_factory=dict)

    def __init__(self, *, memory: MemoryLike | ScopedMemory | None = None, **fields: Any) -> None:  # noqa: ANN401  # checked below
        given = {name: fields.get(name) for name in ("user_id", "agent_id", "run_id")}
        if memory is None:
            memory = _handles.found(fields.get("database"), fields.get("namespace"), given)
        scoped = bound(memory, **given)
        fields |= {"user_id": scoped.scope.user_id, "agent_id": scoped.scope.agent_id, "run_id": scoped.scope.run_id}
        fields |= {"database": scoped.memory.database, "namespace": scoped.memory.namespace}
        fields["handle"] = fields.get("handle") or uuid.uuid4().hex
        fields["token_limit"] = fields.get("token_limit") or DEFAULT_TOKEN_LIMIT
        fields["session_id"] = _handles.session(fields.get("session_id"))
        fields["sql_store"] = MemxChatStore(memory=scoped, learn=fields.get("learn", True))
        super().__init__(**fields)  # pyright: ignore[reportUnknownMemberType]  # lists of anything there
        self._memory = scoped
        self._recalling = Recalling(self.on_error, self.timeout)
        self._options()
        _handles.attach(scoped.memory)
        _handles.LIVE.setdefault(self.handle, self)

    @classmethod
    def class_name(cls) -> str:
        """See LlamaIndex."""
        return "MemxMemory"

    @classmethod
    def from_defaults(  # type: ignore[override]  # no table and no database of LlamaIndex's
        cls,
        session_id: str | None = None,
        chat_history: Sequence[ChatMessage] | None = None,
        token_limit: int | None = None,
        memory_blocks: Sequence[BaseMemoryBlock[Any]] | None = None,
        *,
        memory: MemoryLike | ScopedMemory | None = None,
        llm: object = None,
        **fields: Any,  # noqa: ANN401  # checked by the class
    ) -> Self:
        """A chat memory; see the class.

        Without a `memory` and without ids it is of this conversation alone, and gone with the process: an
        engine's `memory_cls=MemxMemory` says no more.

        Args:
            session_id: The conversation.
            chat_history: What it is to hold.
            token_limit: Of history and remembered block together.
            memory_blocks: LlamaIndex's, beside it.
            memory: Where it is kept.
            llm: As engines pass it; not needed.
            fields: All other arguments of the class.
        """
        outside = [name for name in _OUTSIDE if fields.get(name) is not None]
        if outside:
            raise InvalidInputError(f"{outside[0]}= is not for a MemxMemory: the conversation is kept by memory=")
        fields = {name: value for name, value in fields.items() if value is not None}
        blocks = list(memory_blocks or ())
        made = cls(memory=memory, session_id=session_id, token_limit=token_limit, memory_blocks=blocks, **fields)
        if chat_history:
            made.set(chat_history)
        return made

    @property
    def _blocks(self) -> list[BaseMemoryBlock[Any]]:
        return cast("list[BaseMemoryBlock[Any]]", getattr(self, "memory_blocks"))  # noqa: B009  # untyped there

    @property
    def memory(self) -> ScopedMemory:
        """What is remembered of the user."""
        return self._memory

    # The conversation.

    def get_all(self, status: MessageStatus | None = None) -> list[ChatMessage]:
        """The conversation, oldest first, also what left the queue; or what has this status."""
        return [from_message(message) for message in self._transcript.all(status)]

    async def aget_all(self, status: MessageStatus | None = None) -> list[ChatMessage]:
        """Like `get_all`, without blocking the loop."""
        return await asyncio.to_thread(self.get_all, status)

    @_dispatcher.span
    def put(self, message: ChatMessage) -> None:
        """Keeps a message."""
        self._put([message])

    @_dispatcher.span
    async def aput(self, message: ChatMessage) -> None:
        """Like `put`, without blocking the loop."""
        await self._aput([message])

    @_dispatcher.span
    def put_messages(self, messages: Sequence[ChatMessage]) -> None:
        """Keeps messages, all or none; when they end a turn, it is learned from in the background."""
        self._put(messages)

    @_dispatcher.span
    async def aput_messages(self, messages: Sequence[ChatMessage]) -> None:
        """Like `put_messages`, without blocking the loop."""
        await self._aput(messages)

    @_dispatcher.span
    def set(self, messages: Sequence[ChatMessage]) -> None:
        """Makes these the conversation; only what was not in it is learned from."""
        self._replace(messages)

    @_dispatcher.span
    async def aset(self, messages: Sequence[ChatMessage]) -> None:
        """Like `set`, without blocking the loop."""
        await asyncio.to_thread(self._replace, messages)

    @_dispatcher.span
    def reset(self, status: MessageStatus | None = None) -> None:
        """Removes the conversation for good. What was learned from it stays."""
        self._clear(status)

    @_dispatcher.span
    async def areset(self, status: MessageStatus | None = None) -> None:
        """Like `reset`, without blocking the loop."""
        await asyncio.to_thread(self._clear, status)

    # The prompt.

    @_dispatcher.span
    def get(self, input: object = None, **block_kwargs: Any) -> list[ChatMessage]:  # noqa: ANN401  # as LlamaIndex does
        """The conversation for a prompt, with what is remembered.

        Args:
            input: What is asked, as a text, a message or a query; by default what the person said last.
            block_kwargs: For `memory_blocks`.
        """
        view = self._view(input, block_kwargs)
        block = "" if view.asked is None else self._recalling.block(self._memory, view.asked, view.options)
        if self._blocks:
            view = view._replace(history=_run(super().aget(_text(input) or None, **block_kwargs)))
        return self._placed(view, block)

    @_dispatcher.span
    async def aget(self, input: object = None, **block_kwargs: Any) -> list[ChatMessage]:  # noqa: ANN401  # as LlamaIndex does
        """Like `get`, awaiting the embedder."""
        view = await asyncio.to_thread(self._view, input, block_kwargs)
        block = "" if view.asked is None else await self._recalling.ablock(self._memory, view.asked, view.options)
        if self._blocks:
            view = view._replace(history=await super().aget(_text(input) or None, **block_kwargs))
        return self._placed(view, block)

    def _view(self, asked: object, more: dict[str, Any]) -> _View:
        kept = self._transcript.all(MessageStatus.ACTIVE)
        history = [from_message(message) for message in kept]
        at = next((at for at in range(len(kept) - 1, -1, -1) if kept[at].role == "user"), None)
        latest = "" if at is None else kept[at].content
        turn = "" if at is None else str(kept[at].id)
        query = _text(asked).strip()
        ahead = bool(query) and query not in (latest.strip(), "" if at is None else (history[at].content or "").strip())
        options = self._options(more.get("initial_token_count"), sum(self._measured(kept, history)))
        options["exclude_messages"] = [message.id for message in kept if message.id]
        wanted = question(query if ahead else latest) if self.recall and options.get("max_tokens") else ""
        return _View(
            history,
            Asked(wanted, ("ahead" if ahead else "", turn), self._memory.revision()) if wanted else None,
            options,
            ahead,
        )

    def _placed(self, view: _View, block: str) -> list[ChatMessage]:
        if view.asked_ahead:
            _placing.inert(view.history)
        if block:  # of an earlier look in this turn, when there may have been more room
            block = _placing.without(block, estimate_tokens(block) - view.options.get("max_tokens", self.max_tokens))
        return _placing.placed(view.history, block, method=self._method, asked_ahead=view.asked_ahead)

    @property
    def _method(self) -> InsertMethod:
        """Beside what the person said, unless it is wanted elsewhere: some agents drop other system messages."""
        return self.insert_method if "insert_method" in self.model_fields_set else InsertMethod.USER

    def _options(self, beside: object = None, history: int = 0) -> RecallOptions:
        """For `recall`, as large as the prompt has room; with `max_tokens=0` if it has none."""
        options = recall_options(
            max_tokens=self.max_tokens,
            limit=self.limit,
            threshold=self.threshold,
            filters=self.filters,
            include_messages=self.include_messages,
        )
        room = self.token_limit - history - (beside if isinstance(beside, int) else 0)
        if room < self.max_tokens:
            options["max_tokens"] = room if room >= _LEAST else 0
        return options

    # The queue.

    @property
    def _transcript(self) -> Transcript:
        settings = Settings(learn=self.learn, tool_results=self.tool_results)
        return Transcript(self._memory, self.session_id, settings)

    def _replace(self, messages: Sequence[ChatMessage]) -> None:
        self._transcript.replace(messages)

    def _clear(self, status: MessageStatus | None) -> None:
        self._transcript.clear(status)

    def _put(self, messages: Sequence[ChatMessage]) -> None:
        left = self._queued(messages)
        if left and self._blocks:
            _run(self._feed(left))

    async def _aput(self, messages: Sequence[ChatMessage]) -> None:
        left = await asyncio.to_thread(self._queued, messages)
        await self._feed(left)

    def _queued(self, messages: Sequence[ChatMessage]) -> list[list[ChatMessage]]:
        """Keeps them; what leaves the queue for it, batch by batch."""
        transcript = self._transcript
        transcript.append(messages)
        kept = transcript.all(MessageStatus.ACTIVE)
        history = [from_message(message) for message in kept]
        limit = int(self.token_limit * self.chat_history_token_ratio)
        sizes = self._measured(kept, history)
        counts = leaving(sizes, [one.role for one in history], limit=limit, step=self.token_flush_size)
        if counts:
            transcript.archive([one.id for one in kept[: sum(counts)] if one.id])
        starts = [sum(counts[:at]) for at in range(len(counts))]
        return [history[start : start + count] for start, count in zip(starts, counts, strict=True)]

    async def _feed(self, left: Sequence[list[ChatMessage]]) -> None:
        """Hands what left the queue to LlamaIndex's blocks."""
        for batch in left:
            session = self.session_id
            putting = (block.aput(batch, from_short_term_memory=True, session_id=session) for block in self._blocks)
            await asyncio.gather(*putting)

    def _measured(self, kept: Sequence[Message], history: Sequence[ChatMessage]) -> list[int]:
        """Tokens of each message, counted once. What is known is replaced whole, as threads share it."""
        known = self._sizes
        keys = [(message.id, message.content) for message in kept]
        sizes = [
            known[key] if key in known else self._estimate_token_count(shown)
            for key, shown in zip(keys, history, strict=True)
        ]
        self._sizes = dict(zip(keys, sizes, strict=True))
        return sizes

    # Being kept elsewhere.

    def to_dict(self, **kwargs: object) -> dict[str, Any]:
        """What another process needs to find it again: no message, and no secret."""
        unsaid = {"insert_method"} - self.model_fields_set
        kept: dict[str, Any] = self.model_dump(
            mode="json", exclude={"memory_blocks", "memory_blocks_template", *unsaid}
        )
        return {**kept, "class_name": self.class_name()}

    @classmethod
    def from_dict(cls, data: dict[str, Any], **kwargs: Any) -> Self:  # noqa: ANN401  # checked by the class
        """The memory that said this of itself: the object that did, if it is there, or one on the same database.

        Args:
            data: What `to_dict` gave.
            kwargs: Take precedence; `memory` is where it is kept.

        Raises:
            InvalidInputError: If the database cannot be opened from here.
        """
        fields = {**data, **kwargs}
        fields.pop("class_name", None)
        live = _handles.LIVE.get(str(fields.get("handle")))
        if isinstance(live, cls) and not kwargs and live.to_dict() == data:
            return live
        return cls(**fields)

    def __reduce__(self) -> tuple[Callable[..., Self], tuple[dict[str, Any]]]:
        return type(self).from_dict, (self.to_dict(),)

    def __deepcopy__(self, memo: dict[int, Any] | None = None) -> Self:
        """Itself: there is one ledger."""
        return self


def _run(coroutine: Coroutine[Any, Any, T]) -> T:
    """What LlamaIndex's own blocks come to, which can only be awaited, in its own way."""
    run: Callable[[Coroutine[Any, Any, T]], T] = getattr(async_utils, "asyncio_run")  # noqa: B009  # untyped there
    return run(coroutine)


def _text(asked: object) -> str:
    """What is asked, in words."""
    match asked:
        case ChatMessage():
            return content_text(asked.blocks)
        case QueryBundle():
            return asked.query_str
        case None:
            return ""
        case _:
            return str(asked)
