"""LangChain embeddings as the port `Embedder`, in both colours."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from langchain_core.embeddings import Embeddings

from memx_core import InvalidInputError
from memx_core.loops import of_another_loop
from memx_core.naming import described, model_name, provider_name, shown, space
from memx_core.text import flattened


class LangChainEmbedder:
    """The vectors of a LangChain `Embeddings`: documents are stored, queries search.

    Setup:
        ```console
        pip install "memx-core[langchain]" langchain-openai
        ```

    Instantiate:
        ```python
        from langchain_memx import LangChainEmbedder
        from langchain_openai import OpenAIEmbeddings

        # Texts go out as they are: no tokenizer is fetched, and memories are far from too long.
        embeddings = OpenAIEmbeddings(model="text-embedding-3-small", check_embedding_ctx_length=False)
        embedder = LangChainEmbedder(embeddings)
        ```

    Use:
        ```python
        from memx_core import Memory

        memory = Memory(embedder=embedder)
        memory.add("I live in Oslo.", user_id="alice")
        memory.search("Where does she live?", user_id="alice")
        ```

    Args:
        embeddings: Any of LangChain's embeddings.
        fingerprint: Names the vectors: two embedders that share it share a vector space. By
            default made of the class, the model and its declared size; for OpenAI's, of the model
            alone, so that LlamaIndex can go on with what LangChain stored. Give one if your class
            names its model in a way of its own.

    Raises:
        InvalidInputError: If `embeddings` are none.
    """

    def __init__(self, embeddings: Embeddings, *, fingerprint: str | None = None) -> None:
        self._embeddings = _checked(embeddings)
        self._fingerprint = fingerprint or space(_innermost(embeddings), "langchain")

    def __repr__(self) -> str:
        return described(self, _innermost(self._embeddings))

    @property
    def model_name(self) -> str:
        """The model's own name; empty if the object has none."""
        return model_name(_innermost(self._embeddings))

    @property
    def provider_name(self) -> str:
        """Who is asked, for telemetry."""
        return provider_name(_innermost(self._embeddings))

    @property
    def fingerprint(self) -> str:
        """Names the vectors; no model is asked for it."""
        return self._fingerprint

    def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        """One vector per text, in order."""
        return self._embeddings.embed_documents([flattened(text) for text in texts])

    async def aembed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        """Like `embed_documents`, awaiting the model."""
        try:
            return await self._embeddings.aembed_documents([flattened(text) for text in texts])
        except Exception as error:
            if not of_another_loop(error):
                raise
            return await asyncio.to_thread(self.embed_documents, texts)

    def embed_query(self, text: str) -> list[float]:
        """The vector to search with."""
        return self._embeddings.embed_query(flattened(text))

    async def aembed_query(self, text: str) -> list[float]:
        """Like `embed_query`, awaiting the model."""
        try:
            return await self._embeddings.aembed_query(flattened(text))
        except Exception as error:
            if not of_another_loop(error):
                raise
            return await asyncio.to_thread(self.embed_query, text)


def _checked(embeddings: object) -> Embeddings:
    if isinstance(embeddings, Embeddings):
        return embeddings
    raise InvalidInputError(
        f"LangChainEmbedder takes LangChain embeddings, and got {shown(embeddings)}; "
        'make some with init_embeddings("provider:model")'
    )


def _innermost(embeddings: object) -> object:
    """The embeddings behind a cache: those that the vectors come from."""
    inner = getattr(embeddings, "underlying_embeddings", None)
    return _innermost(inner) if isinstance(inner, Embeddings) else embeddings
