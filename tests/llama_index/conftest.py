"""Fixtures: a memory without a worker, and chat memories on it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from llama_index_memx import MemxMemory
from memx_core import Memory
from memx_core.testing import FakeEmbedder
from tests.llama_index.chats import STYLES, Style

MakeChat = Callable[..., MemxMemory]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Memory]:
    """A memory that learns when it is told to, by rules."""
    with Memory(embedder=FakeEmbedder(), database=tmp_path / "chats.db", background=False) as memory:
        yield memory


@pytest.fixture
def chat(store: Memory) -> MakeChat:
    """Makes a chat memory of Ada's."""

    def chat(session_id: str = "s", **given: Any) -> MemxMemory:
        settings = {"memory": store, "user_id": "ada", "on_error": "raise", **given}
        return MemxMemory.from_defaults(session_id=session_id, **settings)

    return chat


@pytest.fixture(params=STYLES)
def style(request: pytest.FixtureRequest) -> Style:
    style: Style = request.param
    return style
