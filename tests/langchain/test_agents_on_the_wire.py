"""An agent on the real `ChatOpenAI`, streamed, with the middleware: what its model is sent and its user sees."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import pytest
from blockbuster import blockbuster_ctx
from langchain.agents import create_agent
from langchain_core.messages import AIMessageChunk, HumanMessage
from langchain_core.tools import tool
from langgraph.checkpoint.memory import InMemorySaver

from langchain_memx import MemxMiddleware
from memx_core import Memory
from tests.answers import adds
from tests.langchain.wire import wired
from tests.openai_server import Answer, Asked, Call, Cut, OpenAIServer, Status
from tests.wire import KEY

langchain_openai: Any = pytest.importorskip("langchain_openai", reason="langchain-openai is not installed")

FACT = "User is allergic to zucchini"
REPLY = "Noted, I will leave it out."
Colour = Literal["sync", "async"]


@tool
def look_up(dish: str) -> str:
    """What is in a dish."""
    return f"{dish}: rice, peas"


class Talk:
    """Turns with an agent, streamed in one colour, in mode `messages` and all others."""

    def __init__(self, memory: Memory, url: str, colour: Colour, runner: asyncio.Runner) -> None:
        model = langchain_openai.ChatOpenAI(
            model="gpt-5-mini", base_url=url, api_key=KEY, timeout=20, max_retries=0, stream_usage=True
        )
        middleware = [MemxMiddleware(memory, timeout=30.0)]
        self._agent: Any = create_agent(model, [look_up], middleware=middleware, checkpointer=InMemorySaver())
        self._colour = colour
        self._runner = runner

    def say(self, said: str, thread: str = "t", user: str = "ada") -> list[Any]:
        """All that is streamed: pairs of mode and part."""
        config = {"configurable": {"thread_id": thread, "user_id": user}}
        given = {"messages": [HumanMessage(said)]}
        modes = ["messages", "values", "updates", "custom", "debug"]
        if self._colour == "sync":
            return list(self._agent.stream(given, config, stream_mode=modes))

        async def stream() -> list[Any]:
            return [part async for part in self._agent.astream(given, config, stream_mode=modes)]

        with blockbuster_ctx():
            return self._runner.run(stream())


@pytest.fixture
def memory(openai_server: OpenAIServer, tmp_path: Path) -> Iterator[Memory]:
    once = {"max_retries": 0}
    with wired(openai_server.url, tmp_path / "memx.db", model_kwargs=once, embeddings_kwargs=once) as memory:
        yield memory


@pytest.fixture
def talk(memory: Memory, openai_server: OpenAIServer, colour: Colour, runner: asyncio.Runner) -> Talk:
    openai_server.script = answering
    return Talk(memory, openai_server.url, colour, runner)


def answering(asked: Asked) -> Answer:
    return learned(asked) if asked.wanted == "MemoryOperations" else REPLY


def learned(asked: Asked) -> Answer:
    return adds(FACT) if "zucchini" in asked.prompt else {"operations": []}


def streamed(parts: list[Any]) -> str:
    """The words of mode `messages`."""
    chunks = [part[0] for mode, part in parts if mode == "messages"]
    return "".join(str(chunk.text) for chunk in chunks if isinstance(chunk, AIMessageChunk))


def talks(server: OpenAIServer) -> list[Asked]:
    """What the agent's own model was asked."""
    return [asked for asked in server.chats if asked.wanted != "MemoryOperations"]


def test_what_was_said_in_one_thread_is_beside_the_question_in_the_next(
    talk: Talk, memory: Memory, openai_server: OpenAIServer
) -> None:
    assert streamed(talk.say("I am allergic to zucchini.", thread="monday")) == REPLY
    assert len(openai_server.chats) == 1  # nothing is learned while the user waits
    memory.flush(user_id="ada")
    assert len(openai_server.chats) == 2
    parts = talk.say("What shall I cook?", thread="friday")
    assert streamed(parts) == REPLY
    *before, last = talks(openai_server)[-1].body["messages"]
    assert last["role"] == "user"
    assert FACT in str(last["content"])
    assert str(last["content"]).index("What shall I cook?") < str(last["content"]).index(FACT)
    assert FACT not in str(before)
    assert talks(openai_server)[-1].body["stream"] is True
    assert FACT not in str([part for mode, part in parts if mode in ("messages", "values", "updates", "custom")])
    assert memory.get_all(user_id="ada")[0].text == FACT
    assert not memory.get_all(user_id="eve")


def test_another_user_is_told_nothing_of_it(talk: Talk, memory: Memory, openai_server: OpenAIServer) -> None:
    talk.say("I am allergic to zucchini.")
    memory.flush(user_id="ada")
    talk.say("What shall I cook with zucchini?", thread="e", user="eve")
    assert "allergic" not in str(talks(openai_server)[-1].body)


def test_a_tool_is_called_in_the_order_that_the_server_insists_on(
    talk: Talk, memory: Memory, openai_server: OpenAIServer
) -> None:
    def script(asked: Asked) -> Answer:
        if asked.wanted == "MemoryOperations":
            return learned(asked)
        looked = any(message["role"] == "tool" for message in asked.body["messages"])
        return "Rice and peas." if looked else Call("look_up", {"dish": "risotto"})

    memory.add("I am allergic to zucchini.", user_id="ada", infer=False)
    openai_server.script = script
    assert streamed(talk.say("What is in a risotto?")).endswith("Rice and peas.")
    first, second = talks(openai_server)
    assert [message["role"] for message in second.body["messages"]][-2:] == ["assistant", "tool"]
    assert len(openai_server.embeddings) == 1 + 1  # recalled once in a turn, not for each call of the model
    assert "allergic" in first.prompt
    assert "allergic" in second.prompt
    kept = [message.role for message in memory.messages("t", user_id="ada")]
    assert kept[0] == "user"
    assert kept[-1] == "assistant"


@pytest.mark.parametrize("fault", [Status(500), Cut(10)], ids=["500", "cut"])
def test_an_agent_answers_without_its_memory_and_nothing_is_lost(
    talk: Talk, memory: Memory, openai_server: OpenAIServer, fault: Any
) -> None:
    openai_server.down("embeddings", fault)
    assert streamed(talk.say("I am allergic to zucchini.")) == REPLY
    assert [message.content for message in memory.messages("t", user_id="ada")] == ["I am allergic to zucchini.", REPLY]
    openai_server.recover()
    memory.flush(user_id="ada")
    assert [item.text for item in memory.get_all(user_id="ada")] == [FACT]


def test_what_was_said_before_the_models_stream_broke_is_caught_up_on(
    talk: Talk, memory: Memory, openai_server: OpenAIServer
) -> None:
    openai_server.fails("chat", Cut(3))
    with pytest.raises(Exception):  # noqa: B017, PT011  # the client's own, of whichever generation
        talk.say("I am allergic to zucchini.")
    assert streamed(talk.say("Are you there?")) == REPLY
    kept = [message.content for message in memory.messages("t", user_id="ada")]
    assert kept == ["I am allergic to zucchini.", "Are you there?", REPLY]
    memory.flush(user_id="ada")
    assert [item.text for item in memory.get_all(user_id="ada")] == [FACT]
