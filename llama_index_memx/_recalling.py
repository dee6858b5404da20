"""One recall a turn: asked for at the first look at a prompt, kept for the others, and shown in traces.

An agent looks at its memory four times in a turn with two tools. The block stays what it is until
the person says something else, or a memory of theirs has changed.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from llama_index.core.instrumentation.events.retrieval import RetrievalEndEvent, RetrievalStartEvent
from llama_index.core.schema import NodeWithScore, TextNode
from llama_index_instrumentation import get_dispatcher
from llama_index_instrumentation.dispatcher import Dispatcher
from llama_index_instrumentation.event_handlers.null import NullEventHandler

from llama_index_memx import failing
from llama_index_memx.failing import OnError
from memx_core import Recall, ScopedMemory
from memx_core.deadlines import Deadline
from memx_core.memory.arguments import RecallOptions

dispatcher = get_dispatcher(__name__)
_MOST = 16
_PAUSE = 30.0
"""Seconds in which a recall that failed is not tried again for the same question."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a prompt asks for.

    Attributes:
        query: What the person said.
        turn: Where in the conversation.
        revision: Of the scope's memories.
    """

    query: str
    turn: tuple[str, ...]
    revision: int


class MemxRecall:
    """A recall that shows in traces, and keeps to its time.

    An embedder that runs in this process is loaded first, which does not count.

    Args:
        handle: Whose memories.
        options: Of its `recall`.
        deadline: How long that may take.
    """

    def __init__(self, handle: ScopedMemory, options: RecallOptions, deadline: Deadline) -> None:
        self._handle = handle
        self._options = options
        self._deadline = deadline

    @dispatcher.span
    def recall(self, query: str) -> Recall:
        """What is remembered for `query`."""
        dispatcher.event(RetrievalStartEvent(str_or_query_bundle=query))
        self._handle.warm_up()
        found = self._deadline.run(lambda: self._handle.recall(query, **self._options))
        _ended(query, found)
        return found

    @dispatcher.span
    async def arecall(self, query: str) -> Recall:
        """Like `recall`, awaiting the embedder."""
        dispatcher.event(RetrievalStartEvent(str_or_query_bundle=query))
        await self._handle.awarm_up()
        found = await self._deadline.arun(lambda: self._handle.arecall(query, **self._options))
        _ended(query, found)
        return found


class Recalling:
    """The blocks of the latest turns. Thread-safe.

    A recall that failed is not tried again at once, so that a turn with many looks waits for it once.

    Args:
        on_error: What becomes of a failure.
        timeout: Seconds that a recall may take; `None`: as long as it takes.
        clock: Seconds that never go back.

    Raises:
        InvalidInputError: If one of them can never work.
    """

    def __init__(
        self, on_error: OnError, timeout: float | None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._on_error: OnError = failing.on_error(on_error)
        self._deadline = Deadline(timeout)
        self._clock = clock
        self._blocks: OrderedDict[Asked, tuple[str, float]] = OrderedDict()
        self._lock = Lock()

    def block(self, handle: ScopedMemory, asked: Asked, options: RecallOptions) -> str:
        """What is remembered, for the prompt; nothing if it fails."""
        known = self._known(asked)
        if known is not None:
            return known
        try:
            return self._keep(asked, MemxRecall(handle, options, self._deadline).recall(asked.query).text)
        except Exception as error:  # noqa: BLE001  # a prompt without memories is better than none
            return self._failed(asked, error)

    async def ablock(self, handle: ScopedMemory, asked: Asked, options: RecallOptions) -> str:
        """Like `block`, awaiting the embedder."""
        known = self._known(asked)
        if known is not None:
            return known
        try:
            found = await MemxRecall(handle, options, self._deadline).arecall(asked.query)
            return self._keep(asked, found.text)
        except Exception as error:  # noqa: BLE001  # a prompt without memories is better than none
            return self._failed(asked, error)

    def _known(self, asked: Asked) -> str | None:
        with self._lock:
            block, until = self._blocks.get(asked, (None, 0.0))
        return block if self._clock() < until else None

    def _failed(self, asked: Asked, error: Exception) -> str:
        failing.failed("recall", error, self._on_error)
        return self._keep(asked, "", self._clock() + _PAUSE)

    def _keep(self, asked: Asked, block: str, until: float = math.inf) -> str:
        with self._lock:
            self._blocks[asked] = block, until
            if len(self._blocks) > _MOST:
                self._blocks.popitem(last=False)
        return block


def _ended(query: str, found: Recall) -> None:
    if _is_watched():  # making nodes takes longer than the recall
        nodes = [TextNode(id_=hit.memory.id, text=hit.memory.text) for hit in found.hits]
        scored = [NodeWithScore(node=node, score=hit.score) for node, hit in zip(nodes, found.hits, strict=True)]
        dispatcher.event(RetrievalEndEvent(str_or_query_bundle=query, nodes=scored))


def _is_watched() -> bool:
    """Whether anybody handles what the dispatcher is told."""
    at = dispatcher
    while _is_idle(at) and at.propagate and at.parent_name:
        at = at.parent
    return not _is_idle(at)


def _is_idle(one: Dispatcher) -> bool:
    return all(isinstance(handler, NullEventHandler) for handler in one.event_handlers)
