"""Fixtures: a memory without a worker, chat memories on it, and a way to wait for the async colour."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from blockbuster import blockbuster_ctx

from llama_index_memx import MemxMemory
from memx_core import Memory
from memx_core.testing import FakeEmbedder
from tests.llama_index.chats import STYLES, Style

MakeChat = Callable[..., MemxMemory]
Wait: TypeAlias = Callable[[Any], Any]


@pytest.fixture
def store(blank: Path, tmp_path: Path) -> Iterator[Memory]:
    """A memory that learns when it is told to, by rules."""
    path = shutil.copyfile(blank, tmp_path / "chats.db")
    with Memory(embedder=FakeEmbedder(), database=path, background=False) as memory:
        yield memory


@pytest.fixture
def chat(store: Memory) -> MakeChat:
    """Makes a chat memory of Ada's."""

    def chat(session_id: str = "s", **given: Any) -> MemxMemory:
        settings = {"memory": store, "user_id": "ada", "on_error": "raise", "timeout": 60, **given}
        return MemxMemory.from_defaults(session_id=session_id, **settings)

    return chat


@pytest.fixture(params=STYLES)
def style(request: pytest.FixtureRequest) -> Style:
    style: Style = request.param
    return style


@pytest.fixture
def wait(runner: asyncio.Runner) -> Wait:
    """Runs what was called until it is done; what blocks the loop raises."""

    def wait(coroutine: Any) -> Any:
        with blockbuster_ctx():
            return runner.run(coroutine)

    return wait
