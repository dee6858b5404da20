"""`Memory`: what people hold. Every method is one line: check the arguments, run the flow.

Each blocking method has an awaiting twin with an `a` in front, which takes the same arguments.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from os import PathLike
from types import EllipsisType, TracebackType
from typing import Self, Unpack

from sqlalchemy import Engine
from sqlalchemy.engine import URL

from memx_core import calls, inputs, providers
from memx_core._io import AsyncIO, Providers, SyncIO, run
from memx_core.arguments import (
    AddArguments,
    Filters,
    Messages,
    PageArguments,
    PutArguments,
    RecallArguments,
    ScopeIds,
    SearchArguments,
    TranscriptArguments,
    UpdateArguments,
)
from memx_core.embedders import LocalEmbedder
from memx_core.errors import EmbeddingMismatchError
from memx_core.flows import changing
from memx_core.flows.room import Room
from memx_core.index import ExactIndex
from memx_core.ledger import Ledger
from memx_core.ports import LLM, AsyncEmbedder, AsyncLLM, Embedder, Index, Reranker
from memx_core.scoped import ScopedMemory
from memx_core.types import AddResult, Change, Job, MemoryItem, Message, Metadata, Page, Recall, SearchHit


class Memory:
    """A long-term memory.

    Without arguments it works offline: the bundled embedder (extra `local`), rules instead of a
    model (English), and `./memx.db`. Safe to share between threads, tasks and event loops.

    Args:
        llm: Proposes what to remember; `None` lets rules propose.
        embedder: Texts to vectors; `None` is the bundled all-MiniLM-L6-v2.
        database: A path, `":memory:"`, a SQLAlchemy URL or engine.
        namespace: Separates applications that share a database.
        reranker: Has the last word in `search`.
        index: Derived from the database; `None` keeps one in memory.
        clock: Now, aware UTC; for tests.

    Raises:
        EmbeddingMismatchError: If the database holds another embedder's vectors.
        LedgerError: If the database cannot be opened.
        ImportError: If the bundled embedder is wanted and its extra is missing.
    """

    def __init__(
        self,
        llm: LLM | AsyncLLM | None = None,
        embedder: Embedder | AsyncEmbedder | None = None,
        database: str | PathLike[str] | URL | Engine = "memx.db",
        *,
        namespace: str = "default",
        reranker: Reranker | None = None,
        index: Index | None = None,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        given = Providers(
            llm=providers.check_llm(llm),
            embedder=LocalEmbedder() if embedder is None else providers.check_embedder(embedder),
            reranker=providers.check_reranker(reranker),
        )
        namespace = inputs.namespace(namespace)
        ledger = Ledger(database)
        self._room = Room(
            ledger=ledger,
            index=ExactIndex() if index is None else index,
            namespace=namespace,
            fingerprint=given.embedder.fingerprint,
            offline=given.llm is None,
            reranked=given.reranker is not None,
            clock=clock or _now,
            new_id=_new_id,
        )
        self._room.index.attach(ledger)
        self._sync = SyncIO(given)
        self._async = AsyncIO(given)
        self._check_space()

    def _check_space(self) -> None:
        kept = self._room.ledger.fingerprint(self._room.namespace)
        if kept is not None and kept != self._room.fingerprint:
            self._room.ledger.close()
            raise EmbeddingMismatchError.between(kept, self._room.fingerprint)

    def __repr__(self) -> str:
        return f"{type(self).__name__}(namespace={self._room.namespace!r})"

    # Writing ---------------------------------------------------------------------------------

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
            wait: False only queues the learning; `flush` does it.

        Raises:
            ScopeError: If no id is given.
            InvalidInputError: If the messages are blank or no messages.
            ExtractionError: If the model's answer is unusable; the messages are kept and queued,
                as they are when the model or the embedder raises.
        """
        return run(
            calls.add(
                self._sync,
                self._room,
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
        )

    async def aadd(self, messages: Messages, **arguments: Unpack[AddArguments]) -> AddResult:
        """Like `add`, awaiting the providers."""
        return await calls.add(self._async, self._room, messages, **arguments)

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
        return run(
            calls.update(
                self._sync,
                self._room,
                memory_id,
                text,
                user_id=user_id,
                agent_id=agent_id,
                run_id=run_id,
                metadata=metadata,
                expires_at=expires_at,
                reason=reason,
            )
        )

    async def aupdate(
        self, memory_id: str, text: str | None = None, **arguments: Unpack[UpdateArguments]
    ) -> MemoryItem:
        """Like `update`, awaiting the embedder."""
        return await calls.update(self._async, self._room, memory_id, text, **arguments)

    def delete(self, memory_id: str, *, reason: str | None = None, **ids: Unpack[ScopeIds]) -> None:
        """Deletes a memory softly: it is not returned any more, and its history stays.

        Raises:
            MemoryNotFoundError: If it is not there, or not in the scope that is given.
        """
        run(calls.delete(self._sync, self._room, memory_id, reason=reason, **ids))

    async def adelete(self, memory_id: str, *, reason: str | None = None, **ids: Unpack[ScopeIds]) -> None:
        """Like `delete`, without blocking the loop."""
        await calls.delete(self._async, self._room, memory_id, reason=reason, **ids)

    def delete_all(self, **ids: Unpack[ScopeIds]) -> int:
        """How many memories of the scope there were; all are deleted, softly.

        Raises:
            ScopeError: If no id is given.
        """
        return run(calls.delete_all(self._sync, self._room, **ids))

    async def adelete_all(self, **ids: Unpack[ScopeIds]) -> int:
        """Like `delete_all`, without blocking the loop."""
        return await calls.delete_all(self._async, self._room, **ids)

    # Reading ---------------------------------------------------------------------------------

    def get(self, memory_id: str, **ids: Unpack[ScopeIds]) -> MemoryItem | None:
        """The memory as it is now; `None` if it is not there, or not in the scope that is given."""
        return run(calls.get(self._sync, self._room, memory_id, **ids))

    async def aget(self, memory_id: str, **ids: Unpack[ScopeIds]) -> MemoryItem | None:
        """Like `get`, without blocking the loop."""
        return await calls.get(self._async, self._room, memory_id, **ids)

    def get_all(
        self,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        filters: Filters | None = None,
        limit: int = 100,
        cursor: str | None = None,
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
            include_superseded: Also the versions that newer ones replaced.

        Raises:
            ScopeError: If no id is given.
            FilterError: If a filter is not in the grammar.
        """
        return run(
            calls.get_all(
                self._sync,
                self._room,
                user_id=user_id,
                agent_id=agent_id,
                run_id=run_id,
                filters=filters,
                limit=limit,
                cursor=cursor,
                include_superseded=include_superseded,
            )
        )

    async def aget_all(self, **arguments: Unpack[PageArguments]) -> Page:
        """Like `get_all`, without blocking the loop."""
        return await calls.get_all(self._async, self._room, **arguments)

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
        include_messages: bool = False,
        explain: bool = False,
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
            include_messages: Also the turns of conversations, in one ranking with the memories.
            explain: Say how each score came about.

        Raises:
            ScopeError: If no id is given.
            FilterError: If a filter is not in the grammar.
            InvalidInputError: If `query` is blank.
        """
        return run(
            calls.search(
                self._sync,
                self._room,
                query,
                user_id=user_id,
                agent_id=agent_id,
                run_id=run_id,
                limit=limit,
                filters=filters,
                threshold=threshold,
                include_messages=include_messages,
                explain=explain,
            )
        )

    async def asearch(self, query: str, **arguments: Unpack[SearchArguments]) -> list[SearchHit]:
        """Like `search`, awaiting the embedder."""
        return await calls.search(self._async, self._room, query, **arguments)

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
        include_messages: bool = True,
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
            include_messages: Also turns of conversations.

        Raises:
            ScopeError: If no id is given.
            InvalidInputError: If `query` is blank.
        """
        return run(
            calls.recall(
                self._sync,
                self._room,
                query,
                user_id=user_id,
                agent_id=agent_id,
                run_id=run_id,
                max_tokens=max_tokens,
                limit=limit,
                filters=filters,
                threshold=threshold,
                include_messages=include_messages,
            )
        )

    async def arecall(self, query: str, **arguments: Unpack[RecallArguments]) -> Recall:
        """Like `recall`, awaiting the embedder."""
        return await calls.recall(self._async, self._room, query, **arguments)

    def history(self, memory_id: str, **ids: Unpack[ScopeIds]) -> list[Change]:
        """Every change of a memory, oldest first; also of a deleted one.

        Raises:
            MemoryNotFoundError: If there never was one, or not in the scope that is given.
        """
        return run(calls.history(self._sync, self._room, memory_id, **ids))

    async def ahistory(self, memory_id: str, **ids: Unpack[ScopeIds]) -> list[Change]:
        """Like `history`, without blocking the loop."""
        return await calls.history(self._async, self._room, memory_id, **ids)

    # Conversations ---------------------------------------------------------------------------

    def messages(self, session_id: str | None, *, limit: int | None = None, **ids: Unpack[ScopeIds]) -> list[Message]:
        """The verbatim transcript of a conversation, oldest first; with a limit its last turns.

        `session_id=None` gives the messages that were added without one.
        """
        return run(calls.messages(self._sync, self._room, session_id, limit=limit, **ids))

    async def amessages(self, session_id: str | None, **arguments: Unpack[TranscriptArguments]) -> list[Message]:
        """Like `messages`, without blocking the loop."""
        return await calls.messages(self._async, self._room, session_id, **arguments)

    def put_messages(
        self, session_id: str, messages: Messages, *, learn: bool = True, **ids: Unpack[ScopeIds]
    ) -> AddResult:
        """Keeps messages of a conversation; one whose id is known replaces the former.

        They are findable at once. With `learn` a durable job is queued to learn from them.
        """
        return run(calls.put_messages(self._sync, self._room, session_id, messages, learn=learn, **ids))

    async def aput_messages(self, session_id: str, messages: Messages, **arguments: Unpack[PutArguments]) -> AddResult:
        """Like `put_messages`, awaiting the embedder."""
        return await calls.put_messages(self._async, self._room, session_id, messages, **arguments)

    def clear_messages(self, session_id: str, **ids: Unpack[ScopeIds]) -> int:
        """How many turns the conversation had; they are gone for good, what was learned stays."""
        return run(calls.clear_messages(self._sync, self._room, session_id, **ids))

    async def aclear_messages(self, session_id: str, **ids: Unpack[ScopeIds]) -> int:
        """Like `clear_messages`, without blocking the loop."""
        return await calls.clear_messages(self._async, self._room, session_id, **ids)

    # The rest --------------------------------------------------------------------------------

    def pending(self, **ids: Unpack[ScopeIds]) -> list[Job]:
        """What is still to be learned from, oldest first, with the error of the last try."""
        return run(calls.pending(self._sync, self._room, **ids))

    async def apending(self, **ids: Unpack[ScopeIds]) -> list[Job]:
        """Like `pending`, without blocking the loop."""
        return await calls.pending(self._async, self._room, **ids)

    def flush(self, timeout: float | None = None, **ids: Unpack[ScopeIds]) -> None:
        """Learns from everything that is queued. What fails stays queued, and the first error is raised.

        Args:
            timeout: Seconds after which no further job is begun.
            ids: Only jobs of this scope.
        """
        run(calls.flush(self._sync, self._room, timeout=timeout, **ids))

    async def aflush(self, timeout: float | None = None, **ids: Unpack[ScopeIds]) -> None:
        """Like `flush`, awaiting the providers."""
        await calls.flush(self._async, self._room, timeout=timeout, **ids)

    def scoped(
        self, *, user_id: str | None = None, agent_id: str | None = None, run_id: str | None = None
    ) -> ScopedMemory:
        """The same methods with the scope fixed: what an application should hold."""
        return ScopedMemory(self, inputs.scope(user_id, agent_id, run_id))

    def reset(self) -> None:
        """Removes everything of this namespace for good."""
        run(changing.reset(self._sync, self._room))

    async def areset(self) -> None:
        """Like `reset`, without blocking the loop."""
        await changing.reset(self._async, self._room)

    def close(self) -> None:
        """Gives back the database and the index; any later call raises `LedgerError`."""
        self._room.index.close()
        self._room.ledger.close()

    async def aclose(self) -> None:
        """Like `close`, without blocking the loop."""
        await self._async.call(self.close)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()


def _now() -> datetime:
    return datetime.now(UTC)


def _new_id() -> str:
    return str(uuid.uuid4())
