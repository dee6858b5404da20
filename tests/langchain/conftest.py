"""Fixtures for agents: a memory without a worker, and a way to talk in every style."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from memx_core import Memory
from memx_core.testing import FakeEmbedder

try:
    from tests.langchain.agents import STYLES, Style, Talk, made
except ModuleNotFoundError:  # with `langchain-core` alone there are no agents, and nobody asks for them
    STYLES = ()

MakeTalk = Callable[..., "Talk"]


@pytest.fixture
def store(blank: Path, tmp_path: Path) -> Iterator[Memory]:
    """A memory that learns when it is told to, by rules."""
    path = shutil.copyfile(blank, tmp_path / "agents.db")
    with Memory(embedder=FakeEmbedder(), database=path, background=False) as memory:
        yield memory


@pytest.fixture(params=STYLES)
def style(request: pytest.FixtureRequest) -> Style:
    style: Style = request.param
    return style


@pytest.fixture
def talk(store: Memory, style: Style, runner: asyncio.Runner) -> MakeTalk:
    """Makes an agent that remembers with `store`, to be talked to in one of the styles."""

    def talk(*, memory: Any = None, **given: Any) -> Talk:
        return Talk(*made(memory or store, **given), style, runner)

    return talk
