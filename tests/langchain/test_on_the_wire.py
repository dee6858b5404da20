"""The real `ChatOpenAI` and `OpenAIEmbeddings` end to end: what goes over the wire, and what faults of it cost."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from langchain.chat_models import init_chat_model

from langchain_memx import LangChainLLM
from memx_core import Memory
from tests.answers import adds
from tests.langchain.wire import wired
from tests.on_the_wire import ADA, BOTH, LEARNED, SAID, WITHHELD, OnTheWire, Wire, cut, texts
from tests.openai_server import Cut, OpenAIServer, Reply, Status
from tests.wire import KEY

pytest.importorskip("langchain_openai", reason="langchain-openai is not installed")
openai: Any = pytest.importorskip("openai", reason="openai is not installed")

ROOT = Path(__file__).parents[2]


class TestOpenAI(OnTheWire):
    def wired(self, url: str, database: Path, *, timeout: float, retries: int, **given: Any) -> Memory:
        common = {"timeout": timeout, "max_retries": retries}
        given["model_kwargs"] = common | given.get("model_kwargs", {})
        given["embeddings_kwargs"] = common | given.get("embeddings_kwargs", {})
        return wired(url, database, **given)

    def test_the_models_usage_is_what_the_server_said(self, wire: Wire, openai_server: OpenAIServer) -> None:
        openai_server.answers(Reply(json.dumps(LEARNED), usage=(1234, 56)))
        usage = wire().add(SAID, user_id=ADA).usage
        assert (usage.calls, usage.input_tokens, usage.output_tokens) == (1, 1234, 56)

    def test_the_schema_is_strict_and_every_answer_must_keep_to_it(
        self, wire: Wire, openai_server: OpenAIServer
    ) -> None:
        openai_server.answers(LEARNED)
        wire().add(SAID, user_id=ADA)
        (asked,) = openai_server.chats
        form = asked.body["response_format"]
        assert (form["type"], form["json_schema"]["strict"]) == ("json_schema", True)
        assert asked.wanted == "MemoryOperations"
        assert "tools" not in asked.body

    def test_texts_may_go_as_tokens(
        self, wire: Wire, openai_server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
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
    def test_an_answer_may_come_as_a_stream(self, wire: Wire, openai_server: OpenAIServer, streaming: bool) -> None:
        openai_server.answers(LEARNED)
        memory = wire(model_kwargs={"streaming": streaming, "stream_usage": True})
        added = memory.add(SAID, user_id=ADA)
        assert bool(openai_server.chats[0].body.get("stream")) is streaming
        assert texts(memory) == BOTH
        assert added.usage.output_tokens == len(json.dumps(LEARNED).split())

    def test_a_model_that_has_no_schemas_is_made_to_call_a_tool(self, wire: Wire, openai_server: OpenAIServer) -> None:
        openai_server.answers(LEARNED)
        memory = wire(model_kwargs={"profile": {"structured_output": False, "tool_calling": True}})
        memory.add(SAID, user_id=ADA)
        (asked,) = openai_server.chats
        assert asked.body["tool_choice"]["function"]["name"] == asked.wanted == "MemoryOperations"
        assert texts(memory) == BOTH

    def test_a_model_that_has_neither_is_asked_in_words(self, wire: Wire, openai_server: OpenAIServer) -> None:
        openai_server.answers(f"<think>Hm.</think>Here you are:\n```json\n{json.dumps(LEARNED)}\n```")
        memory = wire(model_kwargs={"profile": {"structured_output": False, "tool_calling": False}})
        memory.add(SAID, user_id=ADA)
        assert not {"tools", "response_format"} & openai_server.chats[0].body.keys()
        assert texts(memory) == BOTH

    @pytest.mark.parametrize("streaming", [False, True])
    @pytest.mark.parametrize("tools", [False, True])
    def test_what_is_whole_of_an_answer_that_was_cut_off_is_learned(
        self, wire: Wire, openai_server: OpenAIServer, streaming: bool, tools: bool
    ) -> None:
        openai_server.answers(cut(as_call=tools))
        profile = {"structured_output": not tools, "tool_calling": True}
        memory = wire(model_kwargs={"streaming": streaming, "profile": profile})
        added = memory.add(SAID, user_id=ADA)
        assert texts(memory) == ["User lives in Oslo"]
        assert added.warnings
        assert len(openai_server.chats) == 1

    @pytest.mark.parametrize("streaming", [False, True])
    @pytest.mark.parametrize("withheld", WITHHELD)
    def test_an_answer_that_is_withheld_is_told_and_not_asked_for_again(
        self, wire: Wire, openai_server: OpenAIServer, withheld: Reply, streaming: bool
    ) -> None:
        openai_server.answers(withheld)
        memory = wire(model_kwargs={"streaming": streaming})
        added = memory.add(SAID, user_id=ADA)
        assert [warning.split(":")[0] for warning in added.warnings] == ["refused"]
        assert len(openai_server.chats) == 1
        assert [message.content for message in memory.memory.messages(None, user_id=ADA)] == [SAID]

    @pytest.mark.parametrize("kind", ["chat", "embeddings"])
    def test_the_clients_retries_are_the_only_ones(self, wire: Wire, openai_server: OpenAIServer, kind: Any) -> None:
        openai_server.answers(LEARNED)
        openai_server.down(kind, Status(500, retry_after=0.01))
        memory = wire(model_kwargs={"max_retries": 2}, embeddings_kwargs={"max_retries": 2})
        with pytest.raises(openai.InternalServerError):
            memory.add(SAID, user_id=ADA)
        assert len(openai_server.asked(kind)) == 3
        with pytest.raises(openai.InternalServerError):
            memory.flush(user_id=ADA)
        assert len(openai_server.asked(kind)) == 6

    def test_a_stream_that_ends_in_the_middle_is_no_answer(self, wire: Wire, openai_server: OpenAIServer) -> None:
        openai_server.answers(LEARNED)
        openai_server.fails("chat", Cut(5))
        memory = wire(model_kwargs={"streaming": True, "max_retries": 0})
        with pytest.raises(Exception):  # noqa: B017, PT011  # httpx's own, of whichever generation
            memory.add(SAID, user_id=ADA)
        assert texts(memory) == []
        memory.flush(user_id=ADA)
        assert texts(memory) == BOTH


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
