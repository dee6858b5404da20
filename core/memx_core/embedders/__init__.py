"""Embedders that need no server and no network: a small sentence model, and plain hashing.

Importing this loads neither a model nor the libraries that run it.
"""

from __future__ import annotations

from memx_core.embedders.hashing import HashingEmbedder
from memx_core.embedders.local import LocalEmbedder

__all__ = ["HashingEmbedder", "LocalEmbedder"]
