"""LangChain's models and embeddings as memx's providers."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from langchain_core.callbacks import BaseCallbackHandler
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.language_models import FakeListLLM, GenericFakeChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, SystemMessage
from langgraph.graph import END, START, MessagesState, StateGraph
from pydantic import BaseModel

from langchain_memx import LangChainEmbedder, LangChainLLM
from langchain_memx.structured import completion
from memx_core import Completion, InvalidInputError, Memory, Message
from memx_core.extraction.schema import MemoryOperations
from memx_core.testing import EmbedderContract, LLMContract
from tests.answers import adds
from tests.langchain.models import PlainChat, ToolChat, WordEmbeddings, call

ASKED = [Message("system", "Answer in JSON."), Message("user", "I live in Oslo.")]
LIVES = adds("User lives in Oslo")


def ask(llm: LangChainLLM, colour: str = "sync", schema: type[BaseModel] = MemoryOperations) -> Completion:
    if colour == "sync":
        return llm.complete(ASKED, schema)
    return asyncio.run(llm.acomplete(ASKED, schema))


class TestByPrompt(LLMContract):
    def make_llm(self, answer: str) -> LangChainLLM:
        return LangChainLLM(PlainChat(answers=[answer]))


class TestByFunctionCalling(LLMContract):
    def make_llm(self, answer: str) -> LangChainLLM:
        return LangChainLLM(ToolChat(answers=[call(json.loads(answer), name="Home")]))


class TestToolsAskedForButPlainJsonAnswered(LLMContract):
    def make_llm(self, answer: str) -> LangChainLLM:
        return LangChainLLM(ToolChat(answers=[answer]))


class TestWordEmbeddings(EmbedderContract):
    def make_embedder(self) -> LangChainEmbedder:
        return LangChainEmbedder(WordEmbeddings())


# How a model is asked ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "method"),
    [
        (PlainChat(), "prompt"),
        (PlainChat(profile={"structured_output": True, "tool_calling": True}), "prompt"),
        (GenericFakeChatModel(messages=iter([])), "prompt"),
        (ToolChat(), "function_calling"),
        (ToolChat(profile={"tool_calling": True}), "function_calling"),
        (ToolChat(profile={"tool_calling": False}), "prompt"),
        (ToolChat(profile={"structured_output": True}), "json_schema"),
    ],
)
def test_the_strictest_way_that_a_model_knows_is_taken(model: Any, method: str) -> None:
    assert LangChainLLM(model).method == method


class Refusing(ToolChat):
    """Promises more than it does."""

    def with_structured_output(self, schema: Any, **asked: Any):
        raise ValueError("not supported for this model")


class Offering(ToolChat):
    """Like Ollama's: tools are offered and never forced, and a schema is what it does by default."""

    def bind_tools(self, tools: Any, *, tool_choice: Any = None, **asked: Any):
        return super().bind_tools(tools, **asked)

    def with_structured_output(self, schema: Any, *, method: str = "json_schema", include_raw: bool = False, **_: Any):
        return super().with_structured_output(schema, include_raw=include_raw)


@pytest.mark.parametrize(
    ("model", "method"),
    [
        (Refusing(), "prompt"),
        (Refusing(profile={"structured_output": True, "tool_calling": True}), "prompt"),
        (Offering(), "json_schema"),
        (Offering(profile={"tool_calling": True}), "function_calling"),
    ],
)
def test_what_a_class_cannot_do_is_seen_before_it_is_asked(model: Any, method: str) -> None:
    assert LangChainLLM(model).method == method
    assert model.asked == []


def test_the_way_can_be_chosen() -> None:
    llm = LangChainLLM(ToolChat(answers=[json.dumps(LIVES)]), method="prompt")
    assert llm.method == "prompt"
    assert json.loads(ask(llm).text or "") == LIVES


def test_a_model_that_calls_tools_is_made_to_call_the_schemas(colour: str) -> None:
    model = ToolChat(answers=[call(LIVES)])
    answer = ask(LangChainLLM(model), colour)
    assert answer.data == MemoryOperations.model_validate(LIVES)
    assert answer.text is None
    assert model.colours == [colour]
    assert model.asked[0]["tools"] == ["MemoryOperations"]
    assert model.asked[0]["tool_choice"] == "any"


class Counting(ToolChat):
    """Notes each time that it is made to answer in a schema."""

    def bind_tools(self, tools: Any, **asked: Any):
        self.__dict__.setdefault("bindings", []).append(tools)
        return super().bind_tools(tools, **asked)


