"""Taking memories out and in."""

from __future__ import annotations

from memx_core.memory.base import Base, ScopedBase


class Moving(Base):
    """Taking memories out and in."""


class ScopedMoving(ScopedBase):
    """The same for one scope."""
