"""`MemoryLike`: all that a `Memory` can do, wherever it is done."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from memx_core import inputs
from memx_core.memory.browsing import Browsing
from memx_core.memory.comparing import Comparing
from memx_core.memory.conversing import Conversing
from memx_core.memory.counting import Counting
from memx_core.memory.erasing import Erasing
from memx_core.memory.explaining import Explaining
from memx_core.memory.moving import Moving
from memx_core.memory.planning import Planning
from memx_core.memory.reading import Reading
from memx_core.memory.rebuilding import Rebuilding
from memx_core.memory.scoped import ScopedMemory
from memx_core.memory.undoing import Undoing
from memx_core.memory.warming import Warming
from memx_core.memory.writing import Writing


class MemoryLike(
    Writing,
    Reading,
    Conversing,
    Planning,
    Undoing,
    Comparing,
    Explaining,
    Erasing,
    Counting,
    Browsing,
    Moving,
    Rebuilding,
    Warming,
):
    """A `Memory` in this process, or on a server (`memx_client.MemoryClient`).

    Whatever takes a memory takes either: annotate with this, and make one of those.
    """

    @property
    def namespace(self) -> str:
        """The application that this is the memory of."""
        raise NotImplementedError

    @property
    def database(self) -> str:
        """Where it is kept, as a URL without a password."""
        raise NotImplementedError

    def scoped(
        self, *, user_id: str | None = None, agent_id: str | None = None, run_id: str | None = None
    ) -> ScopedMemory:
        """The same methods with the scope fixed: what an application should hold."""
        return ScopedMemory(self, inputs.scope(user_id, agent_id, run_id))

    def close(self, timeout: float | None = 5.0) -> None:
        """Gives back what it holds; later calls raise.

        Args:
            timeout: Seconds that what is under way may still take. `None`: as long as it takes.
        """
        raise NotImplementedError

    async def aclose(self, timeout: float | None = 5.0) -> None:
        """Like `close`, without blocking the loop."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()
