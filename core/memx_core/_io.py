"""The only place where sync and async differ.

A flow is an `async def` that awaits its `IO` and nothing else. `AsyncIO` awaits the providers
on the caller's loop and lends a thread to whatever blocks. `SyncIO` calls blocking methods and
never suspends, so `run` steps the flow to its end on the caller's thread. No event loop is
started, ever: a provider's client may be bound to the caller's.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Generator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from typing import Any, Generic, NoReturn, ParamSpec, Protocol, Self, TypeVar

import numpy as np
from pydantic import BaseModel

from memx_core.errors import EmbeddingMismatchError, ExtractionError, InvalidInputError
from memx_core.ports import (
    LLM,
    AsyncEmbedder,
    AsyncLLM,
    Completion,
    Embedder,
    Reranker,
    Telemetry,
    Vector,
    Vectors,
    Warmable,
)
from memx_core.telemetry import SILENCE
from memx_core.text import estimate_tokens
from memx_core.types import Message, Usage

T = TypeVar("T")
P = ParamSpec("P")


@dataclass(frozen=True, slots=True)
class Providers:
    """What the user brought. `llm` is `None` when rules propose; `telemetry` hears of the calls."""

    llm: LLM | AsyncLLM | None
    embedder: Embedder | AsyncEmbedder
    reranker: Reranker | None = None
    telemetry: Telemetry = SILENCE


class Current:
    """The providers of a memory, whose embedder may be changed while calls go on. Thread-safe."""

    def __init__(self, providers: Providers) -> None:
        self._providers = providers
        self._changing = threading.Lock()

    @property
    def providers(self) -> Providers:
        """Those for a call that begins now."""
        return self._providers

    def settled(self) -> Providers:
        """Like `providers`, once a change that is under way is done."""
        with self._changing:
            return self._providers

    def change(self, embedder: Embedder | AsyncEmbedder, commit: Callable[[], bool]) -> bool:
        """Puts `embedder` in the former's place if `commit` does so in the ledger."""
        with self._changing:
            done = commit()
            if done:
                self._providers = replace(self._providers, embedder=embedder)
            return done


class IO(Protocol):
    """All that a flow may wait for, with one embedder from its beginning to its end."""

    @property
    def fingerprint(self) -> str:
        """The embedder's, by which vectors are told apart."""
        ...

    def using(self, embedder: Embedder | AsyncEmbedder) -> IO:
        """The same with another embedder."""
        ...

    async def renewed(self, error: EmbeddingMismatchError) -> IO:
        """What to go on with if the memory's embedder was changed since this flow began; else `error` is raised."""
        ...

    async def change(self, embedder: Embedder | AsyncEmbedder, commit: Callable[[], bool]) -> bool:
        """Gives later flows `embedder`, if `commit` says that its vectors are searched from now on."""
        ...

    async def complete(self, messages: Sequence[Message], schema: type[BaseModel]) -> Completion:
        """The model's answer; its usage counts the call, and tokens by estimate if none are told."""
        ...

    async def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Normalised vectors, shape (texts, dimensions); no call for no texts."""
        ...

    async def embed_query(self, text: str) -> Vector:
        """The normalised vector to search with."""
        ...

    async def warm_up(self) -> None:
        """Has the embedder load what it has to load."""
        ...

    async def rerank(self, query: str, texts: Sequence[str]) -> Sequence[float]:
        """The reranker's judgement."""
        ...

    async def call(self, func: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`func(...)`, which may block: the ledger and the index."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Waits."""
        ...


def run(flow: Coroutine[Any, Any, T]) -> T:
    """The result of a flow over `SyncIO`, stepped to its end without an event loop."""
    try:
        flow.send(None)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]  # typeshed: StopIteration.value is Any
    finally:
        flow.close()
    raise RuntimeError(f"{flow!r} awaited something other than its IO")


