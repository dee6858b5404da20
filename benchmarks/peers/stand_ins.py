"""An embedder and a model that cost next to nothing, so that what is measured is what is around them.

The embedder reads words: a text's vector is the sum of its words', which are drawn once. Texts that share words are
near, as they would be with a real one, and a text takes some hundredths of a millisecond. Every contender has this one.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Sequence

import numpy as np

from benchmarks import samples
from memx_core.ports import Vector, Vectors

DIMENSIONS = 384
_WORD = re.compile(r"\w+")
_TABLE = 8191


class Words:
    """Texts to normalised vectors, cheaply; memx's port, and the others take their numbers from it."""

    fingerprint = f"bench:words:{DIMENSIONS}"

    def __init__(self) -> None:
        self._table = samples.vectors(_TABLE, DIMENSIONS, seed=7)

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """One row for each text."""
        return np.array([self.embed_query(text) for text in texts], np.float32).reshape(len(texts), DIMENSIONS)

    def embed_query(self, text: str) -> Vector:
        """Of one text; one without a word is like any other word."""
        words = _WORD.findall(text.lower()) or [""]
        vector: Vector = self._table[[zlib.crc32(word.encode()) % _TABLE for word in words]].sum(axis=0)
        vector /= np.linalg.norm(vector)
        return vector

    def numbers(self, text: str) -> list[float]:
        """The vector as a list, which most take."""
        shown: list[float] = self.embed_query(text).tolist()
        return shown


class Facts:
    """What the model finds in each turn: two facts that nobody knows yet. It keeps the prompts it was asked with."""

    def __init__(self) -> None:
        self._facts: Iterator[str] = iter(samples.facts(20_000, seed=2))
        self.prompts: list[str] = []

    def found(self, prompt: str) -> list[str]:
        """The next two, for `prompt`: all that a provider would be sent."""
        self.prompts.append(prompt)
        return [next(self._facts) for _ in range(2)]
