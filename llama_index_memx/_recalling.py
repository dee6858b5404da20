"""One recall a turn: asked for at the first look at a prompt, kept for the others, and shown in traces.

An agent looks at its memory four times in a turn with two tools. The block stays what it is until
the person says something else, or a memory of theirs has changed.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock

from llama_index.core.instrumentation.events.retrieval import RetrievalEndEvent, RetrievalStartEvent
from llama_index.core.schema import NodeWithScore, TextNode
from llama_index_instrumentation import get_dispatcher
from llama_index_instrumentation.dispatcher import Dispatcher
from llama_index_instrumentation.event_handlers.null import NullEventHandler

from llama_index_memx.failing import OnError, failed
from memx_core import Recall, ScopedMemory
from memx_core.memory.arguments import RecallOptions

dispatcher = get_dispatcher(__name__)
_MOST = 16


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


class Recalling:
    """The blocks of the latest turns. Thread-safe.

    Args:
        on_error: What becomes of a failure.
    """

    def __init__(self, on_error: OnError) -> None:
        self._on_error: OnError = on_error
        self._blocks: OrderedDict[Asked, str] = OrderedDict()
        self._lock = Lock()

    def block(self, handle: ScopedMemory, asked: Asked, options: RecallOptions) -> str:
        """What is remembered, for the prompt; nothing if it fails."""
        known = self._known(asked)
        if known is not None:
            return known
        try:
            return self._keep(asked, recall(handle, asked.query, options))
        except Exception as error:  # noqa: BLE001  # a prompt without memories is better than none
            failed("recall", error, self._on_error)
            return ""

    async def ablock(self, handle: ScopedMemory, asked: Asked, options: RecallOptions) -> str:
        """Like `block`, awaiting the embedder."""
        known = self._known(asked)
        if known is not None:
            return known
        try:
            return self._keep(asked, await arecall(handle, asked.query, options))
        except Exception as error:  # noqa: BLE001  # a prompt without memories is better than none
            failed("recall", error, self._on_error)
            return ""

    def _known(self, asked: Asked) -> str | None:
        with self._lock:
            return self._blocks.get(asked)

    def _keep(self, asked: Asked, found: Recall) -> str:
        with self._lock:
            self._blocks[asked] = found.text
            if len(self._blocks) > _MOST:
                self._blocks.popitem(last=False)
        return found.text


@dispatcher.span
def recall(handle: ScopedMemory, query: str, options: RecallOptions) -> Recall:
    """A recall that shows in traces."""
    dispatcher.event(RetrievalStartEvent(str_or_query_bundle=query))
    found = handle.recall(query, **options)
    _ended(query, found)
    return found


@dispatcher.span
async def arecall(handle: ScopedMemory, query: str, options: RecallOptions) -> Recall:
    """Like `recall`, awaiting the embedder."""
    dispatcher.event(RetrievalStartEvent(str_or_query_bundle=query))
    found = await handle.arecall(query, **options)
    _ended(query, found)
    return found


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
