"""Where a memory comes from."""

from __future__ import annotations

from memx_core.memory.base import Base, ScopedBase


class Explaining(Base):
    """Where a memory comes from."""


class ScopedExplaining(ScopedBase):
    """The same for one scope."""
