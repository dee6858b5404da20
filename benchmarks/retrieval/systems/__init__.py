"""Memories under test, behind one small protocol."""

from __future__ import annotations

from benchmarks.retrieval.systems.names import NAMES, make
from benchmarks.retrieval.systems.port import Context, Found, System, packed

__all__ = ["NAMES", "Context", "Found", "System", "make", "packed"]
