"""LangGraph's `InMemoryStore` with an index: what an agent of LangGraph's has at hand."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from pathlib import Path

from langchain_core.embeddings import Embeddings
from langgraph.store.base import PutOp
from langgraph.store.memory import InMemoryStore
from typing_extensions import override

from benchmarks.peers.port import USER, Contender, K, batches
from benchmarks.peers.stand_ins import DIMENSIONS, Facts, Words


class LangGraph(Contender):
    """One item for each text; of a turn, the user's message."""

    does = frozenset({"put", "search", "turn"})

    def __init__(self, folder: Path, words: Words, facts: Facts) -> None:
        super().__init__(folder, words, facts)
        self._store = store(words)
        self._keys = itertools.count()

    def load(self, known: Mapping[str, Sequence[str]]) -> None:
        """In batches, as the store takes them."""
        for user, texts in batches(known):
            self._store.batch([self._item(user, text) for text in texts])

    @override
    def put(self, text: str) -> None:
        self._store.put((USER, "memories"), str(next(self._keys)), {"text": text})

    @override
    def search(self, query: str) -> int:
        return len(self._store.search((USER, "memories"), query=query, limit=K))

    @override
    def turn(self, said: str, answered: str) -> object:
        found = self.search(said)
        self.put(said)
        return found

    def close(self) -> None:
        """There is nothing to let go of."""

    def _item(self, user: str, text: str) -> PutOp:
        return PutOp((user, "memories"), str(next(self._keys)), {"text": text})


class Numbers(Embeddings):
    """The stand-in as LangChain's embeddings."""

    def __init__(self, words: Words) -> None:
        self._words = words

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """One list for each text."""
        return [self._words.numbers(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """Of one text."""
        return self._words.numbers(text)


def store(words: Words) -> InMemoryStore:
    """An empty one that searches by vectors."""
    return InMemoryStore(index={"dims": DIMENSIONS, "embed": Numbers(words)})
