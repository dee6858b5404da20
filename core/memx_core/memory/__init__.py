"""`Memory` and `ScopedMemory`: what people hold."""

from memx_core.memory.like import MemoryLike
from memx_core.memory.memory import Memory
from memx_core.memory.scoped import ScopedMemory

__all__ = ["Memory", "MemoryLike", "ScopedMemory"]
