"""Memories on the real `ChatOpenAI` and `OpenAIEmbeddings`, which talk to a server on loopback."""

from __future__ import annotations

import asyncio
import functools
from typing import Any, Literal, TypeAlias, get_args

from blockbuster import blockbuster_ctx

from langchain_memx import create_memory
from memx_core import Memory

Style: TypeAlias = Literal["sync", "async", "loop"]
"""`loop`: the blocking way, within a running loop."""
STYLES: tuple[Style, ...] = get_args(Style)
KEY = "sk-secret"
MODEL, EMBEDDINGS = "openai:gpt-5-mini", "openai:text-embedding-3-small"


class Wired:
    """A memory whose methods are called in one style."""

    def __init__(self, memory: Memory, style: Style, runner: asyncio.Runner) -> None:
        self.memory = memory
        self._style = style
        self._runner = runner

    def __getattr__(self, name: str) -> Any:
        if self._style == "sync":
            return getattr(self.memory, name)
        return functools.partial(self._within, name)

    def _within(self, name: str, *args: Any, **kwargs: Any) -> Any:
        async def block() -> Any:
            return getattr(self.memory, name)(*args, **kwargs)

        async def wait() -> Any:
            return await getattr(self.memory, f"a{name}")(*args, **kwargs)

        if self._style == "loop":
            return self._runner.run(block())
        with blockbuster_ctx():
            return self._runner.run(wait())


def wired(url: str, database: Any, **given: Any) -> Memory:
    """As an application makes it, but for the address; `model_kwargs` and `embeddings_kwargs` come on top."""
    common = {"base_url": url, "api_key": KEY, "timeout": 20}
    model = {**common, **given.pop("model_kwargs", {})}
    # Without this the texts are sent as tokens, by a vocabulary that tiktoken would fetch.
    embeddings = {**common, "check_embedding_ctx_length": False, **given.pop("embeddings_kwargs", {})}
    settings = {"database": database, "background": False, **given}
    return create_memory(MODEL, EMBEDDINGS, model_kwargs=model, embeddings_kwargs=embeddings, **settings)
