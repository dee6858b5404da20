"""`create_memory`: a memory from LlamaIndex's LLM and embedding model, given or of `Settings`."""

from __future__ import annotations

from os import PathLike
from typing import Any

from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.llms.llm import LLM
from sqlalchemy import Engine
from sqlalchemy.engine import URL

from llama_index_memx.embedder import LlamaIndexEmbedder
from llama_index_memx.llm import LlamaIndexLLM
from memx_core import Memory
from memx_core.ports import LLM as LLMPort
from memx_core.ports import AsyncEmbedder, AsyncLLM, Embedder


def create_memory(
    llm: LLM | LLMPort | AsyncLLM | None = None,
    embed_model: BaseEmbedding | Embedder | AsyncEmbedder | None = None,
    *,
    database: str | PathLike[str] | URL | Engine = "memx.db",
    **options: Any,  # noqa: ANN401  # those of `Memory`
) -> Memory:
    """A `Memory` whose model and embedder are LlamaIndex's.

    What is not given is taken from `llama_index.core.Settings`, when it is first needed and once
    for all: so `Settings` may be filled in after the memory is made. For a memory that learns by
    rules and asks no model, use `Memory(embedder=LlamaIndexEmbedder(…))`.

    Args:
        llm (Optional[LLM]): Proposes what to remember; by default `Settings.llm`.
        embed_model (Optional[BaseEmbedding]): Texts to vectors; by default `Settings.embed_model`.
        database (Union[str, Path, Engine]): A path, `":memory:"`, a SQLAlchemy URL or engine.
        options (Any): As for `Memory`: `namespace`, `policy`, `budget` and so on.

    Returns:
        Memory: To be shared by all users, threads and event loops.

    Raises:
        InvalidInputError: If an object is no model.
        ProviderError: When one is first needed, if there is none: it says whether `llm=` or
            `embed_model=` is missing.

    Examples:
        `pip install "memx-core[llama-index]" llama-index-llms-openai llama-index-embeddings-openai`

        ```python
        from llama_index.embeddings.openai import OpenAIEmbedding
        from llama_index.llms.openai import OpenAI
        from llama_index_memx import create_memory

        with create_memory(
            OpenAI(model="gpt-5-mini"), OpenAIEmbedding(model="text-embedding-3-small"), database="chats.db"
        ) as memory:
            memory.add("I live in Oslo.", user_id="alice")
            memory.recall("What could she do at the weekend?", user_id="alice")
        ```
    """
    return Memory(
        llm=LlamaIndexLLM(llm) if llm is None or isinstance(llm, LLM) else llm,
        embedder=LlamaIndexEmbedder(embed_model)
        if embed_model is None or isinstance(embed_model, BaseEmbedding)
        else embed_model,
        database=database,
        **options,
    )
