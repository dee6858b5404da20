"""What the docstrings show runs as it stands; `llm` and `tools` are in scope, OpenAI is on loopback."""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from llama_index.core.memory import Memory as ChatMemory
from llama_index.core.storage.chat_store.sql import SQLAlchemyChatStore

import llama_index_memx
from memx_core import Memory
from tests.llama_index import test_reranker
from tests.llama_index.chats import Chat
from tests.openai_server import OpenAIServer

_BLOCK = re.compile(r"^ *```python\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)


@pytest.fixture
def scope(openai_server: OpenAIServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """What a reader has already; every memory that is made of it is closed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-any")
    monkeypatch.setenv("OPENAI_API_BASE", openai_server.url)
    openai_server.answers({"operations": []})
    scope: dict[str, Any] = {"llm": Chat(), "tools": [], "postprocessor": test_reranker.Words()}
    yield scope
    for value in scope.values():
        if isinstance(value, Memory):
            value.close()
        elif isinstance(value, llama_index_memx.MemxMemory):
            value.memory.memory.close()


def shown(name: str) -> str:
    text = inspect.getdoc(getattr(llama_index_memx, name)) or ""
    return "\n".join(textwrap.dedent(code) for code in _BLOCK.findall(text))


@pytest.mark.parametrize("name", llama_index_memx.__all__)
def test_a_docstring_says_how_to_install_and_import_what_it_is_about(name: str) -> None:
    assert 'pip install "memx-core[llama-index' in (inspect.getdoc(getattr(llama_index_memx, name)) or "")
    assert f"from llama_index_memx import {name}" in shown(name)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # LlamaIndex's own
@pytest.mark.parametrize("name", llama_index_memx.__all__)
def test_what_a_docstring_shows_runs(name: str, scope: dict[str, Any], runner: asyncio.Runner) -> None:
    code = shown(name)
    for needed in re.findall(r"^from (llama_index\.(?:llms|embeddings)\.\w+) import", code, re.MULTILINE):
        pytest.importorskip(needed, reason=f"the example needs {needed}")

    async def run() -> None:
        compiled = compile(code, name, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        running = eval(compiled, scope)
        if running is not None:
            await running
        for value in scope.values():
            if isinstance(value, ChatMemory) and isinstance(value.sql_store, SQLAlchemyChatStore):
                engine: Any = value.sql_store._async_engine  # LlamaIndex's own store closes nothing
                await engine.dispose()

    runner.run(run())
