"""memx for LlamaIndex: chat engines and agents that remember, on one `memx_core.Memory`.

    engine = create_memory(llm, embed_model, database="memx.db")
    memory = MemxMemory.from_defaults(memory=engine, user_id="alice", session_id="monday")
    await agent.run("Book my usual table.", memory=memory)

A chat memory, a memory block and a chat store, a retriever and tools; and any of LlamaIndex's LLMs
and embedding models as the memory's providers.
"""

from __future__ import annotations

try:
    import llama_index.core as _  # noqa: F401  # Only asked whether it is there.
except ImportError as error:
    raise ImportError('llama_index_memx needs LlamaIndex: pip install "memx-core[llama-index]"') from error

from llama_index_memx.block import MemxMemoryBlock
from llama_index_memx.chat_store import MemxChatStore
from llama_index_memx.creating import create_memory
from llama_index_memx.embedder import LlamaIndexEmbedder
from llama_index_memx.llm import LlamaIndexLLM
from llama_index_memx.memory import MemxMemory
from llama_index_memx.reranker import LlamaIndexReranker
from llama_index_memx.retriever import MemxRetriever
from llama_index_memx.tools import memory_tools

__all__ = [
    "LlamaIndexEmbedder",
    "LlamaIndexLLM",
    "LlamaIndexReranker",
    "MemxChatStore",
    "MemxMemory",
    "MemxMemoryBlock",
    "MemxRetriever",
    "create_memory",
    "memory_tools",
]
