"""LlamaIndex's own `Memory`: with a block that finds old turns by vectors, and with one that asks a model for facts.

Both hear of a turn when the short-term queue overflows (at 21,000 tokens, by some 3,000 each time), so what a turn
costs is a mean over many, after as many as fill it; the limits are the defaults. The store of vectors is Chroma, which
LlamaIndex's pages on memory use, as none that `llama-index-core` has will do; it is in an environment of its own.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any

from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.base.llms.types import ChatMessage, ChatResponse, CompletionResponse, LLMMetadata
from llama_index.core.llms import CustomLLM
from llama_index.core.memory import FactExtractionMemoryBlock, Memory, VectorMemoryBlock
from llama_index.core.schema import TextNode
from pydantic import PrivateAttr
from typing_extensions import override

from benchmarks.peers.port import USER, Contender, K, batches
from benchmarks.peers.stand_ins import Facts, Words


class _Turns(Contender):
    """A `Memory` around a block."""

    def __init__(self, folder: Path, words: Words, facts: Facts) -> None:
        super().__init__(folder, words, facts)
        self._loop = asyncio.new_event_loop()
        self._block = self._made()
        self._memory: Any = Memory.from_defaults(session_id=USER, memory_blocks=[self._block])

    def _made(self) -> Any:  # noqa: ANN401  # a block of either kind
        raise NotImplementedError

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401  # whatever it comes to
        return self._loop.run_until_complete(work)

    @override
    def settle(self, turns: Sequence[tuple[str, str]]) -> None:
        for said, answered in turns:
            messages = [ChatMessage(said, role="user"), ChatMessage(answered, role="assistant")]
            self._run(self._memory.aput_messages(messages))

    @override
    def turn(self, said: str, answered: str) -> object:
        # As an agent does: the user's message, what is remembered, and the answer.
        self._run(self._memory.aput(ChatMessage(said, role="user")))
        found = self._run(self._memory.aget())
        self._run(self._memory.aput(ChatMessage(answered, role="assistant")))
        return found

    @override
    def close(self) -> None:
        engine = self._memory.sql_store._async_engine  # there is no public way to let go of it
        if engine is not None:
            self._run(engine.dispose())
        self._loop.close()


class LlamaVectors(_Turns):
    """Batches of old messages, one vector each."""

    does = frozenset({"put", "search", "turn"})

    def _made(self) -> VectorMemoryBlock:
        chromadb = importlib.import_module("chromadb")
        chroma = importlib.import_module("llama_index.vector_stores.chroma")
        client = chromadb.EphemeralClient(settings=chromadb.Settings(anonymized_telemetry=False))
        self._vectors = chroma.ChromaVectorStore(chroma_collection=client.get_or_create_collection("memory"))
        self._embeddings = _Embeddings(self.words)
        return VectorMemoryBlock(
            vector_store=self._vectors, embed_model=self._embeddings, similarity_top_k=K, retrieval_context_window=5
        )

    def load(self, known: Mapping[str, Sequence[str]]) -> None:
        """Nodes as the block makes them, in batches."""
        for user, texts in batches(known):
            nodes = [
                TextNode(
                    text=f"<message role='user'>{text}</message>",
                    metadata={"session_id": user},
                    embedding=self.words.numbers(text),
                )
                for text in texts
            ]
            self._vectors.add(nodes)

    @override
    def put(self, text: str) -> object:
        message = ChatMessage(text, role="user", additional_kwargs={"session_id": USER})
        return self._run(self._block.aput([message]))

    @override
    def search(self, query: str) -> int:
        found: str = self._run(self._block.aget([ChatMessage(query, role="user")], session_id=USER))
        return found.count("<message ")


class LlamaFacts(_Turns):
    """At most fifty facts, all of them in every prompt; there is nothing to search."""

    does = frozenset({"turn"})

    def _made(self) -> FactExtractionMemoryBlock:
        return FactExtractionMemoryBlock(llm=_Model(self.facts))

    def load(self, known: Mapping[str, Sequence[str]]) -> None:
        """As many as it keeps."""
        self._block.facts = list(known.get(USER, ()))[: self._block.max_facts]


class _Embeddings(BaseEmbedding):
    """The stand-in as LlamaIndex's."""

    _words: Words = PrivateAttr()

    def __init__(self, words: Words) -> None:
        super().__init__()
        self._words = words

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._words.numbers(text)

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._words.numbers(query)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._words.numbers(query)

    async def _aget_text_embedding(self, text: str) -> list[float]:
        return self._words.numbers(text)


class _Model(CustomLLM):
    """Answers with two facts, as the block's prompt asks for them."""

    _facts: Facts = PrivateAttr()

    def __init__(self, facts: Facts) -> None:
        super().__init__()
        self._facts = facts

    @property
    def metadata(self) -> LLMMetadata:
        return LLMMetadata(is_chat_model=True)

    def chat(self, messages: Sequence[ChatMessage], **_: object) -> ChatResponse:
        found = self._facts.found("\n".join(message.content or "" for message in messages))
        return ChatResponse(message=ChatMessage("\n".join(f"<fact>{text}</fact>" for text in found), role="assistant"))

    async def achat(self, messages: Sequence[ChatMessage], **_: object) -> ChatResponse:
        return self.chat(messages)

    def complete(self, prompt: str, formatted: bool = False, **_: object) -> CompletionResponse:
        return CompletionResponse(text="")

    def stream_complete(self, prompt: str, formatted: bool = False, **_: object) -> Any:  # noqa: ANN401  # unused
        raise NotImplementedError
