"""memx for LangChain: an agent, a chain or a chat that remembers, on one `memx_core.Memory`.

    agent = create_agent(model, middleware=[MemxMiddleware(memory)])
    agent.invoke({"messages": [...]}, context={"user_id": "alice"})

Middleware, tools, a retriever and chat histories; and any of LangChain's chat models and
embeddings as the memory's providers.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

try:
    import langchain_core as _  # noqa: F401  # Only asked whether it is there.
except ImportError as error:
    raise ImportError('langchain_memx needs LangChain: pip install "memx-core[langchain]"') from error

from langchain_memx.creating import create_memory
from langchain_memx.documents import format_memories
from langchain_memx.embedder import LangChainEmbedder
from langchain_memx.history import HISTORY_KEYS, MemxChatMessageHistory, history_factory
from langchain_memx.llm import LangChainLLM
from langchain_memx.remembering import RememberingHistory
from langchain_memx.reranker import LangChainReranker
from langchain_memx.retriever import MemxRetriever
from langchain_memx.tools import memory_tools

if TYPE_CHECKING:
    from langchain_memx.middleware import MemxMiddleware

__all__ = [
    "HISTORY_KEYS",
    "LangChainEmbedder",
    "LangChainLLM",
    "LangChainReranker",
    "MemxChatMessageHistory",
    "MemxMiddleware",
    "MemxRetriever",
    "RememberingHistory",
    "create_memory",
    "format_memories",
    "history_factory",
    "memory_tools",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401  # whatever the name stands for
    """Agents need `langchain` and `langgraph`, which chains can do without."""
    if name != "MemxMiddleware":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module("langchain_memx.middleware").MemxMiddleware
