"""LlamaIndex's own `OpenAI` and `OpenAIEmbedding` end to end: what goes over the wire, and what faults of it cost."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from memx_core import Background, EmbeddingMismatchError, ExtractionError, Memory
from tests.answers import adds, answer, updates
from tests.llama_index.wire import wired
from tests.openai_server import Call, Cut, Garbage, OpenAIServer, Reply, Slow, Status
from tests.wire import KEY, STYLES, Style, Wired

openai: Any = pytest.importorskip("openai", reason="openai is not installed")

ADA = "ada@example.com"
SAID = "I live in Oslo and I have a dog."
LEARNED = adds("User lives in Oslo", "User has a dog")
Wire = Callable[..., Wired]
ROOT = Path(__file__).parents[2]
ONE_STYLE = pytest.mark.parametrize("style", ["async"])
"""For what is the same in all of them."""


@pytest.fixture(params=STYLES)
def style(request: pytest.FixtureRequest) -> Style:
    style: Style = request.param
    return style


@pytest.fixture
def wire(
    openai_server: OpenAIServer, style: Style, runner: asyncio.Runner, blank: Path, tmp_path: Path
) -> Iterator[Wire]:
    """Makes memories on the server; closes them at the end."""
    made: list[Memory] = []
    path = shutil.copyfile(blank, tmp_path / "memx.db")

    def wire(**given: Any) -> Wired:
        made.append(wired(openai_server.url, path, **given))
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
    (hit, *_) = memory.search("Where does\nshe live?", user_id=ADA, limit=1)
    assert hit.memory.text.startswith("User ")
    assert [asked.texts for asked in openai_server.embeddings[2:]] == [["Where does she live?"]]


def test_a_tool_is_forced_and_the_usage_is_what_the_server_said(wire: Wire, openai_server: OpenAIServer) -> None:
    call = Call("MemoryOperations", LEARNED)
    openai_server.answers(Reply(calls=[call], usage=(1234, 56)))
    memory = wire()
    usage = memory.add(SAID, user_id=ADA).usage
    assert (usage.calls, usage.input_tokens, usage.output_tokens) == (1, 1234, 56)
    booked = memory.memory.usage(user_id=ADA)
    assert (booked.calls, booked.input_tokens, booked.output_tokens) == (1, 1234, 56)
    (asked,) = openai_server.chats
    assert asked.body["tool_choice"] == "required"
    assert asked.wanted == "MemoryOperations"
    assert not asked.body.get("stream")


@ONE_STYLE
@pytest.mark.parametrize("strict", [True, False])
def test_the_schema_is_one_that_openai_takes_in_strict_mode_too(
    wire: Wire, openai_server: OpenAIServer, strict: bool
) -> None:
    openai_server.answers(LEARNED)
    memory = wire(llm={"strict": strict})
    memory.add(SAID, user_id=ADA)
    assert openai_server.chats[0].body["tools"][0]["function"]["strict"] is strict
    assert texts(memory) == ["User has a dog", "User lives in Oslo"]


@ONE_STYLE
def test_several_turns_are_embedded_in_one_request(wire: Wire, openai_server: OpenAIServer) -> None:
    openai_server.answers(answer())
    turns = [{"role": "user", "content": f"My number {at} is {at * 7}."} for at in range(12)]
    wire().add(turns, user_id=ADA)
    assert [len(asked.texts) for asked in openai_server.embeddings] == [12]
    assert len(openai_server.chats) == 1


@ONE_STYLE
def test_a_prompt_holds_numbers_and_no_ids(wire: Wire, openai_server: OpenAIServer) -> None:
    openai_server.answers(LEARNED, updates(0, "User lives in Bergen", quote="moved to Bergen"))
    memory = wire()
    first = memory.add(SAID, user_id=ADA, run_id="run-77", session_id="session-88")
    second = memory.add("I moved to Bergen.", user_id=ADA, run_id="run-77", session_id="session-88")
    assert [change.event for change in second.changes] == ["UPDATE"]
    assert "User lives in Oslo" in openai_server.chats[-1].prompt
    ids = [ADA, "run-77", "session-88", first.operation_id, *(change.memory_id for change in first.changes)]
    sent = json.dumps([asked.body for asked in openai_server.requests])
    assert not [id for id in ids if id in sent]


@ONE_STYLE
def test_the_key_is_in_the_header_and_nowhere_else(wire: Wire, openai_server: OpenAIServer) -> None:
    openai_server.answers(LEARNED)
    memory = wire()
    memory.add(SAID, user_id=ADA)
    assert {asked.headers["authorization"] for asked in openai_server.requests} == {f"Bearer {KEY}"}
    assert KEY not in json.dumps([asked.body for asked in openai_server.requests])
    assert KEY not in repr(memory.memory)


@ONE_STYLE
def test_a_model_without_tools_is_asked_in_words(wire: Wire, openai_server: OpenAIServer) -> None:
    openai_server.answers(f"<think>Hm.</think>Here you are:\n```json\n{json.dumps(LEARNED)}\n```")
    memory = wire(llm={"model": "o1-mini"})
    memory.add(SAID, user_id=ADA)
    assert not {"tools", "response_format"} & openai_server.chats[0].body.keys()
    assert texts(memory) == ["User has a dog", "User lives in Oslo"]


@ONE_STYLE
def test_several_calls_of_the_tool_are_all_learned_from(wire: Wire, openai_server: OpenAIServer) -> None:
    both = [Call("MemoryOperations", adds("User lives in Oslo")), Call("MemoryOperations", adds("User has a dog"))]
    openai_server.answers(Reply(calls=both))
    memory = wire(llm={"model": "gpt-4.1-mini"})  # newer ones are not told that they may
    memory.add(SAID, user_id=ADA)
    assert openai_server.chats[0].body["parallel_tool_calls"] is True
    assert texts(memory) == ["User has a dog", "User lives in Oslo"]


# Odd answers -------------------------------------------------------------------------------------


@pytest.mark.parametrize("calls", [True, False])
def test_what_is_whole_of_an_answer_that_was_cut_off_is_learned(
    wire: Wire, openai_server: OpenAIServer, calls: bool
) -> None:
    cut = json.dumps(LEARNED)[:-25]
    whole = Reply(calls=[Call("MemoryOperations", cut)], finish="length") if calls else Reply(cut, finish="length")
    openai_server.answers(whole)
    memory = wire()
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


@ONE_STYLE
@pytest.mark.parametrize(
    "withheld",
    [
        pytest.param(Reply("", finish="content_filter"), id="filtered"),
        pytest.param(Reply(refusal="I can't help with that."), id="refused"),
    ],
)
def test_an_answer_that_is_withheld_is_told_and_not_asked_for_again(
    wire: Wire, openai_server: OpenAIServer, withheld: Reply
) -> None:
    openai_server.answers(withheld)
    memory = wire()
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


# Faults ------------------------------------------------------------------------------------------

FAULTS = [
    pytest.param(Status(429), "RateLimitError", id="429"),
    pytest.param(Status(500), "InternalServerError", id="500"),
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
    hasty = {"timeout": 0.5} if isinstance(fault, Slow) else {}
    memory = wire(llm=hasty, embed_model=hasty)
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


@ONE_STYLE
def test_a_fault_that_passes_is_not_even_noticed(wire: Wire, openai_server: OpenAIServer) -> None:
    openai_server.answers(LEARNED)
    openai_server.fails("chat", Status(429, retry_after=0.01), Status(500, retry_after=0.01))
    openai_server.fails("embeddings", None, Status(503, retry_after=0.01))
    memory = wire(llm={"max_retries": 2}, embed_model={"max_retries": 2})
    added = memory.add(SAID, user_id=ADA)
    assert (len(openai_server.chats), len(openai_server.embeddings), added.usage.calls) == (3, 3, 1)
    assert texts(memory) == ["User has a dog", "User lives in Oslo"]


@ONE_STYLE
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


def test_loops_threads_and_the_worker_share_a_models_clients(openai_server: OpenAIServer, tmp_path: Path) -> None:
    """In a process of its own, as its clients would outlive their loops in this one. See `loops.py`."""
    openai_server.keep_alive = True
    openai_server.answers(adds("User owns things"))
    command = [sys.executable, "-m", "tests.llama_index.loops", openai_server.url, str(tmp_path)]
    env = {name: value for name, value in os.environ.items() if "PROXY" not in name.upper()}
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False, timeout=100)
    assert done.returncode == 0, done.stderr
    whole = {"turns": 12, "memories": 1, "pending": 0}
    assert json.loads(done.stdout) == {"many_loops": whole, "one_loop": whole}


def test_the_worker_learns_over_the_wire_without_a_loop(openai_server: OpenAIServer, tmp_path: Path) -> None:
    openai_server.answers(LEARNED)
    with wired(openai_server.url, tmp_path / "memx.db", background=Background(idle=0, poll=0.05)) as memory:
        memory.add(SAID, user_id=ADA, wait=False)
        memory.flush(user_id=ADA)
        assert len(memory.get_all(user_id=ADA).items) == 2
    assert len(openai_server.chats) == 1
