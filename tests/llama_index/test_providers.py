"""LlamaIndex's LLMs and embedding models as memx's: how they are asked, in their own colour, and what they answer."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from blockbuster import blockbuster_ctx
from langchain_core.embeddings import DeterministicFakeEmbedding
from llama_index.core.async_utils import asyncio_run
from llama_index.core.embeddings import MockEmbedding
from llama_index.core.llms import MockLLM

from llama_index_memx import LlamaIndexEmbedder, LlamaIndexLLM
from memx_core import Completion, ExtractionError, InvalidInputError, MemxError, Message, ProviderError
from memx_core.extraction.schema import MemoryOperations
from memx_core.testing.contracts import EmbedderContract, LLMContract
from tests.answers import adds
from tests.llama_index.models import (
    AwaitOnly,
    Blocking,
    BlockOnly,
    Failing,
    LocalWords,
    Scripted,
    Words,
    called,
    said,
)

LIVES = adds("User lives in Oslo")
ASKED = [Message("system", "s"), Message("user", "I live in Oslo.")]
Wait = Callable[[Any], Any]


@pytest.fixture
def ask(colour: str, runner: asyncio.Runner) -> Callable[[LlamaIndexLLM], Completion]:
    def ask(llm: LlamaIndexLLM) -> Completion:
        if colour == "sync":
            return llm.complete(ASKED, MemoryOperations)
        with blockbuster_ctx():
            return runner.run(llm.acomplete(ASKED, MemoryOperations))

    return ask


@pytest.fixture
def embed(colour: str, runner: asyncio.Runner) -> Callable[..., Any]:
    def embed(embedder: LlamaIndexEmbedder, given: Any) -> Any:
        name = "embed_query" if isinstance(given, str) else "embed_documents"
        if colour == "sync":
            return getattr(embedder, name)(given)
        with blockbuster_ctx():
            return runner.run(getattr(embedder, f"a{name}")(given))

    return embed


Ask = Callable[[LlamaIndexLLM], Completion]
Embed = Callable[..., Any]


class TestScripted(LLMContract):
    def make_llm(self, answer: str) -> LlamaIndexLLM:
        return LlamaIndexLLM(Scripted(answers=[answer]))


class TestToolCalling(LLMContract):
    def make_llm(self, answer: str) -> LlamaIndexLLM:
        return LlamaIndexLLM(Scripted(answers=[answer], calls_tools=True))


class TestWords(EmbedderContract):
    def make_embedder(self) -> LlamaIndexEmbedder:
        return LlamaIndexEmbedder(Words())


# How a model is asked ----------------------------------------------------------------------------


def test_a_model_that_calls_tools_is_made_to_call_the_schemas(ask: Ask, colour: str) -> None:
    model = Scripted(answers=[called(LIVES)], calls_tools=True)
    assert json.loads(ask(LlamaIndexLLM(model)).text or "") == LIVES
    assert model.asked == [{"tools": ["MemoryOperations"], "required": True, "parallel": True}]
    assert model.colours == [colour]


def test_any_other_model_is_asked_in_words_alone(ask: Ask, colour: str) -> None:
    model = Scripted(answers=["Sure!\n```json\n{}\n```"])
    assert ask(LlamaIndexLLM(model)) == Completion(text="Sure!\n```json\n{}\n```", model="scripted-1")
    assert (model.asked, model.colours) == ([{}], [colour])


def test_the_way_can_be_chosen(ask: Ask) -> None:
    model = Scripted(answers=["{}"], calls_tools=True)
    ask(LlamaIndexLLM(model, method="prompt"))
    assert model.asked == [{}]


def test_roles_are_kept_and_names_are_said_in_the_text() -> None:
    model = Scripted(answers=["{}"], system_prompt="You are a pirate.")
    named = [Message("system", "s"), Message("user", "u", name="Ann Lee"), Message("assistant", "a")]
    LlamaIndexLLM(model).complete(named, MemoryOperations)
    assert [(message.role.value, message.content) for message in model.prompts[0]] == [
        ("system", "s"),
        ("user", "Ann Lee: u"),
        ("assistant", "a"),
    ]


# What it answered --------------------------------------------------------------------------------


def test_no_tool_call_of_several_is_dropped(make: Any) -> None:
    model = Scripted(answers=[called(LIVES, json.dumps(adds("User has a cat")))], calls_tools=True)
    added = make(llm=LlamaIndexLLM(model)).add("I live in Oslo and I have a cat.", user_id="ada")
    assert [change.new_text for change in added.changes] == ["User lives in Oslo", "User has a cat"]


@pytest.mark.parametrize(
    "answer",
    [
        f"<think>Hm.</think>Here you are: {json.dumps(LIVES)}",
        called(LIVES, text="I'll remember that."),
        called(LIVES, name="memory_operations"),
        called({"memoryoperations": LIVES}),
        called({"operations": json.dumps(LIVES["operations"])}),
    ],
)
def test_what_structured_predict_fails_on_is_learned(make: Any, answer: Any) -> None:
    model = Scripted(answers=[answer], calls_tools=True)
    added = make(llm=LlamaIndexLLM(model)).add("I live in Oslo.", user_id="ada")
    assert [change.new_text for change in added.changes] == ["User lives in Oslo"]
    assert len(model.prompts) == 1


def test_an_answer_that_is_none_is_repaired_once(make: Any) -> None:
    model = Scripted(answers=["What a nice day!", called(LIVES)], calls_tools=True)
    added = make(llm=LlamaIndexLLM(model)).add("I live in Oslo.", user_id="ada")
    assert [change.new_text for change in added.changes] == ["User lives in Oslo"]
    assert (added.usage.calls, len(model.prompts)) == (2, 2)
    never = Scripted(answers=["What a nice day!"], calls_tools=True)
    with pytest.raises(ExtractionError):
        make(llm=LlamaIndexLLM(never)).add("I have a cat.", user_id="ada")
    assert len(never.prompts) == 2


def test_arguments_that_were_closed_by_a_library_do_not_pass_for_whole(ask: Ask) -> None:
    cut = {"choices": [{"finish_reason": "length"}]}
    told = ask(LlamaIndexLLM(Scripted(answers=[called(adds("User lives in O"), raw=cut)], calls_tools=True))).text
    with pytest.raises(json.JSONDecodeError):
        json.loads(told or "")
    raw = json.dumps(LIVES)[:-20]
    assert ask(LlamaIndexLLM(Scripted(answers=[called(raw, raw=cut)], calls_tools=True))).text == raw


def test_calls_that_are_no_blocks_are_read_by_the_model_itself(ask: Ask) -> None:
    class Older(Scripted):
        def get_tool_calls_from_response(self, response: Any, error_on_no_tool_call: bool = True, **_: Any) -> Any:
            if response.message.additional_kwargs["tool_calls"] == ["unreadable"]:
                raise ValueError("Invalid tool type.")
            return [SimpleNamespace(tool_kwargs=given) for given in response.message.additional_kwargs["tool_calls"]]

    answer = said("")
    answer.message.additional_kwargs["tool_calls"] = [LIVES]
    assert json.loads(ask(LlamaIndexLLM(Older(answers=[answer], calls_tools=True))).text or "") == LIVES
    odd = said("no")
    odd.message.additional_kwargs["tool_calls"] = ["unreadable"]
    assert ask(LlamaIndexLLM(Older(answers=[odd], calls_tools=True))).text == "no"


@pytest.mark.parametrize(
    "raw",
    [
        {"choices": [{"finish_reason": "content_filter"}]},
        {"choices": [{"message": {"refusal": "I can't help with that."}}]},
        {"stop_reason": "refusal"},
        SimpleNamespace(candidates=[SimpleNamespace(finish_reason=SimpleNamespace(name="SAFETY"))]),
    ],
)
def test_an_answer_that_is_withheld_is_no_empty_answer(raw: Any) -> None:
    assert LlamaIndexLLM(Scripted(answers=[said("", raw=raw)])).complete(ASKED, MemoryOperations).text is None
    assert LlamaIndexLLM(Scripted(answers=[said("")])).complete(ASKED, MemoryOperations).text == ""


@pytest.mark.parametrize(
    ("raw", "beside"),
    [
        ({"usage": {"prompt_tokens": 120, "completion_tokens": 7}}, {}),
        (SimpleNamespace(usage=SimpleNamespace(input_tokens=120, output_tokens=7)), {}),
        ({"usage_metadata": {"prompt_token_count": 120, "candidates_token_count": 7}}, {}),
        ({"prompt_eval_count": 120, "eval_count": 7, "usage": None}, {}),
        (None, {"prompt_tokens": 120, "completion_tokens": 7}),
    ],
    ids=["openai", "anthropic", "gemini", "ollama", "beside"],
)
def test_tokens_are_found_wherever_a_provider_tells_them(raw: Any, beside: Any) -> None:
    answer = said("{}", raw=raw, additional_kwargs=beside)
    usage = LlamaIndexLLM(Scripted(answers=[answer])).complete(ASKED, MemoryOperations).usage
    assert (usage.input_tokens, usage.output_tokens) == (120, 7)


def test_the_models_own_name_is_told() -> None:
    answer = said("{}", raw={"model": "scripted-1-0305"})
    assert LlamaIndexLLM(Scripted(answers=[answer])).complete(ASKED, MemoryOperations).model == "scripted-1-0305"


def test_what_a_model_said_in_a_refused_request_is_salvaged(ask: Ask) -> None:
    refused = ConnectionError("400")
    refused.body = {"failed_generation": json.dumps(LIVES)}  # type: ignore[attr-defined]
    assert json.loads(ask(LlamaIndexLLM(Scripted(answers=[refused], calls_tools=True))).text or "") == LIVES


# Its own colour ----------------------------------------------------------------------------------


def test_a_model_that_blocks_in_its_async_methods_is_lent_a_thread(ask: Ask, colour: str) -> None:
    model = Blocking()
    assert ask(LlamaIndexLLM(model)).text == "{}"
    assert (model.threads == ["MainThread"]) is (colour == "sync")
    assert ask(LlamaIndexLLM(MockLLM(max_tokens=3))).text == "text text text"


def test_a_model_without_an_async_way_is_lent_a_thread(ask: Ask) -> None:
    model = BlockOnly(answers=["{}"])
    assert ask(LlamaIndexLLM(model)).text == "{}"
    assert model.colours == ["sync"]


def test_a_model_without_a_blocking_way_is_awaited_or_refused(ask: Ask, colour: str) -> None:
    model = AwaitOnly(answers=["{}"])
    if colour == "async":
        assert ask(LlamaIndexLLM(model)).text == "{}"
        return
    with pytest.raises(InvalidInputError, match=r"AwaitOnly has no blocking way.*`a` in front"):
        ask(LlamaIndexLLM(model))


def test_texts_are_stored_in_batches_and_queries_are_told_apart(embed: Embed, colour: str) -> None:
    model = Words(embed_batch_size=2)
    embedder = LlamaIndexEmbedder(model)
    assert len(embed(embedder, ["a", "b", "c"])) == 3
    assert len(embed(embedder, "a")) == 64
    assert model.calls == [("texts", colour), ("texts", colour), ("query", colour)]


def test_embeddings_that_block_in_their_async_methods_are_lent_a_thread(embed: Embed, colour: str) -> None:
    model = LocalWords()
    embed(LlamaIndexEmbedder(model), ["a"])
    embed(LlamaIndexEmbedder(model), "a")
    assert model.calls == [("texts", "sync"), ("query", "sync")]
    assert ("MainThread" in model.threads) is (colour == "sync")
    assert embed(LlamaIndexEmbedder(MockEmbedding(3)), ["a"]) == [[0.5] * 3]


def test_white_space_is_flattened_as_openais_class_does(embed: Embed) -> None:
    model = Words()
    embed(LlamaIndexEmbedder(model), [" one\r\n\ttwo "])
    embed(LlamaIndexEmbedder(model), "one\n\ntwo")
    assert model.texts == ["one two", "one two"]


CLOSED = RuntimeError("Event loop is closed")


def wrapped(error: Exception) -> Exception:
    """As OpenAI's client raises it."""
    outer = ConnectionError("Connection error.")
    outer.__cause__ = error
    return outer


