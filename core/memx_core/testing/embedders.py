"""Embedders whose vectors are known beforehand, and that remember what they were asked.

`FakeEmbedder` hashes words, so that like texts are near without any thought of the test's;
`ScriptedEmbedder` gives exactly the vectors that a test of ranking is about.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from threading import Lock
from typing import TypeAlias

import numpy as np

from memx_core.embedders import HashingEmbedder
from memx_core.ports import Vector, Vectors
from memx_core.testing.calls import Colour, EmbedderCall, Purpose

Embed: TypeAlias = Callable[[Sequence[str]], Vectors]


class _Recorder:
    """Calls `embed`, unless the call is to fail, and records that it did. Thread-safe."""

    def __init__(
        self, embed: Embed, *, fingerprint: str, fail_on: Collection[int] = (), error: BaseException | None = None
    ) -> None:
        self.fingerprint = fingerprint
        self._embed = embed
        self._fail_on = frozenset(fail_on)
        self._error = error
        self._calls: list[EmbedderCall] = []
        self._lock = Lock()

    @property
    def calls(self) -> list[EmbedderCall]:
        """The calls so far, failed ones too, oldest first."""
        return list(self._calls)

    @property
    def texts(self) -> list[str]:
        """All that was to be embedded, in order."""
        return [text for call in self.calls for text in call.texts]

    @property
    def colours(self) -> list[Colour]:
        """Which twin was called, for each call."""
        return [call.colour for call in self.calls]

    def _called(self, texts: Sequence[str], purpose: Purpose, colour: Colour) -> Vectors:
        with self._lock:
            self._calls.append(EmbedderCall(tuple(texts), purpose, colour))
            number = len(self._calls)
        if number in self._fail_on:
            raise self._error or ConnectionError(f"call {number} of the embedder fails, as the test wants it")
        return self._embed(texts)


class _Blocking(_Recorder):
    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """One vector per text, in order."""
        return self._called(texts, "documents", "sync")

    def embed_query(self, text: str) -> Vector:
        """The vector of one text."""
        vector: Vector = self._called([text], "query", "sync")[0]
        return vector


class _Awaitable(_Recorder):
    async def aembed_documents(self, texts: Sequence[str]) -> Vectors:
        """One vector per text, in order."""
        return self._called(texts, "documents", "async")

    async def aembed_query(self, text: str) -> Vector:
        """The vector of one text."""
        vector: Vector = self._called([text], "query", "async")[0]
        return vector


class _Fake(_Recorder):
    def __init__(
        self,
        dimensions: int = 384,
        *,
        fail_on: Collection[int] = (),
        error: BaseException | None = None,
        fingerprint: str | None = None,
    ) -> None:
        hashing = HashingEmbedder(dimensions)
        name = fingerprint or f"fake:hashing:{dimensions}"
        super().__init__(hashing.embed_documents, fingerprint=name, fail_on=fail_on, error=error)
        self.dimensions = dimensions


class SyncFakeEmbedder(_Fake, _Blocking):
    """A `FakeEmbedder` that can only block."""


class AsyncFakeEmbedder(_Fake, _Awaitable):
    """A `FakeEmbedder` that can only be awaited."""


class FakeEmbedder(_Fake, _Blocking, _Awaitable):
    """Hashed words, deterministic and weightless, in both colours; records its calls.

    Args:
        dimensions: Length of the vectors.
        fail_on: Numbers of the calls that fail; the first is 1.
        error: What a failing call raises; by default a `ConnectionError`.
        fingerprint: The vector space that it claims to be, to play a change of the model.
    """


class ScriptedEmbedder(_Blocking, _Awaitable):
    """Exactly these vectors for exactly these texts, in both colours; records its calls.

    Args:
        vectors: The vector of each text.
        default: The vector of any other text; `None` to fail with an `AssertionError`.
    """

    def __init__(self, vectors: Mapping[str, Sequence[float]], *, default: Sequence[float] | None = None) -> None:
        self._known = dict(vectors)
        self._default = default
        known = [*vectors.values(), *([] if default is None else [default])]
        self.dimensions = len(known[0]) if known else 0
        super().__init__(self._look_up, fingerprint=f"scripted:vectors:{self.dimensions}")

    def _look_up(self, texts: Sequence[str]) -> Vectors:
        rows = [self._vector(text) for text in texts]
        return np.array(rows, dtype=np.float32).reshape(len(rows), self.dimensions)

    def _vector(self, text: str) -> Sequence[float]:
        vector = self._known.get(text, self._default)
        if vector is None:
            raise AssertionError(f"no vector is scripted for {text!r}, only for {sorted(self._known)}")
        return vector
