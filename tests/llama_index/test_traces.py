"""What LlamaIndex's dispatcher is told: each thing that is done to a memory once, and nobody's secret."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.chat_engine import SimpleChatEngine
from llama_index_instrumentation import get_dispatcher
from llama_index_instrumentation.event_handlers.base import BaseEventHandler
from llama_index_instrumentation.span.base import BaseSpan
from llama_index_instrumentation.span_handlers.base import BaseSpanHandler
from pydantic import PrivateAttr

from llama_index_memx import MemxMemory, MemxMemoryBlock, MemxRetriever, create_memory, memory_tools
from memx_core import Background, Memory
from tests.llama_index.chats import Chat, Style, talk
from tests.llama_index.conftest import MakeChat
from tests.llama_index.models import KEY, Failing, Scripted, Words
from tests.llama_index.test_citizen import agent
from tests.llama_index.test_memory_engines import ASKED

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # LlamaIndex's own
ADA = {"user_id": "ada"}
QUESTION = "What does Ada drink?"
OURS = ("Memx", "LlamaIndex")


class Spans(BaseSpanHandler[BaseSpan]):
    """Notes the names of spans, those around them, and all that they are handed, in words."""

    _begun: list[tuple[str, str]] = PrivateAttr(default_factory=list)
    _dropped: list[str] = PrivateAttr(default_factory=list)
    _shown: list[str] = PrivateAttr(default_factory=list)

    @property
    def ours(self) -> list[tuple[str, str]]:
        """Each span of memx's, and the one around it."""
        return [(name, around) for name, around in self._begun if name.startswith(OURS)]

    @property
    def memory(self) -> list[str]:
        """Names of those about a memory, without its models'."""
        return [name for name, _ in self._begun if name.startswith("Memx")]

    @property
    def dropped(self) -> list[str]:
        return self._dropped

    @property
    def shown(self) -> str:
        return "\n".join(self._shown)

    def new_span(
        self,
        id_: str,
        bound_args: inspect.BoundArguments,
        instance: Any = None,
        parent_span_id: str | None = None,
        tags: dict[str, Any] | None = None,
        **_: Any,
    ) -> BaseSpan:
        self._begun.append((name(id_), name(parent_span_id or "")))
        self._shown.append(repr(bound_args))
        if name(id_).startswith(OURS):
            self._shown.append(repr(instance))
        return BaseSpan(id_=id_, parent_id=parent_span_id)

    def prepare_to_exit_span(self, id_: str, *_: Any, result: Any = None, **__: Any) -> BaseSpan | None:
        self._shown.append(repr(result))
        return self.open_spans.get(id_)

    def prepare_to_drop_span(self, id_: str, *_: Any, err: Any = None, **__: Any) -> BaseSpan | None:
        self._dropped.append(name(id_))
        return self.open_spans.get(id_)


def name(id: str) -> str:
    """Of a span, without its number."""
    return id.rsplit("-", 5)[0]


class Events(BaseEventHandler):
    """Notes events and their words."""

    _seen: list[Any] = PrivateAttr(default_factory=list)

    @property
    def names(self) -> list[str]:
        return [event.class_name() for event in self._seen]

    @property
    def shown(self) -> str:
        return "\n".join(map(repr, self._seen))

    def handle(self, event: Any, **_: Any) -> None:
        self._seen.append(event)


@pytest.fixture
def watched() -> Iterator[tuple[Spans, Events]]:
    dispatcher, spans, events = get_dispatcher(), Spans(), Events()
    dispatcher.add_span_handler(spans)
    dispatcher.add_event_handler(events)
    yield spans, events
    dispatcher.span_handlers.remove(spans)
    dispatcher.event_handlers.remove(events)


Watched = tuple[Spans, Events]


def test_a_turn_shows_what_was_kept_and_what_was_recalled_once(
    store: Memory, chat: MakeChat, style: Style, runner: asyncio.Runner, watched: Watched
) -> None:
    spans, events = watched
    store.add("Ada drinks green tea", infer=False, **ADA)
    talk(SimpleChatEngine.from_defaults(llm=Chat("Tea."), memory=chat()), QUESTION, style, runner)
    a = "a" if style in ("achat", "astream_chat") else ""
    kept = "MemxMemory.put" if style == "stream_chat" else f"MemxMemory.{a}put"
    assert spans.memory == [f"MemxMemory.{a}put", f"MemxMemory.{a}get", f"MemxRecall.{a}recall", kept]
    assert (f"MemxRecall.{a}recall", f"MemxMemory.{a}get") in spans.ours
    assert [one for one in events.names if "Retrieval" in one] == ["RetrievalStartEvent", "RetrievalEndEvent"]
    assert "Ada drinks green tea" in events.shown