@pytest.mark.parametrize("error", [CLOSED, wrapped(CLOSED)], ids=repr)
def test_a_client_of_another_loop_is_used_in_its_blocking_colour(error: Exception) -> None:
    class LeftOver(Scripted):
        def _answer(self, messages: Any, colour: str, asked: Any) -> Any:
            if colour == "async":
                raise error
            return super()._answer(messages, colour, asked)

    class LeftOverWords(Words):
        def _vectors(self, texts: Any, kind: str, colour: str) -> Any:
            if colour == "async":
                raise error
            return super()._vectors(texts, kind, colour)

    model, words = LeftOver(answers=["{}"]), LeftOverWords()
    assert asyncio.run(LlamaIndexLLM(model).acomplete(ASKED, MemoryOperations)).text == "{}"
    assert len(asyncio.run(LlamaIndexEmbedder(words).aembed_documents(["a"]))) == 1
    assert len(asyncio.run(LlamaIndexEmbedder(words).aembed_query("a"))) == 64
    assert {colour for _, colour in words.calls} == {"sync"}


def test_any_other_error_is_not_called_again_for() -> None:
    unreachable = wrapped(OSError("refused"))
    model = Scripted(answers=[unreachable])
    with pytest.raises(ConnectionError):
        asyncio.run(LlamaIndexLLM(model).acomplete(ASKED, MemoryOperations))
    assert model.colours == ["async"]
    with pytest.raises(ConnectionError):
        asyncio.run(LlamaIndexEmbedder(Failing(error=unreachable)).aembed_query("a"))


