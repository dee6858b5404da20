"""What is raised here and nowhere else in memx."""

from __future__ import annotations

from memx_core.errors import MemoryNotFoundError


class MissingMemoryError(MemoryNotFoundError, ValueError):
    """No such memory. Also a `ValueError`, which is what applications of mem0's catch."""
