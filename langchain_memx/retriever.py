"""`MemxRetriever`: a user's memories as documents, for chains."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from langchain_core.callbacks import AsyncCallbackManagerForRetrieverRun, CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever, LangSmithRetrieverParams
from langchain_core.runnables import RunnableConfig, ensure_config
from pydantic import ConfigDict, Field

from langchain_memx.documents import document
from langchain_memx.scopes import Given, current_runtime, resolve
from memx_core import Memory, ScopedMemory
from memx_core.memory.arguments import SearchOptions

_OPTIONS = frozenset({"filters", "threshold", "include_messages", "as_of", "known_at"})


class MemxRetriever(BaseRetriever):
    """The memories of the run's user that are nearest to a query, best first.

    Setup:
        ```console
        pip install "memx-core[langchain,local]"
        ```

    Instantiate:
        ```python
        from langchain_memx import MemxRetriever
        from memx_core import Memory

        retriever = MemxRetriever(memory=Memory(), k=5)
        ```

    Use:
        ```python
        retriever.invoke("What may she eat?", {"configurable": {"user_id": "alice"}})
        ```

    Use within a chain:
        ```python
        chain = {"facts": retriever | format_memories, "question": RunnablePassthrough()} | prompt | model
        chain.invoke("What can I cook?", {"configurable": {"user_id": "alice"}})
        ```

    Each document has the memory's id, its text, and in `metadata` its `score`, `user_id`,
    `created_at`, `updated_at` and more. The user is found in this order: `user_id` of this object,
    a graph's server identity and context, `config["configurable"]`; without one a call fails.

    Args:
        memory: A `Memory`, or a `ScopedMemory` for a chain that has one user.
        k: Documents at most.
        user_id: For a chain that has one user.
        agent_id: Narrows every scope to this agent.
        run_id: Narrows every scope further.
        filters: Conditions on the memories' metadata.
        threshold: Least score, in [0, 1].
        include_messages: Also turns of conversations.
        as_of: What was true then.
        known_at: What was believed then.

    Raises:
        ScopeError: If nobody says who the user is.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    memory: Memory | ScopedMemory = Field(exclude=True, repr=False)
    k: int = Field(default=5, ge=1)
    user_id: str | None = None
    agent_id: str | None = None
    run_id: str | None = None
    filters: dict[str, Any] | None = None
    threshold: float | None = None
    include_messages: bool = False
    as_of: datetime | None = None
    known_at: datetime | None = None

    def invoke(self, input: str, config: RunnableConfig | None = None, **kwargs: Any) -> list[Document]:  # noqa: ANN401  # as its base
        """The documents. `k`, `filters`, `threshold`, `include_messages`, `as_of`, `known_at` hold for this call."""
        return super().invoke(input, config, **self._prepared(config, kwargs))

    async def ainvoke(self, input: str, config: RunnableConfig | None = None, **kwargs: Any) -> list[Document]:  # noqa: ANN401  # as its base
        """Like `invoke`, awaiting the embedder."""
        return await super().ainvoke(input, config, **self._prepared(config, kwargs))

    def _prepared(self, config: RunnableConfig | None, kwargs: dict[str, Any]) -> dict[str, Any]:
        """The scope is looked for here: the methods below are not shown the config."""
        return {**kwargs, "handle": self._handle(ensure_config(config))}

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,
        handle: ScopedMemory | None = None,
        k: int | None = None,
        **options: Any,  # noqa: ANN401  # checked by the search
    ) -> list[Document]:
        handle = handle or self._handle(ensure_config())
        return [document(hit) for hit in handle.search(query, **self._search_options(k, options))]

    async def _aget_relevant_documents(
        self,
        query: str,
        *,
        run_manager: AsyncCallbackManagerForRetrieverRun,
        handle: ScopedMemory | None = None,
        k: int | None = None,
        **options: Any,  # noqa: ANN401  # checked by the search
    ) -> list[Document]:
        handle = handle or self._handle(ensure_config())
        return [document(hit) for hit in await handle.asearch(query, **self._search_options(k, options))]

    def _handle(self, config: RunnableConfig) -> ScopedMemory:
        """The memory of the call's user.

        Raises:
            ScopeError: If nobody says who that is.
        """
        if isinstance(self.memory, ScopedMemory):
            return self.memory
        given = Given(self.user_id, self.agent_id, self.run_id)
        scope = resolve(given, runtime=current_runtime(), config=config)
        return self.memory.scoped(user_id=scope.user_id, agent_id=scope.agent_id, run_id=scope.run_id)

    def _search_options(self, k: int | None, options: dict[str, Any]) -> SearchOptions:
        own = SearchOptions(
            limit=self.k if k is None else k,
            filters=self.filters,
            threshold=self.threshold,
            include_messages=self.include_messages,
            as_of=self.as_of,
            known_at=self.known_at,
        )
        unknown = set(options) - _OPTIONS - {"verbose"}
        if unknown:
            raise TypeError(
                f"MemxRetriever takes no {', '.join(sorted(unknown))}; known are k, {', '.join(sorted(_OPTIONS))}"
            )
        given = {name: value for name, value in options.items() if name in _OPTIONS}
        return cast("SearchOptions", {**own, **given})

    def _get_ls_params(self, **kwargs: object) -> LangSmithRetrieverParams:
        return LangSmithRetrieverParams(ls_retriever_name="memx", ls_vector_store_provider="memx")