# What it raises ----------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [RuntimeError("CUDA out of memory"), RecursionError("too deep"), StopIteration()])
@pytest.mark.parametrize("model", [Scripted, Blocking])
def test_a_runtime_error_of_a_model_becomes_one_of_memxs(ask: Ask, model: Any, error: Exception) -> None:
    made = Blocking(answer=error) if model is Blocking else Scripted(answers=[error])
    with pytest.raises(ProviderError, match=f"{model.__name__} raised") as caught:
        ask(LlamaIndexLLM(made))
    assert caught.value.__cause__ is not None
    assert not isinstance(caught.value, RuntimeError)


@pytest.mark.parametrize("given", [["a"], "a"])
def test_a_runtime_error_of_an_embedder_becomes_one_of_memxs(embed: Embed, given: Any) -> None:
    with pytest.raises(ProviderError, match="Failing raised RuntimeError: CUDA out of memory"):
        embed(LlamaIndexEmbedder(Failing()), given)


@pytest.mark.parametrize("error", [ConnectionError("away"), ValueError("odd"), TimeoutError()])
def test_anything_else_passes_through(ask: Ask, embed: Embed, error: Exception) -> None:
    for failing in (
        lambda: ask(LlamaIndexLLM(Scripted(answers=[error]))),
        lambda: embed(LlamaIndexEmbedder(Failing(error=error)), "a"),
    ):
        with pytest.raises(type(error)) as caught:
            failing()
        assert caught.value is error