async def test_an_agents_turn_is_one_recall(chat: MakeChat, watched: Watched) -> None:
    spans, events = watched
    await agent().run(ASKED, memory=chat())
    assert [one for one in spans.memory if "recall" in one] == ["MemxRecall.arecall"]
    assert events.names.count("RetrievalStartEvent") == 1


def test_whatever_is_done_to_a_conversation_is_one_span(
    chat: MakeChat, runner: asyncio.Runner, watched: Watched
) -> None:
    spans, _ = watched
    memory, said = chat(recall=False), [ChatMessage("Hello")]
    memory.put(said[0])
    memory.put_messages(said)
    memory.set(said)
    memory.get()
    memory.reset()

    async def call() -> None:
        await memory.aput(said[0])
        await memory.aput_messages(said)
        await memory.aset(said)
        await memory.aget()
        await memory.areset()

    runner.run(call())
    done = ["put", "put_messages", "set", "get", "reset"]
    assert spans.ours == [(f"MemxMemory.{a}{one}", "") for a in ("", "a") for one in done]


async def test_a_block_and_a_retriever_show_what_they_find(store: Memory, watched: Watched) -> None:
    spans, events = watched
    store.add("Ada drinks green tea", infer=False, **ADA)
    await MemxMemoryBlock(memory=store, user_id="ada").aget([ChatMessage(QUESTION)])
    assert spans.memory == ["MemxRecall.arecall"]
    await MemxRetriever(store, user_id="ada").aretrieve(QUESTION)
    assert spans.memory[1:] == ["MemxRetriever.aretrieve"]
    assert [one for one in events.names if "Retrieval" in one] == ["RetrievalStartEvent", "RetrievalEndEvent"] * 2


def test_what_is_learned_in_the_background_belongs_to_no_turn(tmp_path: Path, watched: Watched) -> None:
    spans, events = watched
    llm, quick = Scripted(answers=['{"operations": []}']), Background(idle=0, poll=0.05)
    with create_memory(llm, Words(), database=tmp_path / "m.db", background=quick) as engine:
        memory = MemxMemory.from_defaults(memory=engine, user_id="ada", session_id="s", recall=False)
        SimpleChatEngine.from_defaults(llm=Chat("Hi."), memory=memory).chat("I live in Oslo.")
        while not engine.usage(**ADA).calls:
            engine.flush(**ADA)
    assert [around for one, around in spans.ours if one == "LlamaIndexLLM.complete"] == [""]
    assert events.names.count("LLMChatStartEvent") == 1


def test_a_failing_recall_is_told_once_and_its_span_is_dropped(tmp_path: Path, watched: Watched) -> None:
    spans, events = watched
    llm = Scripted(answers=["{}"])
    with create_memory(llm, Failing(), database=tmp_path / "m.db", background=False) as engine:
        memory = MemxMemory.from_defaults(memory=engine, user_id="ada", session_id="s")
        memory.put(ChatMessage(QUESTION))
        assert [one.content for one in memory.get()] == [QUESTION]
    assert events.names.count("ExceptionEvent") == 1
    assert [one for one in spans.dropped if one.startswith("Memx")] == ["MemxRecall.recall"]


def test_no_key_is_in_any_argument_result_or_event(tmp_path: Path, runner: asyncio.Runner, watched: Watched) -> None:
    spans, events = watched
    llm = Scripted(answers=['{"operations": []}'])
    with create_memory(llm, Words(), database=tmp_path / "m.db", background=False) as engine:
        engine.add("Ada drinks green tea", infer=False, **ADA)
        memory = MemxMemory.from_defaults(memory=engine, user_id="ada", session_id="s")
        SimpleChatEngine.from_defaults(llm=Chat("Tea."), memory=memory).chat(QUESTION)
        runner.run(SimpleChatEngine.from_defaults(llm=Chat("Tea."), memory=memory).achat("And what else?"))
        engine.flush()
        MemxRetriever(engine, user_id="ada").retrieve(QUESTION)
        memory_tools(engine, user_id="ada")[0]("tea")
    assert spans.ours
    assert KEY not in spans.shown
    assert KEY not in events.shown
