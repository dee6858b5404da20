"""`MemxRetriever`: a user's memories as documents, for chains."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self, cast

from langchain_core.callbacks import AsyncCallbackManagerForRetrieverRun, CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever, LangSmithRetrieverParams
from langchain_core.runnables import RunnableConfig, ensure_config
from pydantic import ConfigDict, Field, field_validator, model_validator

from langchain_memx._handles import handle
from langchain_memx.documents import document
from memx_core import MemoryLike, ScopedMemory
from memx_core.memory.arguments import SearchOptions
from memx_core.memory.fitting import Given, fitting

_OPTIONS = ("k", "filters", "threshold", "include_messages", "as_of", "known_at")
_BASES = ("run_id", "verbose")  # of the run, not of the memories


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

        memory = Memory()
        retriever = MemxRetriever(memory=memory, k=5)
        ```

    Use:
        ```python
        retriever.invoke("What may she eat?", {"configurable": {"user_id": "alice"}})
        ```

    Use within a chain:
        ```python
        from langchain_core.prompts import ChatPromptTemplate
        from langchain_core.runnables import RunnablePassthrough
        from langchain_memx import format_memories

        prompt = ChatPromptTemplate.from_messages([("human", "{question}"), ("human", "{facts}")])
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

    model_config = ConfigDict(arbitrary_types_allowed=True, extra="forbid")

    memory: MemoryLike | ScopedMemory = Field(exclude=True, repr=False)
    k: int = Field(default=5, ge=1)
    user_id: str | None = None
    agent_id: str | None = None
    run_id: str | None = None
    filters: dict[str, Any] | None = None
    threshold: float | None = None
    include_messages: bool = False
    as_of: datetime | None = None
    known_at: datetime | None = None

    @field_validator("user_id", "agent_id", "run_id", mode="before")
    @classmethod
    def _id(cls, value: Any) -> str | None:  # noqa: ANN401  # looked at here
        """A number is an id too."""
        return Given(value).user_id

    @model_validator(mode="after")
    def _fits(self) -> Self:
        fitting(self.memory, self._given)
        return self

    def invoke(self, input: str, config: RunnableConfig | None = None, **kwargs: Any) -> list[Document]:  # noqa: ANN401  # as its base
        """The documents. `k`, `filters`, `threshold`, `include_messages`, `as_of`, `known_at` hold for this call."""
        return super().invoke(input, config, **self._prepared(config, kwargs))

    async def ainvoke(self, input: str, config: RunnableConfig | None = None, **kwargs: Any) -> list[Document]:  # noqa: ANN401  # as its base
        """Like `invoke`, awaiting the embedder."""
        return await super().ainvoke(input, config, **self._prepared(config, kwargs))

    def _prepared(self, config: RunnableConfig | None, kwargs: dict[str, Any]) -> dict[str, Any]:
        """The scope is looked for here: the methods below are not shown the config.

        Raises:
            ScopeError: If nobody says who the user is.
            TypeError: If there is an argument that a search does not know.
        """
        unknown = kwargs.keys() - {*_OPTIONS, *_BASES}
        if unknown:
            raise TypeError(f"MemxRetriever takes no {', '.join(sorted(unknown))}; known are {', '.join(_OPTIONS)}")
        return {**kwargs, "known": self._known(config)}

    def _known(self, config: RunnableConfig | None = None) -> ScopedMemory:
        return handle(self.memory, self._given, ensure_config(config))

    def _get_relevant_documents(
        self,
        query: str,
        *,
        run_manager: CallbackManagerForRetrieverRun,
        known: ScopedMemory | None = None,
        **options: Any,  # noqa: ANN401  # checked by the search
    ) -> list[Document]:
        known = known or self._known()
        return [document(hit) for hit in known.search(query, **self._search_options(options))]

    async def _aget_relevant_documents(
        self,
        query: str,
        *,
        run_manager: AsyncCallbackManagerForRetrieverRun,
        known: ScopedMemory | None = None,
        **options: Any,  # noqa: ANN401  # checked by the search
    ) -> list[Document]:
        known = known or self._known()
        return [document(hit) for hit in await known.asearch(query, **self._search_options(options))]

    @property
    def _given(self) -> Given:
        return Given(self.user_id, self.agent_id, self.run_id)

    def _search_options(self, given: dict[str, Any]) -> SearchOptions:
        """This object's, and before them the call's."""
        options = {name: given.get(name, getattr(self, name)) for name in _OPTIONS}
        return cast("SearchOptions", {"limit": options.pop("k"), **options})

    def _get_ls_params(self, **kwargs: object) -> LangSmithRetrieverParams:
        return LangSmithRetrieverParams(ls_retriever_name="memx", ls_vector_store_provider="memx")
