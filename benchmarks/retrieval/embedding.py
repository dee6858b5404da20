"""An embedder that reads each text once, however many systems are measured."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from memx_core.embedders import HashingEmbedder, LocalEmbedder
from memx_core.ports import Embedder, Vector, Vectors

EMBEDDERS = {"minilm": LocalEmbedder, "hashing": HashingEmbedder}


class Remembering:
    """The same vectors as `embedder` gives, each made once."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._documents: dict[str, Vector] = {}
        self._queries: dict[str, Vector] = {}

    @property
    def fingerprint(self) -> str:
        """The embedder's own."""
        return self._embedder.fingerprint

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """Of new texts the embedder's."""
        fresh = list(dict.fromkeys(text for text in texts if text not in self._documents))
        if fresh:
            made = np.asarray(self._embedder.embed_documents(fresh), np.float32)
            self._documents.update(zip(fresh, made, strict=True))
        return np.array([self._documents[text] for text in texts], np.float32)

    def embed_query(self, text: str) -> Vector:
        """Of a new query the embedder's."""
        if text not in self._queries:
            self._queries[text] = np.asarray(self._embedder.embed_query(text), np.float32)
        return self._queries[text]
