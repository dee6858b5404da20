"""mem0ai, if it is installed: `infer=False`, everything else as it comes, with the same embedder.

It is no dependency of anything here: `pip install mem0ai==2.2.1` beside memx, in an environment of
its own. With its extra `nlp` and `fastembed` it also searches by words.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.retrieval.cases import Turn
from benchmarks.retrieval.systems import texts
from benchmarks.retrieval.systems.port import Context, Found, packed
from memx_core.ports import Embedder

_USER = "user"
_CONSIDERED = 200


class Mem0:
    """A `mem0.Memory` in a temporary folder.

    Args:
        embedder: Whose vectors are used.
        facts: Whether it is given the facts instead of the turns.
    """

    def __init__(self, embedder: Embedder, *, facts: bool) -> None:
        if importlib.util.find_spec("mem0") is None:
            raise SystemExit("mem0 is not installed: pip install mem0ai==2.2.1, in an environment of its own")
        self._facts = facts
        self._folder = tempfile.TemporaryDirectory()
        self._memory = _opened(Path(self._folder.name), _Embeddings(embedder))
        self._shown: dict[str, Found] = {}

    def add(self, turns: Sequence[Turn]) -> None:
        """One call for each text."""
        for turn in turns:
            if not self._facts:
                self._add(texts.searched(turn), Found(texts.shown(turn), frozenset({turn.id})))
                continue
            for fact in turn.facts:
                self._add(fact.text, Found(texts.shown(turn, fact.text), fact.sources))

    def _add(self, text: str, found: Found) -> None:
        answer = self._memory.add([{"role": "user", "content": text}], user_id=_USER, infer=False)
        for item in answer["results"]:
            self._shown[item["id"]] = found

    def search(self, query: str, k: int) -> list[Found]:
        """Its own search, with its own threshold."""
        answer = self._memory.search(query, filters={"user_id": _USER}, top_k=k)
        return [self._shown[item["id"]] for item in answer["results"]]

    def recall(self, query: str, max_tokens: int) -> Context:
        """The best that fit: it has no way of its own."""
        return packed(self.search(query, _CONSIDERED), max_tokens)

    def close(self) -> None:
        """Removes the folder."""
        self._memory.vector_store.client.close()
        self._memory.close()
        self._folder.cleanup()


class _Embeddings:
    """What mem0 calls of an embedder."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder

    def embed(self, text: str, memory_action: str | None = None) -> list[float]:
        """Of one text."""
        if memory_action == "search":
            return [float(value) for value in self._embedder.embed_query(text)]
        return self.embed_batch([text])[0]

    def embed_batch(self, texts: Sequence[str], memory_action: str | None = "add") -> list[list[float]]:
        """Of several."""
        return [[float(value) for value in vector] for vector in self._embedder.embed_documents(texts)]


def _opened(folder: Path, embeddings: _Embeddings) -> Any:  # noqa: ANN401  # another library's
    # Read when it is imported, and it writes into the home directory otherwise.
    os.environ.update(MEM0_DIR=str(folder), MEM0_TELEMETRY="False")
    mem0 = importlib.import_module("mem0")
    unused = {"api_key": "none"}  # with `infer=False` no model is asked, and the embedder is replaced
    memory: Any = mem0.Memory.from_config(
        {
            "llm": {"provider": "openai", "config": unused},
            "embedder": {"provider": "openai", "config": unused},
            "vector_store": {
                "provider": "qdrant",
                "config": {
                    "path": str(folder / "qdrant"),
                    "embedding_model_dims": len(embeddings.embed("dimensions")),
                },
            },
            "history_db_path": str(folder / "history.db"),
        }
    )
    memory.embedding_model = embeddings
    return memory