def test_llama_index_reports_what_failed_and_not_nested_loops(make: Any) -> None:
    memory = make(llm=LlamaIndexLLM(Scripted(answers=[RuntimeError("out of memory")]))).memory
    with pytest.raises(MemxError, match="out of memory"):
        asyncio_run(memory.aadd("I live in Oslo.", user_id="ada"))


# Names and spaces --------------------------------------------------------------------------------


def test_the_fingerprint_names_class_model_and_size_and_asks_nobody() -> None:
    model = Words(model_name="words-2", dimensions=32)
    assert LlamaIndexEmbedder(model).fingerprint == "llama_index:Words:words-2:32"
    assert LlamaIndexEmbedder(MockEmbedding(8)).fingerprint == "llama_index:MockEmbedding:8"
    assert LlamaIndexEmbedder(model, fingerprint="mine:v2").fingerprint == "mine:v2"
    assert model.calls == []


@pytest.mark.parametrize("sizes", [{}, {"dimensions": 256}])
def test_openais_model_has_one_space_through_either_framework(sizes: Any) -> None:
    ours = pytest.importorskip("llama_index.embeddings.openai").OpenAIEmbedding
    theirs = pytest.importorskip("langchain_openai").OpenAIEmbeddings
    adapter = pytest.importorskip("langchain_memx").LangChainEmbedder
    name = {"model": "text-embedding-3-small", "api_key": KEY, **sizes}
    assert LlamaIndexEmbedder(ours(**name)).fingerprint == adapter(theirs(**name)).fingerprint
    other = {**name, "model": "text-embedding-3-large"}
    assert LlamaIndexEmbedder(ours(**other)).fingerprint != adapter(theirs(**name)).fingerprint


