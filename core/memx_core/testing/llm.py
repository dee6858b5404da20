"""Models that answer what they are told to, and remember what they were asked.

An answer is handed over as text, even if it is given as an object, so that the reading of
answers is tested too. A model without answers left fails the test instead of making one up.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from threading import Lock
from typing import Any, TypeAlias

from pydantic import BaseModel

from memx_core.ports import Completion
from memx_core.testing.calls import Colour, LLMCall
from memx_core.text import estimate_tokens
from memx_core.types import Message, Usage

Json: TypeAlias = str | Mapping[str, Any] | Sequence[Any] | BaseModel
Reply: TypeAlias = Json | Completion | BaseException
"""Text as it is; an object, as its JSON; a `Completion` as it is; an exception, raised."""
Answer: TypeAlias = Reply | Callable[[Sequence[Message], type[BaseModel]], Reply]
"""A reply, or what makes one of the messages and the schema."""


class _Script:
    """The answers still to be given, and the calls so far. Thread-safe."""

    def __init__(self, answers: Sequence[Answer] = (), *, default: Answer | None = None) -> None:
        self._answers = deque(answers)
        self._queued = len(answers)
        self._default = default
        self._calls: list[LLMCall] = []
        self._lock = Lock()

    @property
    def calls(self) -> list[LLMCall]:
        """The calls so far, oldest first."""
        return list(self._calls)

    @property
    def prompts(self) -> list[str]:
        """All that was said to the model, for each call."""
        return [call.prompt for call in self.calls]

    @property
    def colours(self) -> list[Colour]:
        """Which twin was called, for each call."""
        return [call.colour for call in self.calls]

    @property
    def remaining(self) -> int:
        """How many answers are still to be given."""
        return len(self._answers)

    def queue(self, *answers: Answer) -> None:
        """Adds `answers` behind those still to be given."""
        with self._lock:
            self._answers.extend(answers)
            self._queued += len(answers)

    def _answer(self, call: LLMCall) -> Completion:
        with self._lock:
            self._calls.append(call)
            answer = self._answers.popleft() if self._answers else self._default
            queued = self._queued
        if answer is None:
            raise AssertionError(f"call {len(self._calls)} of a model with {queued} answers queued:\n\n{call.prompt}")
        return _completion(answer, call)


class SyncScriptedLLM(_Script):
    """A `ScriptedLLM` that can only block."""

    def complete(self, messages: Sequence[Message], schema: type[BaseModel]) -> Completion:
        """The next answer."""
        return self._answer(LLMCall(tuple(messages), schema, "sync"))


class AsyncScriptedLLM(_Script):
    """A `ScriptedLLM` that can only be awaited."""

    async def acomplete(self, messages: Sequence[Message], schema: type[BaseModel]) -> Completion:
        """The next answer."""
        return self._answer(LLMCall(tuple(messages), schema, "async"))


class ScriptedLLM(SyncScriptedLLM, AsyncScriptedLLM):
    """A model that gives queued answers and records its calls, in both colours.

    ```python
    llm = ScriptedLLM([{"operations": []}, TimeoutError("busy"), "I would rather talk."])
    ```

    Args:
        answers: What it answers, in this order, each once.
        default: What it answers when they are used up; `None` to fail with an `AssertionError`.
    """


def _completion(answer: Answer, call: LLMCall) -> Completion:
    if isinstance(answer, BaseException):
        raise answer
    if isinstance(answer, Completion):
        return answer
    if callable(answer):
        return _completion(answer(call.messages, call.schema), call)
    text = _text(answer)
    usage = Usage(input_tokens=estimate_tokens(call.prompt), output_tokens=estimate_tokens(text))
    return Completion(text=text, usage=usage, model="scripted")


def _text(reply: Json) -> str:
    if isinstance(reply, str):
        return reply
    if isinstance(reply, BaseModel):
        return reply.model_dump_json()
    return json.dumps(reply, ensure_ascii=False)
