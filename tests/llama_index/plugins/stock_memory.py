"""A pytest plugin for LlamaIndex's own tests: its older chat memory is its newer one, to compare ours with.

Loaded by name into a process of its own (`-p stock_memory`).
"""

from __future__ import annotations

from llama_index.core.memory import ChatMemoryBuffer, Memory

ChatMemoryBuffer.from_defaults = Memory.from_defaults  # type: ignore[method-assign,assignment]
