"""The real `ChatOpenAI` and `OpenAIEmbeddings` end to end: what goes over the wire, and what faults of it cost."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain.chat_models import init_chat_model

from langchain_memx import LangChainLLM
from memx_core import Background, EmbeddingMismatchError, ExtractionError, Memory
from tests.answers import adds, answer, updates
from tests.langchain.wire import wired
from tests.openai_server import Call, Cut, Garbage, OpenAIServer, Reply, Slow, Status
from tests.wire import KEY, STYLES, Style, Wired

pytest.importorskip("langchain_openai", reason="langchain-openai is not installed")
openai: Any = pytest.importorskip("openai", reason="openai is not installed")

ADA = "ada@example.com"
SAID = "I live in Oslo and I have a dog."
LEARNED = adds("User lives in Oslo", "User has a dog")
Wire = Callable[..., Wired]
ROOT = Path(__file__).parents[2]


@pytest.fixture(params=STYLES)
def style(request: pytest.FixtureRequest) -> Style:
    style: Style = request.param
    return style


@pytest.fixture
def wire(openai_server: OpenAIServer, style: Style, runner: asyncio.Runner, tmp_path: Path) -> Iterator[Wire]:
    """Makes memories on the server; closes them at the end."""
    made: list[Memory] = []

    def wire(**given: Any) -> Wired:
        made.append(wired(openai_server.url, tmp_path / "memx.db", **given))
        return Wired(made[-1], style, runner)

    yield wire
    for memory in made:
        memory.close()


def texts(memory: Wired, user: str = ADA) -> list[str]:
    return sorted(item.text for item in memory.memory.get_all(user_id=user).items)


# What goes over ----------------------------------------------------------------------------------


def test_an_add_is_one_model_call_and_each_text_is_embedded_once(wire: Wire, openai_server: OpenAIServer) -> None:
    openai_server.answers(LEARNED)
    memory = wire()
    added = memory.add(SAID, user_id=ADA)
    assert [change.new_text for change in added.changes] == ["User lives in Oslo", "User has a dog"]
    assert [asked.kind for asked in openai_server.requests] == ["embeddings", "chat", "embeddings"]
    assert [asked.texts for asked in openai_server.embeddings] == [[SAID], ["User lives in Oslo", "User has a dog"]]
    (hit, *_) = memory.search("Where does she live?", user_id=ADA, limit=1)
    assert hit.memory.text.startswith("User ")
    assert [asked.kind for asked in openai_server.requests[3:]] == ["embeddings"]
    assert len(openai_server.embeddings[-1].texts) == 1


def test_the_models_usage_is_what_the_server_said(wire: Wire, openai_server: OpenAIServer) -> None:
    openai_server.answers(Reply(json.dumps(LEARNED), usage=(1234, 56)))
    usage = wire().add(SAID, user_id=ADA).usage
    assert (usage.calls, usage.input_tokens, usage.output_tokens) == (1, 1234, 56)


def test_the_schema_is_strict_and_every_answer_must_keep_to_it(wire: Wire, openai_server: OpenAIServer) -> None:
    openai_server.answers(LEARNED)
    wire().add(SAID, user_id=ADA)
    (asked,) = openai_server.chats
    form = asked.body["response_format"]
    assert (form["type"], form["json_schema"]["strict"]) == ("json_schema", True)
    assert asked.wanted == "MemoryOperations"
    assert "tools" not in asked.body


def test_several_turns_are_embedded_in_one_request(wire: Wire, openai_server: OpenAIServer) -> None:
    openai_server.answers(answer())
    turns = [{"role": "user", "content": f"My number {at} is {at * 7}."} for at in range(12)]
    wire().add(turns, user_id=ADA)
    assert [len(asked.texts) for asked in openai_server.embeddings] == [12]
    assert len(openai_server.chats) == 1


def test_a_prompt_holds_numbers_and_no_ids(wire: Wire, openai_server: OpenAIServer) -> None:
    openai_server.answers(LEARNED, updates(0, "User lives in Bergen", quote="moved to Bergen"))
    memory = wire()
    first = memory.add(SAID, user_id=ADA, run_id="run-77", session_id="session-88")
    second = memory.add("I moved to Bergen.", user_id=ADA, run_id="run-77", session_id="session-88")
    assert [change.event for change in second.changes] == ["UPDATE"]
    prompt = openai_server.chats[-1].prompt
    assert "User lives in Oslo" in prompt
    ids = [ADA, "run-77", "session-88", first.operation_id, *(change.memory_id for change in first.changes)]
    sent = json.dumps([asked.body for asked in openai_server.requests])
    assert not [id for id in ids if id in sent]


def test_the_key_is_in_the_header_and_nowhere_else(wire: Wire, openai_server: OpenAIServer) -> None:
    openai_server.answers(LEARNED)
    memory = wire()
    memory.add(SAID, user_id=ADA)
    assert {asked.headers["authorization"] for asked in openai_server.requests} == {f"Bearer {KEY}"}
    assert KEY not in json.dumps([asked.body for asked in openai_server.requests])
    assert KEY not in repr(memory.memory)


def test_texts_may_go_as_tokens(wire: Wire, openai_server: OpenAIServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """How OpenAIEmbeddings sends them by default, with the vocabulary that llama-index ships."""
    llama_index = pytest.importorskip("llama_index.core", reason="llama-index-core is not installed")
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(Path(llama_index.__file__).parent / "_static" / "tiktoken_cache"))
    openai_server.answers(LEARNED)
    memory = wire(embeddings_kwargs={"check_embedding_ctx_length": True})
    memory.add(SAID, user_id=ADA)
    assert memory.search("User has a dog", user_id=ADA)[0].memory.text == "User has a dog"
    assert all(isinstance(tokens[0], int) for asked in openai_server.embeddings for tokens in asked.body["input"])
    assert [len(asked.texts) for asked in openai_server.embeddings] == [1, 2, 1]


@pytest.mark.parametrize("streaming", [False, True])
def test_an_answer_may_come_as_a_stream(wire: Wire, openai_server: OpenAIServer, streaming: bool) -> None:
    openai_server.answers(LEARNED)
    memory = wire(model_kwargs={"streaming": streaming, "stream_usage": True})
    added = memory.add(SAID, user_id=ADA)
    assert bool(openai_server.chats[0].body.get("stream")) is streaming
    assert texts(memory) == ["User has a dog", "User lives in Oslo"]
    assert added.usage.output_tokens == len(json.dumps(LEARNED).split())


def test_a_model_that_has_no_schemas_is_made_to_call_a_tool(wire: Wire, openai_server: OpenAIServer) -> None:
    openai_server.answers(LEARNED)
    memory = wire(model_kwargs={"profile": {"structured_output": False, "tool_calling": True}})
    memory.add(SAID, user_id=ADA)
    (asked,) = openai_server.chats
    assert asked.body["tool_choice"]["function"]["name"] == asked.wanted == "MemoryOperations"
    assert texts(memory) == ["User has a dog", "User lives in Oslo"]


def test_a_model_that_has_neither_is_asked_in_words(wire: Wire, openai_server: OpenAIServer) -> None:
    openai_server.answers(f"<think>Hm.</think>Here you are:\n```json\n{json.dumps(LEARNED)}\n```")
    memory = wire(model_kwargs={"profile": {"structured_output": False, "tool_calling": False}})
    memory.add(SAID, user_id=ADA)
    assert not {"tools", "response_format"} & openai_server.chats[0].body.keys()
    assert texts(memory) == ["User has a dog", "User lives in Oslo"]


# Odd answers -------------------------------------------------------------------------------------


@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize("tools", [False, True])
def test_what_is_whole_of_an_answer_that_was_cut_off_is_learned(
    wire: Wire, openai_server: OpenAIServer, streaming: bool, tools: bool
) -> None:
    cut = json.dumps(LEARNED)[:-25]
    whole = Reply(calls=[Call("MemoryOperations", cut)], finish="length") if tools else Reply(cut, finish="length")
    openai_server.answers(whole)
    profile = {"structured_output": not tools, "tool_calling": True}
    memory = wire(model_kwargs={"streaming": streaming, "profile": profile})
    added = memory.add(SAID, user_id=ADA)
    assert texts(memory) == ["User lives in Oslo"]
    assert added.warnings
    assert len(openai_server.chats) == 1


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param(Reply("I would rather talk about the weather."), id="chatter"),
        pytest.param(Reply("", finish="length"), id="all thought, no answer"),
    ],
)
def test_an_answer_that_is_none_is_repaired_once_and_then_waits(
    wire: Wire, openai_server: OpenAIServer, odd: Reply
) -> None:
    openai_server.answers(odd)
    memory = wire()
    with pytest.raises(ExtractionError):
        memory.add(SAID, user_id=ADA)
    assert len(openai_server.chats) == 2
    assert [message.content for message in memory.memory.messages(None, user_id=ADA)] == [SAID]
    openai_server.answers(LEARNED)
    memory.flush(user_id=ADA)
    assert texts(memory) == ["User has a dog", "User lives in Oslo"]


@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize(
    "withheld",
    [
        pytest.param(Reply("", finish="content_filter"), id="filtered"),
        pytest.param(Reply(refusal="I can't help with that."), id="refused"),
    ],
)
def test_an_answer_that_is_withheld_is_told_and_not_asked_for_again(
    wire: Wire, openai_server: OpenAIServer, withheld: Reply, streaming: bool
) -> None:
    openai_server.answers(withheld)
    memory = wire(model_kwargs={"streaming": streaming})
    added = memory.add(SAID, user_id=ADA)
    assert [warning.split(":")[0] for warning in added.warnings] == ["refused"]
    assert len(openai_server.chats) == 1
    assert [message.content for message in memory.memory.messages(None, user_id=ADA)] == [SAID]


def test_a_repair_sends_the_answer_and_what_is_wrong_with_it(wire: Wire, openai_server: OpenAIServer) -> None:
    openai_server.answers("no idea", LEARNED)
    memory = wire()
    usage = memory.add(SAID, user_id=ADA).usage
    first, second = openai_server.chats
    assert second.body["messages"][0] == first.body["messages"][0]  # the prefix that providers cache
    assert "no idea" in second.prompt
    assert usage.calls == 2
    assert texts(memory) == ["User has a dog", "User lives in Oslo"]


# Others who speak its language ------------------------------------------------------------------


def others(server: OpenAIServer, name: str) -> LangChainLLM:
    """A model of another provider's own package, at our address."""
    host = server.url.removesuffix("/v1")
    base = {"groq": host, "together": server.url, "litellm": server.url}[name]
    model = {"groq": "llama-3.3-70b-versatile", "together": "meta-llama/x", "litellm": "openai/gpt-4.1"}[name]
    pytest.importorskip(f"langchain_{name}", reason=f"langchain-{name} is not installed", exc_type=ImportError)
    address = "api_base" if name == "litellm" else "base_url"
    made = init_chat_model(model, model_provider=name, api_key=KEY, max_retries=0, **{address: base})
    return LangChainLLM(made)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore:.*ReadOnly:UserWarning")  # LiteLLM's own
