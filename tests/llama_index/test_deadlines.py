"""An embedder or an index that is silent costs a turn its memories, and never more time than was said."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.chat_engine import ContextChatEngine, SimpleChatEngine
from llama_index.core.memory import Memory as ChatMemory

from llama_index_memx import MemxChatStore, MemxMemory, MemxMemoryBlock, MemxRetriever
from llama_index_memx._recalling import Asked, Recalling
from memx_core import InvalidInputError, Memory
from memx_core.deadlines import Deadline
from memx_core.memory.options import recall_options
from tests.llama_index.chats import FACT, Chat, Style, talk, words
from tests.llama_index.test_citizen import agent
from tests.llama_index.test_memory_engines import ASKED, Library
from tests.moody import Moody

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # LlamaIndex's own
ADA = {"user_id": "ada"}
DINNER = "What could I cook that has no zucchini in it?"


@pytest.fixture
def moody() -> Iterator[Moody]:
    embedder = Moody()
    yield embedder
    embedder.over.set()


@pytest.fixture
def known(moody: Moody, tmp_path: Path) -> Iterator[Memory]:
    with Memory(embedder=moody, database=tmp_path / "moody.db", background=False) as memory:
        memory.add(FACT, infer=False, **ADA)
        yield memory


def chat(known: Memory, **given: Any) -> MemxMemory:
    return MemxMemory.from_defaults(memory=known, session_id="s", **ADA, **given)


@pytest.mark.parametrize("kind", ["simple", "context"])
def test_a_silent_embedder_is_waited_for_no_longer_than_was_said(
    known: Memory, moody: Moody, kind: str, style: Style, runner: asyncio.Runner
) -> None:
    moody.mood = "silent"
    errors: list[Exception] = []
    memory, llm = chat(known, timeout=0.2, on_error=errors.append), Chat("Soup.")
    if kind == "simple":
        engine: Any = SimpleChatEngine.from_defaults(llm=llm, memory=memory)
    else:
        engine = ContextChatEngine.from_defaults(llm=llm, memory=memory, retriever=Library())
    assert talk(engine, DINNER, style, runner) == "Soup."
    assert [type(error) for error in errors] == [TimeoutError]
    assert FACT not in llm.prompt
    assert words(memory.get_all()) == [DINNER, "Soup."]


async def test_an_agent_that_looks_four_times_in_a_turn_waits_once(known: Memory, moody: Moody) -> None:
    moody.mood = "silent"
    errors: list[Exception] = []
    memory = chat(known, timeout=0.2, on_error=errors.append)
    assert str(await agent().run(ASKED, memory=memory)) == "It rains at noon."
    assert [type(error) for error in errors] == [TimeoutError]


@pytest.mark.parametrize("mood", ["silent", ConnectionError("away")], ids=["silent", "failing"])
async def test_so_it_does_with_a_block_in_a_memory_of_llama_indexs(known: Memory, moody: Moody, mood: Any) -> None:
    moody.mood = mood
    errors: list[Exception] = []
    block = MemxMemoryBlock(memory=known, **ADA, timeout=0.2, on_error=errors.append, learn=False)
    kept = MemxChatStore(memory=known, user_id="ada", learn=False)
    memory = ChatMemory.from_defaults(session_id="s", memory_blocks=[block], chat_store=kept)
    assert str(await agent().run(ASKED, memory=memory)) == "It rains at noon."
    assert [type(error) for error in errors] == [TimeoutError if mood == "silent" else ConnectionError]


async def test_an_agent_with_a_block_costs_one_recall_a_turn(known: Memory, moody: Moody) -> None:
    block = MemxMemoryBlock(memory=known, **ADA, timeout=60, on_error="raise", learn=False)
    kept = MemxChatStore(memory=known, user_id="ada", learn=False)
    memory = ChatMemory.from_defaults(session_id="s", memory_blocks=[block], chat_store=kept)
    await agent().run(ASKED, memory=memory)
    assert moody.queries == 1
    await agent("Wind.").run("And tomorrow?", memory=memory)
    assert moody.queries == 2


def test_an_application_may_want_the_error(known: Memory, moody: Moody, style: Style, runner: asyncio.Runner) -> None:
    moody.mood = "silent"
    engine = SimpleChatEngine.from_defaults(llm=Chat(), memory=chat(known, timeout=0.1, on_error="raise"))
    with pytest.raises(TimeoutError, match=r"within 0\.1 s"):
        talk(engine, DINNER, style, runner)


def test_with_no_limit_it_is_waited_for(known: Memory) -> None:
    memory = chat(known, timeout=None)
    memory.put(ChatMessage(DINNER))
    assert FACT in str(words(memory.get()))


def test_a_recall_that_failed_is_tried_again_after_a_while(known: Memory, moody: Moody) -> None:
    now, errors = [0.0], list[Exception]()
    recalling = Recalling(errors.append, 60, clock=lambda: now[0])
    asked = Asked(DINNER, ("", "1"), 1)
    options = recall_options(max_tokens=1000, limit=None, threshold=None, filters=None, include_messages=False)
    handle = known.scoped(**ADA)
    moody.mood = ConnectionError("away")
    assert recalling.block(handle, asked, options) == recalling.block(handle, asked, options) == ""
    assert len(errors) == 1
    moody.mood, now[0] = None, 31.0
    assert FACT in recalling.block(handle, asked, options)


class Cold(Moody):
    """An embedder that is to be loaded first."""

    def __init__(self, steps: list[str]) -> None:
        super().__init__()
        self._steps = steps

    def warm_up(self) -> None:
        self._steps.append("loaded")


def test_loading_the_embedder_does_not_count_as_waiting_for_it(
    tmp_path: Path, style: Style, runner: asyncio.Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    run, arun = Deadline.run, Deadline.arun

    def timed(self: Deadline, func: Any) -> Any:
        steps.append("waiting")
        return run(self, func)

    async def atimed(self: Deadline, func: Any) -> Any:
        steps.append("waiting")
        return await arun(self, func)

    monkeypatch.setattr(Deadline, "run", timed)
    monkeypatch.setattr(Deadline, "arun", atimed)
    with Memory(embedder=Cold(steps), database=tmp_path / "cold.db", background=False) as memory:
        memory.add(FACT, infer=False, **ADA)
        llm = Chat("Soup.")
        given = chat(memory, timeout=60, on_error="raise")
        talk(SimpleChatEngine.from_defaults(llm=llm, memory=given), DINNER, style, runner)
    assert steps == ["loaded", "waiting"]
    assert FACT in llm.prompt


def test_a_retriever_says_that_it_took_too_long(
    known: Memory, moody: Moody, colour: str, runner: asyncio.Runner
) -> None:
    retriever = MemxRetriever(known, user_id="ada", timeout=0.1)
    moody.mood = "silent"
    with pytest.raises(TimeoutError):
        retriever.retrieve(DINNER) if colour == "sync" else runner.run(retriever.aretrieve(DINNER))
    moody.mood = None
    nodes = MemxRetriever(known, user_id="ada", timeout=60).retrieve(DINNER)
    assert [node.text for node in nodes] == [FACT]


@pytest.mark.parametrize("timeout", [0, -1.0, "soon", float("nan")])
def test_what_is_no_time_is_refused_at_once(known: Memory, timeout: Any) -> None:
    for make in (MemxMemory, MemxMemoryBlock):
        with pytest.raises(ValueError, match="timeout"):
            make(memory=known, **ADA, timeout=timeout)
    with pytest.raises(InvalidInputError, match="timeout"):
        MemxRetriever(known, user_id="ada", timeout=timeout)