def test_a_schema_is_made_into_what_a_provider_is_sent_only_once(colour: str) -> None:
    model = Counting(answers=[call(LIVES), call(LIVES)])
    llm = LangChainLLM(model, method="function_calling")
    answers = [ask(llm, colour).data for _ in range(2)]
    assert answers == [MemoryOperations.model_validate(LIVES)] * 2
    assert len(model.__dict__["bindings"]) == 1


def test_a_plain_model_is_asked_in_words_alone(colour: str) -> None:
    model = PlainChat(answers=["Sure!\n```json\n{}\n```"])
    answer = ask(LangChainLLM(model), colour)
    assert answer == Completion(text="Sure!\n```json\n{}\n```", model="scripted-1")
    assert model.colours == [colour]
    assert model.asked == [{}]


def test_roles_are_kept_and_names_are_said_in_the_text() -> None:
    model = PlainChat(answers=["{}"])
    said = [Message("system", "s"), Message("user", "u", name="Ann Lee"), Message("assistant", "a")]
    LangChainLLM(model).complete(said, MemoryOperations)
    assert model.prompts == [[SystemMessage("s"), HumanMessage("Ann Lee: u"), AIMessage("a")]]


# What it answered --------------------------------------------------------------------------------


def test_plain_json_instead_of_a_tool_call_is_handed_over_as_text() -> None:
    answer = ask(LangChainLLM(ToolChat(answers=[f"Here you are: {json.dumps(LIVES)}"])))
    assert answer.data is None
    assert answer.text == f"Here you are: {json.dumps(LIVES)}"


@pytest.mark.parametrize("cut", [True, False])
def test_what_langchain_parsed_counts_unless_the_raw_answer_says_otherwise(cut: bool) -> None:
    parsed = MemoryOperations.model_validate(LIVES)
    raw = AIMessage(json.dumps(LIVES)[:-10] if cut else "Done, see the form.")
    answer = completion(raw, parsed, model="m")
    assert (answer.text, answer.data) == ((raw.content, None) if cut else (None, parsed))


def test_arguments_that_miss_the_schema_are_handed_over_as_they_are() -> None:
    odd = {"operations": [{"event": "add", "text": "User lives in Oslo"}]}
    answer = ask(LangChainLLM(ToolChat(answers=[call(odd)])))
    assert answer.data is None
    assert json.loads(answer.text or "") == odd


def test_arguments_that_were_cut_off_are_handed_over_as_they_are() -> None:
    cut = json.dumps(LIVES)[:-20]
    assert ask(LangChainLLM(ToolChat(answers=[call(cut)]))).text == cut


def test_no_tool_call_of_several_is_dropped() -> None:
    both = AIMessage("", tool_calls=[*call(LIVES).tool_calls, *call(adds("User has a cat")).tool_calls])
    answer = ask(LangChainLLM(ToolChat(answers=[both])))
    assert answer.data is None
    assert [json.loads(line) for line in (answer.text or "").splitlines()] == [LIVES, adds("User has a cat")]


def test_arguments_that_langchain_closed_itself_do_not_pass_for_whole() -> None:
    answer = ask(LangChainLLM(ToolChat(answers=[call(adds("User lives in O"), finish_reason="length")])))
    assert answer.data is None
    with pytest.raises(json.JSONDecodeError):
        json.loads(answer.text or "")


def test_an_answer_that_the_model_refuses_is_no_empty_answer() -> None:
    refusal = AIMessage("", additional_kwargs={"refusal": "I can't help with that."})
    filtered = AIMessage("", response_metadata={"finish_reason": "content_filter"})
    block = AIMessage([{"type": "refusal", "refusal": "No."}])
    for message in (refusal, filtered, block):
        answer = ask(LangChainLLM(ToolChat(answers=[message])))
        assert (answer.text, answer.data) == (None, None)
    assert ask(LangChainLLM(ToolChat(answers=[""]))).text == ""


def test_tokens_and_the_models_own_name_are_told(colour: str) -> None:
    usage = {"input_tokens": 120, "output_tokens": 7, "total_tokens": 127}
    told = AIMessage("{}", usage_metadata=usage, response_metadata={"model_name": "scripted-1-0305"})
    answer = ask(LangChainLLM(PlainChat(answers=[told])), colour)
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (120, 7)
    assert answer.model == "scripted-1-0305"


def test_langchains_own_fake_works_too(colour: str) -> None:
    llm = LangChainLLM(GenericFakeChatModel(messages=iter([AIMessage(json.dumps(LIVES))])))
    assert json.loads(ask(llm, colour).text or "") == LIVES


