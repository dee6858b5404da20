"""The two plain ways to look: by words alone, and by vectors alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.retrieval.cases import Turn
from benchmarks.retrieval.systems import texts
from benchmarks.retrieval.systems.port import Context, Found, packed
from memx_core.index import bm25
from memx_core.ports import Embedder
from memx_core.text import tokens

_CONSIDERED = 200


class _Ranked:
    """Turns, or facts, in the order of a score."""

    def __init__(self, *, facts: bool) -> None:
        self._facts = facts
        self._found: list[Found] = []

    def add(self, turns: Sequence[Turn]) -> None:
        """Keeps them."""
        searched: list[str] = []
        for turn in turns:
            if not self._facts:
                searched.append(texts.searched(turn))
                self._found.append(Found(texts.shown(turn), frozenset({turn.id})))
                continue
            for fact in turn.facts:
                searched.append(fact.text)
                self._found.append(Found(texts.shown(turn, fact.text), fact.sources))
        self._keep(searched)

    def search(self, query: str, k: int) -> list[Found]:
        """The best, and of equals the newest."""
        if not self._found:
            return []
        order = np.lexsort((-np.arange(len(self._found)), -self._scores(query)))
        return [self._found[place] for place in order[:k].tolist()]

    def recall(self, query: str, max_tokens: int) -> Context:
        """The best that fit."""
        return packed(self.search(query, _CONSIDERED), max_tokens)

    def close(self) -> None:
        """Nothing to give back."""

    def _keep(self, searched: Sequence[str]) -> None:
        raise NotImplementedError

    def _scores(self, query: str) -> NDArray[np.float64]:
        raise NotImplementedError


class Words(_Ranked):
    """BM25 over stems without stop words."""

    def _keep(self, searched: Sequence[str]) -> None:
        self._words = [tokens(text) for text in searched]
        lengths = np.array([len(words) for words in self._words], np.float32)
        self._burdens = bm25.burdens(lengths, float(lengths.mean()) if len(lengths) else 0.0)

    def _scores(self, query: str) -> NDArray[np.float64]:
        scores = np.zeros(len(self._words))
        for word in dict.fromkeys(tokens(query)):
            counts = np.array([words.count(word) for words in self._words], np.float32)
            rarity = bm25.rarity(len(counts), np.array([np.count_nonzero(counts)], np.float64))
            scores += bm25.gains(rarity, counts, self._burdens)
        return scores


class Dense(_Ranked):
    """Cosine of query and text."""

    def __init__(self, embedder: Embedder, *, facts: bool) -> None:
        super().__init__(facts=facts)
        self._embedder = embedder

    def _keep(self, searched: Sequence[str]) -> None:
        self._vectors = _normalised(np.asarray(self._embedder.embed_documents(searched), np.float64))

    def _scores(self, query: str) -> NDArray[np.float64]:
        wanted = _normalised(np.asarray(self._embedder.embed_query(query), np.float64)[np.newaxis])
        scores: NDArray[np.float64] = self._vectors @ wanted[0]
        return scores


def _normalised(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    shortened: NDArray[np.float64] = vectors / np.where(lengths > 0, lengths, 1.0)
    return shortened
