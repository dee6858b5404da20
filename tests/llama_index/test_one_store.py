"""One store, two frameworks: what an agent of LangChain's learns, an engine of LlamaIndex's recalls, and back."""

from __future__ import annotations

import pytest
from langchain_core.messages import AIMessage, HumanMessage
from llama_index.core.base.llms.types import ChatMessage
from llama_index.core.chat_engine import SimpleChatEngine

from langchain_memx import MemxChatMessageHistory, MemxRetriever
from llama_index_memx import MemxMemory
from memx_core import Memory
from tests.langchain.agents import made
from tests.llama_index.chats import FACT, Chat, calling, words
from tests.llama_index.test_memory_engines import ALLERGIC, DINNER

ADA = {"user_id": "ada"}


def test_what_an_agent_learns_an_engine_recalls_and_both_show_one_conversation(store: Memory) -> None:
    agent, _ = made(store, answers=["I'll keep that in mind."])
    config = {"configurable": {"thread_id": "monday"}}
    agent.invoke({"messages": [HumanMessage(ALLERGIC)]}, config, context=ADA)
    store.flush()
    (learned,) = store.get_all(**ADA)
    assert learned.text == FACT

    llm = Chat("Soup.")
    memory = MemxMemory.from_defaults(memory=store, user_id="ada", session_id="monday", timeout=60, on_error="raise")
    assert words(memory.get_all()) == [ALLERGIC, "I'll keep that in mind."]
    SimpleChatEngine.from_defaults(llm=llm, memory=memory).chat(DINNER)
    assert FACT in llm.prompt
    store.flush()

    history = MemxChatMessageHistory(store, "monday", user_id="ada")
    said = [ALLERGIC, "I'll keep that in mind.", DINNER, "Soup."]
    assert [str(message.content) for message in history.messages] == words(memory.get_all()) == said
    found = MemxRetriever(memory=store, user_id="ada").invoke(DINNER)
    assert learned.id in [document.id for document in found]
    assert memory.memory.get(learned.id) is not None


@pytest.mark.parametrize("says", ["Let me look.", None])
def test_a_turn_with_a_tool_can_be_read_by_the_other_framework(store: Memory, says: str | None) -> None:
    memory = MemxMemory.from_defaults(memory=store, user_id="ada", session_id="s", timeout=60)
    memory.put_messages(
        [
            ChatMessage("Weather?"),
            calling("weather", says=says, city="Oslo"),
            ChatMessage("Rain", role="tool", additional_kwargs={"tool_call_id": "call-1"}),
            ChatMessage("It rains.", role="assistant"),
        ]
    )
    human, asking, tool, answer = MemxChatMessageHistory(store, "s", user_id="ada").messages
    assert (human.type, asking.type, tool.type, answer.type) == ("human", "ai", "tool", "ai")
    assert isinstance(asking, AIMessage)
    assert [(call["name"], call["args"], call["id"]) for call in asking.tool_calls] == [
        ("weather", {"city": "Oslo"}, "call-1")
    ]
    assert getattr(tool, "tool_call_id", None) == "call-1"


def test_a_turn_with_a_tool_of_langchains_can_be_read_here(store: Memory) -> None:
    from langchain_core.messages import ToolMessage

    history = MemxChatMessageHistory(store, "s", user_id="ada")
    call = {"name": "weather", "args": {"city": "Oslo"}, "id": "call-1"}
    history.add_messages(
        [
            HumanMessage("Weather?"),
            AIMessage("", tool_calls=[call]),
            ToolMessage("Rain", tool_call_id="call-1", name="weather"),
            AIMessage("It rains."),
        ]
    )
    _, asking, tool, _ = MemxMemory.from_defaults(memory=store, user_id="ada", session_id="s", timeout=60).get_all()
    (block,) = [one for one in asking.blocks if one.block_type == "tool_call"]
    assert (block.tool_name, block.tool_kwargs, block.tool_call_id) == ("weather", {"city": "Oslo"}, "call-1")
    assert tool.additional_kwargs["tool_call_id"] == "call-1"
