"""A recall that shows in traces as a retriever run, and keeps to its time.

Each recall is a retriever of its own, because the block that goes into the prompt is more than
the documents that a trace shows.
"""

from __future__ import annotations

from langchain_core.callbacks import AsyncCallbackManagerForRetrieverRun, CallbackManagerForRetrieverRun
from langchain_core.callbacks.manager import BaseRunManager
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever, LangSmithRetrieverParams
from pydantic import PrivateAttr

from langchain_memx.documents import document
from memx_core import Recall, ScopedMemory
from memx_core.deadlines import Deadline
from memx_core.memory.arguments import RecallOptions


class Recalling(BaseRetriever):
    """One recall of one scope; `found` is what it came to.

    Args:
        handle: The scope.
        options: Of its `recall`.
        deadline: How long that may take.
    """

    name: str | None = "memx"

    _handle: ScopedMemory = PrivateAttr()
    _options: RecallOptions = PrivateAttr()
    _deadline: Deadline = PrivateAttr()
    _found: Recall = PrivateAttr(default_factory=lambda: Recall(""))

    def __init__(self, handle: ScopedMemory, options: RecallOptions, deadline: Deadline) -> None:
        super().__init__()
        self._handle = handle
        self._options = options
        self._deadline = deadline

    @property
    def found(self) -> Recall:
        """The recall, once it was invoked."""
        return self._found

    def warm_up(self) -> None:
        """Loads the embedder, where it is loaded once for all: not what a single recall can be given time for."""
        self._handle.warm_up()

    async def awarm_up(self) -> None:
        """Like `warm_up`, without blocking the loop."""
        await self._handle.awarm_up()

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        self._found = self._deadline.run(lambda: self._handle.recall(query, **self._options))
        return self._documents(run_manager)

    async def _aget_relevant_documents(
        self, query: str, *, run_manager: AsyncCallbackManagerForRetrieverRun
    ) -> list[Document]:
        self._found = await self._deadline.arun(lambda: self._handle.arecall(query, **self._options))
        return self._documents(run_manager)

    def _documents(self, run: BaseRunManager) -> list[Document]:
        """For whoever watches; the block is what counts."""
        return [document(hit) for hit in self._found.hits] if run.handlers else []

    def _get_ls_params(self, **kwargs: object) -> LangSmithRetrieverParams:
        return LangSmithRetrieverParams(ls_retriever_name="memx")
