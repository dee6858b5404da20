"""Memories on the real `ChatOpenAI` and `OpenAIEmbeddings`, which talk to a server on loopback."""

from __future__ import annotations

from typing import Any

from langchain_memx import create_memory
from memx_core import Memory
from tests.wire import KEY

MODEL, EMBEDDINGS = "openai:gpt-5-mini", "openai:text-embedding-3-small"


def wired(url: str, database: Any, **given: Any) -> Memory:
    """As an application makes it, but for the address; `model_kwargs` and `embeddings_kwargs` come on top."""
    common = {"base_url": url, "api_key": KEY, "timeout": 20}
    model = {**common, **given.pop("model_kwargs", {})}
    # Without this the texts are sent as tokens, by a vocabulary that tiktoken would fetch.
    embeddings = {**common, "check_embedding_ctx_length": False, **given.pop("embeddings_kwargs", {})}
    settings = {"database": database, "background": False, **given}
    return create_memory(MODEL, EMBEDDINGS, model_kwargs=model, embeddings_kwargs=embeddings, **settings)
