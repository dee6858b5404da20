"""Deriving the index anew, and changing the embedder."""

from __future__ import annotations

from memx_core.memory.base import Base


class Rebuilding(Base):
    """Deriving the index anew, and changing the embedder."""
