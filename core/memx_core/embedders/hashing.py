"""Vectors from words alone, without weights: for tests, continuous integration and tiny installs.

Texts are near when they share words or parts of words; it knows no synonyms. The same text has
the same vector in every process and on every machine that splits it into the same words.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import blake2b

import numpy as np

from memx_core.embedders._input import check_least, checked, checked_text, well_formed
from memx_core.ports import Vector, Vectors
from memx_core.text import tokens

CHARACTERS = 20_000
"""What lies beyond in a text is not read."""
GRAM = 3
"""Letters in a part of a word."""
PARTS_WEIGHT = 0.8
"""Of all parts of a word together, where the word has 1: enough to bring inflections and typos near."""


class HashingEmbedder:
    """Texts to normalised vectors of hashed words and parts of words. Thread-safe.

    Args:
        dimensions: Length of the vectors; the fewer, the more words share a place.

    Raises:
        InvalidInputError: If `dimensions` is not a number from 1.
    """

    def __init__(self, dimensions: int = 384) -> None:
        check_least(1, dimensions=dimensions)
        self._dimensions = dimensions

    @property
    def dimensions(self) -> int:
        """Length of the vectors."""
        return self._dimensions

    @property
    def fingerprint(self) -> str:
        """Changes whenever the vectors do."""
        return f"memx:hashing-v1:{self.dimensions}"

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """One normalised vector per text, in order; for no texts, shape (0, dimensions)."""
        given = checked(texts)
        vectors = np.zeros((len(given), self.dimensions), dtype=np.float32)
        for row, text in enumerate(given):
            vectors[row] = self._vector(text)
        return vectors

    def embed_query(self, text: str) -> Vector:
        """The normalised vector of one text."""
        return self._vector(checked_text(text))

    def _vector(self, text: str) -> Vector:
        """Signed sums of the features' weights, so that two that share a place do not add up."""
        vector = np.zeros(self._dimensions, dtype=np.float64)
        for feature, weight in _features(well_formed(text, limit=CHARACTERS)):
            place, sign = _place(feature)
            vector[place % self._dimensions] += sign * weight
        length = float(np.linalg.norm(vector))
        if not length:  # no words at all, or all cancelled out
            vector[0] = length = 1.0
        return (vector / length).astype(np.float32)


def _features(text: str) -> Iterator[tuple[str, float]]:
    """Words and their parts, each with a weight that grows slower than its number."""
    for word, count in Counter(tokens(text)).items():
        weight = 1 + math.log(count)
        yield word, weight
        parts = _parts(word)
        for part in parts:
            yield f"#{part}", PARTS_WEIGHT * weight / math.sqrt(len(parts))


def _parts(word: str) -> list[str]:
    """Runs of letters, of which the first and the last know that they are."""
    marked = f"<{word}>"
    return [marked[start : start + GRAM] for start in range(len(marked) - GRAM + 1)]


def _place(feature: str) -> tuple[int, int]:
    """Where a feature is added, and with which sign."""
    digest = int.from_bytes(blake2b(feature.encode(), digest_size=8).digest(), "big")
    return digest >> 1, 1 if digest & 1 else -1
