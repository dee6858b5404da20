"""A memory on models that talk to a server on loopback, called in one of three styles."""

from __future__ import annotations

import asyncio
import functools
from typing import Any, Literal, TypeAlias, get_args

from blockbuster import blockbuster_ctx

from memx_core import Memory

Style: TypeAlias = Literal["sync", "async", "loop"]
"""`loop`: the blocking way, within a running loop."""
STYLES: tuple[Style, ...] = get_args(Style)
KEY = "sk-secret"


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
