"""An index on a Qdrant server, in Qdrant Cloud or on a cluster: for more than one machine holds.

Everything in here but this file needs the extra `qdrant`, and is imported when `QdrantIndex` is
first named. One collection holds an application's entries in one embedder's space (`layout`),
an entry is a point (`points`), a search is one batch of requests (`queries`), and what comes back
is scored by the same formulas as everywhere else (`scoring`, `figures`).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from memx_core.index.qdrant.index import QdrantIndex

__all__ = ["QdrantIndex"]


def __getattr__(name: str) -> Any:  # noqa: ANN401  # whatever the name stands for
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        return getattr(import_module("memx_core.index.qdrant.index"), name)
    except ModuleNotFoundError as error:
        if error.name is not None and error.name.partition(".")[0] == "memx_core":
            raise
        raise ImportError('QdrantIndex needs an extra: pip install "memx-core[qdrant]"') from error
