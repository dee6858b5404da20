"""An embedder that does as it pleases."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

from memx_core.ports import Vector, Vectors
from memx_core.testing import FakeEmbedder


class Moody:
    """An embedder that fails, or says nothing until the test is over."""

    def __init__(self) -> None:
        self.mood: Any = None
        self.over = threading.Event()
        self.queries = 0
        self._inner = FakeEmbedder()
        self.fingerprint = self._inner.fingerprint

    def embed_documents(self, texts: Sequence[str]) -> Vectors:
        return self._inner.embed_documents(texts)

    async def aembed_documents(self, texts: Sequence[str]) -> Vectors:
        return await self._inner.aembed_documents(texts)

    def embed_query(self, text: str) -> Vector:
        self.queries += 1
        if isinstance(self.mood, Exception):
            raise self.mood
        if self.mood == "silent":
            self.over.wait()
        return self._inner.embed_query(text)

    async def aembed_query(self, text: str) -> Vector:
        if self.mood == "silent":
            await asyncio.Event().wait()
        return self.embed_query(text)
