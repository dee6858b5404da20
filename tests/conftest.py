"""One fixture for both colours: what a test calls plainly is awaited when the colour is async."""

from __future__ import annotations

import asyncio
import functools
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from blockbuster import blockbuster_ctx

from memx_core import Memory, ScopedMemory
from memx_core.testing import Colour, FakeEmbedder, ManualClock, ScriptedLLM
from tests.openai_server import OpenAIServer


class Door:
    """A `Memory` or `ScopedMemory` whose methods are called in one colour."""

    def __init__(self, memory: Memory | ScopedMemory, colour: Colour, runner: asyncio.Runner) -> None:
        self.memory = memory
        self._colour = colour
        self._runner = runner

    def __getattr__(self, name: str) -> Any:
        if self._colour == "sync":
            return getattr(self.memory, name)
        return functools.partial(self._await, getattr(self.memory, f"a{name}"))

    def _await(self, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        async def call() -> Any:
            return await method(*args, **kwargs)

        with blockbuster_ctx():  # what blocks the loop raises
            return self._runner.run(call())

    def scoped(self, **ids: str) -> Door:
        assert isinstance(self.memory, Memory)
        return Door(self.memory.scoped(**ids), self._colour, self._runner)


MakeDoor = Callable[..., Door]


def pytest_xdist_auto_num_workers() -> int:
    """As many as there are cores for us, which may be fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@pytest.fixture(scope="session")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with nothing in it: copying one is faster than making its tables for each test."""
    path = tmp_path_factory.mktemp("blank") / "memx.db"
    Memory(embedder=FakeEmbedder(), database=path, background=False).close()
    return path


@pytest.fixture(params=["sync", "async"])
def colour(request: pytest.FixtureRequest) -> Colour:
    colour: Colour = request.param
    return colour


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def make(colour: Colour, runner: asyncio.Runner, clock: ManualClock, blank: Path, tmp_path: Path) -> Iterator[MakeDoor]:
    """Makes memories on one file, with fakes for what is not given; closes them at the end."""
    made: list[Memory] = []
    path = tmp_path / "memx.db"

    def make(**given: Any) -> Door:
        usual = {"embedder": FakeEmbedder(), "database": path, "clock": clock, "background": False}
        settings = {**usual, **given}
        if settings["database"] == path and not path.exists():
            shutil.copyfile(blank, path)
        made.append(Memory(**settings))
        return Door(made[-1], colour, runner)

    yield make
    for memory in made:
        memory.close()


@pytest.fixture
def llm() -> ScriptedLLM:
    return ScriptedLLM()


@pytest.fixture
def memory(make: MakeDoor, llm: ScriptedLLM) -> Door:
    return make(llm=llm)


@pytest.fixture
def openai_server() -> Iterator[OpenAIServer]:
    """OpenAI's API on loopback; nothing of it is started unless a test asks for it."""
    with OpenAIServer() as server:
        yield server
