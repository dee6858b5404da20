"""Taking changes back, by new changes."""

from __future__ import annotations

from memx_core.memory.base import Base, ScopedBase


class Undoing(Base):
    """Taking changes back, by new changes."""


class ScopedUndoing(ScopedBase):
    """The same for one scope."""
