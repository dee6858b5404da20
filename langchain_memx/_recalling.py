"""A recall that shows in traces as a retriever run, keeps to its time, and fails open.

Each recall is a retriever of its own, because the block that goes into the prompt is more than
the documents that a trace shows.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Awaitable, Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from threading import Lock
from typing import TypeVar

from langchain_core.callbacks import AsyncCallbackManagerForRetrieverRun, CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever, LangSmithRetrieverParams
from pydantic import PrivateAttr

from langchain_memx.documents import document
from memx_core import Recall, ScopedMemory
from memx_core.memory.arguments import RecallOptions

T = TypeVar("T")


class Recalling(BaseRetriever):
    """One recall of one scope; `found` is what it came to."""

    _handle: ScopedMemory = PrivateAttr()
    _options: RecallOptions = PrivateAttr()
    _found: Recall = PrivateAttr(default_factory=lambda: Recall(""))

    def __init__(self, handle: ScopedMemory, options: RecallOptions) -> None:
        super().__init__()
        self._handle = handle
        self._options = options

    @property
    def found(self) -> Recall:
        """The recall, once it was invoked."""
        return self._found

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        self._found = self._handle.recall(query, **self._options)
        return [document(hit) for hit in self._found.hits]

    async def _aget_relevant_documents(
        self, query: str, *, run_manager: AsyncCallbackManagerForRetrieverRun
    ) -> list[Document]:
        self._found = await self._handle.arecall(query, **self._options)
        return [document(hit) for hit in self._found.hits]

    def _get_ls_params(self, **kwargs: object) -> LangSmithRetrieverParams:
        return LangSmithRetrieverParams(ls_retriever_name="memx")


class Deadline:
    """Runs calls for at most so many seconds. What takes longer goes on by itself, unheeded.

    Args:
        seconds: `None` waits as long as it takes.
    """

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds
        self._pool: ThreadPoolExecutor | None = None
        self._lock = Lock()

    def run(self, func: Callable[[], T]) -> T:
        """What `func` returns.

        Raises:
            TimeoutError: If it takes too long.
        """
        if self._seconds is None:
            return func()
        context = contextvars.copy_context()
        waiting: Future[T] = self._threads().submit(lambda: context.run(func))
        try:
            return waiting.result(self._seconds)
        except FutureTimeoutError:
            waiting.cancel()
            raise TimeoutError(f"no answer within {self._seconds} s") from None

    async def arun(self, func: Callable[[], Awaitable[T]]) -> T:
        """What the coroutine of `func` returns.

        Raises:
            TimeoutError: If it takes too long.
        """
        async with asyncio.timeout(self._seconds):
            return await func()

    def _threads(self) -> ThreadPoolExecutor:
        with self._lock:
            if self._pool is None:
                self._pool = ThreadPoolExecutor(max_workers=32, thread_name_prefix="memx-recall")
            return self._pool
