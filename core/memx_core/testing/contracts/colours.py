"""Running each promise in the colours that a provider has."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from memx_core.testing.calls import Colour

if TYPE_CHECKING:
    import pytest

T = TypeVar("T")


class Coloured:
    """Runs each test that takes a `twin` once for each of `colours`."""

    colours: ClassVar[Sequence[Colour]] = ("sync", "async")
    """Which twins the provider has. One that only blocks says `("sync",)`: memx lends it a thread."""

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Called by pytest for each test of the class."""
        if "twin" in metafunc.fixturenames:
            metafunc.parametrize("twin", self.colours)


def in_threads(func: Callable[[], T], *, times: int) -> list[T]:
    """What `func` returns in as many threads at once."""
    with ThreadPoolExecutor(times) as threads:
        return [future.result() for future in [threads.submit(func) for _ in range(times)]]


def in_tasks(func: Callable[[], Coroutine[Any, Any, T]], *, times: int) -> list[T]:
    """What `func` returns in as many tasks at once, on one loop."""

    async def gather() -> list[T]:
        return await asyncio.gather(*(func() for _ in range(times)))

    return asyncio.run(gather())
