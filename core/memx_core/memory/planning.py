"""Showing what a call would do before it does it, and holding back what a policy wants to see first."""

from __future__ import annotations

from memx_core.memory.base import Base, ScopedBase


class Planning(Base):
    """Showing what a call would do before it does it, and holding back what a policy wants to see first."""


class ScopedPlanning(ScopedBase):
    """The same for one scope."""
