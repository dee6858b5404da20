"""What a memory costs an agent: the time that `MemxMiddleware` adds to a turn."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from statistics import median
from typing import Any

from langchain.agents import create_agent
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langgraph.checkpoint.memory import InMemorySaver
from pydantic import BaseModel

from benchmarks import costs, samples, timing
from langchain_memx import MemxMiddleware
from memx_core import Completion, Message

_CONTEXT: Any = {"user_id": "user-0"}


class _Chat(BaseChatModel):
    """Answers at once."""

    @property
    def _llm_type(self) -> str:
        return "bench"

    def _generate(self, messages: list[BaseMessage], *_: object, **__: object) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=AIMessage("I see, and what did she do then?"))])


class _Learner:
    """Is not asked; counts if it is."""

    calls = 0

    def complete(self, messages: Sequence[Message], schema: type[BaseModel]) -> Completion:
        self.calls += 1
        return Completion(data={"operations": []})


def remembering() -> Iterator[str]:
    """See `benchmarks.__main__`."""
    recalling: dict[str, Any] = {"learn": False}
    keeping: dict[str, Any] = {"recall": False}
    yield f"without fsync, no checkpointer: {_measured(synchronous=False)}"
    yield f"without fsync, with a checkpointer: {_measured(InMemorySaver(), synchronous=False)}"
    yield f"without fsync, recall alone: {_measured(synchronous=False, **recalling)}"
    yield f"without fsync, capture alone: {_measured(synchronous=False, **keeping)}"
    yield f"as it is, no checkpointer: {_measured(synchronous=True)}"


def _measured(saver: Any = None, *, synchronous: bool, **options: Any) -> str:  # noqa: ANN401  # a checkpointer or none
    learner = _Learner()
    with costs.filled(scopes=1, each=1_000, synchronous=synchronous, llm=learner) as memory:
        middleware = MemxMiddleware(memory, on_error="raise", **options)
        bare, full = _both(_turn([], saver), _turn([middleware], saver))
    added = (median(full) - median(bare)) * 1e3
    shown = f"{timing.shown(full)} over {timing.shown(bare)} of the bare agent"
    return f"{added:.2f} ms added, {shown}; extraction calls: {learner.calls}"


def _turn(middleware: Sequence[Any], saver: Any) -> Callable[[], object]:  # noqa: ANN401  # a checkpointer or none
    agent: Any = create_agent(_Chat(), middleware=middleware, checkpointer=saver, context_schema=dict)
    words, threads = iter(samples.facts(10_000, seed=5)), itertools.count()

    def turn() -> object:
        config = {"configurable": {"thread_id": f"thread-{next(threads)}"}}
        return agent.invoke({"messages": [next(words)]}, config, context=_CONTEXT)

    return turn


def _both(bare: Callable[[], object], full: Callable[[], object]) -> tuple[list[float], list[float]]:
    """Seconds of either, taken by turns, so that a busy moment of the machine meets both."""
    rounds = [(timing.wall(bare, runs=10, warm=1), timing.wall(full, runs=10, warm=1)) for _ in range(25)]
    return [one for each, _ in rounds[1:] for one in each], [one for _, each in rounds[1:] for one in each]
