"""A pytest plugin for LlamaIndex's own tests: its chat memory is one of ours, wherever it is used.

Loaded by name into a process of its own (`-p swapped_memory`), where nothing else of ours is.
"""

from __future__ import annotations

import sys
from typing import Any

from llama_index.core import memory
from llama_index.core.memory import ChatMemoryBuffer

from llama_index_memx import MemxMemory
from memx_core import Memory
from memx_core.testing import FakeEmbedder

STOCK = memory.Memory


class Swapped(MemxMemory):
    """Made as LlamaIndex's own is: nobody says whose it is."""

    def __init__(self, **fields: Any) -> None:
        if not fields.get("memory"):
            engine = Memory(embedder=FakeEmbedder(), database=":memory:", background=False)
            fields = {**fields, "memory": engine, "user_id": "ada"}
        super().__init__(**fields)


for module in list(sys.modules.values()):
    if getattr(module, "Memory", None) is STOCK and not module.__name__.startswith("llama_index_memx"):
        module.Memory = Swapped  # type: ignore[attr-defined]

ChatMemoryBuffer.from_defaults = Swapped.from_defaults  # type: ignore[method-assign,assignment]