@pytest.mark.parametrize("name", ["groq", "together", "litellm"])
def test_other_providers_packages_learn_as_well(
    make: Any, colour: str, openai_server: OpenAIServer, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    if (name, colour) == ("litellm", "async"):
        pytest.skip("LiteLLM itself reads files on the loop, which blockbuster forbids")
    monkeypatch.setenv(
        "LITELLM_LOCAL_MODEL_COST_MAP", "True"
    )  # LiteLLM asks the network when it is imported, but for this
    openai_server.answers(LEARNED)
    added = make(llm=others(openai_server, name)).add(SAID, user_id=ADA)
    assert [change.new_text for change in added.changes] == ["User lives in Oslo", "User has a dog"]
    (asked,) = openai_server.chats
    assert asked.wanted == "MemoryOperations"
    assert added.usage.output_tokens == len(json.dumps(LEARNED).split())


@pytest.mark.parametrize("said", [json.dumps(LEARNED), f"<function=MemoryOperations>{json.dumps(LEARNED)}</function>"])
def test_what_groq_refuses_as_no_tool_call_is_salvaged(make: Any, openai_server: OpenAIServer, said: str) -> None:
    failed = {"code": "tool_use_failed", "failed_generation": said}
    openai_server.fails("chat", Status(400, error=failed))
    added = make(llm=others(openai_server, "groq")).add(SAID, user_id=ADA)
    assert [change.new_text for change in added.changes] == ["User lives in Oslo", "User has a dog"]
    assert len(openai_server.chats) == 1


# Faults ------------------------------------------------------------------------------------------

FAULTS = [
    pytest.param(Status(429, retry_after=0.01), "RateLimitError", id="429"),
    pytest.param(Status(500, retry_after=0.01), "InternalServerError", id="500"),
    pytest.param(Cut(20), "APIConnectionError", id="cut"),
    pytest.param(Slow(30), "APITimeoutError", id="slow"),
    pytest.param(Garbage(), "", id="garbage"),
]


@pytest.mark.parametrize("kind", ["chat", "embeddings"])
@pytest.mark.parametrize(("fault", "error"), FAULTS)
def test_nothing_is_lost_to_a_fault_and_it_is_learned_afterwards(
    wire: Wire, openai_server: OpenAIServer, kind: Any, fault: Any, error: str
) -> None:
    openai_server.answers(LEARNED)
    once = {"max_retries": 0, "timeout": 0.5 if isinstance(fault, Slow) else 20}
    memory = wire(model_kwargs=once, embeddings_kwargs=once)
    openai_server.down(kind, fault)
    with pytest.raises(getattr(openai, error) if error else ValueError) as caught:  # the client's own
        memory.add(SAID, user_id=ADA)
    assert KEY not in str(caught.value)
    assert len(openai_server.asked(kind)) == 1
    assert [message.content for message in memory.memory.messages(None, user_id=ADA)] == [SAID]
    (job,) = memory.memory.pending(user_id=ADA)
    assert job.error
    assert KEY not in job.error
    assert texts(memory) == []
    openai_server.recover()
    memory.flush(user_id=ADA)
    assert texts(memory) == ["User has a dog", "User lives in Oslo"]
    assert not memory.memory.pending(user_id=ADA)


@pytest.mark.parametrize("kind", ["chat", "embeddings"])
def test_the_clients_retries_are_the_only_ones(wire: Wire, openai_server: OpenAIServer, kind: Any) -> None:
    openai_server.answers(LEARNED)
    openai_server.down(kind, Status(500, retry_after=0.01))
    memory = wire(model_kwargs={"max_retries": 2}, embeddings_kwargs={"max_retries": 2})
    with pytest.raises(openai.InternalServerError):
        memory.add(SAID, user_id=ADA)
    assert len(openai_server.asked(kind)) == 3
    with pytest.raises(openai.InternalServerError):
        memory.flush(user_id=ADA)
    assert len(openai_server.asked(kind)) == 6


def test_a_fault_that_passes_is_not_even_noticed(wire: Wire, openai_server: OpenAIServer) -> None:
    openai_server.answers(LEARNED)
    openai_server.fails("chat", Status(429, retry_after=0.01), Status(500, retry_after=0.01))
    openai_server.fails("embeddings", None, Status(503, retry_after=0.01))
    memory = wire(model_kwargs={"max_retries": 2}, embeddings_kwargs={"max_retries": 2})
    added = memory.add(SAID, user_id=ADA)
    assert (len(openai_server.chats), len(openai_server.embeddings), added.usage.calls) == (3, 3, 1)
    assert texts(memory) == ["User has a dog", "User lives in Oslo"]


def test_a_stream_that_ends_in_the_middle_is_no_answer(wire: Wire, openai_server: OpenAIServer) -> None:
    openai_server.answers(LEARNED)
    openai_server.fails("chat", Cut(5))
    memory = wire(model_kwargs={"streaming": True, "max_retries": 0})
    with pytest.raises(Exception):  # noqa: B017, PT011  # httpx's own, of whichever generation
        memory.add(SAID, user_id=ADA)
    assert texts(memory) == []
    memory.flush(user_id=ADA)
    assert texts(memory) == ["User has a dog", "User lives in Oslo"]


def test_vectors_of_another_size_under_the_same_name_are_refused(wire: Wire, openai_server: OpenAIServer) -> None:
    openai_server.answers(LEARNED)
    memory = wire()
    memory.add(SAID, user_id=ADA)
    openai_server.vectors = lambda texts, _: [[1.0] * 32 for _ in texts]
    with pytest.raises(EmbeddingMismatchError):
        memory.search("Where?", user_id=ADA)
    with pytest.raises(EmbeddingMismatchError):
        memory.add("I have a cat.", user_id=ADA)
    assert texts(memory) == ["User has a dog", "User lives in Oslo"]


# Loops and threads -------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["many loops", "one loop"])
def test_loops_threads_and_the_worker_share_the_clients_of_one_process(
    way: str, openai_server: OpenAIServer, tmp_path: Path
) -> None:
    """In a process of its own, as its clients would outlive their loops in this one. See `loops.py`."""
    openai_server.keep_alive = True
    openai_server.answers(adds("User owns things"))
    command = [sys.executable, "-m", "tests.langchain.loops", way, openai_server.url, str(tmp_path / "memx.db")]
    env = {name: value for name, value in os.environ.items() if "PROXY" not in name.upper()}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"turns": 12, "memories": 1, "pending": 0}


def test_the_worker_learns_over_the_wire_without_a_loop(openai_server: OpenAIServer, tmp_path: Path) -> None:
    openai_server.answers(LEARNED)
    with wired(openai_server.url, tmp_path / "memx.db", background=Background(idle=0, poll=0.05)) as memory:
        memory.add(SAID, user_id=ADA, wait=False)
        memory.flush(user_id=ADA)
        assert len(memory.get_all(user_id=ADA).items) == 2
    assert len(openai_server.chats) == 1
