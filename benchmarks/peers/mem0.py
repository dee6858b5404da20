"""mem0ai as `pip install mem0ai` leaves it: Qdrant in a local folder, no spaCy, no telemetry."""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from typing_extensions import override

from benchmarks.peers.port import USER, Contender, K, batches, messages
from benchmarks.peers.stand_ins import DIMENSIONS, Facts, Words


class Mem0(Contender):
    """`search` and `add` around each answer, as its quickstart has it."""

    does = frozenset({"learn", "put", "search", "turn"})
    infer = True

    def __init__(self, folder: Path, words: Words, facts: Facts) -> None:
        super().__init__(folder, words, facts)
        # Read when it is imported, and it writes into the home directory otherwise.
        os.environ.update(MEM0_DIR=str(folder / "home"), MEM0_TELEMETRY="False")
        mem0 = importlib.import_module("mem0")
        unused = {"api_key": "none"}  # both are replaced
        self._memory: Any = mem0.Memory.from_config(
            {
                "llm": {"provider": "openai", "config": unused},
                "embedder": {"provider": "openai", "config": unused},
                "vector_store": {
                    "provider": "qdrant",
                    "config": {"path": str(folder / "qdrant"), "embedding_model_dims": DIMENSIONS},
                },
                "history_db_path": str(folder / "history.db"),
            }
        )
        self._memory.embedding_model = _Embeddings(words)
        self._memory.llm = _Model(facts)

    def load(self, known: Mapping[str, Sequence[str]]) -> None:
        """Into its vector store and its history, in batches."""
        now = datetime.now(UTC).isoformat()
        for user, batch in batches(known):
            ids = [str(uuid.uuid4()) for _ in batch]
            payloads = [
                {"user_id": user, "data": text, "text_lemmatized": text, "created_at": now, "updated_at": now}
                | {"hash": hashlib.md5(text.encode()).hexdigest()}
                for text in batch
            ]
            self._memory.vector_store.insert([self.words.numbers(text) for text in batch], payloads, ids)
            history = {"old_memory": None, "event": "ADD", "created_at": now, "is_deleted": 0}
            self._memory.db.batch_add_history(
                [{**history, "memory_id": id, "new_memory": text} for id, text in zip(ids, batch, strict=True)]
            )

    @override
    def learn(self, said: str, answered: str) -> object:
        return self._memory.add(messages(said, answered), user_id=USER)

    @override
    def put(self, text: str) -> object:
        return self._memory.add(text, user_id=USER, infer=False)

    @override
    def search(self, query: str) -> int:
        return len(self._memory.search(query, filters={"user_id": USER}, top_k=K)["results"])

    @override
    def turn(self, said: str, answered: str) -> object:
        found = self._memory.search(said, filters={"user_id": USER}, top_k=K)
        self._memory.add(messages(said, answered), user_id=USER, infer=self.infer)
        return found

    @override
    def close(self) -> None:
        self._memory.vector_store.client.close()
        self._memory.close()


class Mem0Plain(Mem0):
    """Without a model: each message is stored as it was said."""

    does = frozenset({"turn"})
    infer = False


class _Embeddings:
    """What mem0 calls of an embedder."""

    def __init__(self, words: Words) -> None:
        self._words = words

    def embed(self, text: str, memory_action: str | None = None) -> list[float]:
        """Of one text."""
        return self._words.numbers(text)

    def embed_batch(self, texts: Sequence[str], memory_action: str | None = "add") -> list[list[float]]:
        """Of several."""
        return [self._words.numbers(text) for text in texts]


class _Model:
    """What mem0 calls of a model."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def generate_response(self, messages: Sequence[Mapping[str, str]], **_: object) -> str:
        """Two new facts, in the form that its prompt asks for."""
        found = self._facts.found("\n".join(message["content"] for message in messages))
        return json.dumps({"memory": [{"id": str(at), "text": text} for at, text in enumerate(found)]})
