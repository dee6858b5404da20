"""What a memory costs a chat: the time that `MemxMemory` adds to a turn over LlamaIndex's own `Memory`."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from statistics import median
from typing import Any

from llama_index.core.base.llms.types import ChatMessage, ChatResponse, CompletionResponse, LLMMetadata
from llama_index.core.chat_engine import SimpleChatEngine
from llama_index.core.llms import CustomLLM
from llama_index.core.memory import Memory as ChatMemory

from benchmarks import costs, samples, timing
from llama_index_memx import MemxMemory
from memx_core import Memory


class _Chat(CustomLLM):
    """Answers at once."""

    @property
    def metadata(self) -> LLMMetadata:
        return LLMMetadata(is_chat_model=True)

    def chat(self, messages: Sequence[ChatMessage], **_: object) -> ChatResponse:
        return ChatResponse(message=ChatMessage("I see, and what did she do then?", role="assistant"))

    def complete(self, prompt: str, formatted: bool = False, **_: object) -> CompletionResponse:
        return CompletionResponse(text="I see.")

    def stream_complete(self, prompt: str, formatted: bool = False, **_: object) -> Any:  # noqa: ANN401  # unused
        raise NotImplementedError


def remembering() -> Iterator[str]:
    """See `benchmarks.__main__`."""
    yield f"without fsync: {_measured(synchronous=False)}"
    yield f"without fsync, nothing recalled: {_measured(synchronous=False, recall=False)}"
    yield f"as it is: {_measured(synchronous=True)}"


def _measured(*, synchronous: bool, **options: Any) -> str:  # noqa: ANN401  # of a MemxMemory
    with costs.filled(scopes=1, each=1_000, synchronous=synchronous) as memory:
        bare, full = _turn(_stock), _turn(lambda session: _ours(memory, session, options))
        rounds = [(timing.wall(bare, runs=10, warm=1), timing.wall(full, runs=10, warm=1)) for _ in range(11)]
    slow, fast = ([one for each in rounds[1:] for one in each[at]] for at in (1, 0))
    shown = f"{timing.shown(slow)} over {timing.shown(fast)} of LlamaIndex's own memory"
    return f"{(median(slow) - median(fast)) * 1e3:.2f} ms added, {shown}"


def _stock(session: str) -> ChatMemory:
    return ChatMemory.from_defaults(session_id=session)


def _ours(memory: Memory, session: str, options: dict[str, Any]) -> ChatMemory:
    return MemxMemory.from_defaults(memory=memory, user_id="user-0", session_id=session, on_error="raise", **options)


def _turn(make: Callable[[str], ChatMemory]) -> Callable[[], object]:
    """One turn of a conversation that begins anew after every ten."""
    words, numbers = itertools.cycle(samples.facts(2_000, seed=5)), itertools.count()
    engines: list[SimpleChatEngine] = []

    def turn() -> object:
        number = next(numbers)
        if number % 10 == 0:
            engines[:] = [SimpleChatEngine.from_defaults(llm=_Chat(), memory=make(f"session-{number}"))]
        return engines[0].chat(next(words))

    return turn
