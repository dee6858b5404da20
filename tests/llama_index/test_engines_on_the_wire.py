"""Chat engines and agents on LlamaIndex's own `OpenAI`: what its server is sent, and what its faults cost."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from blockbuster import blockbuster_ctx
from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.chat_engine import CondensePlusContextChatEngine, SimpleChatEngine
from llama_index.core.workflow import Context

from llama_index_memx import MemxMemory, MemxRetriever
from memx_core import Memory
from tests.answers import NOTHING, adds
from tests.llama_index.chats import STYLES, Style, talk, words
from tests.llama_index.wire import model, wired
from tests.openai_server import Answer, Asked, Call, Cut, OpenAIServer, Slow, Status

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # LlamaIndex's own

FACT = "User is allergic to zucchini"
SAID = "I am allergic to zucchini."
REPLY = "Noted, I will leave it out."
ADA = {"user_id": "ada"}
Chat = Callable[..., MemxMemory]


@pytest.fixture
def memory(openai_server: OpenAIServer, blank: Path, tmp_path: Path) -> Iterator[Memory]:
    openai_server.script = answering
    path = shutil.copyfile(blank, tmp_path / "memx.db")
    with wired(openai_server.url, path, embed_model={"timeout": 1}) as memory:
        yield memory


@pytest.fixture
def chat(memory: Memory) -> Chat:
    def chat(session: str = "s", user: str = "ada") -> MemxMemory:
        return MemxMemory.from_defaults(memory=memory, user_id=user, session_id=session)

    return chat


def answering(asked: Asked) -> Answer:
    if asked.wanted == "MemoryOperations":
        return adds(FACT) if "zucchini" in asked.prompt else NOTHING
    return REPLY


def talks(server: OpenAIServer) -> list[Asked]:
    """What the application's own model was asked."""
    return [asked for asked in server.chats if asked.wanted != "MemoryOperations"]


def engine(server: OpenAIServer, memory: MemxMemory) -> SimpleChatEngine:
    return SimpleChatEngine.from_defaults(llm=model(server.url), memory=memory)


# Chat engines ------------------------------------------------------------------------------------


def test_what_was_said_in_one_conversation_is_in_the_prompt_of_the_next(
    chat: Chat, memory: Memory, openai_server: OpenAIServer, style: Style, runner: asyncio.Runner
) -> None:
    assert talk(engine(openai_server, chat("monday")), SAID, style, runner) == REPLY
    assert len(openai_server.chats) == 1  # nothing is learned while the user waits
    memory.flush(**ADA)
    assert len(openai_server.chats) == 2
    recalls = len(openai_server.embeddings)
    assert talk(engine(openai_server, chat("friday")), "What shall I cook?", style, runner) == REPLY
    assert [asked.texts for asked in openai_server.embeddings[recalls:]] == [["What shall I cook?"]]
    sent = talks(openai_server)[-1]
    *before, last = sent.body["messages"]
    assert last["role"] == "user"
    assert FACT in str(last["content"])
    assert "What shall I cook?" in str(last["content"])
    assert FACT not in str(before)
    assert bool(sent.body.get("stream")) is ("stream" in style)
    assert words(chat("friday").get_all()) == ["What shall I cook?", REPLY]
    assert not memory.get_all(user_id="eve")


def test_an_engine_that_condenses_reads_memories_and_documents(
    chat: Chat, memory: Memory, openai_server: OpenAIServer, style: Style, runner: asyncio.Runner
) -> None:
    memory.add(FACT, infer=False, **ADA)
    made = CondensePlusContextChatEngine.from_defaults(
        llm=model(openai_server.url), memory=chat(), retriever=MemxRetriever(memory, user_id="ada")
    )
    assert talk(made, "What shall I cook?", style, runner) == REPLY
    assert FACT in talks(openai_server)[-1].prompt


def test_another_user_is_told_nothing_of_it(
    chat: Chat, memory: Memory, openai_server: OpenAIServer, runner: asyncio.Runner
) -> None:
    memory.add(FACT, infer=False, **ADA)
    talk(engine(openai_server, chat("e", "eve")), "What shall I cook with zucchini?", "achat", runner)
    assert "allergic" not in str(talks(openai_server)[-1].body)


FAULTS = [
    pytest.param(Status(429), id="429"),
    pytest.param(Status(500), id="500"),
    pytest.param(Cut(10), id="cut"),
]
IN_STYLES = [  # whoever waits in vain is another in each style
    *(pytest.param(Slow(30), style, id=f"slow-{style}") for style in STYLES),
    *(
        pytest.param(*each.values, style, id=f"{each.id}-{style}")
        for each in FAULTS
        for style in ("chat", "astream_chat")
    ),
]


