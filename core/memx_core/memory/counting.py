"""What was spent."""

from __future__ import annotations

from memx_core.memory.base import Base, ScopedBase


class Counting(Base):
    """What was spent."""


class ScopedCounting(ScopedBase):
    """The same for one scope."""
