"""A memory on a server in the place of a `Memory`, in what both frameworks' adapters are made for."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from uuid import uuid4

import pytest

pytest.importorskip("langchain.agents", reason="the extra `langchain` is not installed")
pytest.importorskip("llama_index.core", reason="the extra `llama-index` is not installed")

from langchain_core.messages import HumanMessage
from langchain_core.runnables import RunnableConfig
from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.chat_engine import SimpleChatEngine

import llama_index_memx
from langchain_memx import MemxChatMessageHistory, MemxRetriever, history_factory, memory_tools
from llama_index_memx import MemxMemory
from memx_client import MemoryClient
from memx_core import InvalidInputError
from memx_server import Limits
from tests.langchain.agents import made
from tests.llama_index.chats import FACT, Chat, words
from tests.llama_index.test_memory_engines import ALLERGIC, DINNER
from tests.serving import Served, served

ADA = {"user_id": "ada"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with served(tmp_path_factory.mktemp("frameworks"), limits=Limits(rate=1e6, burst=10**6)) as running:
        yield running


@pytest.fixture
def store(server: Served) -> Iterator[MemoryClient]:
    with MemoryClient(server.url, api_key=server.key(uuid4().hex)) as client:
        yield client


def test_what_an_agent_learns_an_engine_recalls_and_both_show_one_conversation(store: MemoryClient):
    agent, _ = made(store, answers=["I'll keep that in mind."])
    config = RunnableConfig(configurable={"thread_id": "monday"})
    agent.invoke({"messages": [HumanMessage(ALLERGIC)]}, config, context=ADA)
    store.flush()
    (learned,) = store.get_all(**ADA)
    assert learned.text == FACT

    llm = Chat("Soup.")
    memory = MemxMemory.from_defaults(memory=store, user_id="ada", session_id="monday", timeout=60, on_error="raise")
    SimpleChatEngine.from_defaults(llm=llm, memory=memory).chat(DINNER)
    assert FACT in llm.prompt

    history = MemxChatMessageHistory(store, "monday", user_id="ada")
    said = [ALLERGIC, "I'll keep that in mind.", DINNER, "Soup."]
    assert [str(message.content) for message in history.messages] == words(memory.get_all()) == said
    assert learned.id in [each.id for each in MemxRetriever(memory=store, user_id="ada").invoke(DINNER)]
    nodes = llama_index_memx.MemxRetriever(memory=store, user_id="ada").retrieve(DINNER)
    assert learned.id in [node.node_id for node in nodes]


async def test_both_go_on_where_they_were_when_they_are_awaited(store: MemoryClient):
    agent, _ = made(store, answers=["I'll keep that in mind."])
    config = RunnableConfig(configurable={"thread_id": "monday"})
    await agent.ainvoke({"messages": [HumanMessage(ALLERGIC)]}, config, context=ADA)
    await store.aflush()
    memory = MemxMemory.from_defaults(memory=store, user_id="ada", session_id="monday", timeout=60, on_error="raise")
    await memory.aput(ChatMessage(DINNER))
    assert words(await memory.aget_all()) == [ALLERGIC, "I'll keep that in mind.", DINNER]
    (found,) = await MemxRetriever(memory=store, user_id="ada", k=1).ainvoke(DINNER)
    assert found.page_content == FACT
    await store.aclose()


def test_tools_keep_to_the_scope_that_they_were_made_for(store: MemoryClient):
    tools = {tool.name: tool for tool in memory_tools(store, user_id="ada")}
    save = next(tool for name, tool in tools.items() if "save" in name)
    save.invoke({"text": "Plays chess"})
    assert [item.text for item in store.get_all(**ADA)] == ["Plays chess"]
    theirs = {tool.metadata.name: tool for tool in llama_index_memx.memory_tools(store, user_id="bob")}
    search = next(tool for name, tool in theirs.items() if name is not None and "search" in name)
    assert "chess" not in str(search(query="chess"))


def test_a_history_is_made_for_each_call(store: MemoryClient):
    history_factory(store)("ada", "monday").add_user_message("Hello")
    assert [message.content for message in store.messages("monday", **ADA)] == ["Hello"]
    with pytest.raises(InvalidInputError):
        history_factory(store.scoped(**ADA))  # type: ignore[arg-type]
    assert asyncio.run(_sessions(store)) == ["monday"]


async def _sessions(store: MemoryClient) -> list[str]:
    try:
        return await store.asessions(**ADA)
    finally:
        await store.aclose()
