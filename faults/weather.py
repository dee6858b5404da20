"""A model, an embedder and an index that fail now and then: at once, too late, or after they did what was asked."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from threading import Lock
from typing import Literal, TypeAlias

from pydantic import BaseModel

from memx_core import Message
from memx_core.ports import Completion, Vector, Vectors
from memx_core.testing import FakeEmbedder, PushedIndex, ScriptedLLM
from memx_core.testing.llm import Answer

Fault: TypeAlias = Literal["refused", "late", "lost"]
"""Nothing was done; nobody knows; it was done and the answer is lost."""


class Weather:
    """How often things fail, and how often they did. Thread-safe.

    Args:
        rate: Of calls that fail, in [0, 1].
        seed: Of the chances.
    """

    def __init__(self, rate: float, seed: int) -> None:
        self.rate = rate
        self.struck: Counter[str] = Counter()
        self._chance = random.Random(seed)
        self._lock = Lock()

    def strike(self, what: str) -> Fault | None:
        """How this call fails, if it does."""
        with self._lock:
            if self._chance.random() >= self.rate:
                return None
            self.struck[what] += 1
            return self._chance.choice(("refused", "late", "lost"))

    def nonsense(self) -> bool:
        """Whether an answer that comes is of no use."""
        with self._lock:
            return self._chance.random() < self.rate / 3


def _raise(fault: Fault | None) -> None:
    if fault == "late":
        raise TimeoutError("no answer in time, as the campaign wants it")
    if fault is not None:
        raise ConnectionError(f"{fault}, as the campaign wants it")


class FailingLLM:
    """A model in both colours.

    Args:
        weather: When it fails.
        answer: What it answers when it does not.
    """

    def __init__(self, weather: Weather, answer: Answer) -> None:
        self._weather = weather
        self._model = ScriptedLLM(default=answer)

    def complete(self, messages: Sequence[Message], schema: type[BaseModel]) -> Completion:
        """An answer, an error, or something that is of no use."""
        fault = self._weather.strike("model")
        if fault != "lost":
            _raise(fault)
        completion = self._model.complete(messages, schema)
        _raise(fault)
        return Completion(text="I would rather talk.") if self._weather.nonsense() else completion

    async def acomplete(self, messages: Sequence[Message], schema: type[BaseModel]) -> Completion:
        """Like `complete`."""
        return self.complete(messages, schema)


class FailingEmbedder:
    """An embedder in both colours.

    Args:
        weather: When it fails.
    """

    def __init__(self, weather: Weather) -> None:
        self._weather = weather
        self._embedder = FakeEmbedder(64)
        self.fingerprint = self._embedder.fingerprint

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """The vectors, or an error."""
        _raise(self._weather.strike("embedder"))
        return self._embedder.embed_documents(texts)

    def embed_query(self, text: str) -> Vector:
        """The vector, or an error."""
        _raise(self._weather.strike("embedder"))
        return self._embedder.embed_query(text)

    async def aembed_documents(self, texts: Sequence[str]) -> Vectors:
        """Like `embed_documents`."""
        return self.embed_documents(texts)

    async def aembed_query(self, text: str) -> Vector:
        """Like `embed_query`."""
        return self.embed_query(text)


def failing_index(weather: Weather) -> PushedIndex:
    """An index that refuses what it is told, or takes it in and says that it did not."""

    def fault() -> Literal["refused", "lost"] | None:
        struck = weather.strike("index")
        return None if struck is None else "lost" if struck == "lost" else "refused"

    return PushedIndex(fault)
