"""One fixture for both colours: what a test calls plainly is awaited when the colour is async."""

from __future__ import annotations

import asyncio
import functools
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from blockbuster import blockbuster_ctx
from hypothesis import settings
from sqlalchemy import Engine, create_engine

from memx_core import Memory, MemoryLike, ScopedMemory, upgrade_database
from memx_core.testing import Colour, FakeEmbedder, ManualClock, ScriptedLLM
from tests.openai_server import OpenAIServer

settings.register_profile("steady", deadline=None)  # no test may depend on how busy the machine is
settings.load_profile("steady")
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # begun in the background; what is started here would not hear it
    signal.signal(signal.SIGINT, signal.default_int_handler)


class Door:
    """A `Memory` or `ScopedMemory` whose methods are called in one colour."""

    def __init__(self, memory: MemoryLike | ScopedMemory, colour: Colour, runner: asyncio.Runner) -> None:
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
        assert isinstance(self.memory, MemoryLike)
        return Door(self.memory.scoped(**ids), self._colour, self._runner)


MakeDoor = Callable[..., Door]


@pytest.hookimpl(optionalhook=True)  # some environments of the matrix have no pytest-xdist
def pytest_xdist_auto_num_workers() -> int:
    """As many as there are cores for us, which may be fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@pytest.fixture(scope="session")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with nothing in it: copying one is faster than making its tables for each test."""
    path = tmp_path_factory.mktemp("blank") / "memx.db"
    Memory(embedder=FakeEmbedder(), database=path, background=False).close()
    return path


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Engine]:
    """A PostgreSQL with the tables in it; started when a test first wants it, one for each process of tests."""
    from tests import postgres_server  # not where the driver is missing, and nobody asks for it

    with postgres_server.database() as url:
        engine = create_engine(url)
        upgrade_database(engine)
        yield engine
        engine.dispose()


_WAYS = [  # threads run SQL in either colour, so on PostgreSQL one is enough
    pytest.param("sync", "sqlite", id="sync"),
    pytest.param("async", "sqlite", id="async"),
    pytest.param("sync", "postgresql", id="postgresql"),
]


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Runs what is marked `databases` on all of them, or on those that the mark names."""
    mark = metafunc.definition.get_closest_marker("databases")
    if mark is None or "place" not in metafunc.fixturenames:
        return
    ways = [way for way in _WAYS if not mark.args or way.values[1] in mark.args]
    if "colour" in metafunc.fixturenames:
        both = pytest.mark.parametrize(("colour", "place"), ways, indirect=True)
    else:
        names = list(dict.fromkeys(str(way.values[1]) for way in ways))
        both = pytest.mark.parametrize("place", names, indirect=True)
    metafunc.definition.add_marker(both)  # a mark takes the place of a fixture's own parameters


@pytest.fixture
def place(request: pytest.FixtureRequest, blank: Path, tmp_path: Path) -> Path | Engine:
    """What to give a memory: a file, or where the test is to run on PostgreSQL its engine; nothing is in it."""
    if getattr(request, "param", "sqlite") == "postgresql":
        engine: Engine = request.getfixturevalue("postgresql")
        from tests import postgres_server

        postgres_server.empty(engine)
        return engine
    return Path(shutil.copyfile(blank, tmp_path / "memx.db"))


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
def make(colour: Colour, runner: asyncio.Runner, clock: ManualClock, place: Path | Engine) -> Iterator[MakeDoor]:
    """Makes memories on one database, with fakes for what is not given; closes them at the end."""
    made: list[Memory] = []

    def make(**given: Any) -> Door:
        usual = {"embedder": FakeEmbedder(), "database": place, "clock": clock, "background": False}
        settings = {**usual, **given}
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
