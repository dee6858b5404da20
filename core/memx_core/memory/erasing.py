"""Removing for good."""

from __future__ import annotations

from memx_core.memory.base import Base, ScopedBase


class Erasing(Base):
    """Removing for good."""


class ScopedErasing(ScopedBase):
    """The same for one scope."""
