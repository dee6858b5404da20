"""`Memory` and `AsyncMemory`, as mem0's are called: check nothing, name the flow.

Parameters that stand last, after mem0's own, are those of its first year.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any, NoReturn, Self

import memx_core.memory
from memx_core._io import run
from memx_core.mem0 import flows
from memx_core.mem0.answers import Answer
from memx_core.mem0.colours import Awaiting, Blocking
from memx_core.mem0.opening import opened
from memx_core.mem0.scopes import Id
from memx_core.memory.arguments import Filters, Messages
from memx_core.types import Metadata


class _Facade:
    """What both colours are made of."""

    def __init__(self, config: object = None) -> None:
        made = opened(config)
        self._memx = made.memory
        self._instructions = made.instructions

    @classmethod
    def from_config(cls, config_dict: Mapping[str, Any]) -> Self:
        """A memory as mem0's configuration describes it.

        Args:
            config_dict: `llm` and `embedder` as `{"provider": …, "config": {…}}` or ready-made, without them
                rules and the bundled embedder; `vector_store` for a Qdrant server; `history_db_path`, beside
                which the database lies; `reranker`, ready-made; `custom_instructions`; and `memx` for what
                `memx_core.Memory` takes: `database`, `namespace`, `policy` and so on.

        Raises:
            InvalidInputError: If it asks for what cannot be had here.
            ImportError: If the package of a provider is missing; it says which.
        """
        return cls(config_dict)

    @property
    def memx(self) -> memx_core.memory.Memory:
        """The memory underneath: `recall`, `undo`, `why`, `erase` and all else that mem0 has no name for."""
        return self._memx

    def close(self) -> None:
        """Gives back the database and the index."""
        self._memx.close()


class Memory(_Facade):
    """mem0's `Memory`, on memx.

    Args:
        config: See `from_config`; also a `memx_core.Memory` that there is. `None`: rules instead of a
            model, the bundled embedder, and `./memx.db`.
    """

    def __init__(self, config: object = None) -> None:
        super().__init__(config)
        self._calls = Blocking(self._memx)

    def add(
        self,
        messages: Messages | None = None,
        *,
        user_id: Id | None = None,
        agent_id: Id | None = None,
        run_id: Id | None = None,
        metadata: Metadata | None = None,
        timestamp: Any = None,  # noqa: ANN401  # as mem0 has it
        expiration_date: Any = None,  # noqa: ANN401  # as mem0 has it
        infer: bool = True,
        memory_type: str | None = None,
        prompt: str | None = None,
        data: Messages | None = None,
        filters: Filters | None = None,
    ) -> Answer:
        """What was learned: `{"results": [{"id": …, "memory": …, "event": "ADD"}]}`.

        Args:
            messages: A text, a message or several, oldest first.
            user_id: Whose memories; at least one of the three ids.
            agent_id: See `user_id`.
            run_id: See `user_id`.
            metadata: JSON values to filter by.
            timestamp: When it was said: an aware datetime, ISO 8601 with an offset, or seconds since 1970.
            expiration_date: The last day, in UTC, on which the memories are returned.
            infer: False keeps every user and assistant message as a memory as it is.
            memory_type: Not here.
            prompt: What to notice or to ignore, in words for the model.
            data: What `messages` was called.
            filters: May hold the ids; conditions change nothing, as all that is known is looked at.

        Raises:
            InvalidInputError: If an argument can never work; it is a `ValueError`.
        """
        return run(
            flows.add(
                self._calls,
                data if messages is None else messages,
                user_id=user_id,
                agent_id=agent_id,
                run_id=run_id,
                metadata=metadata,
                timestamp=timestamp,
                expiration_date=expiration_date,
                infer=infer,
                memory_type=memory_type,
                prompt=self._instructions if prompt is None else prompt,
                filters=filters,
            )
        )

    def get(self, memory_id: str) -> Answer | None:
        """The memory, or `None` if it is not there."""
        return run(flows.get(self._calls, memory_id))

    def get_all(
        self,
        *,
        filters: Filters | None = None,
        top_k: int = 20,
        show_expired: bool = False,
        user_id: Id | None = None,
        agent_id: Id | None = None,
        run_id: Id | None = None,
        limit: int | None = None,
    ) -> Answer:
        """Memories of the scope, newest first: `{"results": [{"id": …, "memory": …, …}]}`.

        Args:
            filters: The ids, and conditions on the metadata.
            top_k: How many at most.
            show_expired: Not here.
            user_id: The id, beside the filters.
            agent_id: See `user_id`.
            run_id: See `user_id`.
            limit: What `top_k` was called.

        Raises:
            InvalidInputError: If an argument can never work, or no id is given.
        """
        return run(
            flows.get_all(
                self._calls,
                filters=filters,
                top_k=top_k,
                show_expired=show_expired,
                user_id=user_id,
                agent_id=agent_id,
                run_id=run_id,
                limit=limit,
            )
        )

    def search(
        self,
        query: str,
        *,
        top_k: int = 20,
        filters: Filters | None = None,
        threshold: float | None = 0.1,
        rerank: bool = False,
        explain: bool = False,
        reference_date: Any = None,  # noqa: ANN401  # as mem0 has it
        show_expired: bool = False,
        user_id: Id | None = None,
        agent_id: Id | None = None,
        run_id: Id | None = None,
        limit: int | None = None,
    ) -> Answer:
        """Memories of the scope nearest to `query`, best first: `{"results": [{…, "score": 0.8}]}`.

        Args:
            query: What is asked, in words.
            top_k: How many at most.
            filters: The ids, and conditions on the metadata.
            threshold: Least score, in [0, 1].
            rerank: Changes nothing: a reranker that there is has the last word.
            explain: Say in `score_details` how each score came about.
            reference_date: Not here.
            show_expired: Not here.
            user_id: The id, beside the filters.
            agent_id: See `user_id`.
            run_id: See `user_id`.
            limit: What `top_k` was called.

        Raises:
            InvalidInputError: If an argument can never work, or no id is given.
        """
        return run(
            flows.search(
                self._calls,
                query,
                top_k=top_k,
                filters=filters,
                threshold=threshold,
                explain=explain,
                reference_date=reference_date,
                show_expired=show_expired,
                user_id=user_id,
                agent_id=agent_id,
                run_id=run_id,
                limit=limit,
            )
        )

    def update(
        self,
        memory_id: str,
        text: str | None = None,
        metadata: Metadata | None = None,
        expiration_date: Any = ...,  # noqa: ANN401  # as mem0 has it
        data: str | None = None,
    ) -> Answer:
        """Changes a memory; what is not given stays, also within its metadata.

        Args:
            memory_id: Its id.
            text: The new text.
            metadata: Values that are added, or take the place of those with the same keys.
            expiration_date: The last day on which it is returned; `None` for no such day.
            data: What `text` was called.

        Raises:
            MissingMemoryError: If it is not there.
            InvalidInputError: If nothing is to be changed.
        """
        return run(
            flows.update(
                self._calls,
                memory_id,
                data if text is None else text,
                metadata=metadata,
                expiration_date=expiration_date,
            )
        )

    def delete(self, memory_id: str) -> Answer:
        """Deletes a memory softly: its history stays.

        Raises:
            MissingMemoryError: If it is not there.
        """
        return run(flows.delete(self._calls, memory_id))

    def delete_all(self, user_id: Id | None = None, agent_id: Id | None = None, run_id: Id | None = None) -> Answer:
        """Deletes the memories of a scope softly; `memory.memx.erase` removes them for good.

        Raises:
            ScopeError: If no id is given.
        """
        return run(flows.delete_all(self._calls, user_id=user_id, agent_id=agent_id, run_id=run_id))

    def history(self, memory_id: str) -> list[Answer]:
        """The changes of a memory, oldest first, also of a deleted one; none if there never was one."""
        return run(flows.history(self._calls, memory_id))

    def reset(self) -> None:
        """Removes everything for good."""
        run(self._calls.reset())

    def chat(self, query: str) -> NoReturn:
        """Not here, and not in mem0."""
        raise NotImplementedError("a memory does not chat: put `memory.memx.recall(query)` into a model's prompt")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncMemory(_Facade):
    """mem0's `AsyncMemory`, on memx: the same methods, awaiting the providers on the caller's loop."""

    def __init__(self, config: object = None) -> None:
        super().__init__(config)
        self._calls = Awaiting(self._memx)

    async def add(
        self,
        messages: Messages | None = None,
        *,
        user_id: Id | None = None,
        agent_id: Id | None = None,
        run_id: Id | None = None,
        metadata: Metadata | None = None,
        timestamp: Any = None,  # noqa: ANN401  # as mem0 has it
        expiration_date: Any = None,  # noqa: ANN401  # as mem0 has it
        infer: bool = True,
        memory_type: str | None = None,
        prompt: str | None = None,
        llm: object = None,
        data: Messages | None = None,
        filters: Filters | None = None,
    ) -> Answer:
        """See `Memory.add`; `llm` went with `memory_type` and changes nothing."""
        return await flows.add(
            self._calls,
            data if messages is None else messages,
            user_id=user_id,
            agent_id=agent_id,
            run_id=run_id,
            metadata=metadata,
            timestamp=timestamp,
            expiration_date=expiration_date,
            infer=infer,
            memory_type=memory_type,
            prompt=self._instructions if prompt is None else prompt,
            filters=filters,
        )

    async def get(self, memory_id: str) -> Answer | None:
        """See `Memory.get`."""
        return await flows.get(self._calls, memory_id)

    async def get_all(
        self,
        *,
        filters: Filters | None = None,
        top_k: int = 20,
        show_expired: bool = False,
        user_id: Id | None = None,
        agent_id: Id | None = None,
        run_id: Id | None = None,
        limit: int | None = None,
    ) -> Answer:
        """See `Memory.get_all`."""
        return await flows.get_all(
            self._calls,
            filters=filters,
            top_k=top_k,
            show_expired=show_expired,
            user_id=user_id,
            agent_id=agent_id,
            run_id=run_id,
            limit=limit,
        )

    async def search(
        self,
        query: str,
        *,
        top_k: int = 20,
        filters: Filters | None = None,
        threshold: float | None = 0.1,
        rerank: bool = False,
        explain: bool = False,
        reference_date: Any = None,  # noqa: ANN401  # as mem0 has it
        show_expired: bool = False,
        user_id: Id | None = None,
        agent_id: Id | None = None,
        run_id: Id | None = None,
        limit: int | None = None,
    ) -> Answer:
        """See `Memory.search`."""
        return await flows.search(
            self._calls,
            query,
            top_k=top_k,
            filters=filters,
            threshold=threshold,
            explain=explain,
            reference_date=reference_date,
            show_expired=show_expired,
            user_id=user_id,
            agent_id=agent_id,
            run_id=run_id,
            limit=limit,
        )

    async def update(
        self,
        memory_id: str,
        text: str | None = None,
        metadata: Metadata | None = None,
        expiration_date: Any = ...,  # noqa: ANN401  # as mem0 has it
        data: str | None = None,
    ) -> Answer:
        """See `Memory.update`."""
        return await flows.update(
            self._calls,
            memory_id,
            data if text is None else text,
            metadata=metadata,
            expiration_date=expiration_date,
        )

    async def delete(self, memory_id: str) -> Answer:
        """See `Memory.delete`."""
        return await flows.delete(self._calls, memory_id)

    async def delete_all(
        self, user_id: Id | None = None, agent_id: Id | None = None, run_id: Id | None = None
    ) -> Answer:
        """See `Memory.delete_all`."""
        return await flows.delete_all(self._calls, user_id=user_id, agent_id=agent_id, run_id=run_id)

    async def history(self, memory_id: str) -> list[Answer]:
        """See `Memory.history`."""
        return await flows.history(self._calls, memory_id)

    async def reset(self) -> None:
        """See `Memory.reset`."""
        await self._calls.reset()

    async def chat(self, query: str) -> NoReturn:
        """See `Memory.chat`."""
        raise NotImplementedError("a memory does not chat: put `await memory.memx.arecall(query)` into a prompt")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._memx.aclose()
