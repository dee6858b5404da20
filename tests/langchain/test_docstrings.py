"""What the docstrings show runs as it stands; `model`, `embeddings` and `tools` are in scope, OpenAI is on loopback."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import langchain_memx
from memx_core import Memory
from tests.langchain.models import AgentChat, WordEmbeddings
from tests.langchain.test_reranker import Words
from tests.openai_server import OpenAIServer

SHOWN = sorted(set(langchain_memx.__all__) - {"HISTORY_KEYS", "format_memories"})
PARTS = {"Setup", "Instantiate", "Use"}


@pytest.fixture
def scope(openai_server: OpenAIServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Any]]:
    """What a reader has already; every memory that is made of it is closed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-any")
    monkeypatch.setenv("OPENAI_BASE_URL", openai_server.url)
    openai_server.answers({"operations": []})
    scope: dict[str, Any] = {"model": AgentChat(answers=['{"operations": []}']), "embeddings": WordEmbeddings()}
    scope |= {"tools": [], "compressor": Words()}
    yield scope
    for value in scope.values():
        if isinstance(value, Memory):
            value.close()


def parts(name: str) -> dict[str, str]:
    """The blocks of a docstring by their titles."""
    if name == "MemxMiddleware":
        pytest.importorskip("langchain", reason="agents need langchain")
    text = inspect.getdoc(getattr(langchain_memx, name)) or ""
    blocks = re.findall(r"^([A-Z][\w ]+):\n    ```(?:python|console)\n(.*?)^    ```$", text, re.DOTALL | re.MULTILINE)
    return {title: textwrap.dedent(code) for title, code in blocks}


@pytest.mark.parametrize("name", SHOWN)
def test_a_docstring_says_how_to_set_up_instantiate_and_use(name: str) -> None:
    found = parts(name)
    assert found.keys() >= PARTS
    assert found["Setup"].startswith('pip install "memx-core[langchain')


@pytest.mark.filterwarnings("ignore:.*(RunnableWithMessageHistory|InMemoryChatMessageHistory)")  # to be removed
@pytest.mark.parametrize("name", SHOWN)
def test_what_a_docstring_shows_runs(name: str, scope: dict[str, Any]) -> None:
    shown = parts(name)
    code = "\n".join(shown[title] for title in shown if title != "Setup")
    for needed in ("langchain_openai", "langchain"):
        if re.search(rf"\bfrom {needed}\b|openai:", code):
            pytest.importorskip(needed, reason=f"the example needs {needed}")
    exec(compile(code, name, "exec"), scope)
