"""What changed between two moments."""

from __future__ import annotations

from memx_core.memory.base import Base, ScopedBase


class Comparing(Base):
    """What changed between two moments."""


class ScopedComparing(ScopedBase):
    """The same for one scope."""
