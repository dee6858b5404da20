"""What the ports promise, as test classes to subclass.

A failing promise shows the values it compared: pytest, if it is running, is asked to rewrite
the asserts of these modules as it does those of tests.
"""

from __future__ import annotations

import sys

if sys.modules.get("pytest"):
    import pytest

    names = ("embedder", "index_case", "index_finding", "index_scopes", "index_writing", "llm", "reranker")
    pytest.register_assert_rewrite(*(f"{__name__}.{name}" for name in names))

from memx_core.testing.contracts.embedder import EmbedderContract
from memx_core.testing.contracts.index import IndexContract
from memx_core.testing.contracts.llm import LLMContract
from memx_core.testing.contracts.reranker import RerankerContract

__all__ = ["EmbedderContract", "IndexContract", "LLMContract", "RerankerContract"]
