"""The default index keeps every promise of its port."""

from __future__ import annotations

from memx_core.index import ExactIndex
from memx_core.testing import IndexContract


class TestExactIndex(IndexContract):
    def make_index(self):
        return ExactIndex()
