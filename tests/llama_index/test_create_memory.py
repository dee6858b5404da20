"""`create_memory`: LlamaIndex's models, given or of `Settings`, which are looked up when they are first needed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from llama_index.core import Settings

from llama_index_memx import LlamaIndexEmbedder, LlamaIndexLLM, create_memory
from memx_core import EmbeddingMismatchError, InvalidInputError, Memory, ProviderError
from memx_core.testing import FakeEmbedder, ScriptedLLM
from tests.answers import adds
from tests.conftest import Door
from tests.llama_index.models import Scripted, Words, called

LIVES = called(adds("User lives in Oslo"))
Create = Callable[..., Door]


@pytest.fixture(autouse=True)
def settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is set, and nobody has a key."""
    for name in ("_llm", "_embed_model", "_callback_manager"):
        monkeypatch.setattr(Settings, name, None)
    for name in ("OPENAI_API_KEY", "IS_TESTING"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def create(colour: Any, runner: asyncio.Runner, tmp_path: Path) -> Iterator[Create]:
    made: list[Memory] = []

    def create(*given: Any, **options: Any) -> Door:
        made.append(create_memory(*given, database=tmp_path / "memx.db", background=False, **options))
        return Door(made[-1], colour, runner)

    yield create
    for memory in made:
        memory.close()


def test_models_that_are_given_are_used(create: Create) -> None:
    model, words = Scripted(answers=[LIVES], calls_tools=True), Words()
    memory = create(model, words, namespace="mine")
    memory.add("I live in Oslo.", user_id="ada")
    assert memory.search("Oslo", user_id="ada")[0].memory.text == "User lives in Oslo"
    assert len(model.prompts) == 1


def test_what_is_set_after_the_memory_was_made_is_used_and_kept(create: Create) -> None:
    memory = create()
    Settings.llm = model = Scripted(answers=[LIVES], calls_tools=True)
    Settings.embed_model = words = Words()
    memory.add("I live in Oslo.", user_id="ada")
    Settings.embed_model = Words(model_name="words-2")
    assert memory.search("Oslo", user_id="ada")[0].memory.text == "User lives in Oslo"
    assert len(model.prompts) == 1
    assert words.calls[-1][0] == "query"


def test_a_database_with_vectors_is_opened_before_anything_is_set(create: Create) -> None:
    create(Scripted(answers=[LIVES]), Words()).add("I live in Oslo.", user_id="ada")
    memory = create()
    Settings.embed_model = Words()
    assert memory.search("Oslo", user_id="ada")
    other = create()
    Settings.embed_model = Words(model_name="words-2")
    with pytest.raises(EmbeddingMismatchError):
        other.search("Oslo", user_id="ada")


def test_a_missing_model_is_asked_for_by_its_argument(create: Create) -> None:
    with pytest.raises(ProviderError, match=r"pass embed_model=.*Settings\.embed_model"):
        create(Scripted(answers=[LIVES])).add("I live in Oslo.", user_id="ada")
    memory = create(None, Words())
    with pytest.raises(ProviderError, match=r"pass llm=.*Settings\.llm"):
        memory.add("I live in Oslo.", user_id="ada")
    Settings.llm = Scripted(answers=[LIVES], calls_tools=True)  # a failure is not for ever
    memory.flush(user_id="ada")
    assert [item.text for item in memory.get_all(user_id="ada")] == ["User lives in Oslo"]


def test_what_needs_no_model_works_without_one(create: Create) -> None:
    memory = create()
    assert list(memory.get_all(user_id="ada")) == []
    assert memory.messages("s", user_id="ada") == []


def test_ports_are_taken_too(create: Create) -> None:
    llm = ScriptedLLM()
    llm.queue(adds("User lives in Oslo"))
    assert create(llm, FakeEmbedder()).add("I live in Oslo.", user_id="ada").changes


@pytest.mark.parametrize(
    "given", [("openai:gpt-5-mini", Words()), (Scripted(), "local"), (Words(), Words()), (Scripted, Words())]
)
def test_what_is_no_model_is_refused_when_the_memory_is_made(create: Create, given: Any) -> None:
    with pytest.raises(InvalidInputError):
        create(*given)


def test_a_repr_says_where_a_model_comes_from() -> None:
    assert [repr(LlamaIndexLLM()), repr(LlamaIndexEmbedder())] == [
        "LlamaIndexLLM(Settings.llm)",
        "LlamaIndexEmbedder(Settings.embed_model)",
    ]
