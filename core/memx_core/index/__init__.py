"""Vectors and words derived from the ledger: disposable, and never the truth.

`ExactIndex` holds them in this process, `QdrantIndex` (extra `qdrant`) on a server.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from memx_core.index.exact import ExactIndex

if TYPE_CHECKING:
    from memx_core.index.qdrant import QdrantIndex

__all__ = ["ExactIndex", "QdrantIndex"]


def __getattr__(name: str) -> Any:  # noqa: ANN401  # whatever the name stands for
    if name != "QdrantIndex":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module("memx_core.index.qdrant").QdrantIndex
