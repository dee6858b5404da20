"""memx for LlamaIndex: chat engines and agents that remember, on one `memx_core.Memory`.

    memory = create_memory(llm, embed_model, database="memx.db")
    retriever = MemxRetriever(memory, user_id="alice")

A retriever and tools; and any of LlamaIndex's LLMs and embedding models as the memory's providers.
"""

from __future__ import annotations

try:
    import llama_index.core as _  # noqa: F401  # Only asked whether it is there.
except ImportError as error:
    raise ImportError('llama_index_memx needs LlamaIndex: pip install "memx-core[llama-index]"') from error

from llama_index_memx.creating import create_memory
from llama_index_memx.embedder import LlamaIndexEmbedder
from llama_index_memx.llm import LlamaIndexLLM

__all__ = ["LlamaIndexEmbedder", "LlamaIndexLLM", "create_memory"]
