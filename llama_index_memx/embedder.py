"""LlamaIndex embeddings as the port `Embedder`, in both colours."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index_instrumentation import get_dispatcher

from llama_index_memx._calling import acall, call, suspending
from llama_index_memx._found import Found, looked_up
from memx_core import InvalidInputError
from memx_core.naming import described, model_name, provider_name, shown, space
from memx_core.text import flattened

_dispatcher = get_dispatcher(__name__)


class LlamaIndexEmbedder:
    """The vectors of a LlamaIndex embedding model: texts are stored, queries search.

    What the model raises passes through, but for a `RuntimeError`, which becomes a
    `ProviderError`. White space is flattened before a text is embedded.

    Args:
        embed_model (Optional[BaseEmbedding]): Any of LlamaIndex's; `None` takes
            `Settings.embed_model` when vectors are first needed.
        fingerprint (Optional[str]): Names the vectors: two embedders that share it share a vector
            space. By default made of the class, the model and its declared size; for OpenAI's, of
            the model alone, so that LlamaIndex can go on with what LangChain stored.

    Raises:
        InvalidInputError: If `embed_model` is none.

    Examples:
        `pip install "memx-core[llama-index]" llama-index-embeddings-openai`

        ```python
        from llama_index.embeddings.openai import OpenAIEmbedding
        from llama_index_memx import LlamaIndexEmbedder
        from memx_core import Memory

        memory = Memory(embedder=LlamaIndexEmbedder(OpenAIEmbedding(model="text-embedding-3-small")))
        memory.add("I live in Oslo.", user_id="alice")
        memory.search("Where does she live?", user_id="alice")
        ```
    """

    def __init__(self, embed_model: BaseEmbedding | None = None, *, fingerprint: str | None = None) -> None:
        given = None if embed_model is None else _checked(embed_model)
        self._given = given
        self._found = Found(lambda: given or _of_settings())
        self._fingerprint = fingerprint

    def __repr__(self) -> str:
        return f"{type(self).__name__}(Settings.embed_model)" if self._given is None else described(self, self._given)

    @property
    def settled(self) -> bool:
        """Whether the fingerprint is known without looking anything up."""
        return bool(self._given or self._fingerprint or self._found.known)

    @property
    def model_name(self) -> str:
        """The model's own name; empty before one of `Settings` was needed."""
        return model_name(self._present)

    @property
    def provider_name(self) -> str:
        """Who is asked, for telemetry."""
        return provider_name(self._present)

    @property
    def _present(self) -> BaseEmbedding | None:
        return self._found.get() if self._found.known else self._given

    @property
    def fingerprint(self) -> str:
        """Names the vectors; no model is asked for it."""
        return self._fingerprint or space(self._given or call(self, self._found.get), "llama_index")

    def warm_up(self) -> None:
        """Looks for the model, where none was given: that may mean to import its package."""
        call(self, self._found.get)

    @_dispatcher.span
    def embed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        """One vector per text, in order."""
        model = call(self, self._found.get)
        return call(model, lambda: model.get_text_embedding_batch(_flat(texts)))

    @_dispatcher.span
    async def aembed_documents(self, texts: Sequence[str]) -> list[list[float]]:
        """Like `embed_documents`, awaiting the model."""
        model = await self._model()
        return await acall(
            model,
            lambda: model.aget_text_embedding_batch(_flat(texts)),
            lambda: model.get_text_embedding_batch(_flat(texts)),
            suspends=_suspends(model, "_aget_text_embeddings", "_aget_text_embedding"),
        )

    @_dispatcher.span
    def embed_query(self, text: str) -> list[float]:
        """The vector to search with."""
        model = call(self, self._found.get)
        return call(model, lambda: model.get_query_embedding(flattened(text)))

    @_dispatcher.span
    async def aembed_query(self, text: str) -> list[float]:
        """Like `embed_query`, awaiting the model."""
        model = await self._model()
        return await acall(
            model,
            lambda: model.aget_query_embedding(flattened(text)),
            lambda: model.get_query_embedding(flattened(text)),
            suspends=_suspends(model, "_aget_query_embedding"),
        )

    async def _model(self) -> BaseEmbedding:
        """Looking for one may mean to import it, which blocks."""
        if self._given is not None or self._found.known:
            return self._found.get()
        return await asyncio.to_thread(call, self, self._found.get)


def _suspends(model: BaseEmbedding, *names: str) -> bool:
    """By the first of the methods that the model's class has of its own: the base's only pretend."""
    kind = type(model)
    own = [getattr(kind, name) for name in names if getattr(kind, name) is not getattr(BaseEmbedding, name)]
    return bool(own) and suspending(own[0])


def _of_settings() -> BaseEmbedding:
    from llama_index.core.settings import Settings

    return looked_up("embed_model", "embed_model", lambda: Settings.embed_model)


def _checked(embed_model: object) -> BaseEmbedding:
    if isinstance(embed_model, BaseEmbedding):
        return embed_model
    raise InvalidInputError(
        f"LlamaIndexEmbedder takes a LlamaIndex embedding model, and got {shown(embed_model)}; "
        "pass embed_model=…, or None for Settings.embed_model"
    )


def _flat(texts: Sequence[str]) -> list[str]:
    return [flattened(text) for text in texts]