@pytest.mark.parametrize("model", [PlainChat, ToolChat])
def test_what_the_model_raises_passes_through(model: Any, colour: str) -> None:
    error = ConnectionError("the model is away")
    with pytest.raises(ConnectionError) as caught:
        ask(LangChainLLM(model(answers=[error])), colour)
    assert caught.value is error


# Traces and streams ------------------------------------------------------------------------------


class Tags(BaseCallbackHandler):
    def __init__(self) -> None:
        self.seen: list[list[str] | None] = []

    def on_chat_model_start(self, *_: Any, tags: list[str] | None = None, **__: Any) -> None:
        self.seen.append(tags)


@pytest.mark.parametrize("model", [PlainChat, ToolChat])
def test_calls_can_be_told_from_the_users_in_a_trace(model: Any, colour: str) -> None:
    tags = Tags()
    ask(LangChainLLM(model(answers=[json.dumps(LIVES)], callbacks=[tags])), colour)
    (seen,) = tags.seen
    assert {"memx", "nostream"} <= set(seen or [])


def test_extraction_does_not_leak_into_the_users_stream(colour: str) -> None:
    theirs = GenericFakeChatModel(messages=iter([AIMessage("Good morning")]))
    ours = LangChainLLM(GenericFakeChatModel(messages=iter([AIMessage(json.dumps(LIVES))])))

    def talk(state: MessagesState) -> dict[str, Any]:
        assert ours.complete(ASKED, MemoryOperations).text
        return {"messages": [theirs.invoke(state["messages"])]}

    async def atalk(state: MessagesState) -> dict[str, Any]:
        assert (await ours.acomplete(ASKED, MemoryOperations)).text
        return {"messages": [await theirs.ainvoke(state["messages"])]}

    async def astream() -> list[Any]:
        return [part async for part in graph.astream({"messages": ["Hi"]}, stream_mode="messages")]

    built = StateGraph(MessagesState).add_node("talk", talk if colour == "sync" else atalk)
    graph = built.add_edge(START, "talk").add_edge("talk", END).compile()
    if colour == "sync":
        parts = list(graph.stream({"messages": ["Hi"]}, stream_mode="messages"))
    else:
        parts = asyncio.run(astream())
    streamed = "".join(str(chunk.text) for chunk, _ in parts if isinstance(chunk, AIMessageChunk))
    assert streamed == "Good morning"


# Embeddings --------------------------------------------------------------------------------------


def test_documents_and_queries_are_told_apart(colour: str) -> None:
    embeddings = WordEmbeddings()
    embedder = LangChainEmbedder(embeddings)
    if colour == "sync":
        embedder.embed_documents(("a", "b"))
        embedder.embed_query("a")
    else:
        asyncio.run(embedder.aembed_documents(("a", "b")))
        asyncio.run(embedder.aembed_query("a"))
    assert embeddings.calls == [("documents", colour), ("query", colour)]


def test_the_fingerprint_names_class_model_and_size_and_asks_nobody() -> None:
    embeddings = WordEmbeddings("words-2", 32)
    assert LangChainEmbedder(embeddings).fingerprint == "langchain:WordEmbeddings:words-2:32"
    assert embeddings.calls == []
    sizes = {LangChainEmbedder(DeterministicFakeEmbedding(size=size)).fingerprint for size in (8, 16)}
    assert len(sizes) == 2


def test_the_fingerprint_can_be_given() -> None:
    assert LangChainEmbedder(WordEmbeddings(), fingerprint="mine:v2").fingerprint == "mine:v2"


def test_a_cache_has_the_fingerprint_of_what_it_caches() -> None:
    class Cached(WordEmbeddings):
        underlying_embeddings = WordEmbeddings("words-9")

    assert LangChainEmbedder(Cached()).fingerprint == LangChainEmbedder(WordEmbeddings("words-9")).fingerprint


# Clients that are left over from another loop -----------------------------------------------------

CLOSED = RuntimeError("Event loop is closed")


def wrapped(error: Exception) -> Exception:
    """As OpenAI's client raises it."""
    outer = ConnectionError("Connection error.")
    outer.__cause__ = error
    return outer


OTHERS = [
    CLOSED,
    RuntimeError("<Event> is bound to a different event loop"),
    RuntimeError("attached to a different loop"),
    wrapped(CLOSED),
    wrapped(wrapped(CLOSED)),
]


class LeftOver(WordEmbeddings):
    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
        raise self.error

    async def aembed_query(self, text: str) -> list[float]:
        raise self.error


