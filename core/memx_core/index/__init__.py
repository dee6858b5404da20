"""Vectors and words derived from the ledger: disposable, and never the truth."""

from __future__ import annotations

from memx_core.index.exact import ExactIndex

__all__ = ["ExactIndex"]
