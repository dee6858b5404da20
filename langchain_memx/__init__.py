"""memx for LangChain, on one `memx_core.Memory`: chat models and embeddings as its providers.

    from langchain_memx import LangChainEmbedder, LangChainLLM

    memory = Memory(llm=LangChainLLM(model), embedder=LangChainEmbedder(embeddings))

Agent middleware, tools, a retriever and chat history join them here.
"""

try:
    import langchain_core as _  # noqa: F401  # Only asked whether it is there.
except ImportError as error:
    raise ImportError('langchain_memx needs LangChain: pip install "memx-core[langchain]"') from error

from langchain_memx.embedder import LangChainEmbedder
from langchain_memx.llm import LangChainLLM

__all__ = ["LangChainEmbedder", "LangChainLLM"]
