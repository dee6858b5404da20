"""Who is compared, what each needs, and what of them cannot be compared.

The remarks are of the versions named, and of how each is used here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class About:
    """A contender.

    Args:
        made_by: Its adapter, as `module:Class` beside this file.
        distributions: The packages whose versions are told.
        imports: What an application writes first, for the cost of importing.
        environment: The environment of its own that it needs, one of `ENVIRONMENTS`; empty for none.
        kept: What is left when the process ends.
        duplicates: What becomes of what is known already.
        changes: Who notices that something known has changed.
        searches: How it looks.
    """

    made_by: str
    distributions: tuple[str, ...]
    imports: str
    environment: str = ""
    kept: str = ""
    duplicates: str = ""
    changes: str = ""
    searches: str = ""


ENVIRONMENTS: Mapping[str, tuple[str, ...]] = {
    "langmem": ("--editable", ".", "langmem==0.0.30", "langgraph==1.2.24", "langchain-core==1.8.3"),
    "llama-chroma": (
        *("--editable", ".", "llama-index-core==0.14.25", "llama-index-vector-stores-chroma==0.6.0", "chromadb==1.5.9"),
    ),
}
"""Packages as pip takes them, for what .venv does not have."""

_IN_MEMORY = "nothing"
_BY_VECTORS = "vectors"

CONTENDERS: Mapping[str, About] = {
    "memx": About(
        made_by="memx:Memx",
        distributions=("memx-core",),
        imports="from memx_core import Memory; Memory",
        kept="all, synced to disk at each call; the conversation and the history too",
        duplicates="the same in other letters, and near ones, become evidence",
        changes="the model proposes, code checks; the old fact is kept",
        searches="words and vectors",
    ),
    "memx, wait=True": About(
        made_by="memx:MemxWaiting",
        distributions=("memx-core",),
        imports="from memx_core import Memory; Memory",
    ),
    "mem0": About(
        made_by="mem0:Mem0",
        distributions=("mem0ai", "qdrant-client"),
        imports="from mem0 import Memory; Memory",
        kept="all; each fact's additions, the last 10 messages",
        duplicates="the same letters among the 10 nearest are left out",
        changes="nobody: it only adds",
        searches="vectors; with its extras words too, which are not installed",
    ),
    "mem0, infer=False": About(
        made_by="mem0:Mem0Plain",
        distributions=("mem0ai", "qdrant-client"),
        imports="from mem0 import Memory; Memory",
        kept="all",
        duplicates="stored again",
        changes="nobody",
        searches="vectors",
    ),
    "langmem": About(
        made_by="langmem:LangMem",
        distributions=("langmem", "langgraph"),
        imports="from langmem import create_memory_store_manager, create_search_memory_tool",
        environment="langmem",
        kept=f"{_IN_MEMORY}, with this store",
        duplicates="left to the model",
        changes="the model rewrites what it is shown; the old text is gone",
        searches=_BY_VECTORS,
    ),
    "langgraph": About(
        made_by="langgraph:LangGraph",
        distributions=("langgraph",),
        imports="from langgraph.store.memory import InMemoryStore",
        kept=f"{_IN_MEMORY}; LangGraph has stores that keep it",
        duplicates="stored again",
        changes="nobody: it is a store, and learns nothing",
        searches=_BY_VECTORS,
    ),
    "llama-index vectors": About(
        made_by="llama_index:LlamaVectors",
        distributions=("llama-index-core", "chromadb"),
        imports="from llama_index.core.memory import Memory, VectorMemoryBlock\nimport chromadb",
        environment="llama-chroma",
        kept=f"{_IN_MEMORY}, as its pages open it; Chroma can keep it",
        duplicates="stored again",
        changes="nobody: it keeps old turns",
        searches=_BY_VECTORS,
    ),
    "llama-index facts": About(
        made_by="llama_index:LlamaFacts",
        distributions=("llama-index-core",),
        imports="from llama_index.core.memory import Memory, FactExtractionMemoryBlock",
        kept=f"{_IN_MEMORY}, by default",
        duplicates="the same letters are left out",
        changes="the model condenses them when they are more than 50",
        searches="not at all: all of them are in every prompt",
    ),
}
