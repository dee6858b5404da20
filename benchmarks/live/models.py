"""LangChain's models by name, what an answer of theirs costs, and an embedder whose tokens are counted."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from langchain.chat_models import init_chat_model
from langchain.embeddings import init_embeddings
from langchain_core.language_models import BaseChatModel

from benchmarks.retrieval.embedding import EMBEDDERS
from langchain_memx import LangChainEmbedder
from memx_core.ports import Embedder, Vector, Vectors
from memx_core.text import estimate_tokens

CHATS = ("extractor", "answerer", "judge")
ROLES = (*CHATS, "embedder")


@dataclass(frozen=True, slots=True)
class Said:
    """An answer of a model.

    Attributes:
        input_tokens: As the provider says; otherwise estimated.
        seconds: By the clock, with the client's own retries.
    """

    text: str
    input_tokens: int
    output_tokens: int
    seconds: float


def chat_model(name: str, options: Mapping[str, Any]) -> BaseChatModel:
    """The model `provider:name`, as LangChain makes it.

    Raises:
        SystemExit: If it cannot be made; it says why.
    """
    try:
        model: BaseChatModel = init_chat_model(name, **options)
    except (ImportError, ValueError) as error:
        raise SystemExit(f"{name!r}: {error}") from error
    return model


def embedder(name: str, options: Mapping[str, Any]) -> Embedder:
    """`minilm`, `hashing`, or LangChain's embeddings `provider:name`.

    Raises:
        SystemExit: If it cannot be made; it says why.
    """
    try:
        if name in EMBEDDERS:
            bundled: Embedder = EMBEDDERS[name](**options)
            return bundled
        return LangChainEmbedder(init_embeddings(name, **options))
    except (ImportError, ValueError) as error:
        raise SystemExit(f"{name!r}: {error}") from error


def ask(model: BaseChatModel, prompt: str) -> Said:
    """What the model says to one message."""
    begun = time.monotonic()
    answer = model.invoke(prompt)
    seconds = time.monotonic() - begun
    text = str(answer.text).strip()
    told = answer.usage_metadata or {"input_tokens": estimate_tokens(prompt), "output_tokens": estimate_tokens(text)}
    return Said(text, told["input_tokens"], told["output_tokens"], seconds)


class Counting:
    """An embedder of the same vectors that counts the tokens it is given, by estimate.

    Attributes:
        tokens: So far.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.tokens = 0

    @property
    def fingerprint(self) -> str:
        """The embedder's own."""
        return self._embedder.fingerprint

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        """The embedder's."""
        self.tokens += sum(map(estimate_tokens, texts))
        return np.asarray(self._embedder.embed_documents(texts), np.float32)

    def embed_query(self, text: str) -> Vector:
        """The embedder's."""
        self.tokens += estimate_tokens(text)
        return np.asarray(self._embedder.embed_query(text), np.float32)
