"""LlamaIndex's own packages for OpenAI, which talk to a server on loopback, and memories on them."""

from __future__ import annotations

import ssl
from typing import Any

import httpx
import pytest

from llama_index_memx import create_memory
from memx_core import Memory
from tests.wire import KEY

llms: Any = pytest.importorskip("llama_index.llms.openai", reason="llama-index-llms-openai is not installed")
embeddings: Any = pytest.importorskip(
    "llama_index.embeddings.openai", reason="llama-index-embeddings-openai is not installed"
)
_BARE = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _common(url: str) -> dict[str, Any]:
    """Asks once, as the packages' own retries wait for seconds; on clients that load no certificates for loopback."""
    clients = {"http_client": httpx.Client(verify=_BARE), "async_http_client": httpx.AsyncClient(verify=_BARE)}
    return {"api_base": url, "api_key": KEY, "timeout": 20, "max_retries": 0, **clients}


def model(url: str, **given: Any) -> Any:
    """The LLM."""
    return llms.OpenAI(**{"model": "gpt-5-mini", **_common(url), **given})


def vectors(url: str, **given: Any) -> Any:
    """The embedding model."""
    return embeddings.OpenAIEmbedding(**{"model": "text-embedding-3-small", **_common(url), **given})


def wired(url: str, database: Any, *, llm: Any = None, embed_model: Any = None, **given: Any) -> Memory:
    """As an application makes it; `llm` and `embed_model` are what the two are made with besides."""
    settings = {"database": database, "background": False, **given}
    return create_memory(model(url, **(llm or {})), vectors(url, **(embed_model or {})), **settings)
