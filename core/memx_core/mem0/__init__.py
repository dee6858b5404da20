"""mem0's `Memory` and `AsyncMemory`, on memx: an application changes one import.

    from memx_core.mem0 import Memory  # was: from mem0 import Memory

Names, arguments and answers are those of mem0ai 2.2.1; the calls of its first year work too:
`user_id=` in `search` and `get_all`, `data=`, `limit=`. What memx can do beyond it is reached
through `memory.memx`, which is the `memx_core.Memory` underneath. A room of its own: it sees the
core, and nothing in the core sees it.
"""

from __future__ import annotations

from memx_core.mem0.errors import MissingMemoryError
from memx_core.mem0.memory import AsyncMemory, Memory

__all__ = ["AsyncMemory", "Memory", "MissingMemoryError"]