class LeftOverChat(ToolChat):
    error: Exception = CLOSED

    async def _agenerate(self, *_: Any, **__: Any):
        raise self.error


@pytest.mark.parametrize("error", OTHERS, ids=str)
def test_a_client_of_another_loop_is_used_in_its_blocking_colour(error: Exception) -> None:
    embeddings, model = LeftOver(error), LeftOverChat(answers=[call(LIVES)], error=error)
    embedder = LangChainEmbedder(embeddings)
    assert asyncio.run(embedder.aembed_documents(["a"])) == embedder.embed_documents(["a"])
    assert asyncio.run(embedder.aembed_query("a")) == embedder.embed_query("a")
    assert ask(LangChainLLM(model), "async").data == MemoryOperations.model_validate(LIVES)
    assert {colour for _, colour in embeddings.calls} == {"sync"}
    assert model.colours == ["sync"]


@pytest.mark.parametrize(
    "error",
    [RuntimeError("out of memory"), ValueError("Event loop is closed"), wrapped(ValueError("closed"))],
    ids=repr,
)
def test_any_other_error_is_not_called_again_for(error: Exception) -> None:
    embedder, model = LangChainEmbedder(LeftOver(error)), LeftOverChat(answers=[call(LIVES)], error=error)
    for call_of in (embedder.aembed_documents(["a"]), embedder.aembed_query("a")):
        with pytest.raises(type(error)):
            asyncio.run(call_of)
    with pytest.raises(type(error)):
        ask(LangChainLLM(model), "async")
    assert model.colours == []


# Both together -----------------------------------------------------------------------------------


def test_a_memory_stands_on_them(colour: str) -> None:
    model, embeddings = ToolChat(answers=[call(LIVES)]), WordEmbeddings()
    with Memory(LangChainLLM(model), LangChainEmbedder(embeddings), ":memory:") as memory:
        if colour == "sync":
            added = memory.add("I live in Oslo.", user_id="u")
            (hit,) = memory.search("Where does she live?", user_id="u")
        else:
            added = asyncio.run(memory.aadd("I live in Oslo.", user_id="u"))
            (hit,) = asyncio.run(memory.asearch("Where does she live?", user_id="u"))
    (change,) = added.changes
    assert (change.event, change.new_text, change.actor) == ("ADD", "User lives in Oslo", "scripted-1")
    assert hit.memory.text == "User lives in Oslo"
    assert set(model.colours) == {call_colour for _, call_colour in embeddings.calls} == {colour}
    assert embeddings.calls[-1] == ("query", colour)


# What cannot work, and what must not be shown ----------------------------------------------------


@pytest.mark.parametrize(
    "given",
    [
        None,
        "openai:gpt-5-mini",
        3,
        PlainChat,
        WordEmbeddings(),
        FakeListLLM(responses=["a"]),
        PlainChat().bind(stop=[]),
    ],
)
def test_what_is_no_chat_model_is_refused(given: Any) -> None:
    with pytest.raises(InvalidInputError, match="LangChainLLM takes a LangChain chat model"):
        LangChainLLM(given)


@pytest.mark.parametrize("given", [None, "openai:text-embedding-3-small", WordEmbeddings, PlainChat()])
def test_what_is_no_embeddings_is_refused(given: Any) -> None:
    with pytest.raises(InvalidInputError, match="LangChainEmbedder takes LangChain embeddings"):
        LangChainEmbedder(given)


def test_an_unknown_method_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="'yaml'"):
        LangChainLLM(ToolChat(), method="yaml")


def test_a_key_is_never_shown() -> None:
    shown = [repr(LangChainLLM(ToolChat())), repr(LangChainEmbedder(WordEmbeddings()))]
    for wrapper, given in ((LangChainLLM, "sk-secret"), (LangChainEmbedder, "sk-secret"), (LangChainLLM, ToolChat)):
        with pytest.raises(InvalidInputError) as caught:
            wrapper(given)
        shown.append(str(caught.value))
    assert not any("sk-secret" in text for text in shown)
    assert shown[:2] == [
        "LangChainLLM(ToolChat(model='scripted-1'))",
        "LangChainEmbedder(WordEmbeddings(model='words-1'))",
    ]


def test_without_langchain_the_error_names_the_extra(tmp_path: Path) -> None:
    code = "import sys; sys.modules['langchain_core'] = None; import langchain_memx"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert 'ImportError: langchain_memx needs LangChain: pip install "memx-core[langchain]"' in done.stderr
