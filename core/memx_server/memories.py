"""The memories of a server: one for each namespace, opened when a key first asks for it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TypeAlias

from memx_core import inputs
from memx_core.errors import InvalidInputError, LedgerError
from memx_core.memory import Memory

Opening: TypeAlias = Callable[[str], Memory]


class Memories:
    """What is open.

    Args:
        source: A memory, which is the only one there is; or a function of a namespace that opens its memory.
    """

    def __init__(self, source: Memory | Opening) -> None:
        if not isinstance(source, Memory) and not callable(source):
            raise InvalidInputError(f"memory must be a Memory or a function that opens one, not {inputs.show(source)}")
        self._opening: Opening | None = None if isinstance(source, Memory) else source
        self._open = {source.namespace: source} if isinstance(source, Memory) else {}
        self._one = threading.Lock()
        self._closed = False

    async def of(self, namespace: str) -> Memory:
        """The memory of a namespace.

        Raises:
            LedgerError: If the server is stopping, or has no such memory.
        """
        known = self._open.get(namespace)
        if known is not None and not self._closed:
            return known
        return await asyncio.to_thread(self._opened, namespace)

    def _opened(self, namespace: str) -> Memory:
        with self._one:
            if self._closed:
                raise LedgerError("the server is stopping")
            if namespace not in self._open:
                if self._opening is None:
                    raise LedgerError("this server does not keep the memories of this key's namespace")
                self._open[namespace] = self._opening(namespace)
            return self._open[namespace]

    @property
    def open(self) -> tuple[Memory, ...]:
        """Those that are open."""
        return tuple(self._open.values())

    async def close(self, seconds: float) -> None:
        """Gives all of them back: what is being learned is finished or queued again, for whoever opens it next."""
        with self._one:
            self._closed = True
        await asyncio.gather(*(memory.aclose(seconds) for memory in self._open.values()))