@pytest.mark.parametrize(("fault", "style"), IN_STYLES)
def test_an_engine_answers_without_its_memory_and_nothing_is_lost(
    chat: Chat, memory: Memory, openai_server: OpenAIServer, style: Style, runner: asyncio.Runner, fault: Any
) -> None:
    openai_server.down("embeddings", fault)
    assert talk(engine(openai_server, chat()), SAID, style, runner) == REPLY
    assert words(chat().get_all()) == [SAID, REPLY]
    openai_server.recover()
    memory.flush(**ADA)
    assert [item.text for item in memory.get_all(**ADA)] == [FACT]


@pytest.mark.parametrize("style", ["chat", "achat"])
@pytest.mark.parametrize("fault", [Status(429), Status(500), Cut(10)], ids=["429", "500", "cut"])
def test_a_question_that_the_model_did_not_answer_is_kept(
    chat: Chat, memory: Memory, openai_server: OpenAIServer, style: Style, runner: asyncio.Runner, fault: Any
) -> None:
    openai_server.fails("chat", fault)
    with pytest.raises(Exception):  # noqa: B017, PT011  # the client's own
        talk(engine(openai_server, chat()), SAID, style, runner)
    assert talk(engine(openai_server, chat()), "Are you there?", style, runner) == REPLY
    assert words(chat().get_all()) == [SAID, "Are you there?", REPLY]
    memory.flush(**ADA)
    assert [item.text for item in memory.get_all(**ADA)] == [FACT]


# Agents ------------------------------------------------------------------------------------------


def look_up(dish: str) -> str:
    """What is in a dish."""
    return f"{dish}: rice, peas"


def agent(server: OpenAIServer, streaming: bool) -> FunctionAgent:
    return FunctionAgent(llm=model(server.url), tools=[look_up], streaming=streaming)


def run(made: FunctionAgent, said: str, runner: asyncio.Runner, **given: Any) -> str:
    async def run() -> str:
        return str(await made.run(said, **given))

    with blockbuster_ctx(["memx_core", "llama_index_memx"]):
        return runner.run(run())


def looking_up(asked: Asked) -> Answer:
    if asked.wanted == "MemoryOperations":
        return answering(asked)
    looked = asked.body["messages"][-1]["role"] == "tool"
    return "Rice and peas." if looked else Call("look_up", {"dish": "risotto"})


@pytest.mark.parametrize("streaming", [True, False])
def test_an_agent_calls_its_tools_in_the_order_that_the_server_insists_on(
    chat: Chat, memory: Memory, openai_server: OpenAIServer, runner: asyncio.Runner, streaming: bool
) -> None:
    memory.add(FACT, infer=False, **ADA)
    openai_server.script = looking_up
    mine = agent(openai_server, streaming)
    given = {"memory": chat(), "ctx": Context(mine)}
    assert run(mine, "What is in a risotto?", runner, **given) == "Rice and peas."
    first, second = talks(openai_server)
    assert bool(first.body.get("stream")) is streaming
    assert [message["role"] for message in second.body["messages"]][-3:] == ["user", "assistant", "tool"]
    assert len(openai_server.embeddings) == 1 + 1  # recalled once in a turn, not for each call of the model
    assert FACT in first.prompt
    assert FACT in second.prompt
    assert run(mine, "And what else is in it?", runner, **given) == "Rice and peas."
    kept = [message.role for message in memory.messages("s", **ADA)]
    assert kept == ["user", "assistant", "tool", "assistant"] * 2
    memory.flush(**ADA)
    assert memory.usage(**ADA).calls == 1  # both turns are learned from at once


@pytest.mark.parametrize("streaming", [True, False])
@pytest.mark.parametrize("fault", [*FAULTS, pytest.param(Slow(30), id="slow")])
def test_an_agent_answers_without_its_memory_and_nothing_is_lost(
    chat: Chat, memory: Memory, openai_server: OpenAIServer, runner: asyncio.Runner, fault: Any, streaming: bool
) -> None:
    openai_server.down("embeddings", fault)
    assert run(agent(openai_server, streaming), SAID, runner, memory=chat()) == REPLY
    assert words(chat().get_all()) == [SAID, REPLY]
    openai_server.recover()
    memory.flush(**ADA)
    assert [item.text for item in memory.get_all(**ADA)] == [FACT]


@pytest.mark.parametrize("streaming", [True, False])
def test_a_turn_that_the_model_broke_off_is_gone_on_with(
    chat: Chat, memory: Memory, openai_server: OpenAIServer, runner: asyncio.Runner, streaming: bool
) -> None:
    openai_server.fails("chat", Cut(2))
    with pytest.raises(Exception):  # noqa: B017, PT011  # the client's own
        run(agent(openai_server, streaming), SAID, runner, memory=chat())
    assert run(agent(openai_server, streaming), "Are you there?", runner, memory=chat()) == REPLY
    assert words(chat().get_all()) == [SAID, "Are you there?", REPLY]
    memory.flush(**ADA)
    assert [item.text for item in memory.get_all(**ADA)] == [FACT]
