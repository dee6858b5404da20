"""Fakes and contracts to test with: ours, and those of whoever brings a provider or an index.

The fakes play models and embedders without one. The contracts are test classes to subclass:
give yours the method that makes the thing, and pytest runs every promise of its port on it.

```python
class TestMyIndex(IndexContract):
    def make_index(self) -> Index:
        return MyIndex()
```

Importing this needs no pytest; running the contracts does.
"""

from __future__ import annotations

from memx_core.testing.calls import Colour, EmbedderCall, LLMCall
from memx_core.testing.clock import ManualClock
from memx_core.testing.contracts import EmbedderContract, IndexContract, LLMContract, RerankerContract
from memx_core.testing.embedders import AsyncFakeEmbedder, FakeEmbedder, ScriptedEmbedder, SyncFakeEmbedder
from memx_core.testing.llm import AsyncScriptedLLM, ScriptedLLM, SyncScriptedLLM
from memx_core.testing.pushed import PushedIndex
from memx_core.testing.source import ListSource

__all__ = [
    "AsyncFakeEmbedder",
    "AsyncScriptedLLM",
    "Colour",
    "EmbedderCall",
    "EmbedderContract",
    "FakeEmbedder",
    "IndexContract",
    "LLMCall",
    "LLMContract",
    "ListSource",
    "ManualClock",
    "PushedIndex",
    "RerankerContract",
    "ScriptedEmbedder",
    "ScriptedLLM",
    "SyncFakeEmbedder",
    "SyncScriptedLLM",
]
