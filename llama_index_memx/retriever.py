"""`MemxRetriever`: a user's memories as nodes, for query engines, chat engines and agents."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, cast

from llama_index.core.base.base_retriever import BaseRetriever
from llama_index.core.callbacks.base import CallbackManager
from llama_index.core.schema import IndexNode, NodeWithScore, QueryBundle

from llama_index_memx.nodes import node
from llama_index_memx.scopes import bound
from memx_core import EmbeddingMismatchError, MemoryLike, ScopedMemory, SearchHit, inputs
from memx_core.deadlines import Deadline
from memx_core.filters import compile_filter
from memx_core.memory.arguments import SearchOptions

_ASKED_BY_A_TOOL = "\ninput is "


class MemxRetriever(BaseRetriever):
    """The memories of one user that are nearest to a query, best first.

    Each node has the memory's id and text, and in `metadata` its `score`, `user_id`,
    `created_at`, `updated_at` and more, of which a model is shown nothing. A query that comes
    with an embedding is not embedded again, if that has the size of the memory's own.

    Args:
        memory (Union[Memory, ScopedMemory]): Where the memories are.
        user_id (str): Whose; not needed with a `ScopedMemory`.
        agent_id (Optional[str]): Narrows the scope to this agent.
        run_id (Optional[str]): Narrows it further.
        similarity_top_k (int): Nodes at most.
        filters (Optional[Mapping[str, Any]]): Conditions on the memories' metadata.
        threshold (Optional[float]): Least score, in [0, 1].
        include_messages (bool): Also turns of conversations.
        as_of (Optional[datetime]): What was true then.
        known_at (Optional[datetime]): What was believed then.
        timeout (Optional[float]): Seconds after which a query raises a `TimeoutError`; `None`: as long as it takes.
        callback_manager (Optional[CallbackManager]): As for any retriever.
        object_map (Optional[Dict[str, Any]]): As for any retriever.
        objects (Optional[List[IndexNode]]): As for any retriever.
        verbose (bool): As for any retriever.

    Raises:
        ScopeError: If there is no user, or one that is no id.
        InvalidInputError: If an argument can never work.

    Examples:
        `pip install "memx-core[llama-index,local]"`

        ```python
        from llama_index_memx import MemxRetriever
        from memx_core import Memory

        memory = Memory()
        retriever = MemxRetriever(memory=memory, user_id="alice", similarity_top_k=3)
        nodes = retriever.retrieve("What may she eat?")
        ```

        With a query engine:

        ```python
        from llama_index.core.query_engine import RetrieverQueryEngine

        engine = RetrieverQueryEngine.from_args(retriever, llm=llm)
        engine.query("What can I cook?")
        ```
    """

    def __init__(
        self,
        memory: MemoryLike | ScopedMemory,
        *,
        user_id: str | None = None,
        agent_id: str | None = None,
        run_id: str | None = None,
        similarity_top_k: int = 5,
        filters: Mapping[str, Any] | None = None,
        threshold: float | None = None,
        include_messages: bool = False,
        as_of: datetime | None = None,
        known_at: datetime | None = None,
        timeout: float | None = None,
        callback_manager: CallbackManager | None = None,
        object_map: dict[str, Any] | None = None,
        objects: list[IndexNode] | None = None,
        verbose: bool = False,
    ) -> None:
        self._known = bound(memory, user_id=user_id, agent_id=agent_id, run_id=run_id)
        self._deadline = Deadline(timeout)
        compile_filter(filters)
        self._options = SearchOptions(
            limit=inputs.limit(similarity_top_k, "similarity_top_k"),
            filters=filters,
            threshold=inputs.threshold(threshold),
            include_messages=include_messages,
            as_of=as_of,
            known_at=known_at,
        )
        super().__init__(callback_manager, object_map, objects, verbose)  # pyright: ignore[reportUnknownMemberType]  # a bare Dict

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        self._known.warm_up()
        return [node(hit) for hit in self._deadline.run(lambda: self._search(query_bundle))]

    async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        await self._known.awarm_up()
        return [node(hit) for hit in await self._deadline.arun(lambda: self._asearch(query_bundle))]

    def _search(self, asked: QueryBundle) -> list[SearchHit]:
        query, options = _asked(asked), self._options
        try:
            return self._known.search(query, **_with(options, asked.embedding))
        except EmbeddingMismatchError:
            if asked.embedding is None:
                raise
            return self._known.search(query, **options)  # Another retriever's: fusion hands one bundle to all.

    async def _asearch(self, asked: QueryBundle) -> list[SearchHit]:
        query, options = _asked(asked), self._options
        try:
            return await self._known.asearch(query, **_with(options, asked.embedding))
        except EmbeddingMismatchError:
            if asked.embedding is None:
                raise
            return await self._known.asearch(query, **options)


def _with(options: SearchOptions, embedding: list[float] | None) -> SearchOptions:
    return cast("SearchOptions", {**options, "embedding": embedding})


def _asked(query_bundle: QueryBundle) -> str:
    """The query, without what `RetrieverTool` puts around it."""
    return query_bundle.query_str.removeprefix(_ASKED_BY_A_TOOL).strip()