class _Common:
    """What the colours share."""

    def __init__(self, given: Providers | Current) -> None:
        self._current = given if isinstance(given, Current) else Current(given)
        self._providers = self._current.providers

    @property
    def fingerprint(self) -> str:
        """See `IO`."""
        return self._providers.embedder.fingerprint

    def using(self, embedder: Embedder | AsyncEmbedder) -> Self:
        """See `IO`."""
        return type(self)(replace(self._providers, embedder=embedder))

    async def renewed(self, error: EmbeddingMismatchError) -> Self:
        """See `IO`."""
        settled = await self.call(self._current.settled)
        if settled.embedder.fingerprint == self.fingerprint:
            raise error
        return type(self)(self._current)

    async def change(self, embedder: Embedder | AsyncEmbedder, commit: Callable[[], bool]) -> bool:
        """See `IO`."""
        return await self.call(self._current.change, embedder, commit)

    async def warm_up(self) -> None:
        """See `IO`."""
        embedder = self._providers.embedder
        if isinstance(embedder, Warmable):
            await self.call(embedder.warm_up)

    async def call(self, func: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """See `IO`."""
        raise NotImplementedError


class Steps(Generic[T]):
    """A generator that threads step and close, one at a time.

    A call that is cancelled cannot stop the thread that it was lent: closing waits until that has made its step.
    """

    def __init__(self, steps: Generator[T]) -> None:
        self._steps = steps
        self._one = threading.Lock()

    def next(self) -> T | None:
        """What it yields next; `None` at its end."""
        with self._one:
            return next(self._steps, None)

    def close(self) -> None:
        """Ends it."""
        with self._one:
            self._steps.close()


class SyncIO(_Common):
    """Blocking calls on the caller's thread."""

    async def complete(self, messages: Sequence[Message], schema: type[BaseModel]) -> Completion:
        """See `IO`."""
        llm = self._providers.llm
        if not isinstance(llm, LLM):
            _refuse(llm, "complete")
        with self._providers.telemetry.completion(llm, messages) as told:
            return told(_counted(llm.complete(messages, schema), messages))

    async def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """See `IO`."""
        if not texts:
            return np.empty((0, 0), np.float32)
        embedder = self._providers.embedder
        if not isinstance(embedder, Embedder):
            _refuse(embedder, "embed_documents")
        with self._providers.telemetry.embedding(embedder, texts) as told:
            return told(_matrix(embedder.embed_documents(texts), len(texts)))

    async def embed_query(self, text: str) -> Vector:
        """See `IO`."""
        embedder = self._providers.embedder
        if not isinstance(embedder, Embedder):
            _refuse(embedder, "embed_query")
        with self._providers.telemetry.embedding(embedder, [text]) as told:
            return told(_vector(embedder.embed_query(text)))

    async def rerank(self, query: str, texts: Sequence[str]) -> Sequence[float]:
        """See `IO`."""
        reranker = self._providers.reranker
        return [] if reranker is None else reranker.rerank(query, texts)

    async def call(self, func: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """See `IO`."""
        return func(*args, **kwargs)

    async def sleep(self, seconds: float) -> None:
        """See `IO`."""
        time.sleep(seconds)  # noqa: ASYNC251  # this colour blocks


class AsyncIO(_Common):
    """Awaits the caller's providers; what blocks runs in a thread."""

    async def complete(self, messages: Sequence[Message], schema: type[BaseModel]) -> Completion:
        """See `IO`."""
        llm = self._providers.llm
        if llm is None:
            _refuse(llm, "complete")
        with self._providers.telemetry.completion(llm, messages) as told:
            if isinstance(llm, AsyncLLM):
                return told(_counted(await llm.acomplete(messages, schema), messages))
            return told(_counted(await self.call(llm.complete, messages, schema), messages))

    async def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """See `IO`."""
        if not texts:
            return np.empty((0, 0), np.float32)
        embedder = self._providers.embedder
        with self._providers.telemetry.embedding(embedder, texts) as told:
            if isinstance(embedder, AsyncEmbedder):
                return told(_matrix(await embedder.aembed_documents(texts), len(texts)))
            return told(_matrix(await self.call(embedder.embed_documents, texts), len(texts)))

    async def embed_query(self, text: str) -> Vector:
        """See `IO`."""
        embedder = self._providers.embedder
        with self._providers.telemetry.embedding(embedder, [text]) as told:
            if isinstance(embedder, AsyncEmbedder):
                return told(_vector(await embedder.aembed_query(text)))
            return told(_vector(await self.call(embedder.embed_query, text)))

    async def rerank(self, query: str, texts: Sequence[str]) -> Sequence[float]:
        """See `IO`."""
        reranker = self._providers.reranker
        return [] if reranker is None else await self.call(reranker.rerank, query, texts)

    async def call(self, func: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """See `IO`."""
        return await asyncio.to_thread(_unstopped, partial(func, *args, **kwargs))

    async def sleep(self, seconds: float) -> None:
        """See `IO`."""
        await asyncio.sleep(seconds)


def _unstopped(func: Callable[[], T]) -> T:
    """`func()` without a `StopIteration`, which no future can hold: whoever awaits it would wait for ever."""
    try:
        return func()
    except StopIteration as error:
        raise RuntimeError("a provider raised StopIteration") from error  # as Python itself does in a coroutine


def _refuse(provider: object, method: str) -> NoReturn:
    raise InvalidInputError(
        # Its type, not its `repr`: that may hold a key.
        f"{type(provider).__qualname__} has no blocking `{method}`, only an async one: "
        "call the method with an `a` in front and await it"
    )


def _counted(completion: object, asked: Sequence[Message]) -> Completion:
    if not isinstance(completion, Completion):
        raise ExtractionError(f"the model's answer is no memx_core.Completion, but {type(completion).__qualname__!r}")
    usage = completion.usage
    if not usage.tokens:
        usage += Usage(
            input_tokens=sum(map(_tokens, asked)),
            output_tokens=estimate_tokens(completion.shown),
        )
    return replace(completion, usage=usage if usage.calls else usage + Usage(calls=1))


def _tokens(message: Message) -> int:
    return (_fixed_tokens if message.role == "system" else estimate_tokens)(message.content)


@lru_cache(maxsize=4)
def _fixed_tokens(text: str) -> int:
    """Of a system text, which is the same in every call: nothing that somebody said is held here."""
    return estimate_tokens(text)


def _vector(raw: object) -> Vector:
    vector: Vector = _matrix([raw], 1)[0]
    return vector


def _matrix(raw: object, count: int) -> Vectors:
    """`raw` as normalised float32 rows, or an error that says what is wrong with it."""
    try:
        matrix = np.array(raw, dtype=np.float64)  # so that the norm of a large vector is a number
    except (TypeError, ValueError) as error:
        raise EmbeddingMismatchError("the embedder returned vectors of different lengths, or not numbers") from error
    if matrix.ndim != 2 or matrix.shape[0] != count or not matrix.shape[1]:
        raise EmbeddingMismatchError(f"the embedder returned shape {matrix.shape} for {count} texts")
    if not np.isfinite(matrix).all():
        raise EmbeddingMismatchError("the embedder returned NaN or infinity")
    norms = np.linalg.norm(matrix, axis=1, keepdims=True)
    return (matrix / np.where(norms > 0, norms, 1)).astype(np.float32)
