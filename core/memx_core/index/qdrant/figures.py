"""How many entries a scope has, how long they are, and in how many each word is: for BM25.

They are a scope's own, so that what others say changes nobody's scores. The server counts them
when they are asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from qdrant_client import models

from memx_core.index.qdrant.points import sparse


@dataclass(frozen=True, slots=True)
class Figures:
    """Of the current entries of one kind in one scope.

    Attributes:
        entries: How many there are.
        mean: Words that they have on the average; 0 if there are none.
        found: By word (its number), in how many it is.
    """

    entries: int
    mean: float
    found: Mapping[int, int] = field(default_factory=dict[int, int])

    @classmethod
    def of(cls, lengths: Iterable[models.FacetValueHit]) -> Figures:
        """By how many there are of each length."""
        counted = [(int(hit.value), hit.count) for hit in lengths]
        entries = sum(count for _, count in counted)
        return cls(entries, sum(words * count for words, count in counted) / entries if entries else 0.0)

    def with_found(self, found: Mapping[int, int]) -> Figures:
        """With more words."""
        return Figures(self.entries, self.mean, {**self.found, **found})

    def lacking(self, words: Iterable[int]) -> list[int]:
        """Those of `words` that are not counted yet."""
        return [word for word in words if word not in self.found]

    def frequencies(self, words: Sequence[int]) -> NDArray[np.float64]:
        """In how many each of `words` is."""
        return np.array([self.found.get(word, 0) for word in words], np.float64)

    def counted(self, word: int, probed: Sequence[models.ScoredPoint], *, weighs: bool) -> int:
        """In how many `word` is, by what was found with `queries.probe`."""
        if not weighs or not probed:
            return len(probed)
        stored = sparse(probed[0].vector)
        weight = stored.values[stored.indices.index(word)]
        # The server scores by weight * ln((entries + 1) / (found + 1/2)).
        found = (self.entries + 1) / np.exp(probed[0].score / weight) - 0.5
        return int(min(max(np.rint(found), 1), self.entries))