KEY = "sk-secret"


@pytest.mark.parametrize("given", ["openai", 3, Scripted, Words(), DeterministicFakeEmbedding(size=3)])
def test_what_is_no_llm_is_refused(given: Any) -> None:
    with pytest.raises(InvalidInputError, match="LlamaIndexLLM takes a LlamaIndex LLM"):
        LlamaIndexLLM(given)


@pytest.mark.parametrize("given", ["local", Words, Scripted(), DeterministicFakeEmbedding(size=3)])
def test_what_is_no_embedding_model_is_refused(given: Any) -> None:
    with pytest.raises(InvalidInputError, match="LlamaIndexEmbedder takes a LlamaIndex embedding model"):
        LlamaIndexEmbedder(given)


def test_what_would_answer_in_another_form_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="as_structured_llm"):
        LlamaIndexLLM(Scripted().as_structured_llm(MemoryOperations))
    with pytest.raises(InvalidInputError, match="'yaml'"):
        LlamaIndexLLM(Scripted(), method="yaml")


def test_a_key_is_never_shown() -> None:
    shown = [repr(LlamaIndexLLM(Scripted())), repr(LlamaIndexEmbedder(Words()))]
    assert shown == ["LlamaIndexLLM(Scripted(model='scripted-1'))", "LlamaIndexEmbedder(Words(model='words-1'))"]
    for wrapper, given in ((LlamaIndexLLM, KEY), (LlamaIndexEmbedder, KEY)):
        with pytest.raises(InvalidInputError) as caught:
            wrapper(given)
        assert KEY not in str(caught.value)


def test_a_memory_stands_on_them(make: Any, colour: str) -> None:
    model, words = Scripted(answers=[called(LIVES)], calls_tools=True), Words()
    memory = make(llm=LlamaIndexLLM(model), embedder=LlamaIndexEmbedder(words))
    (change,) = memory.add("I live in Oslo.", user_id="u").changes
    (hit,) = memory.search("Where does she live?", user_id="u")
    assert (change.new_text, change.actor, hit.memory.text) == (
        "User lives in Oslo",
        "scripted-1",
        "User lives in Oslo",
    )
    assert set(model.colours) == {call_colour for _, call_colour in words.calls} == {colour}
    assert words.calls[-1] == ("query", colour)


def test_without_llama_index_the_error_names_the_extra(tmp_path: Path) -> None:
    code = "import sys; sys.modules['llama_index.core'] = None; import llama_index_memx"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert 'ImportError: llama_index_memx needs LlamaIndex: pip install "memx-core[llama-index]"' in done.stderr
