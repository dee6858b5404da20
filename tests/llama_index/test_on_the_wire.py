"""LlamaIndex's own `OpenAI` and `OpenAIEmbedding` end to end: what goes over the wire, and what faults of it cost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from memx_core import Memory
from tests.answers import adds
from tests.llama_index.wire import wired
from tests.on_the_wire import ADA, BOTH, LEARNED, SAID, WITHHELD, OnTheWire, Wire, cut, texts
from tests.openai_server import Call, OpenAIServer, Reply

openai: Any = pytest.importorskip("openai", reason="openai is not installed")

ROOT = Path(__file__).parents[2]
ONE_STYLE = pytest.mark.parametrize("style", ["async"])
"""For what is the same in all of them."""


class TestOpenAI(OnTheWire):
    def wired(self, url: str, database: Path, *, timeout: float, retries: int, **given: Any) -> Memory:
        common = {"timeout": timeout, "max_retries": retries}
        given["llm"] = common | given.get("llm", {})
        given["embed_model"] = common | given.get("embed_model", {})
        return wired(url, database, **given)

    def test_a_tool_is_forced_and_the_usage_is_what_the_server_said(
        self, wire: Wire, openai_server: OpenAIServer
    ) -> None:
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
        self, wire: Wire, openai_server: OpenAIServer, strict: bool
    ) -> None:
        openai_server.answers(LEARNED)
        memory = wire(llm={"strict": strict})
        memory.add(SAID, user_id=ADA)
        assert openai_server.chats[0].body["tools"][0]["function"]["strict"] is strict
        assert texts(memory) == BOTH

    @ONE_STYLE
    def test_a_model_without_tools_is_asked_in_words(self, wire: Wire, openai_server: OpenAIServer) -> None:
        openai_server.answers(f"<think>Hm.</think>Here you are:\n```json\n{json.dumps(LEARNED)}\n```")
        memory = wire(llm={"model": "o1-mini"})
        memory.add(SAID, user_id=ADA)
        assert not {"tools", "response_format"} & openai_server.chats[0].body.keys()
        assert texts(memory) == BOTH

    @ONE_STYLE
    def test_several_calls_of_the_tool_are_all_learned_from(self, wire: Wire, openai_server: OpenAIServer) -> None:
        both = [Call("MemoryOperations", adds("User lives in Oslo")), Call("MemoryOperations", adds("User has a dog"))]
        openai_server.answers(Reply(calls=both))
        memory = wire(llm={"model": "gpt-4.1-mini"})  # newer ones are not told that they may
        memory.add(SAID, user_id=ADA)
        assert openai_server.chats[0].body["parallel_tool_calls"] is True
        assert texts(memory) == BOTH

    @pytest.mark.parametrize("calls", [True, False])
    def test_what_is_whole_of_an_answer_that_was_cut_off_is_learned(
        self, wire: Wire, openai_server: OpenAIServer, calls: bool
    ) -> None:
        openai_server.answers(cut(as_call=calls))
        memory = wire()
        added = memory.add(SAID, user_id=ADA)
        assert texts(memory) == ["User lives in Oslo"]
        assert added.warnings
        assert len(openai_server.chats) == 1

    @ONE_STYLE
    @pytest.mark.parametrize("withheld", WITHHELD)
    def test_an_answer_that_is_withheld_is_told_and_not_asked_for_again(
        self, wire: Wire, openai_server: OpenAIServer, withheld: Reply
    ) -> None:
        openai_server.answers(withheld)
        memory = wire()
        added = memory.add(SAID, user_id=ADA)
        assert [warning.split(":")[0] for warning in added.warnings] == ["refused"]
        assert len(openai_server.chats) == 1
        assert [message.content for message in memory.memory.messages(None, user_id=ADA)] == [SAID]


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
