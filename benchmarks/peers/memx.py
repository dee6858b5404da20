"""memx, as it comes, with the stand-ins for its model and embedder."""

from __future__ import annotations

import json
import multiprocessing
import uuid
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from pydantic import BaseModel
from typing_extensions import override

from benchmarks import samples
from benchmarks.peers.port import USER, Contender, K, batches, messages
from benchmarks.peers.stand_ins import Facts, Words
from memx_core import Completion, Memory, Message, Scope
from memx_core.ledger import Attributes, Ledger, Write
from memx_core.types import Operation

_TOKENS = 1_000


class Memx(Contender):
    """One SQLite file; learning off the request's path, as `add(wait=False)` does."""

    does = frozenset({"learn", "put", "search", "turn"})

    def __init__(self, folder: Path, words: Words, facts: Facts) -> None:
        super().__init__(folder, words, facts)
        self._database = folder / "memx.db"
        self._memory = Memory(_Model(facts), words, self._database, background=False)

    def load(self, known: Mapping[str, Sequence[str]]) -> None:
        """Through the ledger, in another process: what this one holds is what its first search reads."""
        writer = multiprocessing.get_context("spawn").Process(target=fill, args=(self._database, known))
        writer.start()
        writer.join()
        if writer.exitcode:
            raise RuntimeError(f"loading ended with {writer.exitcode}")

    @override
    def learn(self, said: str, answered: str) -> object:
        return self._memory.add(messages(said, answered), user_id=USER)

    @override
    def put(self, text: str) -> object:
        return self._memory.add(text, user_id=USER, infer=False)

    @override
    def search(self, query: str) -> int:
        return len(self._memory.search(query, user_id=USER, limit=K))

    @override
    def turn(self, said: str, answered: str) -> object:
        recalled = str(self._memory.recall(said, user_id=USER, max_tokens=_TOKENS))
        self._memory.add(messages(said, answered), user_id=USER, wait=False)
        return recalled

    def later(self) -> None:
        """Learns from what waits, in batches, as the worker would."""
        self._memory.flush()

    @override
    def close(self) -> None:
        self._memory.close()


class MemxWaiting(Memx):
    """Learns from each turn while the request waits, as `add` does by itself."""

    does = frozenset({"turn"})

    @override
    def turn(self, said: str, answered: str) -> object:
        recalled = str(self._memory.recall(said, user_id=USER, max_tokens=_TOKENS))
        self.learn(said, answered)
        return recalled


class _Model:
    """Answers in memx's schema, which a provider is sent as well."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    def complete(self, messages: Sequence[Message], schema: type[BaseModel]) -> Completion:
        """Two new facts."""
        sent = [_sent(schema), *(message.content for message in messages)]
        blank = {"event": "ADD", "target": -1, "messages": [0], "quote": "", "when": "", "subject": "", "slot": ""}
        found = self._facts.found("\n".join(sent))
        return Completion(data={"operations": [{**blank, "text": text, "reason": ""} for text in found]})


@cache
def _sent(schema: type[BaseModel]) -> str:
    """As a provider is sent it; made once, as memx's own adapters make it."""
    return json.dumps(schema.model_json_schema())


def fill(database: Path, known: Mapping[str, Sequence[str]]) -> None:
    """Writes what adding the texts with a model would write, but for the conversation."""
    words, ledger = Words(), Ledger(database)
    for user, texts in batches(known):
        batch = {str(uuid.uuid4()): text for text in texts}
        ledger.write(
            Write(
                id=str(uuid.uuid4()),
                kind="add",
                namespace="default",
                scope=Scope(user),
                at=samples.START,
                actor="bench",
                operations=[Operation("ADD", id, text) for id, text in batch.items()],
                vectors=dict(zip(batch, words.embed_documents(list(batch.values())), strict=True)),
                attributes=Attributes(),
                fingerprint=words.fingerprint,
            )
        )
    ledger.close()
